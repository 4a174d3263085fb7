/* author: whom a line of text names as the one who wrote: a forwarded mail's "From: …", or the
 * sentence above a quote, "On Monday, Ada Lovelace <ada@x> wrote:".
 *
 * Pure and linear. Ownership: the caller's, mailbox_free.
 */
#ifndef LEAD_MAIL_AUTHOR_H
#define LEAD_MAIL_AUTHOR_H

#include "mail/headers.h"

/* The one mailbox of a From line as text: "Lovelace, Ada [mailto:ada@x]", "'Ada'
 * <ada@x<mailto:…>>", "form@y on behalf of Ada". NULL when it names nobody. */
Mailbox *author_of_from(const char *value);

/* Where the sentence that begins at this line ends, behind its line; NULL when there is none. It is
 * folded over ATTRIBUTION_LINES at most. *dated (or NULL): whether it has a digit. */
#define ATTRIBUTION_LINES 3
const char *attribution_end(const char *line, gboolean *dated);

/* Whom the sentence names; NULL when nobody can be told. */
Mailbox *author_of_attribution(const char *line, const char *end);

#endif
