#include "mail/wording.h"

#include <string.h>

#include "base/once.h"

static gunichar
folded(gunichar c)
{
    if (c == 0x2019)
        return '\'';
    if (c == 0x0130 || c == 0x0131) /* Turkish */
        return 'i';
    return g_unichar_tolower(c);
}

const char *
wording_blanks(const char *text, const char *end)
{
    while (text < end) {
        if (*text == ' ' || *text == '\t')
            text++;
        else if (end - text >= 2 && text[0] == '\xC2' && text[1] == '\xA0')
            text += 2;
        else if (end - text >= 3 && strncmp(text, "\xE2\x80\xAF", 3) == 0) /* a narrow one */
            text += 3;
        else
            break;
    }
    return text;
}

const char *
wording_skip(const char *text, const char *end, const char *words)
{
    while (*words) {
        /* Mostly the same letters of ASCII; what ends words, blanks and others are less. */
        if (text < end && *text == *words && g_ascii_isgraph(*words)) {
            text++;
            words++;
            continue;
        }
        if (*words == ' ') {
            const char *after = wording_blanks(text, end);
            if (after == text)
                return NULL;
            text = after;
            words++;
            continue;
        }
        if (text >= end)
            return NULL;
        /* Almost always plain ASCII that differs at the first letter. */
        if ((guchar)*text < 0x80 && (guchar)*words < 0x80) {
            /* Letters' cases differ in one bit. */
            if (*text != *words && ((*text ^ *words) != 0x20 || !g_ascii_isalpha(*text)))
                return NULL;
            text++;
            words++;
            continue;
        }
        if (folded(g_utf8_get_char(text)) != folded(g_utf8_get_char(words)))
            return NULL;
        text = g_utf8_next_char(text);
        words = g_utf8_next_char(words);
    }
    return text <= end ? text : NULL;
}

/* --- the index --- */

/* Every entry of a list begins with two texts: its language and its words. */
static const struct {
    gconstpointer entries;
    gsize size;
} lists[] = {
    [WORDING_LABELS] = {wording_labels, sizeof *wording_labels},
    [WORDING_SEPARATORS] = {wording_separators, sizeof *wording_separators},
    [WORDING_ATTRIBUTIONS] = {wording_attributions, sizeof *wording_attributions},
    [WORDING_FORWARD_SUBJECTS] = {wording_forward_subjects, sizeof *wording_forward_subjects},
    [WORDING_BEHALF] = {wording_behalf, sizeof *wording_behalf},
    [WORDING_DEVICE_LINES] = {wording_device_lines, sizeof *wording_device_lines},
    [WORDING_CLOSINGS] = {wording_closings, sizeof *wording_closings},
    [WORDING_DISCLAIMERS] = {wording_disclaimers, sizeof *wording_disclaimers},
    [WORDING_BANNERS] = {wording_banners, sizeof *wording_banners},
    [WORDING_FOOTERS] = {wording_footers, sizeof *wording_footers},
    [WORDING_BUTTONS] = {wording_buttons, sizeof *wording_buttons},
    [WORDING_FORM_META] = {wording_form_meta, sizeof *wording_form_meta},
};
G_STATIC_ASSERT(G_N_ELEMENTS(lists) == WORDING_LISTS);

#define BUCKETS 256
#define SECONDS 64

/* What an entry begins with: a bucket and a number below SECONDS, or these themselves where
 * anything may follow. */
typedef struct {
    guint first, second;
} Letters;

/* By the first letter and by the second, folded, the entries. */
typedef struct {
    const guint16 *entries[SECONDS];
} Seconds;

typedef struct {
    const Seconds *firsts[BUCKETS];
} Index;

static const char *
words_of(WordingList list, guint number)
{
    /* An entry is a struct that begins with pointers to char. */
    const char *entry = (const char *)lists[list].entries + number * lists[list].size;
    const char *const *texts = (const char *const *)(gconstpointer)entry;
    return texts[0] ? texts[1] : NULL;
}

static gunichar
folded_at(const char *text)
{
    if (*text >= 'A' && *text <= 'Z')
        return (gunichar)*text | 0x20;
    return (guchar)*text < 0x80 ? (gunichar)*text : folded(g_utf8_get_char(text));
}

static guint
bucket_of(gunichar c)
{
    return c < 128 ? c : 128 + c % 128;
}

static const guint16 nothing = WORDING_END;

/* Letters of each entry of a list. */
static GArray *
letters_of(WordingList list)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Letters));
    const char *words;
    for (guint number = 0; (words = words_of(list, number)); number++) {
        Letters letters = {BUCKETS, SECONDS};
        if (*words && *words != ' ') {
            const char *second = g_utf8_next_char(words);
            letters.first = bucket_of(folded_at(words));
            if (*second && *second != ' ')
                letters.second = folded_at(second) % SECONDS;
        }
        g_array_append_val(all, letters);
    }
    return all;
}

