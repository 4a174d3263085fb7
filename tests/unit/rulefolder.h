/* rulefolder: a temporary rules folder for unit tests, with the shipped wire table and patterns.
 *
 * Any failure ends the test. Ownership: rulefolder_free removes the folder and all in it.
 */
#ifndef LEAD_TESTS_RULEFOLDER_H
#define LEAD_TESTS_RULEFOLDER_H

#include "rules/extraction.h"

typedef struct {
    char *path;
    GPtrArray *files; /* char *, to be removed */
} RuleFolder;

RuleFolder *rulefolder_new(void);
void rulefolder_free(RuleFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RuleFolder, rulefolder_free)

/* A file in the folder or in its samples/. */
void rulefolder_write(RuleFolder *folder, const char *name, const char *text);
/* All of it; must have no errors. */
Ruleset *rulefolder_load(const RuleFolder *folder);
/* The ruleset of one rule file. */
Ruleset *rulefolder_load_one(const char *rule);
/* Must fail: the errors, one a line, without the folder's path. */
char *rulefolder_errors(const RuleFolder *folder);

/* A mail through the rules, without options. */
Extraction *rulefolder_extract(Ruleset *ruleset, const char *mail);

#endif
