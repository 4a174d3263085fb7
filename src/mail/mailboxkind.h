/* mailboxkind: whether an address is a person's, an office's (info@) or a machine's (leads@,
 * notifications@), by its local part alone.
 *
 * What a machine sends ends in the site's own imprint, where a person's mail ends in a signature.
 * Pure.
 */
#ifndef LEAD_MAIL_MAILBOXKIND_H
#define LEAD_MAIL_MAILBOXKIND_H

#include <glib.h>

typedef enum { MAILBOX_PERSON, MAILBOX_OFFICE, MAILBOX_MACHINE } MailboxKind;

/* NULL and what has no "@" are a person's. */
MailboxKind mailbox_kind(const char *address);

#endif
