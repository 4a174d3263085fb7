/* footer: where the boilerplate begins that sites put below what was written: "Unsubscribe",
 * "Powered by", "User IP", and below a form's answers a postal address. It is neither the
 * inquirer's words nor a signature of theirs, and its address and phone are the site's.
 *
 * Looked for in a text's last FOOTER_LINES lines that are not blank, and never in its first two.
 * The words are wording.h's. Pure and linear.
 */
#ifndef LEAD_MAIL_FOOTER_H
#define LEAD_MAIL_FOOTER_H

#include <glib.h>

#define FOOTER_LINES 30

/* Offset of its first line; the text's length when there is none. `machine`: the mail is a site's,
 * whose last paragraph with a postal address is its own without any answers above. */
gsize footer_begin(const char *text, gboolean machine);

#endif
