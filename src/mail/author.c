#include "mail/author.h"

#include <string.h>

#include "base/text.h"
#include "mail/wording.h"

#define ATTRIBUTION_MAX 400 /* bytes */
#define NAME_BYTES 200

/* --- an address and the name beside it --- */

static gboolean
is_address_char(guchar c)
{
    return c > ' ' && !strchr("<>()[]\"',;:|*", c);
}

/* The first address in [text, end). */
static gboolean
find_address(const char *text, const char *end, const char **from, const char **to)
{
    for (const char *at = text; (at = memchr(at, '@', end - at)); at++) {
        const char *begin = at, *stop = at + 1;
        while (begin > text && is_address_char((guchar)begin[-1]))
            begin--;
        while (stop < end && is_address_char((guchar)*stop))
            stop++;
        while (stop > at + 1 && stop[-1] == '.')
            stop--;
        if (begin < at && memchr(at + 1, '.', stop - at - 1)) {
            *from = begin;
            *to = stop;
            return TRUE;
        }
    }
    return FALSE;
}

/* A name without what stands around it; NULL when nothing is left, or another address. */
static char *
clean_name(const char *begin, const char *end)
{
    static const char around[] = " \t<>()[]\"'*_,;:|";
    if (end - begin >= 8 && g_ascii_strncasecmp(end - 7, "mailto:", 7) == 0)
        end -= 7;
    for (const char *before = NULL; before != begin;) {
        before = begin;
        begin = wording_blanks(begin, end);
        while (begin < end && strchr(around, *begin))
            begin++;
    }
    while (end > begin && (strchr(around, end[-1]) ||
                           (end - begin >= 2 && end[-1] == '\xA0' && end[-2] == '\xC2' && end--)))
        end--;
    if (begin == end || end - begin > NAME_BYTES || memchr(begin, '@', end - begin))
        return NULL;
    return g_strndup(begin, end - begin);
}

static Mailbox *
mailbox_new(char *name, const char *from, const char *to)
{
    if (!name && !from)
        return NULL;
    Mailbox *mailbox = g_new(Mailbox, 1);
    *mailbox = (Mailbox){name, from ? g_strndup(from, to - from) : NULL};
    return mailbox;
}

static const char *
behind_behalf(const char *value, const char *end)
{
    for (const char *p = value; p < end; p++)
        if (*p == ' ') {
            const char *after = wording_skip_any(p + 1, end, WORDING_BEHALF);
            if (after)
                return after;
        }
    return NULL;
}

Mailbox *
author_of_from(const char *value)
{
    const char *end = value + strlen(value), *from = NULL, *to = NULL;
    const char *principal = behind_behalf(value, end);
    if (principal)
        value = principal;
    if (!find_address(value, end, &from, &to))
        return mailbox_new(clean_name(value, end), NULL, NULL);
    char *name = clean_name(value, from);
    if (!name && *to == ' ') /* "ada@x (Ada Lovelace)" */
        name = clean_name(to, end);
    return mailbox_new(name, from, to);
}

/* --- the sentence --- */

/* For each byte of a text, those that stand behind it: a bit each, all cut to five bits. It tells
 * cheaply that most words are not in the text. */
typedef struct {
    guint32 behind[32];
} Pairs;

static Pairs
pairs_of(const char *text, const char *end)
{
    Pairs pairs = {{0}};
    for (; end - text > 1; text++)
        pairs.behind[(guchar)text[0] % 32] |= 1u << (guchar)text[1] % 32;
    return pairs;
}

static gboolean
may_contain(const Pairs *pairs, const char *words)
{
    gboolean may = TRUE;
    for (; may && words[0] && words[1]; words++)
        may = pairs->behind[(guchar)words[0] % 32] >> (guchar)words[1] % 32 & 1;
    return may;
}

static gboolean
has_digit(const char *text, const char *end)
{
    while (text < end && !g_ascii_isdigit(*text))
        text++;
    return text < end;
}

