/* forward: the original inside a mail that forwards it inline.
 *
 * The words are wording.c's. The outermost forward is taken apart; ask again for what it holds.
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

/* A separator that says so is a forward in any case; one that replies have as well ("Original
 * Message", a bare block) only when nothing stands above it, or when this is `likely` one: the
 * subject says so, or one of us sent it. Only then is a sentence ("On …, Ada <ada@x> wrote:").
 * FALSE, with nothing to clear, when there is none. */
gboolean forward_find(const char *text, gboolean likely, Forward *forward);
void forward_clear(Forward *forward); /* also of zeroes */

/* The rest of a subject that begins with Fw:, Fwd: or what programs of other languages put there;
 * NULL when it does not. */
const char *forward_subject(const char *subject);
/* Whether a line is "----- Forwarded message -----", "-----Original Message-----" … */
gboolean forward_separator(const char *line, gsize length);

#endif
