/* A person's name as "First Last": out of "Doe, Jane", "JANE DOE", "Jane Doe via Angi"; and what is
 * no person: "Front Office", "Info", "Acme LLC". */
#include "lead/value-private.h"

#include <string.h>

#define NAME_MAX_CHARS 80
#define WORDS_MAX 7
#define LETTERS_MIN 2
#define WORD_MAX_BYTES 20 /* no word of the lists is longer */

static const char *const titles[] = {
    "mr",   "mrs",     "ms",     "miss",   "mx",     "dr",    "prof", "rev",   "sir",
    "hon",  "fr",      "deacon", "pastor", "father", "rabbi", "imam", "msgr",  "bishop",
    "capt", "captain", "sgt",    "lt",     "col",    "maj",   "gen",  "judge", "chief",
    "herr", "frau",    "sr",     "sra",    "mme",    NULL};
static const char *const generations[] = {"jr", "sr", "ii", "iii", "iv", NULL};
static const char *const degrees[] = {
    "phd", "md",  "esq", "cpa", "pe",  "aia", "mba", "rn",   "dds",  "cpm", "ccim", "rpa", "leed",
    "jd",  "csi", "dvm", "dmd", "ra",  "cfa", "cfm", "pmp",  "sior", "crb", "od",   "msw", "lcsw",
    "edd", "dc",  "np",  "bsn", "msn", "ra",  "fmp", "ifma", "boma", "ctp", NULL};
/* As any word of a name: a company, not a person. */
static const char *const company_words[] = {
    "llc",  "inc",          "ltd",     "corp", "corporation", "company", "llp",
    "gmbh", "incorporated", "limited", "plc",  "pllc",        "group",   NULL};
/* As any word: somebody's desk, a robot, a form's placeholder. */
static const char *const team_words[] = {
    "office",        "team",      "sales",     "support",   "info",      "admin",
    "administrator", "customer",  "service",   "services",  "reception", "noreply",
    "no-reply",      "webmaster", "wordpress", "contact",   "leasing",   "accounting",
    "department",    "dept",      "desk",      "helpdesk",  "mailer",    "notification",
    "notifications", "unknown",   "anonymous", "name",      "email",     "phone",
    "mailbox",       "inquiries", "inquiry",   "enquiries", "website",   "none",
    "n/a",           "null",      "undefined", "alerts",    "alert",     "updates",
    "news",          "leads",     "listings",  "jobs",      "results",   "responses",
    "marketplace",   "network",   "robot",     "bot",       "billing",   "newsletter",
    "reports",       "marketing", "deals",     "offers",    "invites",   "bids",
    "the",           "our",       "your",      "my",        NULL};

static gboolean
is_one_of(const char *word, const char *const *words)
{
    char plain[WORD_MAX_BYTES + 1]; /* without dots: "Ph.D." */
    gsize length = strlen(word), n = 0;
    while (length && strchr(".,", word[length - 1]))
        length--;
    for (gsize i = 0; i < length; i++) {
        if (word[i] == '.')
            continue;
        if (n == WORD_MAX_BYTES)
            return FALSE;
        plain[n++] = g_ascii_tolower(word[i]);
    }
    plain[n] = '\0';
    for (guint i = 0; n && words[i]; i++)
        if (*words[i] == *plain && strcmp(words[i], plain) == 0)
            return TRUE;
    return FALSE;
}

/* Cut what mailers and sites hang on: "via Angi", "(Angi)", "<jane@…>", "| 312 …". */
static void
cut_tail(char *name)
{
    static const char *const tails[] = {" via ", " (", " <", " |", " [", " - ", " – ", NULL};
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (guint i = 0; tails[i]; i++) {
        char *found = strstr(lower, tails[i]);
        if (found)
            *found = '\0';
    }
    name[strlen(lower)] = '\0';
}

/* Letters, marks, blanks and the punctuation of names; the rest (quotes, emoji) is dropped. NULL
 * when there is what no name has: a digit, "@", "/". */
