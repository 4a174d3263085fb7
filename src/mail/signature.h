/* signature: where what a person wrote ends and their signature begins.
 *
 * Four signs, from the text's end up: a separator "-- " or "--" (RFC 3676 section 4.3); what a
 * phone's mail program adds; a closing ("Best regards,") with a name and more below it; and without
 * any of them a block of short lines that begins with a name and has a phone, an address or a site,
 * or with the writer's own name.
 * A legal disclaimer at the end belongs to it, and is one without any. At most LINES_MAX lines; the
 * first of a text is never one. The words are wording.h's. Pure and linear.
 */
#ifndef LEAD_MAIL_SIGNATURE_H
#define LEAD_MAIL_SIGNATURE_H

#include <glib.h>

/* Offset of its first line; the text's length when there is none. The closing stays above.
 * `author`: the display name in the header, or NULL. */
gsize signature_begin(const char *text, const char *author);

/* Offset of the separator "-- " that begins one; the text's length when there is none. */
gsize signature_separator(const char *text);

/* Whether a signature begins with this name, the separator apart. `name` may be NULL. */
gboolean signature_is_of(const char *signature, const char *name);

#endif
