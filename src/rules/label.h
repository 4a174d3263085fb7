/* label: labelled values in a text: "Name: Ada", table rows, a label's line above its value.
 *
 * A label is literal text, caseless, blind to white space, bullets, emphasis, brackets, colons,
 * question marks and "(required)" around it. Separators: ":", "=", a TAB between cells, "|", a
 * bracket's end, and a dash with spaces around it; or the label has a line of its own (with dashes
 * below it or not) above the value. Two labels may stand in one line, and a row of labels above a
 * row of values. A value ends where the next known label begins.
 *
 * Built once for a text and a set of labels, in linear time, then asked for any of them.
 * Limits: a label has at most LABEL_MAX bytes, an index LABELS_FOUND_MAX places.
 * Ownership: the index borrows text and set. Thread rule: none shared but the sets, which do not
 * change once they are made.
 */
#ifndef LEAD_RULES_LABEL_H
#define LEAD_RULES_LABEL_H

#include <glib.h>

#define LABEL_MAX 120
#define LABELS_FOUND_MAX 2000

typedef struct LabelSet LabelSet;
typedef struct LabelIndex LabelIndex;

/* The form in which labels are compared; NULL when nothing is left or it is too long. */
char *label_key(const char *label, gsize length);
/* A key, which is taken over, as one that is the same pointer as every equal one: a GRefString, to
 * be released as such. */
char *label_intern(char *key);

LabelSet *label_set_new(void);
void label_set_free(LabelSet *set); /* takes NULL */
/* An interned key, which the set borrows. */
void label_set_add(LabelSet *set, char *key);

LabelIndex *label_index(const char *text, const LabelSet *known);
void label_index_free(LabelIndex *index); /* takes NULL */

typedef enum {
    LABEL_LINE,  /* one line */
    LABEL_BLOCK, /* the lines up to an empty one or the next label, LABEL_BLOCK_LINES at most */
    LABEL_ALL,   /* everything up to the next label */
} LabelExtent;
#define LABEL_BLOCK_LINES 6

/* Whether the text has the label at all; `key` is interned, here as below. */
gboolean label_has(const LabelIndex *index, const char *key);
/* A bit for a label, that one in 64 others has, too, and those of all labels of the text: where
 * they have none in common, the text has none of the labels. */
guint64 label_bit(const char *key);
guint64 label_bits(const LabelIndex *index);
/* The n-th value of a label: its place in the text, trimmed. FALSE beyond the last. Empty values
 * are left out. */
gboolean label_find(const LabelIndex *index, const char *key, guint n, LabelExtent extent,
                    gsize *offset, gsize *length);

#endif
