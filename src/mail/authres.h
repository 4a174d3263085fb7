/* authres: what our own MTA's filters said of a mail's origin (RFC 8601).
 *
 * Only fields whose authserv-id is ours count; that those of others are removed at our border is
 * the MTA's matter (RFC 8601 section 5).
 */
#ifndef LEAD_MAIL_AUTHRES_H
#define LEAD_MAIL_AUTHRES_H

#include <glib.h>

/* Add the domains with dkim=pass (header.d, or header.i's domain) or dmarc=pass (header.from),
 * lower case, of one field's value on one line. */
void authres_add(const char *value, const char *authserv_id, GPtrArray *domains);

#endif
