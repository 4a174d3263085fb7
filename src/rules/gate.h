/* gate: whether a view has what a pattern cannot do without.
 *
 * A pattern's gate is shut when of one of its sets of literals (literal.h) the view has none. A
 * pattern in header.NAME that has no literals, but matches no empty text, has one, too, which is
 * shut when the mail has no such field. All literals of a view are looked for in one go, when the
 * first of its gates is asked for, and so are those of all fields of the header: a pattern that
 * cannot match costs next to nothing, however many there are and in however many fields. A gate
 * that is shut is never wrong; one that is open says nothing. Ownership: a GateBook is its
 * ruleset's, immutable once compiled; Gates are one mail's and borrow from both. Thread rule: a
 * GateBook is anyone's, Gates one thread's.
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
/* The gate of a pattern in `view`, the same for those that need the same; GATE_NONE when it could
 * match anything. NULL: of what needs some text. */
guint gate_book_add(GateBook *book, const ViewRef *view, const Pattern *pattern);
/* How often gate_book_add gave this one. */
guint gate_book_users(const GateBook *book, guint gate);
/* Of what is looked through in one go: a view's number, or another for all of the header. */
guint gate_book_part(const GateBook *book, guint gate);
/* Gates are numbers below this. */
guint gate_book_count(const GateBook *book);
void gate_book_compile(GateBook *book); /* when all are added */

Gates *gates_new(const GateBook *book, const Message *message);
void gates_free(Gates *gates); /* takes NULL */
/* `gates` may be NULL: then every gate is open. */
gboolean gates_open(Gates *gates, guint gate);
/* The same for one of the notes, whose text the lead has and keeps where it is; open when it is
 * another than at first. */
gboolean gates_open_in(Gates *gates, guint gate, const char *notes);
/* All gates of this one's part that are open; guint. NULL: none. */
const GArray *gates_open_beside(Gates *gates, guint gate);

#endif
