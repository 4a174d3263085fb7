#include "rules/gate.h"

#include <string.h>

#include "rules/literal.h"
#include "rules/needles.h"

#define GATES_AT_FIRST 32 /* room for so many that a view opens */

/* A gate has a lock for each set of literals, or one for any text, and is open when all are. */
typedef struct {
    guint gate;
    guint8 lock, locks; /* a bit, and those of all of its gate's */
} Lock;

typedef struct {
    guint number;
    Needles *needles;  /* NULL: none */
    GPtrArray *opened; /* GArray of Lock, for each needle: those that it opens */
    guint by_any;      /* the gate that any text opens, or GATE_NONE */
} GateView;

typedef struct {
    guint part;
    guint users;
    guint8 locks; /* all of them, as bits */
} Gate;

G_STATIC_ASSERT(LITERAL_SETS_MAX <= 8); /* bits */

#define ANY 1 /* the only lock of a gate without literals */

/* The parts are the views and these. */
enum { PART_HEADER = VIEW_N, PART_NOTES, PARTS };

struct GateBook {
    GateView *views[PARTS]; /* NULL: without gates */
    GHashTable *headers;    /* a field's name in lower case → GateView */
    guint view_count;
    GArray *gates;       /* Gate; the first is GATE_NONE */
    GHashTable *numbers; /* view and literals as text → the gate */
};

/* What was seen of one part. */
typedef struct {
    gboolean looked;
    GArray *open; /* guint; NULL: none */
} Seen;

struct Gates {
    const GateBook *book;
    const Message *message;
    Seen seen[PARTS];
    const char *notes; /* that were looked in */
    guint8 *open;      /* for each gate: its locks that are */
};

static void
opened_free(gpointer opened)
{
    g_array_unref(opened);
}

static GateView *
view_new(GateBook *book)
{
    GateView *view = g_new0(GateView, 1);
    view->number = book->view_count++;
    return view;
}

static void
view_free(gpointer data)
{
    GateView *view = data;
    if (view && view->needles) {
        needles_free(view->needles);
        g_ptr_array_unref(view->opened);
    }
    g_free(view);
}

GateBook *
gate_book_new(void)
{
    GateBook *book = g_new0(GateBook, 1);
    book->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, view_free);
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
    for (guint i = 0; i < PARTS; i++)
        view_free(book->views[i]);
    g_hash_table_unref(book->headers);
    g_array_unref(book->gates);
    g_hash_table_unref(book->numbers);
    g_free(book);
}

/* --- the book --- */

static guint
part_of(const ViewRef *view)
{
    return view->view >= 0 ? (guint)view->view : view->header ? PART_HEADER : PART_NOTES;
}

static GateView *
view_of(GateBook *book, const ViewRef *view)
{
    if (!view->header) {
        GateView **of_part = &book->views[part_of(view)];
        return *of_part ? *of_part : (*of_part = view_new(book));
    }
    g_autofree char *name = g_ascii_strdown(view->header, -1);
    GateView *of_field = g_hash_table_lookup(book->headers, name);
    if (!of_field) {
        of_field = view_new(book);
        g_hash_table_insert(book->headers, g_steal_pointer(&name), of_field);
    }
    return of_field;
}

static void
open_with(GateView *view, const char *literal, Lock lock)
{
    if (!view->needles) {
        view->needles = needles_new();
        view->opened = g_ptr_array_new_with_free_func(opened_free);
    }
    guint needle = needles_add(view->needles, literal);
    while (view->opened->len <= needle)
        g_ptr_array_add(view->opened, g_array_new(FALSE, FALSE, sizeof lock));
    g_array_append_val((GArray *)g_ptr_array_index(view->opened, needle), lock);
}

/* View, and of each set its lock and its literals. */
static char *
name_of(const GateView *view, const GPtrArray *sets)
{
    GString *name = g_string_new(NULL);
    g_string_printf(name, "%u", view->number);
    for (guint i = 0; i < sets->len; i++)
        for (char *const *literal = sets->pdata[i]; *literal; literal++) {
            g_string_append_c(name, '\n');
            g_string_append_c(name, (char)('0' + i));
            g_string_append(name, *literal);
        }
    return g_string_free(name, FALSE);
}

static guint
add_gate(GateBook *book, guint part, GateView *view, const GPtrArray *sets)
{
    const Gate added = {.part = part, .locks = (guint8)(sets->len ? (1 << sets->len) - 1 : ANY)};
    guint gate = book->gates->len;
    g_array_append_val(book->gates, added);
    if (sets->len == 0)
        view->by_any = gate;
    for (guint i = 0; i < sets->len; i++)
        for (char *const *literal = sets->pdata[i]; *literal; literal++)
            open_with(view, *literal, (Lock){gate, (guint8)(1 << i), added.locks});
    return gate;
}

