#include "mail/links.h"

#include <string.h>

#include "base/limits.h"

#define LINK_DIGITS 7 /* a visible text with so many is meant as a number */

static const char *const schemes[] = {"http://", "https://", "mailto:", "tel:"};

static void
link_free(gpointer data)
{
    HtmlLink *link = data;
    g_free(link->target);
    g_free(link->text);
    g_free(link);
}

GPtrArray *
links_new(void)
{
    return g_ptr_array_new_with_free_func(link_free);
}

static void
add_link(GPtrArray *links, const char *begin, gsize length)
{
    HtmlLink *link = g_new(HtmlLink, 1);
    g_autofree char *target = g_strndup(begin, MIN(length, LIMIT_LINK_TARGET));
    link->target = g_utf8_make_valid(target, -1); /* it may be cut inside a letter */
    link->text = g_strdup(link->target);
    g_ptr_array_add(links, link);
}

/* How long the URL is whose scheme's colon this is, and where it begins; 0 when there is none. */
static gsize
url_at(const char *text, const char *colon, const char **begin)
{
    for (guint i = 0; i < G_N_ELEMENTS(schemes); i++) {
        gsize scheme = strlen(schemes[i]), before = strcspn(schemes[i], ":");
        if ((gsize)(colon - text) < before)
            continue;
        *begin = colon - before;
        if (g_ascii_strncasecmp(*begin, schemes[i], scheme) != 0 ||
            (*begin > text && g_ascii_isalnum((*begin)[-1])))
            continue;
        gsize length = strcspn(*begin, " \t\n<>\"|\\^`{}");
        while (length > 0 && strchr(".,;:!?)]'*", (*begin)[length - 1]))
            length--;
        return length > scheme ? length : 0;
    }
    return 0;
}

gboolean
links_find(const char *text, GPtrArray *links)
{
    for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon, ':')) {
        const char *begin;
        gsize length = url_at(text, colon, &begin);
        if (length > 0 && links->len >= LIMIT_LINKS)
            return FALSE;
        if (length > 0)
            add_link(links, begin, length);
        colon = length > 0 ? begin + length : colon + 1;
    }
    return TRUE;
}

char *
links_as_text(const GPtrArray *links)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < links->len; i++) {
        const HtmlLink *link = g_ptr_array_index(links, i);
        g_autofree char *seen = g_strdelimit(g_strdup(link->text), "\n\t", ' ');
        g_string_append_printf(text, "%s %s\n", link->target, seen);
    }
    return g_string_free(text, FALSE);
}

static guint
copy_digits(const char *text, char *digits, guint room)
{
    guint n = 0;
    for (; *text && n + 1 < room; text++)
        if (g_ascii_isdigit(*text))
            digits[n++] = *text;
    digits[n] = '\0';
    return n;
}

gboolean
link_lies(const HtmlLink *link, const char *value)
{
    char seen[64], real[64];
    if (strchr(link->text, '@') && strchr(value, '@'))
        return strstr(link->text, value) == NULL && !strstr(value, link->text);
    guint n = copy_digits(link->text, seen, sizeof seen);
    guint m = copy_digits(value, real, sizeof real);
    if (n < LINK_DIGITS || m < LINK_DIGITS || strchr(value, '@'))
        return FALSE;
    return n > m ? !g_str_has_suffix(seen, real) : !g_str_has_suffix(real, seen);
}
