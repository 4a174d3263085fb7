/* headers: the header fields of a message, decoded, and its addresses.
 *
 * Limits: LIMIT_HEADERS fields, LIMIT_HEADER_VALUE bytes of each; `limit` says that one was
 * reached. All text is valid UTF-8 on one line. Ownership: the caller's.
 */
#ifndef LEAD_MAIL_HEADERS_H
#define LEAD_MAIL_HEADERS_H

#include "mail/fields.h"

typedef struct {
    char *name;    /* display name, or NULL */
    char *address; /* bare, or NULL when there is no usable one */
} Mailbox;

void mailbox_free(gpointer mailbox);

/* GMime makes objects of all addresses of a field, and of all parameters of a Content-Type or
 * Content-Disposition field (RFC 2045 section 5.1), and reads groups (RFC 5322 section 3.4) by
 * recursion, as deep as a field has colons: a copy in which addresses end at ADDRESSES_BYTES,
 * parameters at LIMIT_HEADER_VALUE, LIMIT_PARAMETERS or LIMIT_PARAMETERS_MAIL, and the colons
 * beyond GROUPS_MAX are blanks; *length is the copy's then. NULL when there is nothing to leave
 * out. */
char *headers_tamed(const char *bytes, gsize *length);

/* The values of the Authentication-Results fields that may be our own MTA's, unfolded, as they
 * stand: in an encoded word a sender could hide what reads as a result. Fields below the first
 * Received of a foreign host (RFC 8601 section 5) are not among them. `own_domains` may be NULL. */
GPtrArray *headers_authentication(const Fields *fields, const char *authserv_id,
                                  const char *const *own_domains);

/* Texts by name, whatever its capitals: all fields of that name, one a line, in the mail's order.
 * The names are those of `fields`, which must stay. */
GHashTable *headers_read(const Fields *fields, gboolean *limit);

/* The addresses of a field's raw value; Mailbox. Encoded words are decoded by our own charset
 * rules before the addresses are told apart, so no letter of a name is lost. */
GPtrArray *headers_addresses(const char *raw);

#endif
