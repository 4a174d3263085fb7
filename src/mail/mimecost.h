/* mimecost: how much of a mail's body GMime may be given.
 *
 * GMime makes objects of some kilobytes for each part and each header field of one, compares each
 * line that begins with "--" with the boundary of each multipart around it, and takes a while for
 * each line. What it will take for those is told as it does, or more is: header fields stand behind
 * a boundary that was declared, and again below the header of a message. A Content-Type that
 * GMime may tear in two is too much: what it makes of that is not told.
 * Thread rule: none shared.
 */
#ifndef LEAD_MAIL_MIMECOST_H
#define LEAD_MAIL_MIMECOST_H

#include <glib.h>

/* `header` is the body's own. 0 when the body is long and nothing can begin in it: it is itself the
 * part. Sets `limit` when there is too much of something, and says how much stands before. */
gsize mimecost_safe_length(const GString *header, const char *body, gsize length, gboolean *limit);

#endif
