#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "queue/queue-private.h"

#define SUBMIT_BUSY_WAIT 2000 /* milliseconds */

void
queued_lead_free(QueuedLead *lead)
{
    if (!lead)
        return;
    g_free(lead->account);
    g_free(lead->source);
    g_free(lead->payload);
    g_free(lead->queue_id);
    g_free(lead);
}

typedef struct {
    gint64 seq;
    gboolean was_sending;
} Found;

/* Take back what a dead lead-submit was sending. */
static gboolean
take_back(Queue *queue, GError **error)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(gint64));
    sqlite3_stmt *statement = queue_statement(
        queue, error,
        "SELECT seq FROM leads WHERE state IN ('pending', 'sending') AND state = 'sending'", "");
    if (!statement)
        return FALSE;
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        gint64 seq = sqlite3_column_int64(statement, 0);
        g_array_append_val(found, seq);
    }
    gboolean good = result == SQLITE_DONE || queue_fail(queue, "reading", error);
    sqlite3_reset(statement);
    for (guint i = 0; i < found->len && good; i++)
        good = queue_move(queue, g_array_index(found, gint64, i), "sending", STATE_PENDING, 0,
                          "lead-submit ended before the answer came", error);
    return good;
}

gboolean
queue_take_over(Queue *queue, GError **error)
{
    if (!queue_live(queue, QUEUE_SUBMIT, error))
        return FALSE;
    /* lead-submit has more to do meanwhile, and asks again by itself. */
    queue->busy_wait = SUBMIT_BUSY_WAIT;
    if (!queue_begin(queue, error))
        return FALSE;
    gboolean good = take_back(queue, error);
    return queue_end(queue, good, error);
}

static QueuedLead *
read_lead(sqlite3_stmt *statement)
{
    QueuedLead *lead = g_new0(QueuedLead, 1);
    g_strlcpy(lead->id, queue_text(statement, 1), LEAD_ID_SIZE);
    lead->account = queue_column(statement, 2);
    lead->source = queue_column(statement, 3);
    lead->payload = queue_column(statement, 4);
    lead->queue_id = queue_column(statement, 5);
    lead->created = sqlite3_column_int64(statement, 6);
    lead->attempts = sqlite3_column_int(statement, 7);
    return lead;
}

/* No wait is longer (see submit/answer.h): what waits for a time beyond it was written by a clock
 * that ran ahead and has been set back since, and is due. */
static gint64
farthest(gint64 now)
{
    return now + 2 * DAY;
}

/* What is due, the longest first; a `sending` one whose lease ran out as well. */
static gboolean
read_due(Queue *queue, const char *account, gint64 now, gint64 last, guint most, GPtrArray *leads,
         GArray *found, GError **error)
{
    /* The first term is the index's, word for word: SQLite concludes nothing from another. */
    sqlite3_stmt *statement =
        queue_statement(queue, error,
                        "SELECT seq, id, account, source, payload, queue_id, created, attempts,"
                        " state = 'sending' FROM leads WHERE state IN ('pending', 'sending')"
                        " AND account = ? AND (not_before <= ? OR not_before > ?) AND seq <= ?"
                        " ORDER BY not_before, seq LIMIT ?",
                        "siiii", account, now, farthest(now), last, (gint64)most);
    if (!statement)
        return FALSE;
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        Found one = {sqlite3_column_int64(statement, 0), sqlite3_column_int(statement, 8)};
        g_array_append_val(found, one);
        g_ptr_array_add(leads, read_lead(statement));
    }
    sqlite3_reset(statement);
    return result == SQLITE_DONE || queue_fail(queue, "reading", error);
}

static gboolean
read_newest(Queue *queue, gint64 *seq, char id[LEAD_ID_SIZE], GError **error)
{
    sqlite3_stmt *statement =
        queue_statement(queue, error, "SELECT seq, id FROM leads ORDER BY seq DESC LIMIT 1", "");
    if (!statement)
        return FALSE;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        *seq = sqlite3_column_int64(statement, 0);
        g_strlcpy(id, queue_text(statement, 1), LEAD_ID_SIZE);
    }
    gboolean good =
        result == SQLITE_ROW || result == SQLITE_DONE || queue_fail(queue, "reading", error);
    sqlite3_reset(statement);
    return good;
}

/* A lead can be seen before it is on disk. One that a power failure takes must not have been sent:
 * its mail comes again. *last: the last of those that can be sent. While the newest is the same,
 * there is no disk to wait for; its number alone may be one of a content that was put back in
 * place. */
static gboolean
all_on_disk(Queue *queue, gint64 *last, GError **error)
{
    char id[LEAD_ID_SIZE] = "";
    *last = 0;
    if (!read_newest(queue, last, id, error) || !queue_make_sure(queue, error))
        return FALSE;
    if (strcmp(id, queue->on_disk) == 0)
        return TRUE;
    if (!queue_sync(queue, error))
        return FALSE;
    g_strlcpy(queue->on_disk, id, LEAD_ID_SIZE);
    return TRUE;
}

