/* card: data meant for machines, found in a mail, under one set of keys whatever the format.
 *
 * Formats: Lead Metadata 1.0 (<meta name="lead_…">), JSON-LD and JSON (card-json.c), ADF/XML 1.0
 * (card-adf.c), vCard (card-vcard.c). Values are UTF-8, trimmed, never empty. All readers are
 * linear and take what they can of broken data. Limit: LIMIT_CARD_VALUES values in all.
 */
#ifndef LEAD_MAIL_CARD_H
#define LEAD_MAIL_CARD_H

#include "mail/html.h"

typedef struct {
    const char *format; /* "lead-metadata" "json" "adf" "vcard", static */
    const char *key;    /* one of card_keys, static */
    char *value;
} CardValue;

/* name first_name last_name email phone mobile office company position message source type
 * address street city state postal_code county
 * property_name property_address property_street property_city property_state
 * property_postal_code property_county company_street company_city company_state
 * company_postal_code price; ends in NULL. */
extern const char *const card_keys[];

void card_value_free(gpointer card_value);

/* The key that a word stands for, in any of its writings ("E-mail Address", "firstName"); NULL
 * when it is none. */
const char *card_key(const char *word);
/* Append a value, unless it is empty or there are too many. `key` may be NULL: nothing is done. */
void card_add(GPtrArray *values, const char *format, const char *key, const char *text);

/* Append what is found to `values` (CardValue). */

/* Of <meta> elements. A mail without lead_information_version is taken all the same; an unknown
 * lead_ name is left out. */
void card_from_metas(const GPtrArray *metas, GPtrArray *values);
/* JSON-LD (schema.org) or any JSON that names a person. This and the next read LIMIT_CARD at most;
 * of anything longer nothing, and say FALSE. */
gboolean card_from_json(const char *text, GPtrArray *values);
/* ADF/XML somewhere in a text, its declarations right, wrong or missing. */
gboolean card_from_adf(const char *text, GPtrArray *values);
/* The first vCard, 2.1 to 4.0. Its address is the person's own: company_street … */
void card_from_vcard(const char *text, GPtrArray *values);

#endif
