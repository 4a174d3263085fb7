/* vCard: RFC 6350 (4.0), RFC 2426 (3.0) and what is left of 2.1. */
#include "mail/card.h"

#include <string.h>

#include "base/text.h"

#define LINES_MAX 500
#define LINE_MAX_BYTES 4000 /* unfolded; photos are longer */
#define PARTS_MAX 8         /* of N, ORG, ADR */

/* One content line, unfolded. */
typedef struct {
    char *name;       /* upper case, without its group */
    char *parameters; /* upper case, with a ";" around each */
    char *value;
} Line;

static void
line_clear(Line *line)
{
    g_free(line->name);
    g_free(line->parameters);
    g_free(line->value);
    *line = (Line){0};
}

/* The next content line, its folds (a blank at the next line's beginning) taken out. */
static char *
unfold(const char **text)
{
    GString *out = g_string_new(NULL);
    const char *p = *text;
    for (;;) {
        gsize length = text_line(p);
        gboolean soft = length > 0 && p[length - 1] == '=' && strstr(out->str, "QUOTED-PRINTABLE");
        if (out->len + length <= LINE_MAX_BYTES)
            g_string_append_len(out, p, (gssize)length);
        p += length + (p[length] == '\n');
        if (out->len && out->str[out->len - 1] == '\r')
            g_string_truncate(out, out->len - 1);
        if (soft && *p)
            g_string_truncate(out, out->len - 1);
        else if (*p == ' ' || *p == '\t')
            p++;
        else
            break;
    }
    *text = p;
    return g_string_free(out, FALSE);
}

static int
hex(char c)
{
    return g_ascii_xdigit_value(c);
}

static char *
decode_quoted(const char *value)
{
    GString *out = g_string_new(NULL);
    for (const char *p = value; *p; p++) {
        if (*p == '=' && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
            g_string_append_c(out, (char)(hex(p[1]) << 4 | hex(p[2])));
            p += 2;
        } else {
            g_string_append_c(out, *p);
        }
    }
    char *valid = g_utf8_make_valid(out->str, (gssize)out->len);
    g_string_free(out, TRUE);
    return valid;
}

static gboolean
read_line(const char *text, Line *line)
{
    gboolean quoted = FALSE;
    const char *colon = text;
    for (; *colon && (quoted || *colon != ':'); colon++)
        quoted ^= *colon == '"';
    if (!*colon)
        return FALSE;
    gsize name = strcspn(text, ";:");
    const char *dot = memchr(text, '.', name);
    const char *begin = dot ? dot + 1 : text;
    line->name = g_ascii_strup(begin, text + name - begin);
    g_autofree char *parameters = g_ascii_strup(text + name, colon - text - (gssize)name);
    g_strdelimit(parameters, ",=\"", ';');
    line->parameters = g_strconcat(";", parameters, ";", NULL);
    line->value =
        strstr(parameters, "QUOTED-PRINTABLE") ? decode_quoted(colon + 1) : g_strdup(colon + 1);
    return TRUE;
}

/* The parts between ";", with "\n", "\," and "\;" as what they stand for; PARTS_MAX, "" for none.
 */
static void
split(const char *value, GString *parts[PARTS_MAX])
{
    guint n = 0;
    for (guint i = 0; i < PARTS_MAX; i++)
        parts[i] = g_string_new(NULL);
    for (const char *p = value; *p && n < PARTS_MAX; p++) {
        if (*p == ';')
            n++;
        else if (*p == '\\' && p[1])
            g_string_append_c(parts[n], *++p == 'n' || *p == 'N' ? '\n' : *p);
        else
            g_string_append_c(parts[n], *p);
    }
}

static gboolean
has(const Line *line, const char *word)
{
    g_autofree char *whole = g_strconcat(";", word, ";", NULL);
    return strstr(line->parameters, whole) != NULL;
}

static void
take_phone(const Line *line, GPtrArray *values)
{
    const char *number = line->value;
    if (has(line, "FAX") || has(line, "PAGER"))
        return;
    if (g_ascii_strncasecmp(number, "tel:", 4) == 0)
        number += 4;
    g_autofree char *bare = g_strndup(number, strcspn(number, ";"));
    card_add(values, "vcard",
             has(line, "CELL")   ? "mobile"
             : has(line, "WORK") ? "office"
                                 : "phone",
             bare);
}

static void
take_address(GString *const *parts, GPtrArray *values)
{
    /* Post box, extended address, street, city, region, code, country. */
    const char *street = parts[2]->len ? parts[2]->str : parts[0]->str;
    g_autofree char *both = parts[1]->len && *street
                                ? g_strconcat(street, ", ", parts[1]->str, NULL)
                                : g_strdup(street);
    g_strdelimit(both, "\n", ' ');
    card_add(values, "vcard", "company_street", both);
    card_add(values, "vcard", "company_city", parts[3]->str);
    card_add(values, "vcard", "company_state", parts[4]->str);
    card_add(values, "vcard", "company_postal_code", parts[5]->str);
}

static void
take_line(const Line *line, GPtrArray *values)
{
    GString *parts[PARTS_MAX];
    split(line->value, parts);
    if (strcmp(line->name, "FN") == 0)
        card_add(values, "vcard", "name", parts[0]->str);
    else if (strcmp(line->name, "ORG") == 0)
        card_add(values, "vcard", "company", parts[0]->str);
    else if (strcmp(line->name, "TITLE") == 0)
        card_add(values, "vcard", "position", parts[0]->str);
    else if (strcmp(line->name, "EMAIL") == 0)
        card_add(values, "vcard", "email", parts[0]->str);
    else if (strcmp(line->name, "TEL") == 0)
        take_phone(line, values);
    else if (strcmp(line->name, "ADR") == 0)
        take_address(parts, values);
    if (strcmp(line->name, "N") == 0) {
        card_add(values, "vcard", "last_name", parts[0]->str);
        card_add(values, "vcard", "first_name", parts[1]->str);
    }
    for (guint i = 0; i < PARTS_MAX; i++)
        g_string_free(parts[i], TRUE);
}

void
card_from_vcard(const char *text, GPtrArray *values)
{
    gboolean inside = FALSE;
    for (guint n = 0; *text && n < LINES_MAX; n++) {
        g_autofree char *unfolded = unfold(&text);
        Line line = {0};
        if (!read_line(unfolded, &line))
            continue;
        gboolean card = g_ascii_strncasecmp(line.value, "VCARD", 5) == 0;
        gboolean end = card && strcmp(line.name, "END") == 0;
        if (card && strcmp(line.name, "BEGIN") == 0)
            inside = TRUE;
        else if (inside && !end)
            take_line(&line, values);
        line_clear(&line);
        if (end && inside)
            return;
    }
}
