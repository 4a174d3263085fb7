/* quote: what a reply repeats of an earlier mail, apart from what it says itself.
 *
 * Quoted are lines that begin with ">", the line above them that names whose they are ("On …
 * wrote:", folded over three lines at most), and all from an "Original Message" separator, a
 * From/Sent/To/Subject block or a line that names a writer by address on; in any of wording.h's
 * languages. A text that is quoted altogether is left as it is.
 * Pure and linear. Ownership: both results are newly allocated.
 */
#ifndef LEAD_MAIL_QUOTE_H
#define LEAD_MAIL_QUOTE_H

#include <glib.h>

/* The text without what it quotes, which is in *quoted ("" when nothing is). */
char *quote_split(const char *text, char **quoted);

#endif
