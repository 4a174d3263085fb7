/* value: normalising and checking one value by its type.
 *
 * Pure functions: newly allocated normalised text, or NULL with *why set (newly allocated, does
 * not repeat the value; `why` may be NULL). Input is valid UTF-8.
 * Sources: libphonenumber (region US as default) for phones, tzdata's zone names in
 * /usr/share/zoneinfo, USPS two-letter codes with Canada's provinces.
 */
#ifndef LEAD_LEAD_VALUE_H
#define LEAD_LEAD_VALUE_H

#include "lead/attribute.h"

char *value_normalise(AttributeType type, const char *raw, char **why);

/* How a phone number's writing marks it: "(c)", "cell 312…", "M: …", "312… (fax)". */
typedef enum { PHONE_PLAIN, PHONE_MOBILE, PHONE_OFFICE, PHONE_FAX } PhoneMark;
PhoneMark value_phone_mark(const char *raw);

/* An address that no inquirer owns: no-reply, mailer-daemon, relay (reply+…@, …@relay.…,
 * …@messaging.…), or in one of our own domains (NULL-terminated, lower case, may be NULL). */
gboolean value_email_is_not_a_person(const char *address, const char *const *own_domains);
/* An address at a provider of mailboxes for everybody, which says nothing about a company. */
gboolean value_email_is_free(const char *address);

typedef struct {
    char *street, *city, *state, *postal_code, *county; /* NULL when not found */
} Address;

/* Split an address given as one line or several. FALSE when neither a street nor a city with
 * state or ZIP can be seen in it; *address is zero then. */
gboolean address_split(const char *raw, Address *address);
void address_clear(Address *address);

#endif
