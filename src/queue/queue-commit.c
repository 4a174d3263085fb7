#include <string.h>

#include "queue/queue-private.h"

#define LEAD_IDS_MAX 20 /* that are looked for, of one mail */

/* One mail's records, in its thread's stack, waiting for whoever writes. */
typedef struct {
    const GPtrArray *records;
    char (*ids)[LEAD_ID_SIZE];
    CommitResult result;
    GError *error;
    GCond turn; /* it is done, or its thread is the one to write */
    gboolean done;
} Job;

/* The id that a statement finds, of a lead that this message already has. TRUE when there is one.
 */
static gboolean
found(Queue *queue, sqlite3_stmt *statement, char *id, GError **error)
{
    if (!statement)
        return FALSE;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        g_strlcpy(id, queue_text(statement, 0), LEAD_ID_SIZE);
    else if (result != SQLITE_DONE)
        queue_fail(queue, "reading", error);
    sqlite3_reset(statement);
    return result == SQLITE_ROW;
}

/* By the ids that it says to have: of the lead that one of them is in this account, purged or not.
 * `purged` has no index by id. */
static gboolean
find_by_id(Queue *queue, const LeadRecord *record, char *id, GError **error)
{
    static const char *const searches[] = {
        "SELECT id FROM leads WHERE account = ? AND id = ?",
        "SELECT id FROM purged WHERE account = ? AND id = ?",
    };
    g_auto(GStrv) ids = g_strsplit(record->lead_ids, "\n", LEAD_IDS_MAX);
    for (guint i = 0; i < G_N_ELEMENTS(searches); i++)
        for (char **one = ids; *one && !*error; one++)
            if (g_uuid_string_is_valid(*one) &&
                found(queue,
                      queue_statement(queue, error, searches[i], "ss", record->account, *one), id,
                      error))
                return TRUE;
    return FALSE;
}

/* Whether a lead has the record's Message-ID, and is of the same person; *taken when it is of
 * another: there are programs that give one Message-ID to all they send. */
static gboolean
find_by_key(Queue *queue, const LeadRecord *record, char *id, gboolean *taken, GError **error)
{
    sqlite3_stmt *statement = queue_statement(
        queue, error, "SELECT id, digest, payload FROM leads WHERE account = ? AND message_key = ?",
        "ss", record->account, record->message_key);
    if (!statement)
        return FALSE;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        *taken = g_strcmp0(queue_text(statement, 1), record->digest) != 0 &&
                 record_of_another(queue_text(statement, 2), record->payload);
        g_strlcpy(id, queue_text(statement, 0), LEAD_ID_SIZE);
    } else if (result != SQLITE_DONE) {
        queue_fail(queue, "reading", error);
    }
    sqlite3_reset(statement);
    return result == SQLITE_ROW && !*taken;
}

/* By Message-ID for good, also when the lead itself has been purged; else by content, for good as
 * well when that is all there is to know the mail by; else by the id that it was given. */
static gboolean
find_duplicate(Queue *queue, const LeadRecord *record, gint64 now, char *id, gboolean *taken,
               GError **error)
{
    const char *key = record->message_key, *account = record->account;
    *taken = FALSE;
    if (key && find_by_key(queue, record, id, taken, error))
        return TRUE;
    gboolean for_ever = record->same_within == RECORD_FOR_EVER || *taken;
    gint64 since = for_ever ? 0 : now - (gint64)record->same_within * G_USEC_PER_SEC;
    if (!*error && (record->same_within > 0 || for_ever) &&
        found(queue,
              queue_statement(queue, error,
                              "SELECT id FROM leads WHERE account = ? AND digest = ?"
                              " AND created > ? ORDER BY created DESC LIMIT 1",
                              "ssi", account, record->digest, since),
              id, error))
        return TRUE;
    if (!*error && (key || for_ever) &&
        found(queue,
              queue_statement(queue, error,
                              "SELECT id FROM purged WHERE account = ?"
                              " AND fingerprint = fingerprint(?)",
                              "ss", account, key && !*taken ? key : record->digest),
              id, error))
        return TRUE;
    return !*error && record->lead_ids && find_by_id(queue, record, id, error);
}

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
    queue_run(queue, error,
              "INSERT INTO changes (lead, time, before, after, reason) VALUES (?, ?, NULL, ?, ?)",
              "iiss", (gint64)sqlite3_last_insert_rowid(queue->db), now, state, record->reason);
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
        gboolean taken;
        if (find_duplicate(queue, record, now, job->ids[i], &taken, &problem) || problem)
            continue;
        insert(queue, record, taken ? NULL : record->message_key, now, job->ids[i], &problem);
        job->result = COMMIT_NEW;
    }
    if (!problem)
        return TRUE;
    g_propagate_error(error, problem);
    return FALSE;
}

