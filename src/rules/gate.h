/* gate: whether a view has what patterns cannot do without.
 *
 * Patterns that look in the same view share a gate: it is shut when the view has none of the
 * literals (literal.h) of which one must be there for any of the patterns to match; a pattern with
 * a gate of its own needs one of each of its sets. All literals of a view are looked for in one go,
 * when the first of its gates is asked for, so that a pattern that cannot match costs next to
 * nothing, however many there are. A gate that is shut is never wrong; one that is open says
 * nothing. Ownership: a GateBook is its ruleset's, immutable once compiled; Gates are one mail's
 * and borrow from both. Thread rule: a GateBook is anyone's, Gates one thread's.
 */
#ifndef LEAD_RULES_GATE_H
#define LEAD_RULES_GATE_H

#include "rules/pattern.h"
#include "rules/view.h"

#define GATE_NONE 0 /* always open */

typedef struct GateBook GateBook;
typedef struct Gates Gates;

GateBook *gate_book_new(void);
void gate_book_free(GateBook *book); /* takes NULL */
/* The gate of patterns (Pattern) of which any may match in `view`; GATE_NONE when there is one that
 * could match anything. */
guint gate_book_add(GateBook *book, const ViewRef *view, const GPtrArray *patterns);
/* How often gate_book_add gave this one. */
guint gate_book_users(const GateBook *book, guint gate);
/* The number of its view. */
guint gate_book_view(const GateBook *book, guint gate);
/* Gates are numbers below this. */
guint gate_book_count(const GateBook *book);
void gate_book_compile(GateBook *book); /* when all are added */

Gates *gates_new(const GateBook *book, const Message *message);
void gates_free(Gates *gates); /* takes NULL */
/* `gates` may be NULL: then every gate is open. */
gboolean gates_open(Gates *gates, guint gate);
/* All gates of this one's view that are open; guint. NULL: none. */
const GArray *gates_open_beside(Gates *gates, guint gate);

#endif
