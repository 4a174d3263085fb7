#include <semaphore.h>

#include "queue/queue-private.h"

/* One mail's records, in its thread's stack, waiting for whoever writes. */
typedef struct {
    const GPtrArray *records;
    char (*ids)[LEAD_ID_SIZE];
    CommitResult result;
    GError *error;
    gboolean done;
    sem_t turn; /* it is done, or its thread is the one to write */
} Job;

static void
insert(Queue *queue, const LeadRecord *record, const char *key, gint64 now, char *id,
       GError **error)
{
    g_autofree char *uuid = g_uuid_string_random();
    const char *state = state_names[record->held ? STATE_HELD : STATE_PENDING];
    g_strlcpy(id, uuid, LEAD_ID_SIZE);
    if (!queue_run(queue, error,
                   "INSERT INTO leads (id, account, source, state, reason, payload, message_key,"
                   " digest, queue_id, created, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "sssssssssii", id, record->account, record->source, state, record->reason,
                   record->payload, key, record->digest, record->queue_id, now, now))
        return;
    if (record->held || record->reason)
        queue_record(queue, sqlite3_last_insert_rowid(queue->db), now, NULL, state, record->reason,
                     error);
}

/* All records of a mail; an error fails the whole batch, as the disk is not ours alone. */
static gboolean
write_job(Queue *queue, Job *job, GError **error)
{
    gint64 now = g_get_real_time();
    GError *problem = NULL;
    job->result = COMMIT_DUPLICATE;
    for (guint i = 0; i < job->records->len && !problem; i++) {
        const LeadRecord *record = g_ptr_array_index(job->records, i);
        g_autofree char *key = NULL;
        if (queue_find_known(queue, record, now, job->ids[i], &key, &problem) || problem)
            continue;
        insert(queue, record, key, now, job->ids[i], &problem);
        job->result = COMMIT_NEW;
    }
    if (!problem)
        return TRUE;
    g_propagate_error(error, problem);
    return FALSE;
}

/* The mark is the one that all versions share: a newer daemon may have brought the schema further
 * meanwhile. */
gboolean
queue_rewrite(Queue *queue, GError **error)
{
    return queue_run(queue, error, "PRAGMA application_id = " G_STRINGIFY(APPLICATION_ID), "");
}

/* Nobody is woken, and no disk is waited for but after a failure. */
static gboolean
probe(Queue *queue, GError **error)
{
    return queue_may_write(queue, error) && queue_begin_unsynced(queue, error) &&
           queue_rewrite(queue, error);
}

/* One transaction, not yet on disk. A probe among leads has nothing to find out. */
static gboolean
write_batch(Queue *queue, const GPtrArray *batch, gboolean leads, GError **error)
{
    gboolean good = leads ? queue_begin_unsynced(queue, error) : probe(queue, error);
    for (guint i = 0; i < batch->len && good; i++)
        good = write_job(queue, g_ptr_array_index(batch, i), error);
    return queue_end(queue, good, error);
}

static gboolean
has_leads(const GPtrArray *batch)
{
    for (guint i = 0; i < batch->len; i++)
        if (((Job *)g_ptr_array_index(batch, i))->records->len > 0)
            return TRUE;
    return FALSE;
}

/* With the mutex held. */
static void
give_turn(Queue *queue)
{
    queue->writing = queue->waiting->len > 0;
    if (queue->writing)
        sem_post(&((Job *)g_ptr_array_index(queue->waiting, 0))->turn);
    else
        g_cond_signal(&queue->idle);
}

/* The turn passes on when the batch before is on disk: while this one goes there, the next is
 * written, and what comes after it gathers. Nobody is woken to find a mutex taken. */
static void
commit_all_waiting(Queue *queue)
{
    g_autoptr(GError) error = NULL;
    g_mutex_lock(&queue->mutex);
    g_autoptr(GPtrArray) batch = g_steal_pointer(&queue->waiting);
    queue->waiting = g_ptr_array_new();
    g_mutex_unlock(&queue->mutex);

    gboolean leads = has_leads(batch), good = write_batch(queue, batch, leads, &error);

    g_mutex_lock(&queue->disk);
    g_mutex_lock(&queue->mutex);
    give_turn(queue);
    g_mutex_unlock(&queue->mutex);
    good = good && (!leads || queue_sync(queue, &error));
    if (good && leads)
        queue_wake(queue);
    g_mutex_unlock(&queue->disk); /* and the queue may be closed */

    for (guint i = 0; i < batch->len; i++) {
        Job *job = g_ptr_array_index(batch, i);
        if (!good) {
            job->result = COMMIT_FAILED;
            job->error = g_error_copy(error);
        }
        job->done = TRUE;
        sem_post(&job->turn);
    }
}

CommitResult
queue_commit(Queue *queue, const GPtrArray *records, char (*ids)[LEAD_ID_SIZE], GError **error)
{
    Job job = {.records = records, .ids = ids};
    sem_init(&job.turn, 0, 0);
    g_mutex_lock(&queue->mutex);
    g_ptr_array_add(queue->waiting, &job);
    if (!queue->writing)
        give_turn(queue);
    g_mutex_unlock(&queue->mutex);
    for (;;) {
        while (sem_wait(&job.turn) != 0)
            continue; /* a signal */
        if (job.done)
            break;
        commit_all_waiting(queue);
    }
    sem_destroy(&job.turn);
    if (job.error)
        g_propagate_error(error, job.error);
    return job.result;
}

CommitResult
queue_commit_unsynced(Queue *queue, const GPtrArray *records, char (*ids)[LEAD_ID_SIZE],
                      GError **error)
{
    Job job = {.records = records, .ids = ids};
    g_autoptr(GPtrArray) batch = g_ptr_array_new();
    g_ptr_array_add(batch, &job);
    return write_batch(queue, batch, TRUE, error) ? job.result : COMMIT_FAILED;
}

gboolean
queue_commit_sync(Queue *queue, GError **error)
{
    gboolean good = queue_sync(queue, error);
    if (good)
        queue_wake(queue);
    return good;
}

gboolean
queue_probe(Queue *queue, GError **error)
{
    g_autoptr(GPtrArray) nothing = g_ptr_array_new();
    return queue_commit(queue, nothing, NULL, error) != COMMIT_FAILED;
}

gboolean
queue_knows(Queue *queue, const LeadRecord *record, char id[LEAD_ID_SIZE], GError **error)
{
    GError *problem = NULL;
    g_autofree char *key = NULL;
    gboolean known = queue_find_known(queue, record, g_get_real_time(), id, &key, &problem);
    if (problem)
        g_propagate_error(error, problem);
    return known;
}
