/* literal: which plain words a pattern cannot do without.
 *
 * Whatever `@(.+\.)?(angi|homeadvisor)\.com$` matches has "angi.com" or "homeadvisor.com" in it. So
 * a text that has neither need not be matched (see gate.h). Read from the pattern's own text, and
 * conservative: what is not understood for sure (conditions, recursion, \Q, (?x), verbs …) gives
 * nothing. Patterns are caseless, so literals are compared folded: ASCII letters small, and the two
 * others that PCRE2 takes for one of them, KELVIN SIGN and LATIN SMALL LETTER LONG S, as it.
 * Limits: LITERALS_MAX of a pattern, LITERAL_MIN to LITERAL_MAX bytes each, all printable ASCII.
 */
#ifndef LEAD_RULES_LITERAL_H
#define LEAD_RULES_LITERAL_H

#include <glib.h>

#define LITERAL_MIN 3
#define LITERAL_MAX 40
#define LITERALS_MAX 64

/* At least one of these (folded; GStrv) stands in every match of the pattern; NULL when nothing is
 * known. `pattern` compiles. */
char **literal_required(const char *pattern);

#endif
