/* literal: which plain words a pattern cannot do without.
 *
 * Whatever `@(.+\.)?(angi|homeadvisor)\.com$` matches has "angi.com" or "homeadvisor.com" in it,
 * whatever `new lead.* from site 17` matches both "new lead" and " from site 17". So a text that
 * has not need not be matched (see gate.h). Read from the pattern's own text, and conservative:
 * what is not understood for sure (conditions, recursion, verbs …) gives nothing.
 * Patterns are caseless, so literals are compared folded: ASCII letters small, and the two others
 * that PCRE2 takes for one of them, KELVIN SIGN and LATIN SMALL LETTER LONG S, as it. Limits:
 * LITERAL_SETS_MAX of a pattern, LITERALS_MAX in each, LITERAL_MIN to LITERAL_MAX bytes each, all
 * printable ASCII.
 */
#ifndef LEAD_RULES_LITERAL_H
#define LEAD_RULES_LITERAL_H

#include <glib.h>

#define LITERAL_MIN 3
#define LITERAL_MAX 40
#define LITERALS_MAX 64
#define LITERAL_SETS_MAX 4

/* Sets of literals (folded; GStrv), those that tell most first: of each of them at least one stands
 * in every text in which the pattern matches. Empty when nothing is known. `pattern` compiles. */
GPtrArray *literal_required(const char *pattern);

#endif
