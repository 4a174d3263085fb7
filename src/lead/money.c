/* An amount of money, or a plain number, as decimal text. Of a range it is the lower end. No
 * floating point: an amount is as exact as it was written. */
#include "lead/value-private.h"

#include <string.h>

#define DIGITS_MAX 15 /* of the whole part; a double holds them exactly */

typedef struct {
    char whole[DIGITS_MAX + 1];
    char fraction[DIGITS_MAX + 1];
} Amount;

static const struct {
    const char *word;
    guint zeros;
} scales[] = {{"thousand", 3}, {"million", 6}, {"billion", 9}, {"mil", 6}, {"mm", 6},
              {"bn", 9},       {"k", 3},       {"m", 6},       {"b", 9}};

/* What may stand around the number(s) without changing what they mean. */
static const char *const fillers[] = {
    "about", "approximately", "approx", "around", "roughly", "up",      "to",     "under",
    "over",  "between",       "and",    "from",   "usd",     "dollars", "dollar", "us",
    "cad",   "less",          "more",   "than",   "budget",  "eur",     "euros",  "max",
    "min",   "total",         "is",     "of",     "or",      "at",      "least",  "most",
    "circa", "cdn",           "est",    NULL};

/* Appends digits; FALSE when there are too many to be an amount. */
static gboolean
put(char *to, const char *digits, gsize length)
{
    gsize have = strlen(to);
    if (have + length > DIGITS_MAX)
        return FALSE;
    memcpy(to + have, digits, length);
    to[have + length] = '\0';
    return TRUE;
}

/* "1,234,567" or "1.234.567": how many groups of three after the first; *end behind the last. */
static guint
grouped(const char *p, char mark, Amount *amount, const char **end)
{
    gsize first = strspn(p, "0123456789");
    if (first == 0 || first > 3 || !put(amount->whole, p, first))
        return 0;
    p += first;
    guint groups = 0;
    while (*p == mark && strspn(p + 1, "0123456789") == 3) {
        if (!put(amount->whole, p + 1, 3))
            return 0;
        p += 4;
        groups++;
    }
    *end = p;
    return groups;
}

/* The number at `p` without its scale. A single group behind a dot ("2.000") could be either and is
 * refused unless a scale shows it to be a fraction ("1.125M"). */
static gboolean
number_read(const char *p, Amount *amount, const char **end, gboolean *ambiguous)
{
    memset(amount, 0, sizeof *amount);
    *ambiguous = FALSE;
    char decimal = '.';
    if (!grouped(p, ',', amount, end)) {
        memset(amount, 0, sizeof *amount);
        guint dots = grouped(p, '.', amount, end);
        if (dots > 1 || (dots && **end == ',' && g_ascii_isdigit((*end)[1]))) {
            decimal = ','; /* "1.200.000", "2.000,50" */
        } else {
            memset(amount, 0, sizeof *amount);
            gsize length = strspn(p, "0123456789");
            if (!put(amount->whole, p, length))
                return FALSE;
            *end = p + length;
            if (**end == ',' && strspn(*end + 1, "0123456789") <= 2)
                decimal = ','; /* "12,50" */
        }
    }
    if (**end != decimal || !g_ascii_isdigit((*end)[1]))
        return TRUE;
    gsize length = strspn(*end + 1, "0123456789");
    if (!put(amount->fraction, *end + 1, length))
        return FALSE;
    *ambiguous = length == 3;
    *end += 1 + length;
    return TRUE;
}

static guint
scale_read(const char *p, const char **end)
{
    const char *word = p + strspn(p, " ");
    gsize length = 0;
    while (g_ascii_isalpha(word[length]))
        length++;
    for (guint i = 0; i < G_N_ELEMENTS(scales); i++)
        if (strlen(scales[i].word) == length &&
            g_ascii_strncasecmp(word, scales[i].word, length) == 0) {
            *end = word + length;
            return scales[i].zeros;
        }
    *end = p;
    return 0;
}

/* Move the point by `zeros` to the right. */
static gboolean
amount_scale(Amount *amount, guint zeros)
{
    for (guint i = 0; i < zeros; i++) {
        char digit[2] = {amount->fraction[0] ? amount->fraction[0] : '0', '\0'};
        if (!put(amount->whole, digit, 1))
            return FALSE;
        if (amount->fraction[0])
            memmove(amount->fraction, amount->fraction + 1, strlen(amount->fraction));
    }
    return TRUE;
}

