/* wire: the table of the API's names, rules/centerpoint.yaml (DESIGN section 3).
 *
 * The file has one key `wire:` that maps each attribute's name ("company.postalCode";
 * "company.custom" for the custom fields) to {wire: NAME, type: TYPE, required: BOOL,
 * name: documented|vendor|assumed}.
 * Ownership: wire_free. Thread rule: immutable once loaded.
 */
#ifndef LEAD_LEAD_WIRE_H
#define LEAD_LEAD_WIRE_H

#include "base/yaml.h"
#include "lead/lead.h"

typedef struct Wire Wire;

/* From a parsed file whose root has `wire:`. All 35 attributes must be there. NULL on errors. */
Wire *wire_new(const YamlFile *file, Diags *diags);
void wire_free(Wire *wire); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Wire, wire_free)

/* One row of `leadctl api names`; FALSE past the end. Strings are the wire's. */
typedef struct {
    const char *attribute, *wire, *type, *known; /* known: documented, vendor or assumed */
    gboolean required;
} WireRow;
gboolean wire_row(const Wire *wire, guint i, WireRow *row);

/* The request's body as one line of JSON, newly allocated, of a completed lead: flat, or with
 * the relationships object. company always; property and contact when they have a name;
 * opportunity always. Numbers and booleans as such. */
char *payload_build(const Lead *lead, const Wire *wire, gboolean relationships);

#endif
