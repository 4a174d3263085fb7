/* pattern-private: what pattern-book.c (compiling) and pattern.c (matching) share. */
#ifndef LEAD_RULES_PATTERN_PRIVATE_H
#define LEAD_RULES_PATTERN_PRIVATE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "rules/pattern.h"

struct Pattern {
    char *text;
    char *full;          /* with the definitions it uses behind */
    pcre2_code *code;    /* as PCRE2's interpreter runs it */
    pcre2_code *fast;    /* the same with JIT, made when it is worth it */
    gint interpreted;    /* bytes of the texts that the interpreter was given */
    pcre2_code *guarded; /* the same with automatic callouts, made when first needed */
    GPtrArray *literals; /* see literal_required */
    guint pairs;         /* of the match data: its groups and the whole */
    guint groups;        /* its own, which come before those of the definitions */
    guint value_group;   /* number of the group named `value`, or 0 */
    gboolean ambitious;  /* repeats without bound at more than one place */
};

/* What PCRE2 allocates with, which ends the program when there is no memory (base/memory.h). */
pcre2_general_context *pattern_memory(void);

/* Compile, without JIT; NULL with PCRE2's error code and offset. */
pcre2_code *pattern_code(const char *text, guint32 extra_options, int *code, gsize *offset);

#endif
