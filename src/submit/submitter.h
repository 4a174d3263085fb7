/* submitter: takes leads from the queue and posts them; the whole of lead-submit but its main.
 *
 * libcurl's multi interface in one thread: keep-alive, HTTP/2 where offered, TLS verified, no
 * redirects followed. Per account `concurrency` POSTs at once. Woken by the queue alone. What is
 * next is claimed, and what came of the last is written, in another thread meanwhile (clerk.h).
 * While more is on the wire, answers wait up to 20 ms for others to share one transaction, and up to
 * 200 ms to share an fsync; those that a kill or a power failure takes are posted again, with the
 * same Idempotency-Key.
 * Failure: while answers cannot be written, nothing is posted; a claim that fails is made again a
 * second later. Logged once a minute.
 */
#ifndef LEAD_SUBMIT_SUBMITTER_H
#define LEAD_SUBMIT_SUBMITTER_H

#include "base/config.h"
#include "queue/queue.h"

typedef struct Submitter Submitter;

Submitter *submitter_new(Config *config, Queue *queue, GError **error);
void submitter_free(Submitter *submitter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Submitter, submitter_free)

/* Runs until submitter_stop; then finishes what is on the wire (for at most the timeout), gives
 * back what was only claimed, and returns. FALSE with *error when the queue is gone for good. */
gboolean submitter_run(Submitter *submitter, GError **error);
/* Both may be called from a signal handler. */
void submitter_stop(Submitter *submitter);
void submitter_reload(Submitter *submitter); /* asks for `reload` to be called from the loop */
/* Called in the loop after submitter_reload: returns the new configuration or NULL to keep. */
void submitter_on_reload(Submitter *submitter, Config *(*reload)(gpointer data), gpointer data);

#endif
