/* lead: a lead being built, every value checked as it goes in; and its completion.
 *
 * A lead that lead_complete has seen is valid: company.name is set, a property or contact has
 * its name, every value passed its type's check (lead/value.h).
 * Ownership: lead_free; values are copied. Thread rule: one thread at a time.
 */
#ifndef LEAD_LEAD_LEAD_H
#define LEAD_LEAD_LEAD_H

#include "lead/attribute.h"

typedef struct Lead Lead;

Lead *lead_new(void);
Lead *lead_copy(const Lead *lead);
void lead_free(Lead *lead); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lead, lead_free)

/* Normalise `raw` by the attribute's type and keep it. FALSE, with *why (newly allocated, for
 * the admin: `"John at 5" is no phone number`-like but WITHOUT the value itself) when it fails
 * the check: nothing is changed then. `why` may be NULL. `name` may be OBJECT.custom.LABEL.
 * Special:
 *  - contact.office and contact.mobile: a number written as cell goes to mobile and one written
 *    as fax is refused, whichever of the two was asked for; *set tells the attribute's real name.
 *  - property.address and company.address: split, and each part set that is not set already.
 * `set` may be NULL; it is a static string or `name` itself. An unknown name is our bug: abort. */
gboolean lead_set(Lead *lead, const char *name, const char *raw, const char **set, char **why);

/* The normalised value or NULL. For the pseudo attributes: the parts as one line. */
const char *lead_get(const Lead *lead, const char *name);
void lead_unset(Lead *lead, const char *name);

/* Each value once: attributes in table order, then custom fields in order of setting. */
typedef void (*LeadVisitor)(const char *name, const char *value, gpointer data);
void lead_foreach(const Lead *lead, LeadVisitor visit, gpointer data);

/* What is known of the mail apart from the lead; NULL members are unknown. */
typedef struct {
    const char *from_name, *from_address; /* whoever wrote the inquiry */
    const char *sender;                   /* envelope sender */
    const char *subject;
    const char *text; /* becomes the notes if they are not set */
    const char *const *own_domains;
} LeadFallback;

/* Make it valid: company.name from the company, else the person, else the sender's domain or
 * address (never a free mail provider's domain, a relay's or our own), at worst "Unknown sender";
 * property.name from its street; contact.name from the email's local part when there is contact
 * data but no name; company.residential to "false", opportunity.price to "0"; opportunity.notes
 * from the text; zone of the property from the company's. */
void lead_complete(Lead *lead, const LeadFallback *fallback);

#endif
