/* queueplace: a queue in a temporary folder, for unit tests, and records to commit to it.
 *
 * Any failure ends the test. The fixture of g_test_add: Place, queueplace_set_up and
 * queueplace_tear_down, which removes the folder and all in it.
 */
#ifndef LEAD_TESTS_QUEUEPLACE_H
#define LEAD_TESTS_QUEUEPLACE_H

#include "queue/queue.h"

typedef struct {
    char *folder, *path, *url;
} Place;

void queueplace_set_up(Place *place, gconstpointer data);
void queueplace_tear_down(Place *place, gconstpointer data);
/* Beside the queue's own connection. */
void queueplace_sql(const Place *place, const char *sql);

/* A record with an empty payload, of generic rules; the texts are copied. */
LeadRecord *queueplace_record(const char *account, const char *key, const char *digest);
/* One record, which is taken over; its id, unless that is NULL. */
CommitResult queueplace_commit(Queue *queue, LeadRecord *record, char *id);
/* A lead of the account "main" that is like no other; its id, unless that is NULL. */
void queueplace_put(Queue *queue, char *id);

/* FALSE: no file of this process may grow, nor be written, until TRUE. */
void queueplace_let_write(gboolean possible);

#endif
