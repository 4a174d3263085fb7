/* ruleset-private: a loaded ruleset, for extraction and the rules' own tests. */
#ifndef LEAD_RULES_RULESET_PRIVATE_H
#define LEAD_RULES_RULESET_PRIVATE_H

#include "rules/choice.h"
#include "rules/pattern.h"
#include "rules/ruleset.h"
#include "rules/source.h"

struct Ruleset {
    char *folder;
    GPtrArray *files;   /* YamlFile */
    GPtrArray *sources; /* Source, in the order they are asked */
    PatternBook *book;
    GateBook *gates;
    Choice *choice;
    Wire *wire;
};

Source *ruleset_find(const Ruleset *ruleset, const char *name); /* or NULL */

#endif
