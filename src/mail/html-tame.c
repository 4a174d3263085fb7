#include "mail/html-tame.h"

#include <string.h>

#include "base/text.h"

#define ATTRIBUTES_MAX 200

/* "<!--" is text in these. */
static const char *const text_elements[] = {"title",  "textarea", "xmp",
                                            "iframe", "noembed",  "noframes"};

typedef struct {
    const char *p, *end;
    char *out;            /* behind what is kept; at `p` until something is left out */
    const char *text_end; /* of the last of these elements */
    guint endless;        /* bits: those that end nowhere below */
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

/* Behind it; NULL when it has no end. */
static const char *
comment_end(const char *p, const char *end)
{
    for (; (p = text_find(p, end - p, "--")); p++) {
        if (end - p >= 3 && p[2] == '>')
            return p + 3;
        if (end - p >= 4 && p[2] == '!' && p[3] == '>')
            return p + 4;
    }
    return NULL;
}

/* A comment without an end hides all that follows. */
static void
pass_comment(Tame *tame)
{
    if (tame->p < tame->text_end) {
        tame->p += 4;
        return;
    }
    if (at(tame, "<!-->") || at(tame, "<!--->")) {
        tame->p = (const char *)memchr(tame->p, '>', left(tame)) + 1;
        return;
    }
    const char *stop = comment_end(tame->p + 4, tame->end);
    if (stop)
        pass_to(tame, stop);
    else
        tame->p = tame->end;
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

/* Whether a tag, of which `p` is behind "<" or "</", has that name. */
static gboolean
is_named(const char *p, const char *end, const char *name)
{
    gsize length = strlen(name);
    return (gsize)(end - p) > length && (*p | 0x20) == *name &&
           g_ascii_strncasecmp(p, name, length) == 0 &&
           (g_ascii_isspace(p[length]) || p[length] == '>');
}

/* At a tag's beginning. */
static void
begin_text(Tame *tame)
{
    for (guint i = 0; i < G_N_ELEMENTS(text_elements) && tame->p >= tame->text_end; i++) {
        const char *p = tame->p + 1, *name = text_elements[i];
        if (tame->endless & 1u << i || !is_named(p, tame->end, name))
            continue;
        while ((p = text_find(p, tame->end - p, "</")) && !is_named(p + 2, tame->end, name))
            p += 2;
        if (p)
            tame->text_end = p;
        else
            tame->endless |= 1u << i;
    }
}

gsize
html_tame(char *html, gsize length)
{
    Tame tame = {.p = html, .end = html + length, .out = html, .text_end = html};
    while (tame.p < tame.end) {
        if (at(&tame, "<!--")) {
            pass_comment(&tame);
        } else if (at(&tame, "<![")) {
            const char *stop = memchr(tame.p, '>', left(&tame));
            tame.p = stop ? stop + 1 : tame.p;
            if (!stop)
                pass_to(&tame, tame.end); /* no tag can end any more either */
        } else if (*tame.p == '<' && left(&tame) > 1 && g_ascii_isalpha(tame.p[1])) {
            const char *close = is_named(tame.p + 1, tame.end, "script")  ? "</script"
                                : is_named(tame.p + 1, tame.end, "style") ? "</style"
                                                                          : NULL;
            begin_text(&tame);
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
