#include "rules/label.h"

#include <string.h>

#include "base/text.h"

#define WORDS_MAX 6   /* of a label inside a line */
#define BLANK_LINES 2 /* between a label's line and its value */

typedef enum {
    STYLE_INLINE, /* a separator, then the value, perhaps on the next lines */
    STYLE_CELL,   /* the value is a cell of a table */
    STYLE_ALONE,  /* the label's line, then the value's */
} Style;

typedef struct {
    const char *key;   /* the set's */
    const char *begin; /* of the label */
    const char *value; /* where the value's line goes on behind the label */
    const char *end;   /* of the value in that line: its end, or where the next label begins */
    Style style;
    gboolean inside; /* behind another label's value on its line */
    guint16 next;    /* place of its bucket, as in `first` */
} Place;

#define BUCKETS 64 /* of keys, by their addresses */

struct LabelIndex {
    GArray *places; /* Place, in the text's order */
    const char *text, *end;
    const LabelSet *known;
    guint16 first[BUCKETS], last[BUCKETS]; /* a bucket's places: their numbers + 1; 0: none */
    guint64 bits;                          /* of the buckets that have any */
};
G_STATIC_ASSERT(LABELS_FOUND_MAX < G_MAXUINT16);

struct LabelSet {
    GHashTable *keys;
    guint32 beginnings[32]; /* a bit for each two bytes that a key begins with, cut to five bits */
};

/* --- keys --- */

static gunichar
letter_at(const char *p)
{
    return (guchar)*p < 0x80 ? (guchar)*p : g_utf8_get_char(p);
}

static gboolean
is_decoration(gunichar c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '\n':
    case '\f':
    case '\r':
    case '*':
    case '_':
    case ':':
    case '?':
    case '#':
    case '>':
    case '~':
    case '`':
    case '|':
    case '=':
    case '-':
    case '[':
    case ']':
    case '.':
    case 0x2022:
    case 0x00B7:
    case 0x2026:
    case 0x25AA:
    case 0xFF1A:
    case 0xFEFF:
    case 0x200B:
        return TRUE;
    default:
        return c >= 0x80 && g_unichar_isspace(c);
    }
}

static const char *
skip_marks(const char *begin, const char *end)
{
    while (begin < end && is_decoration(letter_at(begin)))
        begin = g_utf8_next_char(begin);
    return begin;
}

/* Behind decoration and the number of a question: "1. Your name". */
static const char *
skip_decoration(const char *begin, const char *end)
{
    begin = skip_marks(begin, end);
    gsize digits = 0;
    while (digits < 3 && begin + digits < end && g_ascii_isdigit(begin[digits]))
        digits++;
    const char *behind = begin + digits;
    if (digits == 0 || digits > 2 || end - behind < 2 || !strchr(".)", *behind) || behind[1] != ' ')
        return begin;
    return skip_marks(behind + 1, end);
}

static void
trim(const char **begin, const char **end)
{
    *begin = skip_decoration(*begin, *end);
    while (*end > *begin) {
        const char *last = g_utf8_find_prev_char(*begin, *end);
        if (!last || !is_decoration(letter_at(last)))
            return;
        *end = last;
    }
}

static gboolean
drop_suffix(const char *begin, const char **end, const char *suffix)
{
    gsize length = strlen(suffix);
    if ((gsize)(*end - begin) <= length || g_ascii_strncasecmp(*end - length, suffix, length) != 0)
        return FALSE;
    *end -= length;
    return TRUE;
}

/* A small letter may take a byte more than its capital. */
#define KEY_MAX (LABEL_MAX * 2)

