/* Splitting an address of the United States or Canada, written on one line or several, into its
 * parts. Works from the end, where it is regular: country, postal code, state, city; what is left
 * in front is the street. */
#include "lead/value-private.h"

#include <string.h>

#define TEXT_MAX 400 /* bytes looked at */
#define PARTS_MAX 10
#define WORDS_MAX 30
#define CITY_WORDS_MAX 5

static const char *const street_types[] = {
    "street",   "st",      "avenue",     "ave",      "av",       "boulevard", "blvd",  "road",
    "rd",       "drive",   "dr",         "lane",     "ln",       "court",     "ct",    "circle",
    "cir",      "place",   "pl",         "plaza",    "plz",      "square",    "sq",    "terrace",
    "ter",      "parkway", "pkwy",       "highway",  "hwy",      "way",       "trail", "trl",
    "loop",     "alley",   "aly",        "crossing", "xing",     "market",    "row",   "pike",
    "turnpike", "tpke",    "expressway", "expy",     "freeway",  "fwy",       "path",  "walk",
    "point",    "pt",      "ridge",      "run",      "crescent", "cres",      "mall",  "broadway",
    "commons",  "route",   "rte",        "causeway", "landing",  "bend",      "cove",  NULL};
/* Roads that a number follows. */
static const char *const routes[] = {"highway", "hwy", "route", "rte", "fm", "us", "sr",
                                     "cr",      "ih",  "box",   "rr",  "rm", NULL};
static const char *const units[] = {"suite",    "ste",   "unit", "apt",   "apartment", "bldg",
                                    "building", "floor", "fl",   "room",  "rm",        "lot",
                                    "dock",     "space", "spc",  "tower", "#",         NULL};
static const char *const directions[] = {"n",  "s",     "e",     "w",    "ne",   "nw", "se",
                                         "sw", "north", "south", "east", "west", NULL};
static const char *const countries[] = {
    "usa", "us", "united states", "united states of america", "u.s.a.", "u.s.", "canada", NULL};

