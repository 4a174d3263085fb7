/* phone: a phone number as the API writes it, by libphonenumber; a C shim over its C++.
 *
 * Ownership: results are newly allocated. Thread rule: any thread. No exception crosses it and
 * libphonenumber's logger is silenced.
 */
#ifndef LEAD_LEAD_PHONE_H
#define LEAD_LEAD_PHONE_H

#include <glib.h>

#include "lead/value.h"

G_BEGIN_DECLS

/* Read libphonenumber's tables, which takes some 15 ms; else done for the first number that is not
 * one reserved for fiction. */
void phone_prepare(void);

/* `number` (digits with their punctuation, an international "+" or none; at most 64 bytes) as
 * "(312) 555-0142", or "+44 20 7946 0958" outside the North American plan; NULL when it is no
 * valid number. `region` ("US") is where a number without "+" belongs. The numbers reserved for
 * fiction, 555-0100 to 555-0199 in any area, are accepted. */
char *phone_format(const char *number, const char *region);

/* The first number in a text that is valid and no fax, with an extension as "… x 123"; NULL when
 * there is none. *mark is how it is written; PHONE_FAX, with NULL, when there were only faxes.
 * Looks at the first 400 bytes. */
char *phone_find(const char *raw, const char *region, PhoneMark *mark);

G_END_DECLS

#endif