/* The entries that a text with these letters may begin with. */
static const guint16 *
entries_for(const GArray *all, guint first, guint second)
{
    GArray *entries = g_array_new(FALSE, FALSE, sizeof nothing);
    for (guint16 number = 0; number < all->len; number++) {
        const Letters *letters = &g_array_index(all, Letters, number);
        if ((letters->first == first || letters->first == BUCKETS) &&
            (letters->second == second || letters->second == SECONDS))
            g_array_append_val(entries, number);
    }
    if (!entries->len) {
        g_array_unref(entries);
        return &nothing;
    }
    g_array_append_val(entries, nothing);
    return (const guint16 *)(gconstpointer)g_array_free(entries, FALSE);
}

/* Most second letters are none that an entry asks for, and share what any may follow. */
static const Seconds *
build_seconds(const GArray *all, guint first)
{
    Seconds *seconds = g_new(Seconds, 1);
    const guint16 *others = entries_for(all, first, SECONDS);
    for (guint k = 0; k < SECONDS; k++)
        seconds->entries[k] = others;
    for (guint i = 0; i < all->len; i++) {
        const Letters *letters = &g_array_index(all, Letters, i);
        if (letters->first == first && letters->second < SECONDS &&
            seconds->entries[letters->second] == others)
            seconds->entries[letters->second] = entries_for(all, first, letters->second);
    }
    return seconds;
}

static gpointer
build_index(gpointer list)
{
    Index *index = g_new(Index, 1);
    g_autoptr(GArray) all = letters_of(GPOINTER_TO_UINT(list));
    const Seconds *others = build_seconds(all, BUCKETS);
    for (guint first = 0; first < BUCKETS; first++)
        index->firsts[first] = others;
    for (guint i = 0; i < all->len; i++) {
        guint first = g_array_index(all, Letters, i).first;
        if (first < BUCKETS && index->firsts[first] == others)
            index->firsts[first] = build_seconds(all, first);
    }
    return index;
}

const guint16 *
wording_candidates(WordingList list, const char *text, const char *end)
{
    static gpointer indexes[WORDING_LISTS];
    const Index *index = once_get(&indexes[list], build_index, GUINT_TO_POINTER(list));
    const Seconds *seconds = index->firsts[text < end ? bucket_of(folded_at(text)) : 0];
    const char *second = text < end ? g_utf8_next_char(text) : end;
    return seconds->entries[second < end ? folded_at(second) % SECONDS : 0];
}

const char *
wording_skip_any(const char *text, const char *end, WordingList phrases)
{
    for (const guint16 *n = wording_candidates(phrases, text, end); *n != WORDING_END; n++) {
        const char *after = wording_skip(text, end, words_of(phrases, *n));
        if (after)
            return after;
    }
    return NULL;
}

/* --- labels --- */

/* By the first letter, each with a blank behind it. */
static const char *const form_words[26] = {
    ['a' - 'a'] = "address ",
    ['b' - 'a'] = "budget business ",
    ['c' - 'a'] = "company contact city comments comment cell country code customer ",
    ['d' - 'a'] = "date details description ",
    ['e' - 'a'] = "email e-mail estimated ",
    ['f' - 'a'] = "first full ",
    ['i' - 'a'] = "info information inquiry ",
    ['j' - 'a'] = "job ",
    ['l' - 'a'] = "location last ",
    ['m' - 'a'] = "message mobile ",
    ['n' - 'a'] = "name number ",
    ['p' - 'a'] = "phone project property postal ",
    ['q' - 'a'] = "question questions ",
    ['r' - 'a'] = "region request ",
    ['s' - 'a'] = "subject state service street ",
    ['t' - 'a'] = "time type telephone title ",
    ['w' - 'a'] = "website ",
    ['y' - 'a'] = "your ",
    ['z' - 'a'] = "zip ",
};

gboolean
wording_is_form_word(const char *word, gsize length)
{
    if (length == 0 || !g_ascii_isalpha(*word))
        return FALSE;
    const char *words = form_words[(*word | 0x20) - 'a'];
    while (words && *words) {
        gsize n = strchr(words, ' ') - words;
        if (n == length && g_ascii_strncasecmp(word, words, n) == 0)
            return TRUE;
        words += n + 1;
    }
    return FALSE;
}

gboolean
wording_is_label(const char *line, const char *end)
{
    gboolean any = FALSE;
    for (const char *p = line; p < end;) {
        gsize length = MIN(strcspn(p, " \t\n:*?"), (gsize)(end - p));
        if (length > 0 && !wording_is_form_word(p, length))
            return FALSE;
        any |= length > 0;
        p += MAX(length, 1);
    }
    return any;
}
