/* value-private: what the value types' own files offer value.c and each other.
 *
 * Each NAME_normalise is pure: newly allocated text, or NULL when `raw` is no such value. `raw` is
 * one line as value_fold makes it (phones and addresses: any valid UTF-8). All are linear in its
 * length, which value.c has capped.
 */
#ifndef LEAD_LEAD_VALUE_PRIVATE_H
#define LEAD_LEAD_VALUE_PRIVATE_H

#include "lead/value.h"

/* Nothing but notes needs more bytes of a mail than this to fill its limit. */
#define VALUE_RAW_MAX (16 << 10)

/* Valid UTF-8 of at most `max` bytes. */
char *value_take(const char *raw, gsize max);
/* Characters that show nothing: controls, zero widths, marks of writing direction (used to
 * disguise text), tags. The joiners U+200C and U+200D matter in some scripts and in emoji. */
gboolean value_is_invisible(gunichar c);
/* One line: white space of any kind folded into single blanks and trimmed, control and invisible
 * characters dropped, bytes that are no UTF-8 replaced, cut after `max` characters. Never NULL. */
char *value_fold(const char *raw, gsize max);

char *email_normalise(const char *raw);
char *money_normalise(const char *raw);
char *person_normalise(const char *raw);
char *phone_normalise(const char *raw);
char *postal_normalise(const char *raw);
char *state_normalise(const char *raw);
char *zone_normalise(const char *raw);

/* The domain of a normalised address, inside it; "" without one. */
const char *email_domain(const char *address);
/* A provider of mailboxes for everybody ("gmail.com"): says nothing about a company. */
gboolean email_domain_is_free(const char *domain);

#endif
