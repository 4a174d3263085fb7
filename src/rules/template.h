/* template: the text of a `value` extractor with its references.
 *
 * ${contact.name} is that field's value, ${source} the source's name, ${subject}, ${from.name} and
 * ${from.address} the (original) mail's, ${label.First name} a labelled value, ${card.first_name}
 * one of a card. A text in which any of them is empty gives nothing.
 * Ownership: template_free; it borrows the text. Thread rule: immutable once made.
 */
#ifndef LEAD_RULES_TEMPLATE_H
#define LEAD_RULES_TEMPLATE_H

#include "base/yaml.h"

typedef enum {
    REFERENCE_NONE, /* literal text */
    REFERENCE_FIELD,
    REFERENCE_SOURCE,
    REFERENCE_SUBJECT,
    REFERENCE_FROM_NAME,
    REFERENCE_FROM_ADDRESS,
    REFERENCE_LABEL, /* `name` is the label's key, interned */
    REFERENCE_CARD,
} ReferenceKind;

typedef struct {
    ReferenceKind kind;
    char *name; /* the field, label key or card key; the literal text */
} Reference;

/* Reference, in the text's order. NULL, with diagnostics, on errors. */
GPtrArray *template_new(const YamlFile *file, const YamlNode *node, Diags *diags);

#endif
