/* yaml: a YAML file as a tree in which every node knows its line and column.
 *
 * One document per file, read by libyaml. Text is valid UTF-8 without NUL; a byte order mark is
 * skipped. Refused, with a diagnostic: what is no regular file (file.h), anchors and aliases (an
 * admin copies a line instead; they make bombs possible), a key given twice, a key that is not
 * plain text, more than one document.
 * Limits: 4 MiB a file, nesting 32, 200,000 nodes.
 * Ownership: the YamlFile owns its tree; nodes live as long as it does. Thread rule: immutable
 * once loaded.
 */
#ifndef LEAD_BASE_YAML_H
#define LEAD_BASE_YAML_H

#include "base/diag.h"

typedef enum { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING } YamlKind;

typedef struct YamlNode YamlNode;
struct YamlNode {
    YamlKind kind;
    guint line, column; /* from 1 */
    char *text;         /* of a scalar, never NULL there */
    gboolean plain;     /* a scalar written without quotes */
    guint text_column;  /* where its first character stands; 0 when the text is not to be found
                           in the file as it is (escapes, several lines) */
    GPtrArray *keys;    /* of a mapping: YamlNode, scalars, in file order */
    GPtrArray *items;   /* a mapping's values beside its keys, or a sequence's items */
};

typedef struct {
    char *name;     /* the path as the admin gave it; begins every diagnostic */
    gsize length;   /* of the text, in bytes */
    YamlNode *root; /* NULL for an empty file */
} YamlFile;

/* Read a file. NULL when it cannot be read or parsed; what was wrong is then in `diags`. */
YamlFile *yaml_load(const char *path, Diags *diags);
/* The same from memory; `name` stands in diagnostics. */
YamlFile *yaml_parse(const char *name, const char *text, gsize length, Diags *diags);
void yaml_file_free(YamlFile *file); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(YamlFile, yaml_file_free)

/* A mapping's value for `key`, or NULL (also when `map` is NULL or no mapping). */
const YamlNode *yaml_get(const YamlNode *map, const char *key);
/* A scalar counts as a list of one, a sequence as its items. */
guint yaml_list_length(const YamlNode *node);
const YamlNode *yaml_list_at(const YamlNode *node, guint i);

/* "FILE:LINE:COL: error: …" at the node. */
void yaml_error(const YamlFile *file, const YamlNode *node, Diags *diags, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
void yaml_warning(const YamlFile *file, const YamlNode *node, Diags *diags, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Report every key of `map` that is not in `allowed` as
 * `unknown WHAT "keey"; did you mean "key"?`; also when `map` is no mapping. FALSE if any. */
gboolean yaml_check_keys(const YamlFile *file, const YamlNode *map, const char *what,
                         const char *const *allowed, Diags *diags);

/* Typed scalars. On a bad one: a diagnostic that says what is accepted, and FALSE; *out is set
 * only on success. A missing node (NULL) leaves *out alone and is no error. */
gboolean yaml_text(const YamlFile *file, const YamlNode *node, const char **out, Diags *diags);
gboolean yaml_boolean(const YamlFile *file, const YamlNode *node, gboolean *out, Diags *diags);
gboolean yaml_number(const YamlFile *file, const YamlNode *node, guint64 min, guint64 max,
                     guint64 *out, Diags *diags);
/* Bytes: a number with an optional K, M or G (powers of 1024). */
gboolean yaml_size(const YamlFile *file, const YamlNode *node, guint64 *bytes, Diags *diags);
/* Seconds: a number with a unit s, m, h or d; 100 years at most. */
gboolean yaml_duration(const YamlFile *file, const YamlNode *node, guint64 *seconds, Diags *diags);
/* One of `words` (ends in NULL): *out is its index. */
gboolean yaml_choice(const YamlFile *file, const YamlNode *node, const char *const *words,
                     guint *out, Diags *diags);

#endif
