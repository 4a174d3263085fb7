#include "mail/html-tame.h"

#include <string.h>

#define ATTRIBUTES_MAX 200

typedef struct {
    const char *p, *end;
    char *out;               /* behind what is kept; at `p` until something is left out */
    gboolean no_comment_end; /* there is no "-->" any more */
} Tame;

static gsize
left(const Tame *tame)
{
    return tame->end - tame->p;
}

static gboolean
at(const Tame *tame, const char *word)
{
    gsize length = strlen(word);
    /* All begin with "<"; most tags differ in the next letter. */
    return left(tame) >= length && (tame->p[1] | 0x20) == (word[1] | 0x20) &&
           g_ascii_strncasecmp(tame->p, word, length) == 0;
}

static void
pass_to(Tame *tame, const char *to)
{
    gsize length = to - tame->p;
    if (tame->out != tame->p)
        memmove(tame->out, tame->p, length);
    tame->out += length;
    tame->p = to;
}

static void
pass_comment(Tame *tame)
{
    if (at(tame, "<!-->") || at(tame, "<!--->")) {
        tame->p = (const char *)memchr(tame->p, '>', left(tame)) + 1;
        return;
    }
    const char *stop =
        tame->no_comment_end ? NULL : g_strstr_len(tame->p + 4, left(tame) - 4, "-->");
    if (stop) {
        pass_to(tame, stop + 3);
    } else {
        tame->no_comment_end = TRUE;
        tame->p += 4;
    }
}

/* Past one attribute, or to the tag's end. A quote counts only after "=". */
static const char *
attribute_end(const char *p, const char *end)
{
    while (p < end && !g_ascii_isspace(*p) && *p != '=' && *p != '>')
        p++;
    const char *value = p;
    while (value < end && g_ascii_isspace(*value))
        value++;
    if (value >= end || *value != '=')
        return p;
    value++;
    while (value < end && g_ascii_isspace(*value))
        value++;
    if (value < end && (*value == '"' || *value == '\'')) {
        const char *close = memchr(value + 1, *value, end - value - 1);
        return close ? close + 1 : end;
    }
    while (value < end && !g_ascii_isspace(*value) && *value != '>')
        value++;
    return value;
}

static void
pass_tag(Tame *tame)
{
    const char *p = tame->p + 1, *keep = NULL;
    while (p < tame->end && !g_ascii_isspace(*p) && *p != '>')
        p++;
    for (guint n = 0; p < tame->end && *p != '>'; n++) {
        if (n == ATTRIBUTES_MAX)
            keep = p;
        while (p < tame->end && g_ascii_isspace(*p))
            p++;
        if (p < tame->end && *p != '>') {
            const char *next = attribute_end(p, tame->end);
            p = next > p ? next : p + 1;
        }
    }
    if (keep) {
        pass_to(tame, keep);
        tame->p = p;
    } else {
        pass_to(tame, p);
    }
}

/* Script and style are passed on whole: what looks like a tag in them is none. */
static void
pass_raw(Tame *tame, const char *close)
{
    while (tame->p < tame->end && !at(tame, close)) {
        const char *next = memchr(tame->p + 1, '<', left(tame) - 1);
        pass_to(tame, next ? next : tame->end);
    }
}

static gboolean
names(const Tame *tame, const char *tag)
{
    gsize length = strlen(tag);
    return at(tame, tag) && left(tame) > length &&
           (g_ascii_isspace(tame->p[length]) || tame->p[length] == '>');
}

gsize
html_tame(char *html, gsize length)
{
    Tame tame = {.p = html, .end = html + length, .out = html};
    while (tame.p < tame.end) {
        const char *close = names(&tame, "<script")  ? "</script"
                            : names(&tame, "<style") ? "</style"
                                                     : NULL;
        if (at(&tame, "<!--")) {
            pass_comment(&tame);
        } else if (at(&tame, "<![")) {
            const char *stop = memchr(tame.p, '>', left(&tame));
            tame.p = stop ? stop + 1 : tame.p;
            if (!stop)
                pass_to(&tame, tame.end); /* no tag can end any more either */
        } else if (*tame.p == '<' && left(&tame) > 1 && g_ascii_isalpha(tame.p[1])) {
            pass_tag(&tame);
            if (close)
                pass_raw(&tame, close);
        } else {
            const char *next = memchr(tame.p + 1, '<', left(&tame) - 1);
            pass_to(&tame, next ? next : tame.end);
        }
    }
    return tame.out - html;
}
