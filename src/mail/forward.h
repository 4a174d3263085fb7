/* forward: the original inside a mail that forwards it inline.
 *
 * The separators are a table with a language column. Only the outermost forward is taken apart.
 * Pure and linear. Ownership: forward_clear.
 */
#ifndef LEAD_MAIL_FORWARD_H
#define LEAD_MAIL_FORWARD_H

#include <glib.h>

typedef struct {
    char *intro; /* what the forwarder wrote above, "" when nothing */
    char *from, *reply_to, *to, *subject, *date; /* as written, NULL when absent */
    char *body;                                  /* the original's text below its header lines */
} Forward;

/* `subject` is the mail's. A separator that says so is a forward whatever the subject; one that
 * replies have as well ("Original Message", a bare block) is one only when forward_subject says
 * so or nothing stands above it. FALSE, with nothing to clear, when there is none. */
gboolean forward_find(const char *subject, const char *text, Forward *forward);
void forward_clear(Forward *forward); /* also of zeroes */

/* Whether a subject begins with Fw:, Fwd: or what programs of other languages put there. */
gboolean forward_subject(const char *subject);

#endif
