#include "rules/needles.h"

#include <string.h>

#include "base/text.h"
#include "rules/literal.h"

#define NONE G_MAXUINT32
#define PAIRS (1 << 10) /* of bytes, but for what tells capitals from small letters */

/* A place in the needles: the text that leads there from the root is in front of a needle. */
typedef struct {
    guint32 needle;   /* that ends here, or NONE */
    guint32 next;     /* one of the places that steps from here lead to; 0: none */
    guint8 byte;      /* that leads here */
    guint8 next_byte; /* that leads to `next` */
    guint8 forks;     /* there are more of them, which are in `steps` */
} Place;

struct Needles {
    GPtrArray *texts;    /* char *, owned */
    GHashTable *numbers; /* text → number + 1 */
    GArray *places;      /* Place; the root is the first */
    /* Further steps down, in an open-addressed table of a power of two: place and byte → place, 0:
     * free. */
    struct {
        guint32 from, to;
    } * steps;
    guint32 mask;
    guint32 root[256];     /* steps from the root; 0: none */
    guint32 thirds[PAIRS]; /* by a needle's first two bytes, a bit for the third as in a pair */
};

Needles *
needles_new(void)
{
    Needles *needles = g_new0(Needles, 1);
    needles->texts = g_ptr_array_new_with_free_func(g_free);
    needles->numbers = g_hash_table_new(g_str_hash, g_str_equal);
    needles->places = g_array_new(FALSE, TRUE, sizeof(Place));
    return needles;
}

void
needles_free(Needles *needles)
{
    if (!needles)
        return;
    g_hash_table_unref(needles->numbers);
    g_ptr_array_unref(needles->texts);
    g_array_unref(needles->places);
    g_free(needles->steps);
    g_free(needles);
}

guint
needles_add(Needles *needles, const char *text)
{
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(needles->numbers, text));
    if (number)
        return number - 1;
    char *own = g_strdup(text);
    g_ptr_array_add(needles->texts, own);
    g_hash_table_insert(needles->numbers, own, GUINT_TO_POINTER(needles->texts->len));
    return needles->texts->len - 1;
}

guint
needles_count(const Needles *needles)
{
    return needles->texts->len;
}

static guint
pair_of(const guint8 *bytes)
{
    return (bytes[0] & 31u) << 5 | (bytes[1] & 31u);
}

/* --- compiling --- */

static Place *
place_at(const Needles *needles, guint32 number)
{
    return &g_array_index(needles->places, Place, number);
}

static guint32
slot_of(const Needles *needles, guint32 from, guint8 byte)
{
    return (from * 0x9E3779B1u ^ byte * 0x85EBCA6Bu) >> 7 & needles->mask;
}

/* From a place by a byte; 0 when no needle goes on so. */
static guint32
step(const Needles *needles, guint32 from, guint8 byte)
{
    if (from == 0)
        return needles->root[byte];
    const Place *place = place_at(needles, from);
    if (place->next_byte == byte || !place->forks) /* mostly there is one way on */
        return place->next_byte == byte ? place->next : 0;
    for (guint32 slot = slot_of(needles, from, byte); needles->steps[slot].to;
         slot = (slot + 1) & needles->mask) {
        guint32 to = needles->steps[slot].to;
        if (needles->steps[slot].from == from && place_at(needles, to)->byte == byte)
            return to;
    }
    return 0;
}

static guint32
add_place(Needles *needles, guint32 from, guint8 byte)
{
    guint32 to = needles->places->len;
    Place place = {.needle = NONE, .byte = byte};
    g_array_append_val(needles->places, place);
    if (from == 0) {
        needles->root[byte] = to;
        return to;
    }
    Place *parent = place_at(needles, from);
    if (!parent->next) {
        parent->next = to;
        parent->next_byte = byte;
        return to;
    }
    parent->forks = TRUE;
    guint32 slot = slot_of(needles, from, byte);
    while (needles->steps[slot].to)
        slot = (slot + 1) & needles->mask;
    needles->steps[slot].from = from;
    needles->steps[slot].to = to;
    return to;
}

static void
insert(Needles *needles, guint32 number)
{
    const char *text = g_ptr_array_index(needles->texts, number);
    guint32 place = 0;
    for (const char *p = text; *p; p++) {
        guint32 next = step(needles, place, (guint8)*p);
        place = next ? next : add_place(needles, place, (guint8)*p);
    }
    place_at(needles, place)->needle = number;
    const guint8 *bytes = (const guint8 *)text;
    needles->thirds[pair_of(bytes)] |= 1u << (bytes[2] & 31u);
}

void
needles_compile(Needles *needles)
{
    gsize bytes = 0;
    for (guint i = 0; i < needles->texts->len; i++)
        bytes += strlen(g_ptr_array_index(needles->texts, i));
    gsize slots = 16;
    while (slots < bytes * 2)
        slots *= 2;
    needles->mask = (guint32)(slots - 1);
    needles->steps = g_malloc0_n(slots, sizeof *needles->steps);
    Place root = {.needle = NONE};
    g_array_append_val(needles->places, root);
    for (guint i = 0; i < needles->texts->len; i++)
        insert(needles, i);
}

/* --- looking --- */

/* From `p` on, the first place where a needle may begin. */
static const guint8 *
skip(const Needles *needles, const guint8 *p, const guint8 *end)
{
    if (end - p < LITERAL_MIN)
        return end;
    guint pair = pair_of(p);
    for (p += 2; p < end; p++) {
        guint letter = *p & 31u;
        if (needles->thirds[pair] >> letter & 1)
            return p - 2;
        pair = (pair << 5 | letter) % PAIRS;
    }
    return end;
}

static void
find(const Needles *needles, const char *text, gsize length, guint8 *found)
{
    const guint8 *bytes = (const guint8 *)text, *end = bytes + length;
    for (; (bytes = skip(needles, bytes, end)) < end; bytes++) {
        guint32 place = 0;
        for (const guint8 *p = bytes; p < end; p++) {
            place = step(needles, place, g_ascii_isupper(*p) ? *p | 0x20 : *p);
            if (!place)
                break;
            guint32 needle = place_at(needles, place)->needle;
            if (needle != NONE)
                found[needle] = 1;
        }
    }
}

/* The character beyond ASCII at `p`, or its first byte when the text ends within it. */
static char
fold_at(const char *p, const char *end)
{
    const guchar *bytes = (const guchar *)p;
    if (g_utf8_skip[*bytes] > end - p)
        return *p;
    gboolean two = *bytes >= 0xC0 && *bytes < 0xE0; /* as of most scripts that have cases */
    return literal_fold(two ? (bytes[0] & 31u) << 6 | (bytes[1] & 63u) : g_utf8_get_char(p));
}

/* The text with characters beyond ASCII folded, to as much room as it has; its length. */
static gsize
folded(char *to, const char *text, gsize length)
{
    const char *p = text, *end = text + length;
    gsize n = 0;
    while (p < end) {
        gsize plain = text_ascii(p, end - p);
        memcpy(to + n, p, plain);
        n += plain;
        p += plain;
        for (; p < end && *p & 0x80; p = MIN(g_utf8_next_char(p), end))
            to[n++] = fold_at(p, end);
    }
    return n;
}

void
needles_find(const Needles *needles, const char *text, gsize length, guint8 *found)
{
    if (text_ascii(text, length) == length) {
        find(needles, text, length, found);
        return;
    }
    g_autofree char *copy = g_malloc(length);
    find(needles, copy, folded(copy, text, length), found);
}
