/* signature: where what a person wrote ends and their signature begins.
 *
 * Four signs, from the text's end up: a separator "-- " or "--" (RFC 3676 section 4.3); what a
 * phone's mail program adds; a closing ("Best regards,") with a name and more below it; and without
 * any of them a block of short lines that begins with a name and has a phone, an address or a site.
 * A legal disclaimer at the end belongs to it, and is one without any. At most LINES_MAX lines; the
 * first two of a text are never one, nor is the "--" above "This e-mail was sent from a contact
 * form" (Contact Form 7). The words are wording.h's. Pure and linear.
 */
#ifndef LEAD_MAIL_SIGNATURE_H
#define LEAD_MAIL_SIGNATURE_H

#include <glib.h>

/* Offset of its first line; the text's length when there is none. The closing stays above. */
gsize signature_begin(const char *text);

#endif
