/* needles: many literals looked for in a text at once.
 *
 * Time is linear in the text, however many needles there are: where one may begin, as three bytes
 * tell, it is followed for LITERAL_MAX bytes at most. Memory is linear in the needles' bytes.
 * Needles and text are compared as literal.h says: folded. Needles are folded already, of
 * LITERAL_MIN bytes at least and LITERAL_MAX at most. Ownership: needles_free. Thread rule:
 * immutable once compiled.
 */
#ifndef LEAD_RULES_NEEDLES_H
#define LEAD_RULES_NEEDLES_H

#include <glib.h>

typedef struct Needles Needles;

Needles *needles_new(void);
void needles_free(Needles *needles); /* takes NULL */
/* Its number, from 0 on; the same for the same text. */
guint needles_add(Needles *needles, const char *text);
guint needles_count(const Needles *needles);
/* When all are added. */
void needles_compile(Needles *needles);

/* Set found[number] (needles_count of them, which the caller clears) of every needle in the text.
 */
void needles_find(const Needles *needles, const char *text, gsize length, guint8 *found);

#endif
