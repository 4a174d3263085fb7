#include "rules/choice.h"

#include <string.h>

struct Choice {
    gboolean *always; /* for each source: it has no gate */
    guint sources;
    GPtrArray *behind; /* for each gate: NULL, or the sources (guint) that it is the gate of */
    GArray *parts;     /* guint, one gate of each part that has any of these */
};

static void
behind_free(gpointer behind)
{
    if (behind)
        g_array_unref(behind);
}

static void
put_behind(Choice *choice, guint gate, guint source)
{
    GArray **behind = (GArray **)&g_ptr_array_index(choice->behind, gate);
    if (!*behind)
        *behind = g_array_new(FALSE, FALSE, sizeof source);
    g_array_append_val(*behind, source);
}

/* Sources without a gate are asked in any case. */
static void
add_source(Choice *choice, const Source *source, guint number, const GateBook *book)
{
    g_autoptr(GArray) gates = when_gates(source->when, book);
    choice->always[number] = !gates;
    for (guint i = 0; gates && i < gates->len; i++)
        put_behind(choice, g_array_index(gates, guint, i), number);
}

Choice *
choice_new(const GPtrArray *sources, const GateBook *book)
{
    Choice *choice = g_new0(Choice, 1);
    choice->sources = sources->len;
    choice->always = g_new0(gboolean, sources->len);
    choice->behind = g_ptr_array_new_with_free_func(behind_free);
    g_ptr_array_set_size(choice->behind, (gint)gate_book_count(book));
    choice->parts = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < sources->len; i++)
        add_source(choice, g_ptr_array_index(sources, i), i, book);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint gate = 0; gate < choice->behind->len; gate++)
        if (g_ptr_array_index(choice->behind, gate) &&
            g_hash_table_add(seen, GUINT_TO_POINTER(gate_book_part(book, gate))))
            g_array_append_val(choice->parts, gate);
    return choice;
}

void
choice_free(Choice *choice)
{
    if (!choice)
        return;
    g_free(choice->always);
    g_ptr_array_unref(choice->behind);
    g_array_unref(choice->parts);
    g_free(choice);
}

gboolean *
choice_may(const Choice *choice, Gates *gates)
{
    gboolean *may = g_memdup2(choice->always, choice->sources * sizeof *may);
    for (guint p = 0; p < choice->parts->len; p++) {
        const GArray *open = gates_open_beside(gates, g_array_index(choice->parts, guint, p));
        for (guint i = 0; open && i < open->len; i++) {
            const GArray *behind = g_ptr_array_index(choice->behind, g_array_index(open, guint, i));
            for (guint k = 0; behind && k < behind->len; k++)
                may[g_array_index(behind, guint, k)] = TRUE;
        }
    }
    return may;
}