GPtrArray *
queue_claim(Queue *queue, const char *account, guint most, guint lease, GError **error)
{
    gint64 now = g_get_real_time(), until = now + (gint64)lease * G_USEC_PER_SEC;
    g_autoptr(GPtrArray) leads = g_ptr_array_new_with_free_func((GDestroyNotify)queued_lead_free);
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Found));
    /* Most looks find nothing: they need no lock. */
    gint64 due = queue_next_due(queue, account, error);
    if (due < 0)
        return NULL;
    if (due > now)
        return g_steal_pointer(&leads);
    gint64 last;
    if (!all_on_disk(queue, &last, error))
        return NULL;
    /* A claim that a power failure undoes is one that the next lead-submit takes back anyway. */
    if (!queue_begin_unsynced(queue, error))
        return NULL;
    gboolean good = read_due(queue, account, now, last, most, leads, found, error);
    for (guint i = 0; i < found->len && good; i++) {
        const Found *one = &g_array_index(found, Found, i);
        good = queue_move(queue, one->seq, one->was_sending ? "sending" : "pending", STATE_SENDING,
                          until, one->was_sending ? "no answer within the lease" : NULL, error);
    }
    return queue_end(queue, good, error) ? g_steal_pointer(&leads) : NULL;
}

static gboolean
settle(Queue *queue, const QueueOutcome *outcome, GError **error)
{
    gint64 now = g_get_real_time();
    const char *state = state_names[outcome->state];
    gint64 not_before = outcome->state == STATE_PENDING ? outcome->not_before : 0;
    /* Not RETURNING: for that SQLite makes a table of its own, which costs more than the update. */
    gint64 seq =
        queue_integer(queue, 0, error, "SELECT seq FROM leads WHERE id = ? AND state = 'sending'",
                      "s", outcome->id);
    if (seq <= 0)
        return seq == 0;
    if (!queue_run(queue, error,
                   "UPDATE leads SET state = ?, reason = ?, changed = ?, not_before = ?,"
                   " attempts = attempts + ? WHERE seq = ?",
                   "ssiiii", state, outcome->words, now, not_before, (gint64)!outcome->no_attempt,
                   seq))
        return FALSE;
    return (outcome->no_attempt ||
            queue_run(queue, error,
                      "INSERT OR REPLACE INTO attempts (lead, started, ended, status, words)"
                      " VALUES (?, ?, ?, ?, ?)",
                      "iiiis", seq, outcome->started, outcome->ended, (gint64)outcome->status,
                      outcome->words)) &&
           queue_record(queue, seq, now, "sending", state, outcome->words, error);
}

gboolean
queue_settle(Queue *queue, const QueueOutcome *outcomes, guint n, gboolean synced, GError **error)
{
    if (!(synced ? queue_begin(queue, error) : queue_begin_unsynced(queue, error)))
        return FALSE;
    gboolean good = n > 0 || queue_rewrite(queue, error);
    for (guint i = 0; i < n && good; i++)
        good = settle(queue, &outcomes[i], error);
    return queue_end(queue, good, error);
}

gint64
queue_next_due(Queue *queue, const char *account, GError **error)
{
    gint64 first = queue_integer(queue, G_MAXINT64, error,
                                 "SELECT min(not_before) FROM leads"
                                 " WHERE state IN ('pending', 'sending') AND account = ?",
                                 "s", account);
    if (first < 0 || first == G_MAXINT64 || first <= g_get_real_time())
        return first;
    gint64 last = queue_integer(queue, 0, error,
                                "SELECT max(not_before) FROM leads"
                                " WHERE state IN ('pending', 'sending') AND account = ?",
                                "s", account);
    return last > farthest(g_get_real_time()) ? 0 : first;
}

gboolean
queue_purge(Queue *queue, guint64 age, guint *purged, GError **error)
{
    gint64 before = g_get_real_time() - (gint64)MIN(age, G_MAXINT32) * G_USEC_PER_SEC;
    *purged = 0;
    if (!queue_begin(queue, error))
        return FALSE;
    gboolean good =
        queue_run(queue, error,
                  "INSERT OR IGNORE INTO purged (account, fingerprint, id)"
                  " SELECT account, fingerprint(iif(instr(message_key, char(10)), message_key,"
                  " coalesce(message_key, '') || char(10) || digest)), id FROM leads"
                  " WHERE state IN ('done', 'dead') AND changed < ?",
                  "i", before) &&
        queue_run(queue, error, "DELETE FROM leads WHERE state IN ('done', 'dead') AND changed < ?",
                  "i", before);
    guint count = good ? sqlite3_changes(queue->db) : 0;
    if (!queue_end(queue, good, error))
        return FALSE;
    *purged = count;
    /* The log still has the pages that were overwritten; readers may keep it a while. */
    if (count > 0)
        sqlite3_wal_checkpoint_v2(queue->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return TRUE;
}
