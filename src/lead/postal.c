/* ZIP, ZIP+4 and Canadian postal codes. */
#include "lead/value-private.h"

#include <string.h>

/* Every character of `text` as `shape` has it: 9 a digit, A a letter, others themselves. */
static gboolean
has_shape(const char *text, const char *shape)
{
    for (; *shape; shape++, text++) {
        gboolean fits = *shape == '9'   ? g_ascii_isdigit(*text)
                        : *shape == 'A' ? g_ascii_isalpha(*text)
                                        : *text == *shape;
        if (!fits)
            return FALSE;
    }
    return !*text;
}

/* Canada Post uses no D, F, I, O, Q, U, and no W or Z in the first place. */
static char *
canadian(const char *a, const char *b)
{
    g_autofree char *code = g_strdup_printf("%.3s %.3s", a, b);
    for (char *p = code; *p; p++)
        *p = g_ascii_toupper(*p);
    if (strpbrk(code, "DFIOQU") || strchr("WZ", code[0]))
        return NULL;
    return g_steal_pointer(&code);
}

char *
postal_normalise(const char *raw)
{
    if (has_shape(raw, "99999"))
        return strcmp(raw, "00000") != 0 ? g_strdup(raw) : NULL;
    if (has_shape(raw, "99999-9999"))
        return g_strdup(raw);
    if (has_shape(raw, "99999 9999") || has_shape(raw, "99999 - 9999"))
        return g_strdup_printf("%.5s-%s", raw, raw + strlen(raw) - 4);
    if (has_shape(raw, "999999999"))
        return g_strdup_printf("%.5s-%s", raw, raw + 5);
    if (has_shape(raw, "A9A 9A9") || has_shape(raw, "A9A-9A9"))
        return canadian(raw, raw + 4);
    if (has_shape(raw, "A9A9A9"))
        return canadian(raw, raw + 3);
    return NULL;
}
