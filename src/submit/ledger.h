/* ledger: the leads that lead-submit has claimed, and what came of them until the queue knows.
 *
 * Outcomes share a transaction and its fsync. What is not in the queue when we die is sent once
 * more, under the same Idempotency-Key; so they wait only while more is on the wire, 20 ms at most,
 * and 256 at most.
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
gboolean ledger_is_settled(const Ledger *ledger); /* nothing is to be written */
/* The last writing went wrong, and what it was to write is still here. */
gboolean ledger_fails(const Ledger *ledger);
/* Microseconds until what is here must be written, 0: now, G_MAXINT64: nothing is here.
 * `more`: something is still on the wire. */
gint64 ledger_wait(const Ledger *ledger, gboolean more);
/* Write all of it. `*back`: some of it is to be sent again. */
gboolean ledger_settle(Ledger *ledger, gboolean *back, GError **error);

#endif
