#include "base/diag.h"

struct Diags {
    GPtrArray *kept;
    guint errors, warnings;
};

static void
diag_free(gpointer data)
{
    Diag *diag = data;
    g_free(diag->file);
    g_free(diag->text);
    g_free(diag);
}

Diags *
diags_new(void)
{
    Diags *diags = g_new0(Diags, 1);
    diags->kept = g_ptr_array_new_with_free_func(diag_free);
    return diags;
}

void
diags_free(Diags *diags)
{
    if (!diags)
        return;
    g_ptr_array_unref(diags->kept);
    g_free(diags);
}

static void G_GNUC_PRINTF(6, 0) add(Diags *diags, DiagLevel level, const char *file, guint line,
                                    guint column, const char *format, va_list args)
{
    if (level == DIAG_ERROR)
        diags->errors++;
    else
        diags->warnings++;
    if (diags->kept->len >= DIAGS_MAX)
        return;
    Diag *diag = g_new0(Diag, 1);
    *diag = (Diag){level, g_strdup(file), line, column, g_strdup_vprintf(format, args)};
    g_ptr_array_add(diags->kept, diag);
}

void
diags_error(Diags *diags, const char *file, guint line, guint column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diags, DIAG_ERROR, file, line, column, format, args);
    va_end(args);
}

void
diags_warning(Diags *diags, const char *file, guint line, guint column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(diags, DIAG_WARNING, file, line, column, format, args);
    va_end(args);
}

void
diags_take(Diags *diags, Diags *other)
{
    diags->errors += other->errors;
    diags->warnings += other->warnings;
    g_ptr_array_extend_and_steal(diags->kept, g_steal_pointer(&other->kept));
    if (diags->kept->len > DIAGS_MAX)
        g_ptr_array_set_size(diags->kept, DIAGS_MAX);
    g_free(other);
}

guint
diags_errors(const Diags *diags)
{
    return diags->errors;
}

guint
diags_warnings(const Diags *diags)
{
    return diags->warnings;
}

guint
diags_length(const Diags *diags)
{
    return diags->kept->len;
}

const Diag *
diags_at(const Diags *diags, guint i)
{
    return i < diags->kept->len ? g_ptr_array_index(diags->kept, i) : NULL;
}

char *
diag_format(const Diag *diag)
{
    const char *level = diag->level == DIAG_ERROR ? "error" : "warning";
    if (diag->line == 0)
        return g_strdup_printf("%s: %s: %s", diag->file, level, diag->text);
    return g_strdup_printf("%s:%u:%u: %s: %s", diag->file, diag->line, diag->column, level,
                           diag->text);
}

void
diags_print(const Diags *diags, FILE *out)
{
    for (guint i = 0; i < diags->kept->len; i++) {
        g_autofree char *line = diag_format(g_ptr_array_index(diags->kept, i));
        fprintf(out, "%s\n", line);
    }
    guint lost = diags->errors + diags->warnings - diags->kept->len;
    if (lost)
        fprintf(out, "and %u more\n", lost);
}

static gboolean
same(char a, char b)
{
    return g_ascii_tolower(a) == g_ascii_tolower(b);
}

/* Edit distance, caseless, of two short ASCII words; two neighbours swapped ("lable") are one
 * edit. The rows for a's first i - 2, i - 1 and i letters are kept. */
static guint
distance(const char *a, const char *b)
{
    gsize la = strlen(a), lb = strlen(b);
    g_autofree guint *rows = g_new(guint, 3 * (lb + 1));
    guint *older = rows, *above = rows + lb + 1, *row = above + lb + 1;
    for (gsize j = 0; j <= lb; j++)
        above[j] = j;
    for (gsize i = 1; i <= la; i++) {
        row[0] = i;
        for (gsize j = 1; j <= lb; j++) {
            guint change = above[j - 1] + !same(a[i - 1], b[j - 1]);
            row[j] = MIN(change, MIN(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = MIN(row[j], older[j - 2] + 1);
        }
        guint *free_row = older;
        older = above;
        above = row;
        row = free_row;
    }
    return above[lb];
}

const char *
suggest(const char *word, const char *const *candidates)
{
    gsize length = strlen(word);
    if (length > 64)
        return NULL;
    const char *best = NULL;
    guint best_distance = MAX(length / 3, 1) + 1;
    for (; *candidates; candidates++) {
        guint d = distance(word, *candidates);
        if (d < best_distance) {
            best = *candidates;
            best_distance = d;
        }
    }
    return best;
}
