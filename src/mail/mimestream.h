/* mimestream: a mail as GMime gets to read it: some header lines, then the mail's own body, of
 * which nothing is copied.
 *
 * Ownership: the bytes stay the caller's and must stay as long as the stream, its substreams and
 * the parts that are windows on it. Thread rule: one thread at a time.
 */
#ifndef LEAD_MAIL_MIMESTREAM_H
#define LEAD_MAIL_MIMESTREAM_H

#include <gmime/gmime.h>

GMimeStream *mimestream_new(const char *header, gsize header_length, const char *body,
                            gsize body_length);

/* The bytes of the body that a part's content is; NULL with a length of 0 when the stream is
 * something else. */
const char *mimestream_window(GMimeStream *stream, gsize *length);

#endif
