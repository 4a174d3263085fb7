/* run: one extraction under way; what extraction.c and extractors.c share. */
#ifndef LEAD_RULES_RUN_H
#define LEAD_RULES_RUN_H

#include "lead/lead.h"
#include "rules/extraction.h"
#include "rules/ruleset-private.h"

typedef struct {
    Extraction *result;
    const Message *message;
    const ExtractionOptions *options;
    const Source *source;
    Lead *lead;
    PatternBudget budget;
    Gates *gates;
    const char *notes;   /* for the extractors under way that look in them; else anything */
    GHashTable *indexes; /* a view's text → LabelIndex */
    const LabelIndex *of_view[VIEW_N]; /* those of them that have been asked for */
    const GArray *label_views;         /* the ViewRefs of the last label extractor … */
    guint64 label_bits;                /* … and those of all labels in them */
} Run;

/* Run an extractor for a field: TRUE when it won. Every candidate is recorded. For `value`, the
 * fields that it refers to have been tried before. */
gboolean extractor_run(Run *run, const Field *field, const Extractor *extractor);

#endif
