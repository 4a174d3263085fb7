/* mime: a mail's bytes to GMime's tree of parts.
 *
 * All mail is hostile, and GMime makes objects of whatever looks like a part or a field: it gets no
 * more of it than mimecost.h tells. Ownership: the tree is the caller's; its parts are windows on
 * the bytes, which stay as long as it (mimestream.h). Thread rule: any; a parser is kept for each
 * thread.
 */
#ifndef LEAD_MAIL_MIME_H
#define LEAD_MAIL_MIME_H

#include <gmime/gmime.h>

#include "mail/fields.h"

/* Before anything else of GMime is used; again does nothing. */
void mime_init(void);
/* NULL when `fields` is. Sets `limit` when a part of the mail was left unread. */
GMimeObject *mime_parse(const Fields *fields, const char *bytes, gsize length, gboolean *limit);

#endif
