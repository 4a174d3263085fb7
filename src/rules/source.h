/* source: one rule file as it was read, and what a ruleset makes of it.
 *
 * Names and texts are borrowed from the YamlFile, which the ruleset keeps. Immutable once the
 * ruleset is loaded.
 */
#ifndef LEAD_RULES_SOURCE_H
#define LEAD_RULES_SOURCE_H

#include "lead/attribute.h"
#include "rules/extraction.h"
#include "rules/label.h"
#include "rules/when.h"

typedef enum {
    EXTRACTOR_LABEL,
    EXTRACTOR_PATTERN,
    EXTRACTOR_VALUE,
    EXTRACTOR_LINK,
    EXTRACTOR_CARD,
    EXTRACTOR_FROM,
    EXTRACTOR_N
} ExtractorKind;
extern const char *const extractor_names[]; /* ends in NULL */

typedef struct {
    ExtractorKind kind;
    const char *file, *source;
    guint line, column;
    GArray *views;       /* ViewRef, where it looks: the same of all labels without `in` */
    GPtrArray *labels;   /* char *, label_intern()ed; label */
    guint64 label_bits;  /* of all of them */
    Pattern *pattern;    /* pattern, and link when it is no scheme */
    const char *word;    /* card: the key; link: tel or mailto; from: from, reply_to or sender */
    GPtrArray *template; /* Reference; value */
    gboolean in_notes;   /* pattern: looks in the lead's notes, so these come first */
} Extractor;

typedef struct {
    const char *name; /* "contact.name", "property.address", "contact.custom.Roof age" */
    AttributeType type;
    GPtrArray *extractors; /* Extractor, borrowed: own and those of the extended sources */
    guint inherit_at;      /* where among them the (next) extended source's belong */
} Field;

typedef struct {
    const char *file;
    guint line, column;
    const char *mail, *source, *sender, *recipient;
    const YamlNode *source_node; /* NULL when `source` is this one */
    int action;                  /* Action, or -1 */
    gboolean not ;
    const YamlNode *expect; /* a map, or NULL */
} SourceTest;

typedef struct {
    const char *name;
    const YamlFile *file;
    guint line, column;      /* of the name */
    const YamlNode *extends; /* or NULL */
    When *when;
    Action action;
    GPtrArray *authenticate; /* const char *, domains */
    GPtrArray *extractors;   /* Extractor, all of this file's, owned */
    GArray *label_views;     /* ViewRef, where labels without `in` are looked for; NULL: none are */
    GPtrArray *own;          /* Field, as in the file */
    GPtrArray *fields;       /* Field, with inherited extractors; addresses last */
    LabelSet *labels;        /* all labels of `fields` */
    GPtrArray *tests;        /* SourceTest */
} Source;

/* What a test calls the source of mail that none takes. */
#define SOURCE_NONE "none"

/* Read a file whose root has `source:`. NULL on errors. `fields` and `labels` are not set yet. */
Source *source_new(const YamlFile *file, PatternBook *book, Diags *diags);
void source_free(gpointer source);

/* Make `fields` and `labels` of the chain of sources, this one first. Reports values that refer to
 * each other in a circle. */
void source_resolve(Source *source, const GPtrArray *chain, Diags *diags);

/* Give its patterns and labels their gates. */
void source_add_gates(Source *source, GateBook *book);

void field_free(gpointer field);

#endif
