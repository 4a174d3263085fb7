/* literal: which plain words a pattern cannot do without.
 *
 * Whatever `@(.+\.)?(angi|homeadvisor)\.com$` matches has "angi.com" or "homeadvisor.com" in it,
 * whatever `new lead.* from site 17` matches both "new lead" and " from site 17". So a text that
 * has not need not be matched (see gate.h). Read from the pattern's own text, and conservative:
 * what is not understood for sure (conditions, recursion, verbs …) gives nothing.
 * Patterns are caseless, so literals are compared folded: ASCII letters small, and each character
 * beyond it as one byte, as literal_fold says. Limits: LITERAL_SETS_MAX of a pattern, LITERALS_MAX
 * in each, LITERAL_MIN to LITERAL_MAX bytes each, which are no controls.
 */
#ifndef LEAD_RULES_LITERAL_H
#define LEAD_RULES_LITERAL_H

#include <glib.h>

#define LITERAL_MIN 3
#define LITERAL_MAX 40
#define LITERALS_MAX 64
#define LITERAL_SETS_MAX 4

/* A character beyond ASCII as one byte: the same for all that PCRE2 takes for one another, as it
 * takes KELVIN SIGN for a k, and for many others. */
char literal_fold(gunichar c);
/* Sets of literals (folded; GStrv), those that tell most first: of each of them at least one stands
 * in every text in which the pattern matches. Empty when nothing is known. `pattern` compiles. */
GPtrArray *literal_required(const char *pattern);

#endif
