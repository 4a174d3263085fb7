/* clerk: claims leads from the queue and writes what came of them, in a thread of its own, while
 * the one that owns the clerk talks to the API and waits neither for that nor for the disk: only
 * for SQLite's lock, where it writes itself.
 *
 * Asked for leads, it fetches them and has news; told of an outcome, it writes it with others (see
 * submit/ledger.h) and has news only when that fails, works again, or makes a lead due.
 * Thread rule: all of this from one thread. The clerk's own has a connection to the queue, and the
 * ledger, that nobody else touches; between the two are what is under the mutex in clerk.c, and
 * news, which belong to whoever has taken them.
 * Ownership: clerk_free ends the thread, and gives back what was claimed and not taken.
 * Failure: without a thread, or a second connection, there is no clerk.
 */
#ifndef LEAD_SUBMIT_CLERK_H
#define LEAD_SUBMIT_CLERK_H

#include "queue/queue.h"

typedef struct Clerk Clerk;

Clerk *clerk_new(const Queue *queue, GError **error);
/* Ends once all that it was told is written, or could not be: FALSE then. */
gboolean clerk_end(Clerk *clerk, GError **error);
void clerk_free(Clerk *clerk); /* takes NULL */

/* Ask for up to `most` leads that are due (queue_claim); there will be news of it. `account` is
 * handed back with them, and `name` must live until then. */
void clerk_claim(Clerk *clerk, gpointer account, const char *name, guint most, guint lease);
/* What came of a lead. Takes the outcome's words. */
void clerk_tell(Clerk *clerk, const char *id, QueueOutcome outcome);
/* Whether something is on the wire, of which an outcome will come: then others may wait for it. */
void clerk_expect(Clerk *clerk, gboolean more);
/* The last writing went wrong, and what it was to write is not in the queue yet. */
gboolean clerk_fails(Clerk *clerk);

typedef struct {
    gpointer account; /* of those claimed; NULL: outcomes were written, or could not be */
    GPtrArray *leads; /* QueuedLead, the taker's; NULL after an error */
    gint64 next_due;  /* when there is more to claim (queue_next_due), 0: at once */
    GError *error;    /* the queue's */
} ClerkNews;
void clerk_news_free(ClerkNews *news); /* takes NULL; and the leads that are still in it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClerkNews, clerk_news_free)

/* Readable while there are news. */
int clerk_watch(const Clerk *clerk);
/* The oldest; NULL: there are none. */
ClerkNews *clerk_news(Clerk *clerk);

#endif
