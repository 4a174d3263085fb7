/* ruleset: a folder of rule files, compiled (DESIGN section 4, lead-rules(5)).
 *
 * Loads every *.yaml at the folder's top level in byte order of names: sources (`source:`), named
 * subpatterns (`patterns:`), the wire table (`wire:`).
 * Ownership: reference counted and atomic. Thread rule: immutable once loaded, compiled patterns
 * are shared; match data and JIT stacks are kept per thread.
 */
#ifndef LEAD_RULES_RULESET_H
#define LEAD_RULES_RULESET_H

#include "base/diag.h"
#include "lead/wire.h"

typedef struct Ruleset Ruleset;

/* NULL when anything is wrong; every error of every file is then in `diags`. */
Ruleset *ruleset_load(const char *folder, Diags *diags);
Ruleset *ruleset_ref(Ruleset *ruleset);
void ruleset_unref(Ruleset *ruleset); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ruleset, ruleset_unref)

const Wire *ruleset_wire(const Ruleset *ruleset);
guint ruleset_sources(const Ruleset *ruleset);
const char *ruleset_folder(const Ruleset *ruleset);
/* TRUE when a source has `authenticate:` (check warns when there is no authserv_id). */
gboolean ruleset_wants_authentication(const Ruleset *ruleset);

/* A source, or one of its extractors. Names and texts are the ruleset's. */
typedef struct {
    const char *source, *file;
    guint line, column;
    gboolean conditional;     /* the source has a `when` */
    const char *field, *kind; /* NULL for the source itself */
} RulePlace;
typedef void (*RuleVisitor)(const RulePlace *place, gpointer data);
/* Each source in the order they are asked, then its own extractors in the file's order. */
void ruleset_foreach(const Ruleset *ruleset, RuleVisitor visit, gpointer data);

#endif