static char *
amount_text(const Amount *amount)
{
    const char *whole = amount->whole + strspn(amount->whole, "0");
    gsize fraction = strlen(amount->fraction);
    while (fraction && amount->fraction[fraction - 1] == '0')
        fraction--;
    return g_strdup_printf("%s%s%.*s", *whole ? whole : "0", fraction ? "." : "", (int)fraction,
                           amount->fraction);
}

static gboolean
is_filler(const char *word, gsize length)
{
    for (guint i = 0; fillers[i]; i++)
        if (strlen(fillers[i]) == length && g_ascii_strncasecmp(word, fillers[i], length) == 0)
            return TRUE;
    return FALSE;
}

/* Skip what may stand between numbers. FALSE at a word or sign that makes it something else: "per",
 * "/SF", "%". With `lenient`, after an amount with its currency, words are let pass. */
static gboolean
skip(const char **p, gboolean lenient, gboolean *currency)
{
    static const char *const rates[] = {"per", "sf", "psf", "sqft", "sq", "percent", "each", NULL};
    const char *q = *p;
    while (*q && !g_ascii_isdigit(*q)) {
        gsize length = 0;
        while (g_ascii_isalpha(q[length]))
            length++;
        if (length) {
            for (guint i = 0; rates[i]; i++)
                if (strlen(rates[i]) == length && g_ascii_strncasecmp(q, rates[i], length) == 0)
                    return FALSE;
            if (!lenient && !is_filler(q, length))
                return FALSE;
            *currency |= length == 3 && (g_ascii_strncasecmp(q, "usd", 3) == 0 ||
                                         g_ascii_strncasecmp(q, "cad", 3) == 0);
            q += length;
        } else if (strchr("%/", *q)) {
            return FALSE;
        } else {
            gunichar c = g_utf8_get_char(q);
            *currency |= g_unichar_type(c) == G_UNICODE_CURRENCY_SYMBOL;
            if (!lenient && c < 128 && !strchr("$ -+~<>=,.()*:", (int)c))
                return FALSE;
            q = g_utf8_next_char(q);
        }
    }
    *p = q;
    return TRUE;
}

static int
amount_compare(const Amount *a, const Amount *b)
{
    const char *x = a->whole + strspn(a->whole, "0"), *y = b->whole + strspn(b->whole, "0");
    gsize m = strlen(x), n = strlen(y);
    if (m != n)
        return m < n ? -1 : 1;
    int whole = strcmp(x, y);
    return whole ? whole : strcmp(a->fraction, b->fraction);
}

/* "10-15k": the scale belongs to both; in "$500 - $1k" it cannot. `high` has its scale already. */
static gboolean
scale_both(Amount *low, const Amount *high, guint zeros)
{
    Amount scaled = *low;
    if (!amount_scale(&scaled, zeros))
        return FALSE;
    if (amount_compare(&scaled, high) < 0)
        *low = scaled;
    return TRUE;
}

static gboolean
amount_read(const char **p, Amount *amount, guint *zeros)
{
    gboolean ambiguous;
    if (!number_read(*p, amount, p, &ambiguous))
        return FALSE;
    *zeros = scale_read(*p, p);
    return (!ambiguous || *zeros) && amount_scale(amount, *zeros);
}

char *
money_normalise(const char *raw)
{
    const char *p = raw;
    Amount low, high;
    guint zeros, high_zeros;
    gboolean currency = FALSE;
    if (!skip(&p, FALSE, &currency) || !*p)
        return NULL;
    /* A minus sign right before the first number: a price is no debt. */
    for (const char *q = p; q > raw && strchr("$ -", q[-1]); q--)
        if (q[-1] == '-')
            return NULL;
    if (!amount_read(&p, &low, &zeros))
        return NULL;
    const char *between = p;
    if (!skip(&p, currency, &currency))
        return NULL;
    if (!*p)
        return amount_text(&low);
    if (strspn(between, " ,.") >= (gsize)(p - between)) /* "1,2345" is neither one nor two */
        return NULL;
    if (!amount_read(&p, &high, &high_zeros))
        return currency ? amount_text(&low) : NULL;
    if (!zeros && high_zeros && !scale_both(&low, &high, high_zeros))
        return NULL;
    gboolean rest = skip(&p, currency, &currency);
    if (amount_compare(&low, &high) < 0 && rest && (!*p || currency))
        return amount_text(&low);
    return currency && rest && !zeros && !high_zeros ? amount_text(&low) : NULL;
}
