/* milter: the MTA's side, over libmilter.
 *
 * Asks for MAIL, RCPT and DATA without replies, and for headers and body only of mail that has a
 * recipient of ours: DATA is answered `accept` otherwise. State lives in smfi_setpriv alone, as
 * libmilter's worker pool calls from any thread.
 *
 * Signals: SIGHUP reloads, SIGTERM and SIGINT drain and end. They are the main thread's, not
 * libmilter's: milter_block_signals before any thread is made, milter_run in main. A program that
 * links this must have milter/interpose.c too, or libmilter takes them. Out of threads see
 * milter/threads.h.
 */
#ifndef LEAD_MILTER_MILTER_H
#define LEAD_MILTER_MILTER_H

#include "milter/service.h"

void milter_block_signals(void);

/* Register with libmilter and open the socket (milter/listen.h). FALSE with *error when the address
 * is in use, not ours, or malformed. The service is used as long as the process lives. */
gboolean milter_open(Service *service, const char *listen, GError **error);

typedef enum {
    MILTER_DRAINED,   /* asked to end, and every message past DATA has its answer */
    MILTER_CUT_SHORT, /* asked to end, but the time was over, or asked twice: callbacks may still
                         be at work, so nothing they use may be freed */
    MILTER_FAILED,    /* libmilter gave up */
} MilterEnd;

typedef struct {
    void (*reload)(gpointer data); /* on SIGHUP */
    void (*tick)(gpointer data);   /* every METRICS_EVERY seconds or so */
    gpointer data;
} MilterHooks;

/* Serve until SIGTERM or SIGINT, in the main thread, where the hooks are called. At the end
 * messages past DATA are waited for, `seconds` at most, while new ones of ours are refused with
 * "try again", and new connections stay in an inherited socket. libmilter's threads live on until
 * the process exits. */
MilterEnd milter_run(const MilterHooks *hooks, guint seconds);

/* Remove a unix socket that milter_open made. */
void milter_close(void);

#endif
