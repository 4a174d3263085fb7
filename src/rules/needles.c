#include "rules/needles.h"

#include <string.h>

#include "rules/literal.h"

#define NONE G_MAXUINT32
#define PAIRS (1 << 10) /* of bytes, but for what tells capitals from small letters */

/* A place in the needles: the text that leads there from the root is in front of a needle. */
typedef struct {
    guint32 fail;   /* the place of the longest other beginning that this one ends with */
    guint32 needle; /* that ends here, or NONE */
    guint32 hit;    /* this place or the next by `fail` with a needle; 0: none */
    guint32 parent;
    guint32 next; /* one of the places that steps from here lead to; 0: none */
    guint16 depth;
    guint8 byte;      /* that leads here from the parent */
    guint8 next_byte; /* that leads to `next` */
    gboolean forks;   /* there are more of them, which are in `steps` */
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
    Place place = {.parent = from, .needle = NONE, .byte = byte};
    place.depth = (guint16)(place_at(needles, from)->depth + 1);
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

/* Where to go on when a needle does not go on, for all places of a depth: those above are done. */
static void
link_depth(Needles *needles, guint depth)
{
    for (guint32 i = 1; i < needles->places->len; i++) {
        Place *place = place_at(needles, i);
        if (place->depth != depth)
            continue;
        guint32 fail = place->parent, next = 0;
        while (fail != 0 && !next) {
            fail = place_at(needles, fail)->fail;
            next = step(needles, fail, place->byte);
        }
        place->fail = next;
        place->hit = place->needle != NONE ? i : place_at(needles, next)->hit;
    }
}

void
needles_compile(Needles *needles)
{
    gsize bytes = 0;
    guint depth = 0;
    for (guint i = 0; i < needles->texts->len; i++) {
        gsize length = strlen(g_ptr_array_index(needles->texts, i));
        bytes += length;
        depth = MAX(depth, (guint)length);
    }
    gsize slots = 16;
    while (slots < bytes * 2)
        slots *= 2;
    needles->mask = (guint32)(slots - 1);
    needles->steps = g_malloc0_n(slots, sizeof *needles->steps);
    Place root = {.needle = NONE};
    g_array_append_val(needles->places, root);
    for (guint i = 0; i < needles->texts->len; i++)
        insert(needles, i);
    for (guint i = 1; i <= depth; i++)
        link_depth(needles, i);
}

/* --- looking --- */

/* The folded letter at `p`, which *p goes behind. */
static guint8
folded(const char **p, const char *end)
{
    const guint8 *bytes = (const guint8 *)*p;
    gsize left = end - *p;
    if (bytes[0] < 0x80) {
        ++*p;
        return bytes[0] >= 'A' && bytes[0] <= 'Z' ? bytes[0] | 0x20 : bytes[0];
    }
    if (bytes[0] == 0xE2 && left >= 3 && bytes[1] == 0x84 && bytes[2] == 0xAA) { /* KELVIN SIGN */
        *p += 3;
        return 'k';
    }
    if (bytes[0] == 0xC5 && left >= 2 && bytes[1] == 0xBF) { /* LONG S */
        *p += 2;
        return 's';
    }
    ++*p;
    return bytes[0];
}

/* The first byte of a letter beyond ASCII that folds to one of it, or one like it. */
static gboolean
may_fold(guint8 byte)
{
    return byte == 0xE2 || byte == 0xC5;
}

/* From `p` on, the first place where a needle may begin. */
static const char *
skip(const Needles *needles, const char *p, const char *end)
{
    const guint8 *bytes = (const guint8 *)p, *stop = (const guint8 *)end;
    if (end - p < LITERAL_MIN)
        return end;
    if (may_fold(bytes[0]) || may_fold(bytes[1]))
        return p;
    guint pair = pair_of(bytes);
    for (bytes += 2; bytes < stop; bytes++) {
        if ((needles->thirds[pair] >> (*bytes & 31u) & 1) || (*bytes >= 0x80 && may_fold(*bytes)))
            return (const char *)bytes - 2;
        pair = (pair << 5 | (*bytes & 31u)) % PAIRS;
    }
    return end;
}

void
needles_find(const Needles *needles, const char *text, gsize length, guint8 *found)
{
    guint32 place = 0;
    for (const char *p = text, *end = text + length; p < end;) {
        if (place == 0) {
            p = skip(needles, p, end);
            if (p == end)
                return;
        }
        const char *begin = p;
        guint8 byte = folded(&p, end);
        guint32 next = step(needles, place, byte);
        gboolean fell = !next && place != 0;
        while (!next && place != 0) {
            place = place_at(needles, place)->fail;
            next = step(needles, place, byte);
        }
        if (fell && place == 0) { /* what may begin here is told quicker by skip */
            p = begin;
            next = 0;
        }
        place = next;
        for (guint32 hit = place_at(needles, place)->hit; hit;
             hit = place_at(needles, place_at(needles, hit)->fail)->hit)
            found[place_at(needles, hit)->needle] = 1;
    }
}