static gboolean
is_word_of(const char *word, gsize length, const char *const *words)
{
    while (length && (word[length - 1] == '.' || word[length - 1] == ','))
        length--;
    char first = g_ascii_tolower(*word);
    for (guint i = 0; length && words[i]; i++)
        if (*words[i] == first && strlen(words[i]) == length &&
            g_ascii_strncasecmp(word, words[i], length) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
is_word(const char *word, const char *const *words)
{
    return is_word_of(word, strlen(word), words);
}

static gboolean
begins_with_word(const char *part, const char *const *words)
{
    return is_word_of(part, strcspn(part, " "), words);
}

/* Behind the first word and its blank; NULL when there is no other. */
static const char *
second_word(const char *part)
{
    const char *blank = strchr(part, ' ');
    return blank ? blank + 1 : NULL;
}

static gboolean
has_digit(const char *text)
{
    return strpbrk(text, "0123456789") != NULL;
}

static gboolean
has_digit_in_word(const char *word)
{
    gsize length = strcspn(word, "0123456789 ");
    return word[length] && word[length] != ' ';
}

static gboolean
is_unit(const char *part)
{
    if (part[0] == '#')
        return TRUE;
    const char *second = second_word(part);
    if (!second)
        return FALSE;
    static const char *const floors[] = {"floor", "fl", NULL};
    return begins_with_word(part, units) ||
           (has_digit_in_word(part) && begins_with_word(second, floors)); /* "2nd Floor" */
}

/* What a street begins with: "1450 …", "N 4500 …", "P.O. Box 7", "US-41", "FM 1960", "One …". */
static gboolean
is_street(const char *part)
{
    static const char *const spelled[] = {"one", "two", "three", "four", "five", "ten", NULL};
    if (g_ascii_isdigit(part[0])) /* most of them */
        return strchr(part, ' ') && !is_unit(part);
    if (is_unit(part))
        return FALSE;
    const char *second = second_word(part);
    if (second && begins_with_word(part, directions) && g_ascii_isdigit(*second))
        return TRUE;
    if (second && begins_with_word(part, spelled))
        return TRUE;
    static const char *const box[] = {"p.o", "po", "p.o.", "p", "box", NULL};
    if (has_digit(part) && begins_with_word(part, box))
        return TRUE;
    return (second && has_digit_in_word(second) && begins_with_word(part, routes)) ||
           g_ascii_strncasecmp(part, "us-", 3) == 0;
}

/* Without a city beside it, a number and words must look like a street: a street's type, a route or
 * box with its number, or a number and one or two capitalised words ("1450 Broadway"). */
static gboolean
is_street_alone(const char *part)
{
    g_auto(GStrv) words = g_strsplit(part, " ", WORDS_MAX);
    guint n = g_strv_length(words);
    for (guint i = 1; i < n; i++)
        if (is_word(words[i], street_types))
            return n <= 10;
    for (guint i = 0; i + 1 < n; i++)
        if (is_word(words[i], routes) && has_digit(words[i + 1]))
            return TRUE;
    if (g_ascii_strncasecmp(part, "us-", 3) == 0)
        return TRUE;
    if (n < 2 || n > 3 || !g_ascii_isdigit(part[0]))
        return FALSE;
    for (guint i = 1; i < n; i++)
        if (!g_unichar_isupper(g_utf8_get_char(words[i])))
            return FALSE;
    return TRUE;
}

static gboolean
is_city(const char *part)
{
    guint words = 1;
    for (const char *p = part; *p; p = g_utf8_next_char(p)) {
        if (g_ascii_isalpha(*p))
            continue;
        gunichar c = g_utf8_get_char(p);
        words += c == ' ';
        if (!g_unichar_isalpha(c) && !g_unichar_ismark(c) && !(c < 128 && strchr(" .'-", (int)c)) &&
            c != 0x2019)
            return FALSE;
    }
    return words <= CITY_WORDS_MAX && g_unichar_isalpha(g_utf8_get_char(part)) && !is_unit(part);
}

static char *
last_part(GPtrArray *parts)
{
    return parts->len ? parts->pdata[parts->len - 1] : NULL;
}

/* A number alone, where a line was wrapped behind it. */
static gboolean
is_house_number(const char *part)
{
    gsize digits = part ? strspn(part, "0123456789") : 0;
    return digits > 0 && digits <= 5 && !part[digits];
}

/* Takes `part` over. */
static void
join_last(GPtrArray *parts, char *part)
{
    char *both = g_strconcat(last_part(parts), " ", part, NULL);
    g_ptr_array_set_size(parts, (gint)parts->len - 1);
    g_ptr_array_add(parts, both);
    g_free(part);
}

/* The address's pieces between commas and line breaks, folded; at most PARTS_MAX. */
static GPtrArray *
parts_of(const char *raw)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = g_utf8_make_valid(raw, (gssize)strnlen(raw, TEXT_MAX));
    for (char *piece = text, *next; piece && parts->len < PARTS_MAX; piece = next) {
        gsize length = strcspn(piece, ",;\r\n\t|");
        next = piece[length] ? piece + length + 1 : NULL;
        piece[length] = '\0';
        char *part = value_fold(piece, TEXT_MAX);
        length = strlen(part);
        while (length && strchr(" .-*", part[length - 1]) && !g_str_has_suffix(part, " St."))
            part[--length] = '\0';
        if (length && is_house_number(last_part(parts)))
            join_last(parts, part);
        else if (length)
            g_ptr_array_add(parts, part);
        else
            g_free(part);
    }
    return parts;
}

static void
drop_last(GPtrArray *parts)
{
    g_ptr_array_set_size(parts, (gint)parts->len - 1);
}

/* Cut the last part off at `at` (inside it); drop it when nothing remains. */
static void
cut_last(GPtrArray *parts, char *at)
{
    char *part = last_part(parts);
    *at = '\0';
    g_strchomp(part);
    if (!*part)
        drop_last(parts);
}

/* Where the last `n` words of `part` begin; NULL when it has fewer. */
static char *
last_words(char *part, guint n)
{
    char *p = part + strlen(part);
    while (p > part)
        if (*--p == ' ' && !--n)
            return p + 1;
    return n == 1 ? part : NULL;
}

static void
take_country(GPtrArray *parts)
{
    char *part = last_part(parts);
    if (!part || !g_ascii_isalpha(part[0]))
        return;
    if (is_word(part, countries)) {
        drop_last(parts);
        return;
    }
    char *word = last_words(part, 1);
    if (word != part && (is_word(word, countries) && g_ascii_strcasecmp(word, "us") != 0))
        cut_last(parts, word);
}

static char *
take_postal(GPtrArray *parts)
{
    char *part = last_part(parts);
    for (guint n = 1; part && n <= 2; n++) {
        char *at = last_words(part, n);
        /* A whole part of digits in front would be a house number: "12345" alone is a ZIP only
         * behind something else. */
        char *postal = at && (at != part || parts->len > 1) ? postal_normalise(at) : NULL;
        if (postal) {
            cut_last(parts, at);
            return postal;
        }
    }
    return NULL;
}

/* The longest state's name at the end first: "West Virginia" before "Virginia". A two-letter code
 * in small letters ("in", "or", "me") counts only with a ZIP behind it. */
static char *
take_state(GPtrArray *parts, gboolean postal)
{
    char *part = last_part(parts);
    g_autofree char *whole = part && parts->len == 1 ? state_normalise(part) : NULL;
    if (whole) /* a state is no address */
        return NULL;
    for (guint n = 3; part && n >= 1; n--) {
        char *at = last_words(part, n);
        char *state = at && (at != part || parts->len > 1) ? state_normalise(at) : NULL;
        if (state && strlen(at) == 2 && !postal && !g_ascii_isupper(at[1]))
            g_clear_pointer(&state, g_free);
        /* "1450 W Washington": the street's name, when nothing but a street stands before it. */
        if (state && !postal && parts->len == 1 && strlen(at) > 2 && is_street(part))
            g_clear_pointer(&state, g_free);
        if (state) {
            cut_last(parts, at);
            return state;
        }
    }
    return NULL;
}

/* "in Plainfield" */
static const char *
behind_preposition(const char *city)
{
    static const char *const prepositions[] = {"in ", "near ", "at "};
    for (guint i = 0; i < G_N_ELEMENTS(prepositions); i++)
        if (g_ascii_strncasecmp(city, prepositions[i], strlen(prepositions[i])) == 0)
            return city + strlen(prepositions[i]);
    return city;
}

/* "1450 W Fulton Market Chicago": the city is what follows the street's type, a direction behind
 * it and a unit. NULL when no such place is to be seen; else the words are cut off the part. */
static char *
city_behind_street(char *part)
{
    g_auto(GStrv) words = g_strsplit(part, " ", WORDS_MAX);
    guint n = g_strv_length(words), city = 0;
    for (guint i = 2; i < n; i++)
        if (is_word(words[i], street_types) && (i < 3 || i + 1 < n))
            city = i + 1;
    if (!city)
        return NULL;
    if (city < n && is_word(words[city], directions) && strlen(words[city]) <= 3 && city + 1 < n)
        city++;
    while (city + 1 < n && is_word(words[city], units))
        city += 2;
    if (city < n && words[city][0] == '#')
        city++;
    if (city >= n || n - city > CITY_WORDS_MAX)
        return NULL;
    char *at = last_words(part, n - city);
    if (!at || at == part || !is_city(at))
        return NULL;
    char *taken = g_strdup(behind_preposition(at));
    *at = '\0';
    g_strchomp(part);
    return taken;
}

static char *
take_county(GPtrArray *parts)
{
    for (guint i = 0; i < parts->len; i++) {
        const char *part = parts->pdata[i];
        gsize length = strlen(part);
        if (length < 8 || has_digit(part) || g_ascii_strcasecmp(part + length - 7, " county") != 0)
            continue;
        char *county = g_strndup(part, length - 7);
        g_ptr_array_remove_index(parts, i);
        return county;
    }
    return NULL;
}

/* `sure`: a state or postal code was found behind. */
static char *
take_city(GPtrArray *parts, gboolean sure)
{
    char *part = last_part(parts);
    if (!part)
        return NULL;
    if (is_street(part))
        return sure ? city_behind_street(part) : NULL;
    if (!is_city(part) || (!sure && parts->len < 2))
        return NULL;
    char *city = g_strdup(behind_preposition(part));
    drop_last(parts);
    return city;
}

/* From the first part that begins like a street; what stands before it is a name. */
static char *
take_street(GPtrArray *parts, gboolean sure)
{
    guint first = 0;
    while (first < parts->len && !is_street(parts->pdata[first]))
        first++;
    if (first == parts->len || (!sure && !is_street_alone(parts->pdata[first])))
        return NULL;
    GString *street = g_string_new(parts->pdata[first]);
    for (guint i = first + 1; i < parts->len; i++)
        if (is_unit(parts->pdata[i])) {
            g_string_append(street, ", ");
            g_string_append(street, parts->pdata[i]);
        }
    return g_string_free(street, FALSE);
}

gboolean
address_split(const char *raw, Address *address)
{
    memset(address, 0, sizeof *address);
    g_autoptr(GPtrArray) parts = parts_of(raw);
    take_country(parts);
    address->county = take_county(parts);
    address->postal_code = take_postal(parts);
    address->state = take_state(parts, address->postal_code != NULL);
    gboolean sure = address->state || address->postal_code;
    if (!address->postal_code && address->state) /* "60607, Chicago, IL" does occur, rarely */
        address->postal_code = take_postal(parts);
    address->city = take_city(parts, sure);
    address->street = take_street(parts, sure);
    if (address->street || (address->city && sure))
        return TRUE;
    address_clear(address);
    return FALSE;
}

void
address_clear(Address *address)
{
    g_free(address->street);
    g_free(address->city);
    g_free(address->state);
    g_free(address->postal_code);
    g_free(address->county);
    memset(address, 0, sizeof *address);
}
