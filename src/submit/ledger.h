/* ledger: the leads that the clerk has claimed, and what came of them until the queue knows.
 *
 * Outcomes share a transaction, and transactions an fsync. What is not in the queue when we die is
 * sent once more, under the same Idempotency-Key; so outcomes wait only while more is on the wire,
 * 20 ms at most, or until there are 256 when somebody looks. What a power failure may undo waits
 * for the disk's word likewise, 200 ms at most.
 * Ownership: ledger_free; it borrows the queue. Thread rule: one thread. Failure: what cannot be
 * written stays, to be tried again a second later.
 */
#ifndef LEAD_SUBMIT_LEDGER_H
#define LEAD_SUBMIT_LEDGER_H

#include "queue/queue.h"

typedef struct Ledger Ledger;

Ledger *ledger_new(Queue *queue);
void ledger_free(Ledger *ledger); /* takes NULL */

/* FALSE: it is here already, claimed a second time as a jump of the clock has ended its lease. */
gboolean ledger_claim(Ledger *ledger, const char *id);
/* Takes the outcome's words. */
void ledger_add(Ledger *ledger, const char *id, QueueOutcome outcome);
gboolean ledger_is_written(const Ledger *ledger); /* all is in the queue */
gboolean ledger_is_settled(const Ledger *ledger); /* all is in the queue, and on the disk */
/* The last writing went wrong, and what it was to write is still here. */
gboolean ledger_fails(const Ledger *ledger);
/* Microseconds until something must be written, 0: now, G_MAXINT64: all is settled.
 * `more`: something is still on the wire. */
gint64 ledger_wait(const Ledger *ledger, gboolean more);
/* Write all of it, and wait for the disk unless there is `more` and what it has not confirmed is
 * younger than 200 ms. `*back`: some of it is to be sent again. */
gboolean ledger_settle(Ledger *ledger, gboolean more, gboolean *back, GError **error);

#endif
