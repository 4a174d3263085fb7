/* alert: what needs a person, and who was told of it.
 *
 * Per account: dead leads, leads that wait or are held for longer than alert_after, leads that wait
 * for an account that the configuration does not have, a stopped account, a token that expires
 * within a day; and a queue that cannot be written. One is told when it begins and again each day
 * while it lasts, dead leads also when more have died: a line at error in the log, the metric
 * lead_submit_alert and, with alert_to, one mail about all of them. What was told is kept in the
 * queue, so a restart repeats nothing, but for that of the queue itself. No alert holds a person's
 * data or the API's words. Thread rule: one thread; the mail goes out in a thread of its own (see
 * mailer.h).
 */
#ifndef LEAD_SUBMIT_ALERT_H
#define LEAD_SUBMIT_ALERT_H

#include "base/config.h"
#include "queue/queue.h"

#define ALERT_TOKEN_SOON ((gint64)24 * 60 * 60) /* seconds before a token's end */

typedef struct {
    const char *account;
    gboolean stopped, paused;
    gboolean unknown;        /* the configuration does not have it */
    gint64 token_expiry;     /* seconds since 1970, 0: not known */
    const QueueDepth *depth; /* NULL: all is sent */
} AlertFacts;

typedef struct {
    char *name;                 /* "dead:main" */
    const char *kind, *account; /* parts of the name */
    char *text;                 /* one line for a person */
    gint64 news;                /* when it last got worse, microseconds; 0: it does not */
} Alert;
void alert_free(gpointer alert);

/* Pure: the alerts that these facts make (Alert; `account` borrows from the facts). */
GPtrArray *alert_find(const AlertFacts *facts, guint n, guint64 alert_after, gint64 now);
/* Whether somebody is to be told now. */
gboolean alert_is_due(const Alert *alert, const QueueAlert *state, guint64 alert_after, gint64 now);
/* The mail about them, CRLF line ends. */
char *alert_mail(const GPtrArray *alerts, char *const *to, const char *host, gint64 now);

typedef struct Alerts Alerts;
Alerts *alerts_new(Queue *queue);
/* Wait for a mail on its way and remember what came of it, so that the next start repeats nothing.
 */
void alerts_end(Alerts *alerts);
void alerts_free(Alerts *alerts); /* takes NULL; waits for a mail on its way */
/* Look at the facts, log, count, and have the mail sent. FALSE: the queue failed. */
gboolean alerts_look(Alerts *alerts, const Config *config, const AlertFacts *facts, guint n,
                     GError **error);
/* The queue cannot be written, for this reason; NULL: it can. The other alerts rest meanwhile. */
void alerts_queue(Alerts *alerts, const Config *config, const char *problem);

#endif
