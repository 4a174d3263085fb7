/* diag: what is wrong with the admin's files, collected so that one run shows it all.
 *
 * A diagnostic reads "FILE:LINE:COL: error: text". Lines and columns count from 1; 0 means the
 * file as a whole and is left out of the text.
 * Thread rule: one Diags belongs to one thread. Ownership: diags_new/diags_free; every string is
 * copied. Limit: beyond DIAGS_MAX further ones are counted but not kept.
 */
#ifndef LEAD_BASE_DIAG_H
#define LEAD_BASE_DIAG_H

#include <glib.h>
#include <stdio.h>

#define DIAGS_MAX 1000

typedef enum { DIAG_ERROR, DIAG_WARNING } DiagLevel;

typedef struct {
    DiagLevel level;
    char *file;
    guint line, column;
    char *text;
} Diag;

typedef struct Diags Diags;

Diags *diags_new(void);
void diags_free(Diags *diags); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Diags, diags_free)

void diags_error(Diags *diags, const char *file, guint line, guint column, const char *format, ...)
    G_GNUC_PRINTF(5, 6);
void diags_warning(Diags *diags, const char *file, guint line, guint column, const char *format,
                   ...) G_GNUC_PRINTF(5, 6);

/* Add what `other` holds; it is taken over. */
void diags_take(Diags *diags, Diags *other);

guint diags_errors(const Diags *diags);   /* how many errors were added */
guint diags_warnings(const Diags *diags); /* how many warnings were added */
guint diags_length(const Diags *diags);   /* how many are kept */
const Diag *diags_at(const Diags *diags, guint i);
char *diag_format(const Diag *diag); /* "FILE:LINE:COL: error: text", newly allocated */
void diags_print(const Diags *diags, FILE *out);

/* The candidate that `word` is most likely a misspelling of, or NULL when none is near enough
 * (edit distance at most a third of the word's length, a swap of neighbours being one edit). The array ends in NULL. */
const char *suggest(const char *word, const char *const *candidates);

#endif
