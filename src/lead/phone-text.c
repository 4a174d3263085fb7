/* Finding a phone number in what was written around it: marks ("c:", "(fax)"), extensions,
 * several numbers in one line. Whether it is a number is for libphonenumber to say. */
#include "lead/phone.h"

#include <string.h>

#include "base/memory.h"
#include "lead/value-private.h"

#define TEXT_MAX 400     /* bytes looked at */
#define NUMBER_MAX 40    /* bytes of one number with its punctuation */
#define CANDIDATES_MAX 8 /* numbers tried */
#define EXTENSION_MAX 6  /* digits */
#define MARK_REACH 40    /* bytes before a number in which a word can mark it */

typedef struct {
    const char *word;
    PhoneMark mark;
} MarkWord;

static const MarkWord mark_words[] = {
    {"c", PHONE_MOBILE},        {"cell", PHONE_MOBILE},
    {"cellular", PHONE_MOBILE}, {"cellphone", PHONE_MOBILE},
    {"m", PHONE_MOBILE},        {"mob", PHONE_MOBILE},
    {"mobile", PHONE_MOBILE},   {"text", PHONE_MOBILE},
    {"sms", PHONE_MOBILE},      {"o", PHONE_OFFICE},
    {"office", PHONE_OFFICE},   {"ofc", PHONE_OFFICE},
    {"w", PHONE_OFFICE},        {"work", PHONE_OFFICE},
    {"business", PHONE_OFFICE}, {"main", PHONE_OFFICE},
    {"direct", PHONE_OFFICE},   {"d", PHONE_OFFICE},
    {"tel", PHONE_OFFICE},      {"telephone", PHONE_OFFICE},
    {"t", PHONE_OFFICE},        {"p", PHONE_OFFICE},
    {"ph", PHONE_OFFICE},       {"phone", PHONE_OFFICE},
    {"f", PHONE_FAX},           {"fax", PHONE_FAX},
    {"facsimile", PHONE_FAX},
};

static PhoneMark
word_mark(const char *word, gsize length)
{
    for (guint i = 0; i < G_N_ELEMENTS(mark_words); i++)
        if (*mark_words[i].word == g_ascii_tolower(*word) && strlen(mark_words[i].word) == length &&
            g_ascii_strncasecmp(mark_words[i].word, word, length) == 0)
            return mark_words[i].mark;
    return PHONE_PLAIN;
}

/* The mark that the words in [from, to) give. "Cell phone" is a cell; "Phone/Fax" can be called.
 * A single letter marks only as the last word ("my plan c is …"). */
static PhoneMark
words_mark(const char *from, const char *to)
{
    gboolean mobile = FALSE, office = FALSE, fax = FALSE;
    for (const char *p = from; p < to;) {
        if (!g_ascii_isalpha(*p)) {
            p++;
            continue;
        }
        const char *end = p;
        while (end < to && g_ascii_isalpha(*end))
            end++;
        const char *rest = end;
        while (rest < to && !g_ascii_isalpha(*rest))
            rest++;
        PhoneMark mark = end - p == 1 && rest < to ? PHONE_PLAIN : word_mark(p, (gsize)(end - p));
        mobile |= mark == PHONE_MOBILE;
        office |= mark == PHONE_OFFICE;
        fax |= mark == PHONE_FAX;
        p = end;
    }
    return mobile ? PHONE_MOBILE : office ? PHONE_OFFICE : fax ? PHONE_FAX : PHONE_PLAIN;
}

/* The end of the run of digits and phone punctuation at `p`; *digits is how many there are. A "+"
 * begins another number, and so does a "/", "," or ";" after a whole one. */
static const char *
number_end(const char *p, guint *digits)
{
    const char *last = p;
    guint n = 0;
    for (const char *q = p; *q && q - p < NUMBER_MAX; q++) {
        if (g_ascii_isdigit(*q)) {
            n++;
            last = q + 1;
        } else if (*q == '+' ? q != p : *q == '/' ? n >= 7 : !strchr(" -.()", *q) && *q != '+') {
            break;
        }
    }
    *digits = n;
    return last;
}

/* The digits of an extension written at `p` ("x 12", ", ext. 12", "extension 12", "#12"), in
 * *digits and *length; returns where it ends, or NULL. */
static const char *
extension_at(const char *p, const char **digits, gsize *length)
{
    static const char *const words[] = {"extension", "extn", "ext", "x", "#", NULL};
    p += strspn(p, " ,;(");
    gsize word = 0;
    for (guint i = 0; words[i] && !word; i++)
        if (g_ascii_strncasecmp(p, words[i], strlen(words[i])) == 0)
            word = strlen(words[i]);
    if (!word)
        return NULL;
    p += word;
    p += strspn(p, " .:#");
    *digits = p;
    *length = strspn(p, "0123456789");
    return *length && *length <= EXTENSION_MAX ? p + *length : NULL;
}

