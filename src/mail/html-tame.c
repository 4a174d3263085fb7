#include "mail/html-tame.h"

#include <string.h>

#include "base/text.h"

#define ATTRIBUTES_MAX 200
/* "<!--" is text in these. Those shown to a reader are so to the mail's end, when they have none.
 * Raw ones are passed on whole, but for <style/>, which libxml2 takes as empty. */
static const char *const text_elements[] = {"textarea", "xmp",      "plaintext", "title", "iframe",
                                            "noembed",  "noframes", "script",    "style"};
#define FIRST_HIDDEN 3
#define FIRST_RAW 7

typedef struct {
    const char *p, *end;
    char *out;            /* behind what is kept; at `p` until something is left out */
    const char *text_end; /* of the last of these elements */
    guint endless;        /* bits: hidden ones that end nowhere below */
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

/* Whether it is empty for libxml2, as in <p/>. */
static gboolean
pass_tag(Tame *tame)
{
    const char *p = tame->p + 1, *keep = NULL;
    gboolean value = FALSE; /* a slash is a part of it */
    while (p < tame->end && !g_ascii_isspace(*p) && *p != '>')
        p++;
    for (guint n = 0; p < tame->end && *p != '>'; n++) {
        if (n == ATTRIBUTES_MAX)
            keep = p;
        while (p < tame->end && g_ascii_isspace(*p))
            p++;
        if (p < tame->end && *p != '>') {
            const char *next = attribute_end(p, tame->end);
            value = memchr(p, '=', next - p) != NULL;
            p = next > p ? next : p + 1;
        }
    }
    gboolean empty = p < tame->end && p[-1] == '/' && !value;
    if (keep) {
        pass_to(tame, keep);
        tame->p = p;
    } else {
        pass_to(tame, p);
    }
    return empty;
}

/* Its attributes are left out, as libxml2 ends it at a ">" in quotes: in text that is its end. */
static void
pass_end_tag(Tame *tame)
{
    const char *p = tame->p + 2;
    if (tame->p < tame->text_end) {
        const char *stop = memchr(p, '>', tame->end - p);
        pass_to(tame, stop ? stop : tame->end);
        return;
    }
    while (p < tame->end && !g_ascii_isspace(*p) && *p != '/' && *p != '>')
        p++;
    pass_to(tame, p);
    while (p < tame->end && *p != '>') {
        const char *next = attribute_end(p, tame->end);
        p = next > p ? next : p + 1;
    }
    tame->p = p;
}

/* <!DOCTYPE>, <?xml?>, </> and the like. One without an end is text: no tag has one either. */
static void
pass_bogus_comment(Tame *tame)
{
    const char *stop = memchr(tame->p, '>', left(tame));
    if (stop)
        tame->p = stop + 1;
    else
        pass_to(tame, tame->end);
}

/* Whether a tag, of which `p` is behind "<" or "</", has that name. */
static gboolean
is_named(const char *p, const char *end, const char *name)
{
    gsize length = strlen(name);
    return text_begins(p, end, name) && (p + length == end || g_ascii_isspace(p[length]) ||
                                         p[length] == '>' || p[length] == '/');
}

/* Behind the tag of the element. */
static void
begin_text(Tame *tame, guint element)
{
    const char *p = tame->p, *name = text_elements[element];
    if (tame->endless & 1u << element)
        return;
    while ((p = text_find(p, tame->end - p, "</")) && !is_named(p + 2, tame->end, name))
        p += 2;
    if (p || element < FIRST_HIDDEN)
        tame->text_end = p ? p : tame->end;
    else
        tame->endless |= 1u << element;
}

/* Passed on whole: what looks like a tag in it is none. */
static void
pass_raw(Tame *tame, const char *name)
{
    while (tame->p < tame->end) {
        const char *next = memchr(tame->p, '<', left(tame));
        pass_to(tame, next ? next : tame->end);
        if (left(tame) > 2 && tame->p[1] == '/' && text_begins(tame->p + 2, tame->end, name)) {
            if (is_named(tame->p + 2, tame->end, name))
                return;
            tame->p += 2; /* libxml2 would take </scripts> as the end of it */
        } else if (next) {
            pass_to(tame, next + 1);
        }
    }
}

/* In text it is none, but is for libxml2, if it has a name. */
static gboolean
at_bogus_comment(const Tame *tame)
{
    if (left(tame) < 2 || *tame->p != '<')
        return FALSE;
    char next = tame->p[1];
    if (tame->p < tame->text_end)
        return at(tame, "<![") || at(tame, "<!DOCTYPE") ||
               (next == '?' && left(tame) > 2 && g_ascii_isalpha(tame->p[2]));
    return next == '!' || next == '?' || next == '/';
}

static void
pass_element(Tame *tame)
{
    guint i = 0;
    while (i < G_N_ELEMENTS(text_elements) && !is_named(tame->p + 1, tame->end, text_elements[i]))
        i++;
    gboolean in_text = tame->p < tame->text_end, empty = pass_tag(tame);
    if (i < G_N_ELEMENTS(text_elements)) {
        if (i >= FIRST_RAW && !empty)
            pass_raw(tame, text_elements[i]);
        else if (!in_text)
            begin_text(tame, i);
    }
}

gsize
html_tame(char *html, gsize length)
{
    Tame tame = {.p = html, .end = html + length, .out = html, .text_end = html};
    while (tame.p < tame.end) {
        gboolean tag = *tame.p == '<' && left(&tame) > 1;
        if (at(&tame, "<!--")) {
            pass_comment(&tame);
        } else if (tag && g_ascii_isalpha(tame.p[1])) {
            pass_element(&tame);
        } else if (tag && tame.p[1] == '/' && left(&tame) > 2 && g_ascii_isalpha(tame.p[2])) {
            pass_end_tag(&tame);
        } else if (at_bogus_comment(&tame)) {
            pass_bogus_comment(&tame);
        } else {
            const char *next = memchr(tame.p + 1, '<', left(&tame) - 1);
            pass_to(&tame, next ? next : tame.end);
        }
    }
    return tame.out - html;
}
