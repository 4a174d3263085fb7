/* card: data meant for machines, found in a mail, under one set of keys whatever the format.
 *
 * Formats: Lead Metadata 1.0 (<meta name="lead_…">). ADF/XML, vCard, JSON-LD and JSON bodies
 * belong here as well. Values are UTF-8, trimmed, never empty. Limit: LIMIT_CARD_VALUES values.
 */
#ifndef LEAD_MAIL_CARD_H
#define LEAD_MAIL_CARD_H

#include "mail/html.h"

typedef struct {
    const char *format; /* "lead-metadata", static */
    const char *key;    /* one of card_keys, static */
    char *value;
} CardValue;

/* name first_name last_name email phone mobile office company position message source type
 * address street city state postal_code county
 * property_name property_address property_street property_city property_state
 * property_postal_code property_county price; ends in NULL. */
extern const char *const card_keys[];

void card_value_free(gpointer card_value);

/* Append what the <meta> elements hold to `values` (CardValue). A mail without
 * lead_information_version is taken all the same; an unknown lead_ name is left out. */
void card_from_metas(const GPtrArray *metas, GPtrArray *values);

#endif