/* A mark behind a number: in parentheses, or the words up to a separator or the end. Words that
 * another number follows are that number's. *end is set behind what was used. */
static PhoneMark
mark_behind(const char *p, const char **end)
{
    p += strspn(p, " ");
    if (*p == '(' || *p == '[') {
        const char *close = p + strcspn(p, ")]0123456789\n");
        if (*close == ')' || *close == ']') {
            *end = close + 1;
            return words_mark(p, close);
        }
        return PHONE_PLAIN;
    }
    const char *stop = p + strcspn(p, "|/,;:\n0123456789");
    if (*stop == ':' || g_ascii_isdigit(*stop) || stop - p > MARK_REACH)
        return PHONE_PLAIN;
    *end = stop;
    return words_mark(p, stop);
}

/* A number with its extension and mark in [p, end); NULL when libphonenumber refuses it. */
static char *
candidate(const char *before, const char *p, const char **end, const char *region, PhoneMark *mark)
{
    g_autofree char *number = g_strndup(p, (gsize)(*end - p));
    g_autofree char *formatted = phone_format(number, region);
    if (!formatted)
        return NULL;
    const char *digits = NULL;
    gsize length = 0;
    const char *extended = extension_at(*end, &digits, &length);
    if (extended)
        *end = extended;
    if (p - before > MARK_REACH)
        before = p - MARK_REACH;
    *mark = words_mark(before, p);
    if (*mark == PHONE_PLAIN)
        *mark = mark_behind(*end, end);
    if (!extended)
        return g_steal_pointer(&formatted);
    return g_strdup_printf("%s x %.*s", formatted, (int)length, digits);
}

/* Wide digits, no-break spaces and typographic hyphens as ASCII. */
static char *
plain_text(const char *raw)
{
    g_autofree char *valid = g_utf8_make_valid(raw, (gssize)strnlen(raw, TEXT_MAX));
    g_autofree char *text = g_str_is_ascii(valid) ? g_steal_pointer(&valid)
                                                  : g_utf8_normalize(valid, -1, G_NORMALIZE_ALL);
    if (!text) /* of valid text there is no other reason */
        memory_out("g_utf8_normalize");
    GString *out = g_string_new(NULL);
    for (const char *p = text; p && *p; p = g_utf8_next_char(p)) {
        if (g_ascii_isalnum(*p)) {
            g_string_append_c(out, *p);
            continue;
        }
        gunichar c = g_utf8_get_char(p);
        GUnicodeType type = g_unichar_type(c);
        if (type == G_UNICODE_DASH_PUNCTUATION || c == 0x2212)
            g_string_append_c(out, '-');
        else if (c == '\n' || c == '\r')
            g_string_append_c(out, '\n');
        else if (g_unichar_isspace(c) || c == 0xb7 || c == 0x2022)
            g_string_append_c(out, ' ');
        else if (c == '*' || c == '_' || type == G_UNICODE_FORMAT)
            continue; /* emphasis around a label or a number */
        else
            g_string_append_unichar(out, c);
    }
    return g_string_free(out, FALSE);
}

/* "2026-11-23 14…" has as many digits as a phone number. */
static gboolean
is_date(const char *p)
{
    return strspn(p, "0123456789") == 4 && p[4] == '-' && strspn(p + 5, "0123456789") == 2 &&
           p[7] == '-' && strspn(p + 8, "0123456789") == 2;
}

char *
phone_find(const char *raw, const char *region, PhoneMark *mark)
{
    g_autofree char *text = plain_text(raw);
    const char *before = text;
    gboolean fax = FALSE;
    guint tried = 0;
    *mark = PHONE_PLAIN;
    for (const char *p = text; *p && tried < CANDIDATES_MAX;) {
        if (strchr("|;\n", *p))
            before = p + 1;
        gboolean opens = *p == '+' || (*p == '(' && (g_ascii_isdigit(p[1]) || p[1] == '+'));
        if (!g_ascii_isdigit(*p) && !opens) {
            p++;
            continue;
        }
        if (is_date(p)) {
            p += strlen("2026-11-23");
            continue;
        }
        guint digits;
        const char *start = *p == '(' && p[1] == '+' ? p + 1 : p;
        const char *end = number_end(start, &digits);
        if (digits < 7) { /* "5 pm", a house number */
            p = MAX(end, start + 1);
            continue;
        }
        tried++;
        PhoneMark found;
        g_autofree char *number = candidate(before, start, &end, region, &found);
        if (number && found != PHONE_FAX) {
            *mark = found;
            return g_steal_pointer(&number);
        }
        fax |= number != NULL;
        before = p = end;
    }
    if (fax)
        *mark = PHONE_FAX;
    return NULL;
}

char *
phone_normalise(const char *raw)
{
    PhoneMark mark;
    return phone_find(raw, "US", &mark);
}

PhoneMark
value_phone_mark(const char *raw)
{
    PhoneMark mark;
    g_free(phone_find(raw, "US", &mark));
    return mark;
}
