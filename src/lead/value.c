/* One value by its type: the plain types here, the others in a file each. */
#include "lead/value-private.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define NOTES_RAW_MAX (LIMIT_NOTES * 8)

static const char notes_cut[] = "\n[The message is longer than this; the rest was cut.]";

static gboolean
has_letter_or_digit(const char *text)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p))
        if (g_unichar_isalnum(g_utf8_get_char(p)))
            return TRUE;
    return FALSE;
}

/* What forms send for a field that was left empty. */
static const char *const placeholders[] = {
    "n/a",       "none",          "null",           "undefined",   "not provided", "not specified",
    "not given", "not available", "(not provided)", "[not given]", "(none)",       NULL};

static char *
text_normalise(const char *raw)
{
    if (!has_letter_or_digit(raw))
        return NULL;
    for (guint i = 0; placeholders[i]; i++)
        if (g_ascii_strcasecmp(raw, placeholders[i]) == 0)
            return NULL;
    return g_strdup(raw);
}

/* Text with its line breaks, which become \n; blank lines at both ends are dropped. *cut says
 * whether it was longer than `max` characters. */
static char *
lines_take(const char *raw, gsize raw_max, gsize max, gboolean *cut)
{
    gsize length = strnlen(raw, raw_max);
    gboolean whole = length < raw_max && g_utf8_validate_len(raw, length, NULL);
    g_autofree char *copy = whole ? NULL : value_take(raw, raw_max);
    const char *text = whole ? raw : copy;
    GString *out = g_string_sized_new(MIN(strlen(text), max) + 1);
    gsize count = 0;
    *cut = strlen(text) >= raw_max;
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gsize run = 0;
        while (p[run] >= 0x20 && p[run] < 0x7F && count < max) {
            run++;
            count++;
        }
        g_string_append_len(out, p, (gssize)run);
        p += run;
        if (!*p)
            break;
        gunichar c = g_utf8_get_char(p);
        if (c == '\r' && p[1] == '\n')
            continue;
        if (c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029)
            c = '\n';
        if (c != '\n' && c != '\t' && value_is_invisible(c))
            continue;
        if (count == max) {
            *cut = TRUE;
            break;
        }
        if (c == '\n' && !out->len)
            continue;
        g_string_append_unichar(out, c);
        count++;
    }
    gsize end = out->len;
    while (end && g_ascii_isspace(out->str[end - 1]))
        end--;
    g_string_truncate(out, end);
    return g_string_free(out, FALSE);
}

static char *
lines_normalise(const char *raw)
{
    gboolean cut;
    g_autofree char *text = lines_take(raw, VALUE_RAW_MAX, LIMIT_VALUE, &cut);
    GString *out = g_string_sized_new(strlen(text));
    for (const char *p = text; *p;) {
        gsize length = text_line(p), end = length;
        while (end && (p[end - 1] == ' ' || p[end - 1] == '\t'))
            end--;
        g_string_append_len(out, p, (gssize)end);
        p += length;
        if (*p) {
            g_string_append_c(out, '\n');
            p++;
        }
    }
    char *lines = g_string_free(out, FALSE);
    if (!has_letter_or_digit(lines))
        g_clear_pointer(&lines, g_free);
    return lines;
}

/* Lines are kept as they are, "-- " too: what the inquirer wrote. */
static char *
notes_normalise(const char *raw)
{
    gboolean cut;
    g_autofree char *text = lines_take(raw, NOTES_RAW_MAX, LIMIT_NOTES, &cut);
    if (!*text)
        return NULL;
    if (!cut)
        return g_steal_pointer(&text);
    glong keep = LIMIT_NOTES - (glong)strlen(notes_cut);
    char *end = text;
    if (g_utf8_strlen(text, -1) > keep) {
        end = g_utf8_offset_to_pointer(text, keep);
        *end = '\0';
    }
    char *line = strrchr(text, '\n');
    if (line && line != text)
        *line = '\0';
    return g_strconcat(text, notes_cut, NULL);
}

static char *
boolean_normalise(const char *raw)
{
    static const char *const yes[] = {"true",    "yes", "y",        "1",           "on", "x",
                                      "checked", "si",  "selected", "residential", NULL};
    static const char *const no[] = {"false",     "no",           "n",          "0", "off",
                                     "unchecked", "not selected", "commercial", NULL};
    for (guint i = 0; yes[i]; i++)
        if (g_ascii_strcasecmp(raw, yes[i]) == 0)
            return g_strdup("true");
    for (guint i = 0; no[i]; i++)
        if (g_ascii_strcasecmp(raw, no[i]) == 0)
            return g_strdup("false");
    return NULL;
}

static char *
address_normalise(const char *raw)
{
    Address address;
    if (!address_split(raw, &address))
        return NULL;
    address_clear(&address);
    return lines_normalise(raw);
}

typedef struct {
    char *(*normalise)(const char *raw);
    gboolean folded; /* takes one line */
    const char *why;
} Check;

static const Check checks[] = {
    [TYPE_TEXT] = {text_normalise, TRUE, "is empty"},
    [TYPE_LINES] = {lines_normalise, FALSE, "is empty"},
    [TYPE_NOTES] = {notes_normalise, FALSE, "is empty"},
    [TYPE_NAME] = {person_normalise, TRUE, "is no person's name"},
    [TYPE_EMAIL] = {email_normalise, TRUE, "is no email address"},
    [TYPE_PHONE] = {phone_normalise, FALSE, "is no phone number"},
    [TYPE_STATE] = {state_normalise, TRUE, "is no US state or Canadian province"},
    [TYPE_POSTAL] = {postal_normalise, TRUE, "is no ZIP or Canadian postal code"},
    [TYPE_ZONE] = {zone_normalise, TRUE, "is no time zone that tzdata knows"},
    [TYPE_NUMBER] = {money_normalise, TRUE, "is no single amount of money or number"},
    [TYPE_BOOLEAN] = {boolean_normalise, TRUE, "is neither yes nor no"},
    [TYPE_ADDRESS] = {address_normalise, FALSE, "has no street, nor a city with state or ZIP"},
};

char *
value_normalise(AttributeType type, const char *raw, char **why)
{
    const Check *check = &checks[type];
    g_autofree char *line = check->folded ? value_fold(raw, LIMIT_VALUE) : NULL;
    char *value = check->normalise(line ? line : raw);
    if (!value && why)
        *why = g_strdup(check->why);
    return value;
}