/* A page, as it was; nobody is woken, and no disk is waited for. The mark is the one that all
 * versions share: a newer daemon may have brought the schema further meanwhile. */
static gboolean
probe(Queue *queue, GError **error)
{
    return queue_may_write(queue, error) && queue_begin_unsynced(queue, error) &&
           queue_run(queue, error, "PRAGMA application_id = " G_STRINGIFY(APPLICATION_ID), "");
}

/* One transaction, one fsync. A probe among leads has nothing to find out. */
static void
write_batch(Queue *queue, GPtrArray *batch)
{
    g_autoptr(GError) error = NULL;
    gboolean leads = FALSE;
    for (guint i = 0; i < batch->len; i++)
        leads |= ((Job *)g_ptr_array_index(batch, i))->records->len > 0;
    gboolean good = leads ? queue_begin(queue, &error) : probe(queue, &error);
    for (guint i = 0; i < batch->len && good; i++)
        good = write_job(queue, g_ptr_array_index(batch, i), &error);
    good = queue_end(queue, good, &error);
    for (guint i = 0; i < batch->len && !good; i++) {
        Job *job = g_ptr_array_index(batch, i);
        job->result = COMMIT_FAILED;
        job->error = g_error_copy(error);
    }
    if (good && leads)
        queue_touch(queue);
}

/* With the mutex held; writes without it. Wakes those whose jobs are done, and of those that came
 * meanwhile one, to write next. */
static void
write_all_waiting(Queue *queue)
{
    g_autoptr(GPtrArray) batch = g_steal_pointer(&queue->waiting);
    queue->waiting = g_ptr_array_new();
    queue->writing = TRUE;
    g_mutex_unlock(&queue->mutex);
    write_batch(queue, batch);
    g_mutex_lock(&queue->mutex);
    queue->writing = FALSE;
    for (guint i = 0; i < batch->len; i++) {
        Job *job = g_ptr_array_index(batch, i);
        job->done = TRUE;
        g_cond_signal(&job->turn);
    }
    if (queue->waiting->len > 0)
        g_cond_signal(&((Job *)g_ptr_array_index(queue->waiting, 0))->turn);
    else
        g_cond_signal(&queue->idle);
}

CommitResult
queue_commit(Queue *queue, const GPtrArray *records, char (*ids)[LEAD_ID_SIZE], GError **error)
{
    Job job = {.records = records, .ids = ids};
    g_cond_init(&job.turn);
    g_mutex_lock(&queue->mutex);
    g_ptr_array_add(queue->waiting, &job);
    while (!job.done) {
        if (queue->writing)
            g_cond_wait(&job.turn, &queue->mutex);
        else
            write_all_waiting(queue);
    }
    g_mutex_unlock(&queue->mutex);
    g_cond_clear(&job.turn);
    if (job.error)
        g_propagate_error(error, job.error);
    return job.result;
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
    gboolean taken, known = find_duplicate(queue, record, g_get_real_time(), id, &taken, &problem);
    if (problem)
        g_propagate_error(error, problem);
    return known;
}
