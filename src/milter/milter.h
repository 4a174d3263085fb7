/* milter: the MTA's side, over libmilter.
 *
 * Asks for MAIL, RCPT and DATA without replies, and for headers and body only of mail that has a
 * recipient of ours: DATA is answered `accept` otherwise. State lives in smfi_setpriv alone, as
 * libmilter's worker pool calls from any thread.
 */
#ifndef LEAD_MILTER_MILTER_H
#define LEAD_MILTER_MILTER_H

#include "milter/service.h"

/* Register with libmilter and open the socket (unix:, inet:, fd:N). Call before daemonising or
 * dropping privileges. FALSE with *error when the address is in use, not ours, or malformed. */
gboolean milter_open(Service *service, const char *listen, GError **error);
/* Serve until milter_stop. TRUE when it was asked to. */
gboolean milter_run(void);
/* Finish the mails in progress (at most `seconds`), then make milter_run return. */
void milter_stop(guint seconds);
/* Remove a unix socket that milter_open made. */
void milter_close(void);

#endif
