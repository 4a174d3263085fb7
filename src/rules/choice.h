/* choice: which sources of a ruleset may take a mail at all.
 *
 * Of each way in which a source's `when` may hold, one of a condition's gates (gate.h) must be
 * open, the rarest condition's. So of a thousand sites' sources few are asked, those that have no
 * such gate, and those whose site the mail speaks of. What is not asked would not have held;
 * choice_may says no more than that.
 * Ownership: the ruleset's; Thread rule: immutable once made.
 */
#ifndef LEAD_RULES_CHOICE_H
#define LEAD_RULES_CHOICE_H

#include "rules/gate.h"
#include "rules/source.h"

typedef struct Choice Choice;

/* `sources`: Source, whose conditions have their gates in `book`. */
Choice *choice_new(const GPtrArray *sources, const GateBook *book);
void choice_free(Choice *choice); /* takes NULL */

/* For each source (by its number), whether it may take the mail; newly allocated. */
gboolean *choice_may(const Choice *choice, Gates *gates);

#endif
