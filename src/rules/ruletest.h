/* ruletest: the tests that rule files carry, run (leadctl test, and before a reload takes over).
 *
 * A test: `mail:` (a file, relative to the rules folder), `expect:` (field: value; null: must be
 * absent), `source:` (which source must take it; the file's own by default), `action:`; or
 * `not: true`: the file's own source must not take this mail. Optional `sender:` and `recipient:`,
 * of the envelope.
 */
#ifndef LEAD_RULES_RULETEST_H
#define LEAD_RULES_RULETEST_H

#include "rules/ruleset.h"

typedef struct {
    const char *file; /* the rule file, with the test's place */
    guint line, column;
    const char *mail;
    gboolean passed;
    char *difference; /* lines "field: expected …, got …"; NULL when passed */
} RuleTest;

typedef struct {
    GPtrArray *tests; /* RuleTest */
    guint passed, failed;
    GPtrArray *unreached; /* char *: "FILE:LINE:COL: contact.name: label" extractors that won in no
                             test, "FILE: source X" sources that took no mail; NULL: not asked */
} RuleTestReport;

RuleTestReport *ruletest_run(Ruleset *ruleset, gboolean unreached);
void ruletest_free(RuleTestReport *report); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RuleTestReport, ruletest_free)

#endif
