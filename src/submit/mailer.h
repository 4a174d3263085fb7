/* mailer: one mail by SMTP at a time, in a thread of its own, so that a mail server that does not
 * answer keeps no lead from its way. libcurl; 10 s at most; the envelope sender is <>.
 * Ownership: copies what it is given. Thread rule: one thread, which is not the mailer's.
 */
#ifndef LEAD_SUBMIT_MAILER_H
#define LEAD_SUBMIT_MAILER_H

#include <glib.h>

typedef struct Mailer Mailer;

Mailer *mailer_new(void);
void mailer_free(Mailer *mailer); /* takes NULL; waits for the mail on its way */
gboolean mailer_busy(Mailer *mailer);
/* Not while busy. `smtp` is HOST or HOST:PORT, `mail` the whole text with CRLF line ends. */
void mailer_send(Mailer *mailer, const char *smtp, char *const *to, const char *mail);
void mailer_wait(Mailer *mailer); /* until the mail on its way has ended */
/* TRUE once for each mail, when it has ended: *problem is NULL when it was taken, else why not. */
gboolean mailer_ended(Mailer *mailer, char **problem);

#endif