guint
gate_book_add(GateBook *book, const ViewRef *view, const Pattern *pattern)
{
    static const GPtrArray none;
    const GPtrArray *sets = pattern ? pattern_literals(pattern) : &none;
    /* Of a view that is none of the header's fields there is mostly some text. */
    if (sets->len == 0 && (!view->header || (pattern && !pattern_needs_text(pattern))))
        return GATE_NONE;
    GateView *in = view_of(book, view);
    g_autofree char *name = name_of(in, sets);
    guint gate = GPOINTER_TO_UINT(g_hash_table_lookup(book->numbers, name));
    if (!gate) {
        gate = add_gate(book, part_of(view), in, sets);
        g_hash_table_insert(book->numbers, g_steal_pointer(&name), GUINT_TO_POINTER(gate));
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
gate_book_part(const GateBook *book, guint gate)
{
    return g_array_index(book->gates, Gate, gate).part;
}

guint
gate_book_count(const GateBook *book)
{
    return book->gates->len;
}

static void
compile(GateView *view)
{
    if (view && view->needles)
        needles_compile(view->needles);
}

void
gate_book_compile(GateBook *book)
{
    GHashTableIter headers;
    gpointer view;
    for (guint i = 0; i < PARTS; i++)
        compile(book->views[i]);
    g_hash_table_iter_init(&headers, book->headers);
    while (g_hash_table_iter_next(&headers, NULL, &view))
        compile(view);
    g_hash_table_remove_all(book->numbers); /* not needed any more */
}

/* --- one mail's --- */

Gates *
gates_new(const GateBook *book, const Message *message)
{
    Gates *gates = g_new0(Gates, 1);
    gates->book = book;
    gates->message = message;
    gates->open = g_new0(guint8, book->gates->len);
    return gates;
}

void
gates_free(Gates *gates)
{
    if (!gates)
        return;
    for (guint i = 0; i < PARTS; i++)
        if (gates->seen[i].open)
            g_array_unref(gates->seen[i].open);
    g_free(gates->open);
    g_free(gates);
}

static void
unlock(Gates *gates, const Lock *lock, GArray *open)
{
    guint8 *opened = &gates->open[lock->gate];
    if (*opened & lock->lock)
        return;
    *opened |= lock->lock;
    if (*opened == lock->locks)
        g_array_append_val(open, lock->gate);
}

static void
look_for_needles(Gates *gates, const GateView *view, const char *text, GArray *open)
{
    guint needles = needles_count(view->needles);
    g_autofree guint8 *found = g_malloc0(needles);
    needles_find(view->needles, text, strlen(text), found);
    for (const guint8 *hit = found; (hit = memchr(hit, 1, found + needles - hit)); hit++) {
        const GArray *opened = g_ptr_array_index(view->opened, hit - found);
        for (guint i = 0; i < opened->len; i++)
            unlock(gates, &g_array_index(opened, Lock, i), open);
    }
}

static void
look_in_view(Gates *gates, const GateView *view, const char *text, Seen *seen)
{
    if (!view || !*text) /* as most views are */
        return;
    if (!seen->open)
        seen->open = g_array_sized_new(FALSE, FALSE, sizeof(guint), GATES_AT_FIRST);
    if (view->by_any != GATE_NONE)
        unlock(gates, &(Lock){view->by_any, ANY, ANY}, seen->open);
    if (view->needles)
        look_for_needles(gates, view, text, seen->open);
}

/* A mail has few fields, while the rules may name many. */
static void
look_in_header(Gates *gates, Seen *seen)
{
    GHashTableIter fields;
    gpointer name, text;
    message_headers(gates->message, &fields);
    while (g_hash_table_iter_next(&fields, &name, &text))
        look_in_view(gates, g_hash_table_lookup(gates->book->headers, name), text, seen);
}

static const Seen *
look(Gates *gates, guint part)
{
    Seen *seen = &gates->seen[part];
    if (seen->looked)
        return seen;
    seen->looked = TRUE;
    if (part == PART_HEADER)
        look_in_header(gates, seen);
    else
        look_in_view(gates, gates->book->views[part],
                     part == PART_NOTES ? gates->notes : message_view(gates->message, part), seen);
    return seen;
}

gboolean
gates_open(Gates *gates, guint gate)
{
    if (!gates || gate == GATE_NONE)
        return TRUE;
    const Gate *its = &g_array_index(gates->book->gates, Gate, gate);
    if (!gates->seen[its->part].looked)
        look(gates, its->part);
    return gates->open[gate] == its->locks;
}

gboolean
gates_open_in(Gates *gates, guint gate, const char *notes)
{
    if (gates && !gates->notes)
        gates->notes = notes;
    return !gates || gates->notes != notes || gates_open(gates, gate);
}

const GArray *
gates_open_beside(Gates *gates, guint gate)
{
    return look(gates, gate_book_part(gates->book, gate))->open;
}
