/* when: which mails a source takes.
 *
 * A map of views to patterns: all keys must hold, any pattern of a key's list does; under `not`
 * any that holds turns the mail away. A list of such maps: any of them does. A pattern that
 * reaches a limit does not hold (under `not`: neither).
 */
#ifndef LEAD_RULES_WHEN_H
#define LEAD_RULES_WHEN_H

#include "rules/gate.h"
#include "rules/pattern.h"
#include "rules/view.h"

typedef struct When When;

/* NULL when there are errors. `node` NULL: a When that always holds. */
When *when_new(const YamlFile *file, const YamlNode *node, PatternBook *book, Diags *diags);
void when_free(When *when);                     /* takes NULL */
gboolean when_is_conditional(const When *when); /* FALSE when it holds for every mail */

typedef struct {
    gboolean holds;
    const char *view;   /* of the first condition that failed; NULL when it holds */
    gboolean unwanted;  /* it failed because it held, under `not` */
    guint line, column; /* of that condition */
    gboolean limit;     /* a pattern reached a limit */
} WhenResult;

/* `gates` are the message's; NULL to run every pattern. */
WhenResult when_judge(const When *when, const Message *message, Gates *gates,
                      PatternBudget *budget);

/* Give each pattern its gate. */
void when_add_gates(When *when, GateBook *book);
/* When all have theirs: gates, guint, of which one is open if it holds. NULL when there is a way
 * for it to hold without any. */
GArray *when_gates(const When *when, const GateBook *book);

/* Compile with diagnostics that point into the pattern. NULL on error. */
Pattern *when_pattern(const YamlFile *file, const YamlNode *node, PatternBook *book, Diags *diags);

#endif
