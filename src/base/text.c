#include <config.h> /* for memrchr and strchrnul */

#include "base/text.h"

#include <string.h>

#include "base/eight.h"

gsize
text_line(const char *line)
{
    return strchrnul(line, '\n') - line;
}

gboolean
text_is_blank(const char *line, gsize length)
{
    return strspn(line, " \t") >= length;
}

gsize
text_ascii(const char *text, gsize length)
{
    gsize n = 0;
    while (length - n >= 8 && !(eight_at(text + n) & HIGH_BITS))
        n += 8;
    while (n < length && !(text[n] & 0x80))
        n++;
    return n;
}

const char *
text_line_begin(const char *text, const char *at)
{
    const char *before = memrchr(text, '\n', at - text);
    return before ? before + 1 : text;
}

const char *
text_find(const char *text, gsize length, const char *words)
{
    gsize n = strlen(words);
    for (const char *p = text, *end = text + length; n <= (gsize)(end - p); p++) {
        p = memchr(p, *words, end - p - n + 1);
        if (!p || (p[n - 1] == words[n - 1] && memcmp(p, words, n) == 0))
            return p;
    }
    return NULL;
}