static char *
name_letters(const char *raw)
{
    GString *out = g_string_new(NULL);
    for (const char *p = raw; *p; p = g_utf8_next_char(p)) {
        if (g_ascii_isalpha(*p)) {
            g_string_append_c(out, *p);
            continue;
        }
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_isdigit(c) || (c < 128 && strchr("@/\\=:;{}<>%", (int)c))) {
            g_string_free(out, TRUE);
            return NULL;
        }
        if (c == 0x2019) /* O’Neill */
            c = '\'';
        if (g_unichar_isalpha(c) || g_unichar_ismark(c) || c == 0x200d || c == 0x200c ||
            c == 0xb7 || (c < 128 && strchr(" .,'-&", (int)c)))
            g_string_append_unichar(out, c);
    }
    char *name = g_string_free(out, FALSE);
    /* 'Jane Doe' in Outlook's quotes */
    gsize length = strlen(name);
    if (length > 2 && name[0] == '\'' && name[length - 1] == '\'') {
        name[length - 1] = ' ';
        name[0] = ' ';
    }
    return g_strstrip(name);
}

/* "Doe, Jane" → "Jane Doe"; "Jane Doe, PhD" → "Jane Doe"; "John Doe, Jr." → "John Doe Jr.". NULL
 * for more than one comma, which is a list. Takes and returns newly allocated text. */
static char *
turn_around(char *name)
{
    g_autofree char *own = name;
    char *comma = strchr(own, ',');
    if (!comma)
        return g_steal_pointer(&own);
    *comma = '\0';
    const char *before = g_strstrip(own);
    g_autofree char *after = g_strstrip(g_strdup(comma + 1));
    g_auto(GStrv) words = g_strsplit(after, " ", 3);
    if (!*after || (words[0] && is_one_of(words[0], degrees)))
        return g_strdup(before);
    if (strchr(after, ',')) /* "Doe, Jane, PhD" would be taken by the case above once turned */
        return NULL;
    if (is_one_of(after, generations))
        return g_strconcat(before, " ", after, NULL);
    return g_strconcat(after, " ", before, NULL);
}

static gboolean
has_case(const char *name, gboolean (*is)(gunichar))
{
    gboolean letters = FALSE;
    for (const char *p = name; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (!g_unichar_isalpha(c))
            continue;
        if (!is(c))
            return FALSE;
        letters = TRUE;
    }
    return letters;
}

/* One word, all in one case, with a capital at its start and after "-", "'" and "Mc". */
static void
append_capitalised(GString *out, const char *word)
{
    if (is_one_of(word, generations) && g_ascii_tolower(word[0]) == 'i') {
        g_autofree char *upper = g_ascii_strup(word, -1);
        g_string_append(out, upper);
        return;
    }
    gboolean start = TRUE;
    gboolean mc = g_ascii_strncasecmp(word, "mc", 2) == 0 && strlen(word) > 4;
    for (const char *p = word; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, start ? g_unichar_totitle(c) : g_unichar_tolower(c));
        start = c == '-' || c == '\'' || c == '.' || (mc && p == word + 1);
    }
}

/* The words joined, without leading titles. NULL when they are no person's. */
static char *
join_words(char **words, gboolean recase)
{
    GString *out = g_string_new(NULL);
    guint n = 0;
    gboolean person = TRUE;
    for (guint i = 0; words[i] && person; i++) {
        const char *word = words[i];
        if (!*word || strcmp(word, "-") == 0 || (!n && is_one_of(word, titles)))
            continue;
        person =
            ++n <= WORDS_MAX && !is_one_of(word, company_words) && !is_one_of(word, team_words);
        if (out->len)
            g_string_append_c(out, ' ');
        if (recase)
            append_capitalised(out, word);
        else
            g_string_append(out, word);
    }
    if (!person || !n) {
        g_string_free(out, TRUE);
        return NULL;
    }
    return g_string_free(out, FALSE);
}

char *
person_normalise(const char *raw)
{
    if (strchr(raw, '@') || g_utf8_strlen(raw, -1) > 2 * NAME_MAX_CHARS)
        return NULL;
    g_autofree char *cut = g_strdup(raw);
    cut_tail(cut);
    g_autofree char *name = name_letters(cut);
    if (!name)
        return NULL;
    name = turn_around(g_steal_pointer(&name));
    if (!name || g_utf8_strlen(name, -1) > NAME_MAX_CHARS)
        return NULL;
    g_auto(GStrv) words = g_strsplit(name, " ", 0);
    gboolean shouted = has_case(name, g_unichar_isupper) && strlen(name) > 3;
    g_autofree char *joined = join_words(words, shouted || has_case(name, g_unichar_islower));
    if (!joined)
        return NULL;
    guint letters = 0;
    for (const char *p = joined; *p; p = g_utf8_next_char(p))
        letters += g_unichar_isalpha(g_utf8_get_char(p));
    return letters >= LETTERS_MIN ? g_steal_pointer(&joined) : NULL;
}
