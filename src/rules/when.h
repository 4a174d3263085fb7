/* when: which mails a source takes.
 *
 * A map of views to patterns: all keys must hold, any pattern of a key's list does; under `not`
 * any that holds turns the mail away. A list of such maps: any of them does. A pattern that
 * reaches a limit does not hold (under `not`: neither).
 */
#ifndef LEAD_RULES_WHEN_H
#define LEAD_RULES_WHEN_H

#include "rules/pattern.h"
#include "rules/view.h"

typedef struct When When;

/* NULL when there are errors. `node` NULL: a When that always holds. */
When *when_new(const YamlFile *file, const YamlNode *node, PatternBook *book, Diags *diags);
void when_free(When *when);                     /* takes NULL */
gboolean when_is_conditional(const When *when); /* FALSE when it holds for every mail */

typedef struct {
    gboolean holds;
    char *condition;    /* the first that failed ("from", "not.subject"); NULL when it holds */
    guint line, column; /* of that condition */
    gboolean limit;     /* a pattern reached a limit */
} WhenResult;

WhenResult when_judge(const When *when, const Message *message, PatternBudget *budget);

/* Compile with diagnostics that point into the pattern. NULL on error. */
Pattern *when_pattern(const YamlFile *file, const YamlNode *node, PatternBook *book, Diags *diags);

#endif