/* The key of a label in `key`, KEY_MAX + 1 bytes; its length, 0 when there is none. */
static gsize
write_key(const char *label, gsize length, char *key)
{
    const char *begin = label, *end = label + length;
    gsize n = 0;
    if (length > LABEL_MAX)
        return 0;
    trim(&begin, &end);
    if (drop_suffix(begin, &end, "(required)") || drop_suffix(begin, &end, "(optional)"))
        trim(&begin, &end);
    gboolean space = FALSE;
    for (const char *p = begin; p < end; p = g_utf8_next_char(p)) {
        gunichar c = letter_at(p);
        if (c == '_' || (c < 0x80 ? g_ascii_isspace((char)c) : g_unichar_isspace(c))) {
            space = TRUE;
            continue;
        }
        if (space)
            key[n++] = ' ';
        space = FALSE;
        if (c < 0x80)
            key[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        else if (c == 0x2019)
            key[n++] = '\'';
        else
            n += (gsize)g_unichar_to_utf8(g_unichar_tolower(c), key + n);
    }
    key[n] = '\0';
    return n;
}

char *
label_key(const char *label, gsize length)
{
    char key[KEY_MAX + 1];
    gsize n = write_key(label, length, key);
    return n > 0 ? g_strndup(key, n) : NULL;
}

char *
label_intern(char *key)
{
    char *interned = g_ref_string_new_intern(key);
    g_free(key);
    return interned;
}

LabelSet *
label_set_new(void)
{
    LabelSet *set = g_new0(LabelSet, 1);
    set->keys = g_hash_table_new(g_str_hash, g_str_equal);
    return set;
}

void
label_set_free(LabelSet *set)
{
    if (!set)
        return;
    g_hash_table_unref(set->keys);
    g_free(set);
}

/* Five bits are the same for a capital and its small letter. */
static guint
five_bits(char c)
{
    return (guchar)c % 32;
}

void
label_set_add(LabelSet *set, char *key)
{
    set->beginnings[five_bits(key[0])] |= 1u << five_bits(key[1]);
    g_hash_table_add(set->keys, key);
}

/* FALSE for most lines of prose, without a look at more than their first two letters. */
static gboolean
may_be_known(const LabelIndex *index, const char *begin, const char *end)
{
    begin = skip_decoration(begin, end);
    if (begin == end)
        return FALSE;
    guint32 seconds = index->known->beginnings[five_bits(*begin)];
    /* Beyond ASCII, lower case may begin with another byte; blanks and decoration may go. */
    if ((guchar)*begin >= 0x80)
        return TRUE;
    if (end - begin < 2 || !g_ascii_isalnum(begin[1]))
        return seconds != 0;
    return seconds >> five_bits(begin[1]) & 1;
}

/* The set's own copy of a label, or NULL when it is not known. */
static const char *
known_key(const LabelIndex *index, const char *begin, const char *end)
{
    char key[KEY_MAX + 1];
    if (end <= begin || end - begin > LABEL_MAX || !may_be_known(index, begin, end) ||
        write_key(begin, end - begin, key) == 0)
        return NULL;
    return g_hash_table_lookup(index->known->keys, key);
}

/* --- building --- */

static guint
bucket_of(const char *key)
{
    return (guint)(GPOINTER_TO_SIZE(key) >> 4) % BUCKETS;
}

guint64
label_bit(const char *key)
{
    return G_GUINT64_CONSTANT(1) << bucket_of(key);
}

static void
add_place(LabelIndex *index, const char *key, const char *begin, const char *value, const char *end,
          Style style)
{
    if (index->places->len >= LABELS_FOUND_MAX)
        return;
    Place place = {key, begin, value, end, style, FALSE, 0};
    g_array_append_val(index->places, place);
    guint16 number = (guint16)index->places->len, *last = &index->last[bucket_of(key)];
    if (*last)
        g_array_index(index->places, Place, *last - 1).next = number;
    else
        index->first[bucket_of(key)] = number;
    *last = number;
    index->bits |= label_bit(key);
}

/* The cells of a line, at most `n`; how many there are. */
static guint
split_cells(const char *line, const char *end, const char **cells, guint n)
{
    guint count = 0;
    for (const char *p = line; count < n; p++) {
        cells[count++] = p;
        p = memchr(p, '\t', end - p);
        if (!p)
            break;
    }
    return count;
}

static const char *
cell_end(const char *cell, const char *line_end)
{
    const char *tab = memchr(cell, '\t', line_end - cell);
    return tab ? tab : line_end;
}

#define CELLS_MAX 32

/* A row of labels above a row of values. */
static gboolean
scan_header_row(LabelIndex *index, const char **cells, guint n, const char *end)
{
    const char *below[CELLS_MAX], *keys[CELLS_MAX];
    if (n < 2 || !*end)
        return FALSE;
    for (guint i = 0; i < n; i++) {
        keys[i] = known_key(index, cells[i], cell_end(cells[i], end));
        if (!keys[i])
            return FALSE;
    }
    const char *row = end + 1, *row_end = row + text_line(row);
    if (split_cells(row, row_end, below, CELLS_MAX) != n)
        return FALSE;
    for (guint i = 0; i < n; i++)
        add_place(index, keys[i], cells[i], below[i], cell_end(below[i], row_end), STYLE_CELL);
    return TRUE;
}

/* What separators begin with. */
static const guint8 separates[256] = {
    [':'] = 1, ['='] = 1, ['|'] = 1, [']'] = 1, [' '] = 1, [0xEF] = 1};

/* Where a label at the line's beginning ends and its value begins; NULL when nothing separates. */
static const char *
find_separator(const char *line, const char *end, const char **value)
{
    const char *most = MIN(end, line + LABEL_MAX);
    for (const char *p = line; p < most; p++) {
        if (!separates[(guchar)*p])
            continue;
        gboolean dash = *p == ' ' && most - p > 2 &&
                        ((p[1] == '-' && p[2] == ' ') || strncmp(p + 1, "\xE2\x80\x93 ", 4) == 0 ||
                         strncmp(p + 1, "\xE2\x80\x94 ", 4) == 0);
        if (*p == ':' || *p == '=' || *p == '|') {
            *value = p + 1;
            return p;
        }
        if (*p == ']' && p > line) { /* "[Label] value" */
            *value = p[1] == ':' ? p + 2 : p + 1;
            return p;
        }
        if (strncmp(p, "\xEF\xBC\x9A", 3) == 0) { /* a full-width colon */
            *value = p + 3;
            return p;
        }
        if (dash && p > line + 2) { /* not a bullet's */
            *value = p + (p[1] == '-' ? 3 : 5);
            return p;
        }
    }
    return NULL;
}

/* A cell may begin with a label of its own: "Address TAB Street: 1 Main St". */
static void
scan_cell(LabelIndex *index, const char *cell, const char *end)
{
    const char *value, *separator = find_separator(cell, end, &value);
    const char *key = separator ? known_key(index, cell, separator) : NULL;
    if (!key)
        return;
    g_array_index(index->places, Place, index->places->len - 1).end = cell;
    add_place(index, key, cell, value, end, STYLE_INLINE);
}

static void
scan_row(LabelIndex *index, const char *line, const char *end)
{
    const char *cells[CELLS_MAX];
    guint n = split_cells(line, end, cells, CELLS_MAX);
    if (scan_header_row(index, cells, n, end))
        return;
    for (guint i = 0; i + 1 < n; i++) {
        const char *key = known_key(index, cells[i], cell_end(cells[i], end));
        if (!key)
            continue;
        add_place(index, key, cells[i], cells[i + 1], cell_end(cells[i + 1], end), STYLE_CELL);
        i++; /* the next cell is its value */
        scan_cell(index, cells[i], cell_end(cells[i], end));
    }
}

/* The known label that ends at this colon inside a line; where it begins. */
static const char *
label_before(const LabelIndex *index, const char *from, const char *colon, const char **key)
{
    const char *best = NULL, *p = colon;
    for (guint words = 0; words < WORDS_MAX && p > from && colon - p < LABEL_MAX;) {
        while (p > from && p[-1] != ' ' && p[-1] != '\t' && p[-1] != '|' && p[-1] != ',' &&
               p[-1] != ';')
            p--;
        const char *found = p < colon ? known_key(index, p, colon) : NULL;
        if (found) {
            best = p;
            *key = found; /* the longest wins */
        }
        if (p <= from || p[-1] != ' ')
            break;
        while (p > from && p[-1] == ' ')
            p--;
        words++;
    }
    return best;
}

/* Further "Label: value" pairs behind the first; each ends the value before it. */
static void
scan_rest_of_line(LabelIndex *index, const char *value, const char *end)
{
    const char *from = value;
    guint tried = 0;
    for (const char *colon = value; tried < 50; colon++, tried++) {
        colon = memchr(colon, ':', end - colon);
        if (!colon)
            return;
        const char *key = NULL, *begin = label_before(index, from, colon, &key);
        if (!begin || begin == from)
            continue;
        Place *last = &g_array_index(index->places, Place, index->places->len - 1);
        last->end = begin;
        guint number = index->places->len;
        add_place(index, key, begin, colon + 1, end, STYLE_INLINE);
        if (index->places->len > number)
            g_array_index(index->places, Place, number).inside = TRUE;
        from = colon + 1;
    }
}

static void
scan_line(LabelIndex *index, const char *line, const char *end)
{
    if (memchr(line, '\t', end - line)) {
        scan_row(index, line, end);
        return;
    }
    /* A number may be a question's or not, by what is behind it. */
    const char *begin = skip_marks(line, end);
    if (begin == end || (!g_ascii_isdigit(*begin) && !may_be_known(index, begin, end)))
        return;
    const char *value, *separator = find_separator(line, end, &value);
    const char *key = separator ? known_key(index, line, separator) : NULL;
    /* "How did you hear - or see - of us: …": the first separator may be the label's own. */
    if (!key && separator && *separator != ':') {
        const char *colon = memchr(line, ':', MIN(end - line, LABEL_MAX));
        key = colon ? known_key(index, line, colon) : NULL;
        value = colon ? colon + 1 : value;
    }
    if (key && index->places->len < LABELS_FOUND_MAX) {
        add_place(index, key, line, value, end, STYLE_INLINE);
        scan_rest_of_line(index, value, end);
        return;
    }
    key = known_key(index, line, end);
    if (key)
        add_place(index, key, line, end, end, STYLE_ALONE);
}

LabelIndex *
label_index(const char *text, const LabelSet *known)
{
    LabelIndex *index = g_new0(LabelIndex, 1);
    index->text = text;
    index->end = text + strlen(text);
    index->known = known;
    index->places = g_array_new(FALSE, FALSE, sizeof(Place));
    for (const char *line = text; *line;) {
        const char *end = line + text_line(line);
        if (end > line)
            scan_line(index, line, end);
        line = *end ? end + 1 : end;
    }
    return index;
}

void
label_index_free(LabelIndex *index)
{
    if (!index)
        return;
    g_array_unref(index->places);
    g_free(index);
}

/* --- asking --- */

static gboolean
is_blank(const char *begin, const char *end)
{
    while (begin < end && g_ascii_isspace(*begin))
        begin++;
    return begin == end;
}

static gboolean
is_rule(const char *begin, const char *end)
{
    gsize length = end - begin;
    return length >= 3 && strspn(begin, "-=_*~ ") >= length;
}

static const char *
line_end(const char *line)
{
    return line + text_line(line);
}

/* Where the next label of this style begins, that ends the value: the text's end if none does.
 * A label that has a line of its own ends only the value of another such, since prose has
 * such lines, too. */
static const char *
next_label(const LabelIndex *index, guint number, LabelExtent extent)
{
    const Place *place = &g_array_index(index->places, Place, number);
    for (guint i = number + 1; i < index->places->len; i++) {
        const Place *other = &g_array_index(index->places, Place, i);
        /* "Two questions: … Note: …" in a message is what somebody wrote. */
        if (extent == LABEL_ALL && other->inside && !place->inside)
            continue;
        if (other->begin > place->begin &&
            (other->style != STYLE_ALONE || place->style == STYLE_ALONE ||
             is_blank(place->value, place->end)))
            return other->begin;
    }
    return index->end;
}

/* The value's first line: behind the label, or below it. Empty when there is none. */
static void
first_line(const Place *place, const char *stop, const char **begin, const char **end)
{
    *begin = place->value;
    *end = place->end;
    if (place->style == STYLE_CELL || !is_blank(*begin, *end))
        return;
    for (guint i = 0; i <= BLANK_LINES + 1; i++) {
        const char *line_stop = line_end(*begin);
        if (!*line_stop || line_stop + 1 >= stop) {
            *end = *begin;
            return;
        }
        *begin = line_stop + 1;
        *end = MIN(line_end(*begin), stop);
        if (!is_blank(*begin, *end) && !is_rule(*begin, *end))
            return;
    }
    *end = *begin;
}

/* Lines that go on below the first. */
static const char *
block_end(const char *end, const char *stop)
{
    for (guint i = 1; i < LABEL_BLOCK_LINES && *end == '\n' && end + 1 < stop; i++) {
        const char *line = end + 1, *next = MIN(line_end(line), stop);
        if (is_blank(line, next) || is_rule(line, next) || memchr(line, '\t', next - line))
            break;
        end = next;
    }
    return end;
}

static void
strip(const char **begin, const char **end)
{
    while (*begin < *end && (g_ascii_isspace(**begin) || strchr("*_", **begin)))
        ++*begin;
    while (*end > *begin && (g_ascii_isspace((*end)[-1]) || strchr("*_|;", (*end)[-1])))
        --*end;
}

/* From the place of this number + 1 on, the first of a key; 0 when there is none. */
static guint
place_of(const LabelIndex *index, const char *key, guint number)
{
    while (number && g_array_index(index->places, Place, number - 1).key != key)
        number = g_array_index(index->places, Place, number - 1).next;
    return number;
}

gboolean
label_has(const LabelIndex *index, const char *key)
{
    return place_of(index, key, index->first[bucket_of(key)]) != 0;
}

guint64
label_bits(const LabelIndex *index)
{
    return index->bits;
}

gboolean
label_find(const LabelIndex *index, const char *key, guint n, LabelExtent extent, gsize *offset,
           gsize *length)
{
    guint number = index->first[bucket_of(key)];
    while ((number = place_of(index, key, number))) {
        const Place *place = &g_array_index(index->places, Place, number - 1);
        const char *stop = next_label(index, number - 1, extent), *begin, *end;
        number = place->next;
        Place whole = *place;
        if (extent == LABEL_ALL && place->style == STYLE_INLINE && !place->inside)
            whole.end = MIN(line_end(place->value), stop);
        first_line(&whole, stop, &begin, &end);
        if (begin < end && *end == '\n' && extent == LABEL_BLOCK)
            end = block_end(end, stop);
        else if (begin < end && extent == LABEL_ALL && (*end == '\n' || !*end))
            end = MAX(end, stop);
        strip(&begin, &end);
        if (begin >= end || n-- > 0)
            continue;
        *offset = begin - index->text;
        *length = end - begin;
        return TRUE;
    }
    return FALSE;
}
