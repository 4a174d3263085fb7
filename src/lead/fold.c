/* Text of a mail made into one line. */
#include "lead/value-private.h"

#include <string.h>

char *
value_take(const char *raw, gsize max)
{
    return g_utf8_make_valid(raw, (gssize)strnlen(raw, max));
}

gboolean
value_is_invisible(gunichar c)
{
    if (c == 0x200c || c == 0x200d)
        return FALSE;
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_SURROGATE ||
           c == 0xfffe || c == 0xffff;
}

static gboolean
is_space(gunichar c)
{
    return g_unichar_isspace(c) || c == 0x0b || c == 0x85;
}

/* Whether a text is one line already: printable ASCII, single blanks between words, and short. */
static gboolean
is_folded(const char *raw, gsize max)
{
    gsize n = 0;
    for (; raw[n]; n++)
        if ((guchar)raw[n] < 0x20 || (guchar)raw[n] >= 0x7F || n == max ||
            (raw[n] == ' ' && (n == 0 || raw[n - 1] == ' ')))
            return FALSE;
    return n == 0 || raw[n - 1] != ' ';
}

char *
value_fold(const char *raw, gsize max)
{
    if (is_folded(raw, max))
        return g_strdup(raw);
    if (*raw == ' ' && is_folded(raw + 1, max)) /* as behind a comma */
        return g_strdup(raw + 1);
    g_autofree char *text = value_take(raw, MAX(VALUE_RAW_MAX, max * 8));
    GString *out = g_string_new(NULL);
    gboolean blank = FALSE;
    gsize count = 0;
    for (const char *p = text; *p && count < max; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (is_space(c)) {
            blank = TRUE;
        } else if (!value_is_invisible(c)) {
            if (blank && out->len && ++count < max)
                g_string_append_c(out, ' ');
            blank = FALSE;
            if (count++ < max)
                g_string_append_unichar(out, c);
        }
    }
    if (out->len && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    return g_string_free(out, FALSE);
}
