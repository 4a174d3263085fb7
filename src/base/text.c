#include <config.h> /* for strchrnul */

#include "base/text.h"

#include <string.h>

gsize
text_line(const char *line)
{
    return strchrnul(line, '\n') - line;
}

const char *
text_find(const char *text, gsize length, const char *words)
{
    gsize n = strlen(words);
    for (const char *p = text, *end = text + length; n <= (gsize)(end - p); p++) {
        p = memchr(p, *words, end - p - n + 1);
        if (!p || memcmp(p, words, n) == 0)
            return p;
    }
    return NULL;
}
