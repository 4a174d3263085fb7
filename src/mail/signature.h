/* signature: where what a person wrote ends and their signature begins.
 *
 * Pure and linear. A separator is a line "-- " or "--" (RFC 3676 section 4.3) with LINES_MAX lines
 * at most below it, or what a phone's mail program adds. The first two lines of a text that are not
 * blank are never one, nor is the line above "This e-mail was sent from a contact form" (Contact
 * Form 7); nor is a text's first line a phone's.
 */
#ifndef LEAD_MAIL_SIGNATURE_H
#define LEAD_MAIL_SIGNATURE_H

#include <glib.h>

/* Offset of the separator's line; the text's length when there is none. */
gsize signature_begin(const char *text);

#endif
