#include "rules/gate.h"

#include <string.h>

#include "rules/literal.h"
#include "rules/needles.h"

#define GATES_AT_FIRST 32 /* room for so many that a view opens */

/* A gate has a lock for each set of literals, and is open when all of them are. */
typedef struct {
    guint gate;
    guint lock; /* a bit */
} Lock;

typedef struct {
    ViewRef view;
    Needles *needles;
    GPtrArray *opened; /* GArray of Lock, for each needle: those that it opens */
} GateView;

typedef struct {
    guint view; /* in `views` */
    guint users;
    guint locks; /* all of them, as bits */
} Gate;

G_STATIC_ASSERT(LITERAL_SETS_MAX <= 8); /* bits */

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
    guint8 *open; /* for each gate: its locks that are */
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

static void
open_with(GateView *view, const char *literal, Lock lock)
{
    guint needle = needles_add(view->needles, literal);
    while (view->opened->len <= needle)
        g_ptr_array_add(view->opened, g_array_new(FALSE, FALSE, sizeof lock));
    g_array_append_val((GArray *)g_ptr_array_index(view->opened, needle), lock);
}

/* View, and of each set its lock and its literals. */
static char *
name_of(guint view, const GPtrArray *sets)
{
    GString *name = g_string_new(NULL);
    g_string_printf(name, "%u", view);
    for (guint i = 0; i < sets->len; i++)
        for (char *const *literal = sets->pdata[i]; *literal; literal++) {
            g_string_append_c(name, '\n');
            g_string_append_c(name, (char)('0' + i));
            g_string_append(name, *literal);
        }
    return g_string_free(name, FALSE);
}

guint
gate_book_add(GateBook *book, const ViewRef *view, const Pattern *pattern)
{
    const GPtrArray *sets = pattern_literals(pattern);
    if (sets->len == 0)
        return GATE_NONE;
    guint number = view_number(book, view);
    g_autofree char *name = name_of(number, sets);
    guint gate = GPOINTER_TO_UINT(g_hash_table_lookup(book->numbers, name));
    if (!gate) {
        const Gate added = {.view = number, .locks = (1u << sets->len) - 1};
        gate = book->gates->len;
        g_array_append_val(book->gates, added);
        g_hash_table_insert(book->numbers, g_steal_pointer(&name), GUINT_TO_POINTER(gate));
        for (guint i = 0; i < sets->len; i++)
            for (char *const *literal = sets->pdata[i]; *literal; literal++)
                open_with(g_ptr_array_index(book->views, number), *literal, (Lock){gate, 1u << i});
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

static gboolean
is_open(const Gates *gates, guint gate)
{
    return gates->open[gate] == g_array_index(gates->book->gates, Gate, gate).locks;
}

static void
unlock(Gates *gates, const Lock *lock, GArray *open)
{
    if (gates->open[lock->gate] & lock->lock)
        return;
    gates->open[lock->gate] |= lock->lock;
    if (is_open(gates, lock->gate))
        g_array_append_val(open, lock->gate);
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
        for (guint i = 0; i < opened->len; i++)
            unlock(gates, &g_array_index(opened, Lock, i), seen->open);
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
    return is_open(gates, gate);
}

const GArray *
gates_open_beside(Gates *gates, guint gate)
{
    return look(gates, g_array_index(gates->book->gates, Gate, gate).view)->open;
}