/* Whether [line, end) is one, which may be folded over several lines. */
static gboolean
is_attribution(const char *line, const char *end)
{
    while (end > line && (g_ascii_isspace(end[-1]) || end[-1] == '*'))
        end--;
    gsize length = end - line;
    if (length < 6 || length > ATTRIBUTION_MAX ||
        (end[-1] != ':' && strncmp(end - 3, "\xEF\xBC\x9A", 3) != 0))
        return FALSE;
    gboolean any = has_digit(line, end) || memchr(line, '@', length) || !memchr(line, '\n', length);
    Pairs pairs = pairs_of(line, end);
    const guint16 *n = wording_candidates(WORDING_ATTRIBUTIONS, line, end);
    for (; *n != WORDING_END; n++) {
        const WordingAttribution *a = &wording_attributions[*n];
        if (!may_contain(&pairs, a->verb) || (!*a->begin && !any))
            continue;
        const char *after = wording_skip(line, end, a->begin);
        if (after && (!*a->verb || text_find(after, end - after, a->verb)))
            return TRUE;
    }
    return FALSE;
}

const char *
attribution_end(const char *line, gboolean *dated)
{
    const char *end = line;
    for (guint i = 0; i < ATTRIBUTION_LINES && *end && *end != '>' && *end != '\n'; i++) {
        end += text_line(end);
        const char *next = *end ? end + 1 : end;
        if (is_attribution(line, end)) {
            if (dated)
                *dated = has_digit(line, end);
            return next;
        }
        end = next;
    }
    return NULL;
}

static gboolean
is_noise(const char *word, gsize length)
{
    static const char *const noise[] = {"AM",  "PM",  "A.M.", "P.M.", "Uhr", "UTC", "GMT", "EST",
                                        "EDT", "CST", "CDT",  "MST",  "MDT", "PST", "PDT"};
    for (guint i = 0; i < G_N_ELEMENTS(noise); i++)
        if (strlen(noise[i]) == length && g_ascii_strncasecmp(word, noise[i], length) == 0)
            return TRUE;
    return !g_unichar_isupper(g_utf8_get_char(word)) &&
           g_unichar_tolower(g_utf8_get_char(word)) != g_unichar_toupper(g_utf8_get_char(word));
}

/* The name at the end of "On Mon, Nov 2, 2026 at 9:14 AM Ada Lovelace": behind the date, and what
 * says that a name follows. */
static char *
name_behind_date(const char *begin, const char *end)
{
    for (const char *p = begin; p < end; p++)
        if (g_ascii_isdigit(*p))
            begin = p;
    if (begin < end && g_ascii_isdigit(*begin))
        begin += strcspn(begin, " \t\n");
    begin = MIN(begin, end);
    for (;;) {
        begin = wording_blanks(begin, end);
        while (begin < end && strchr(",\n\"", *begin))
            begin++;
        gsize word = strcspn(begin, " \t\n,");
        if (begin >= end)
            return NULL;
        if (*begin == ' ' || *begin == '\t')
            continue;
        word = MIN(word, (gsize)(end - begin));
        if (!is_noise(begin, word))
            return clean_name(begin, end);
        begin += word;
    }
}

/* "… skrev "Ada Lovelace" <", "… «Ada Lovelace» <". */
static char *
quoted_name(const char *begin, const char *end)
{
    static const char *const quotes[][2] = {{"\"", "\""}, {"«", "»"}, {"“", "”"}, {"„", "“"}};
    while (end > begin && strchr(" <[(\t\n", end[-1]))
        end--;
    for (guint i = 0; i < G_N_ELEMENTS(quotes); i++) {
        gsize length = strlen(quotes[i][1]);
        if ((gsize)(end - begin) <= length || strncmp(end - length, quotes[i][1], length) != 0)
            continue;
        const char *open = g_strrstr_len(begin, end - length - begin, quotes[i][0]);
        if (open)
            return clean_name(open + strlen(quotes[i][0]), end - length);
    }
    return NULL;
}

Mailbox *
author_of_attribution(const char *line, const char *end)
{
    g_autofree char *text = g_strndup(line, end - line);
    g_strdelimit(text, "\n", ' ');
    g_strchomp(text);
    const char *stop = text + strlen(text), *from = NULL, *to = NULL;
    if (find_address(text, stop, &from, &to))
        stop = from;
    else
        return NULL; /* a name alone is not told from the words around it */
    char *name = quoted_name(text, stop);
    return mailbox_new(name ? name : name_behind_date(text, stop), from, to);
}
