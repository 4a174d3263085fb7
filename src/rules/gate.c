#include "rules/gate.h"

#include <string.h>

#include "rules/needles.h"

#define GATES_AT_FIRST 32 /* room for so many that a view opens */

typedef struct {
    ViewRef view;
    Needles *needles;
    GPtrArray *opened; /* GArray of guint, for each needle: the gates that it opens */
} GateView;

typedef struct {
    guint view; /* in `views` */
    guint users;
} Gate;

struct GateBook {
    GPtrArray *views;    /* GateView */
    GArray *gates;       /* Gate; the first is GATE_NONE */
    GHashTable *numbers; /* view and literals as text → the gate */
};

/* What was seen of one view. */
typedef struct {
    gboolean looked;
    GArray *open; /* guint; NULL: none */
} Seen;

struct Gates {
    const GateBook *book;
    const Message *message;
    Seen *seen;   /* for each view */
    guint8 *open; /* for each gate */
};

static void
opened_free(gpointer opened)
{
    g_array_unref(opened);
}

static void
view_free(gpointer data)
{
    GateView *view = data;
    needles_free(view->needles);
    g_ptr_array_unref(view->opened);
    g_free(view);
}

GateBook *
gate_book_new(void)
{
    GateBook *book = g_new0(GateBook, 1);
    book->views = g_ptr_array_new_with_free_func(view_free);
    book->gates = g_array_new(FALSE, TRUE, sizeof(Gate));
    g_array_set_size(book->gates, 1);
    book->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return book;
}

void
gate_book_free(GateBook *book)
{
    if (!book)
        return;
    g_ptr_array_unref(book->views);
    g_array_unref(book->gates);
    g_hash_table_unref(book->numbers);
    g_free(book);
}

/* --- the book --- */

static gboolean
is_same_view(const ViewRef *a, const ViewRef *b)
{
    return a->view == b->view && (a->view >= 0 || g_ascii_strcasecmp(a->header, b->header) == 0);
}

static guint
view_number(GateBook *book, const ViewRef *view)
{
    for (guint i = 0; i < book->views->len; i++)
        if (is_same_view(&((GateView *)g_ptr_array_index(book->views, i))->view, view))
            return i;
    GateView *added = g_new(GateView, 1);
    *added = (GateView){*view, needles_new(), g_ptr_array_new_with_free_func(opened_free)};
    g_ptr_array_add(book->views, added);
    return book->views->len - 1;
}

/* The literals of all the patterns; NULL when one of them has none. */
static GPtrArray *
literals_of(const GPtrArray *patterns)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (guint i = 0; i < patterns->len; i++) {
        char *const *literal = pattern_literals(g_ptr_array_index(patterns, i));
        if (!literal)
            return NULL;
        for (; *literal; literal++)
            g_ptr_array_add(all, *literal);
    }
    return patterns->len ? g_steal_pointer(&all) : NULL;
}

static void
open_with(GateView *view, const char *literal, guint gate)
{
    guint needle = needles_add(view->needles, literal);
    while (view->opened->len <= needle)
        g_ptr_array_add(view->opened, g_array_new(FALSE, FALSE, sizeof gate));
    g_array_append_val((GArray *)g_ptr_array_index(view->opened, needle), gate);
}

guint
gate_book_add(GateBook *book, const ViewRef *view, const GPtrArray *patterns)
{
    g_autoptr(GPtrArray) literals = literals_of(patterns);
    if (!literals)
        return GATE_NONE;
    guint number = view_number(book, view);
    GString *key = g_string_new(NULL);
    g_string_printf(key, "%u", number);
    for (guint i = 0; i < literals->len; i++) {
        g_string_append_c(key, '\n');
        g_string_append(key, g_ptr_array_index(literals, i));
    }
    guint gate = GPOINTER_TO_UINT(g_hash_table_lookup(book->numbers, key->str));
    if (gate) {
        g_string_free(key, TRUE);
    } else {
        const Gate added = {.view = number};
        gate = book->gates->len;
        g_array_append_val(book->gates, added);
        g_hash_table_insert(book->numbers, g_string_free(key, FALSE), GUINT_TO_POINTER(gate));
        for (guint i = 0; i < literals->len; i++)
            open_with(g_ptr_array_index(book->views, number), g_ptr_array_index(literals, i), gate);
    }
    g_array_index(book->gates, Gate, gate).users++;
    return gate;
}

guint
gate_book_users(const GateBook *book, guint gate)
{
    return g_array_index(book->gates, Gate, gate).users;
}

guint
gate_book_view(const GateBook *book, guint gate)
{
    return g_array_index(book->gates, Gate, gate).view;
}

guint
gate_book_count(const GateBook *book)
{
    return book->gates->len;
}

void
gate_book_compile(GateBook *book)
{
    for (guint i = 0; i < book->views->len; i++)
        needles_compile(((GateView *)g_ptr_array_index(book->views, i))->needles);
    g_hash_table_remove_all(book->numbers); /* not needed any more */
}

/* --- one mail's --- */

Gates *
gates_new(const GateBook *book, const Message *message)
{
    Gates *gates = g_new(Gates, 1);
    *gates =
        (Gates){book, message, g_new0(Seen, book->views->len), g_new0(guint8, book->gates->len)};
    return gates;
}

void
gates_free(Gates *gates)
{
    if (!gates)
        return;
    for (guint i = 0; i < gates->book->views->len; i++)
        if (gates->seen[i].open)
            g_array_unref(gates->seen[i].open);
    g_free(gates->seen);
    g_free(gates->open);
    g_free(gates);
}

static const Seen *
look(Gates *gates, guint number)
{
    Seen *seen = &gates->seen[number];
    if (seen->looked)
        return seen;
    const GateView *view = g_ptr_array_index(gates->book->views, number);
    const char *text = view_text(&view->view, gates->message);
    guint needles = needles_count(view->needles);
    seen->looked = TRUE;
    if (!*text) /* as most views are */
        return seen;
    g_autofree guint8 *found = g_malloc0(needles);
    seen->open = g_array_sized_new(FALSE, FALSE, sizeof(guint), GATES_AT_FIRST);
    needles_find(view->needles, text, strlen(text), found);
    for (const guint8 *hit = found; (hit = memchr(hit, 1, found + needles - hit)); hit++) {
        const GArray *opened = g_ptr_array_index(view->opened, hit - found);
        for (guint i = 0; i < opened->len; i++) {
            guint gate = g_array_index(opened, guint, i);
            if (!gates->open[gate])
                g_array_append_val(seen->open, gate);
            gates->open[gate] = 1;
        }
    }
    return seen;
}

gboolean
gates_open(Gates *gates, guint gate)
{
    if (!gates || gate == GATE_NONE)
        return TRUE;
    guint view = g_array_index(gates->book->gates, Gate, gate).view;
    if (!gates->seen[view].looked)
        look(gates, view);
    return gates->open[gate];
}

const GArray *
gates_open_beside(Gates *gates, guint gate)
{
    return look(gates, g_array_index(gates->book->gates, Gate, gate).view)->open;
}
