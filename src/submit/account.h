/* account: what lead-submit knows of an account, and its pace: what may be sent now, how many leads
 * to have ready, and when there is something to do by itself. Neither queue nor network: the
 * submitter's, who owns all of it.
 * Ownership: account_free frees the token and the leads, too; the configuration is borrowed.
 * Thread rule: one thread.
 */
#ifndef LEAD_SUBMIT_ACCOUNT_H
#define LEAD_SUBMIT_ACCOUNT_H

#include "base/config.h"
#include "queue/queue.h"
#include "submit/token.h"

typedef struct {
    char *name;
    const ConfigAccount *config; /* NULL when a reload took it away */
    Token *token;
    guint busy;             /* POSTs on the wire */
    gboolean asked;         /* the clerk was, for leads */
    guint stock;            /* how many to have ready */
    GQueue ready;           /* QueuedLead, claimed and waiting for their turn */
    char *stopped;          /* why; NULL while it runs */
    gboolean token_trouble; /* its token file is why it is stopped */
    gint64 not_before;      /* monotonic; the API asked for peace until then */
    char *paused;           /* why an admin did so; NULL otherwise */
    gint64 shouted;         /* when it was last logged that it is stopped */
    gint64 next_due;        /* microseconds, 0: to be asked; of what was not asked for yet */
    gint64 next_post;       /* monotonic; not before, for per_minute */
    gint64 token_expiry;    /* seconds since 1970, 0: not known */
} Account;

Account *account_new(const char *name);
void account_free(gpointer account);

/* It has a configuration, is not paused, and the API has not asked for peace. All that follow but
 * the last need the first of these. */
gboolean account_may_send(const Account *account);
/* How many leads to have ready. Twice as many with each claim behind which there are more, so that
 * the wire waits for none; few again once some were claimed in vain. */
guint account_stock(const Account *account);
/* Whether to ask for some. In time, as the disk may keep the clerk waiting: most of them are still
 * to be sent. And not for so many at once that lead-milter would wait for the lock. */
gboolean account_wants_leads(const Account *account);
/* Seconds until the last of those claimed has been sent, though each takes all of the timeout. It
 * counts only for a lead that got lost here, as the next lead-submit takes back at once what this
 * one was sending. */
guint account_lease(const Account *account);
/* Whether a POST may begin now, which it does then. With per_minute they do at even distances. */
gboolean account_take_turn(Account *account);
/* Milliseconds until there is something to do by itself; G_MAXINT64: another comes first. */
gint64 account_idle_time(const Account *account);

#endif
