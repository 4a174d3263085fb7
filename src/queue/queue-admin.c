#include <string.h>

#include "queue/queue-private.h"

#define PREFIX_MIN 4

void
queue_item_free(QueueItem *item)
{
    if (!item)
        return;
    g_free(item->lead.account);
    g_free(item->lead.source);
    g_free(item->lead.payload);
    g_free(item->lead.queue_id);
    g_free(item->reason);
    g_free(item->message_key);
    if (item->changes)
        g_ptr_array_unref(item->changes);
    if (item->attempts_list)
        g_ptr_array_unref(item->attempts_list);
    g_free(item);
}

static void
change_free(gpointer data)
{
    QueueChange *change = data;
    g_free(change->from);
    g_free(change->to);
    g_free(change->reason);
    g_free(change);
}

static void
attempt_free(gpointer data)
{
    QueueAttempt *attempt = data;
    g_free(attempt->words);
    g_free(attempt);
}

void
queue_count_free(gpointer data)
{
    QueueCount *count = data;
    g_free(count->account);
    g_free(count->source);
    g_free(count);
}

#define ITEM_COLUMNS                                                                               \
    "id, account, source, payload, queue_id, created, attempts, state, reason, changed,"           \
    " not_before, message_key"

static QueueItem *
read_item(sqlite3_stmt *statement)
{
    QueueItem *item = g_new0(QueueItem, 1);
    g_strlcpy(item->lead.id, queue_text(statement, 0), LEAD_ID_SIZE);
    item->lead.account = queue_column(statement, 1);
    item->lead.source = queue_column(statement, 2);
    item->lead.payload = queue_column(statement, 3);
    item->lead.queue_id = queue_column(statement, 4);
    item->lead.created = sqlite3_column_int64(statement, 5);
    item->lead.attempts = sqlite3_column_int(statement, 6);
    item->state = queue_state(queue_text(statement, 7));
    item->reason = queue_column(statement, 8);
    item->changed = sqlite3_column_int64(statement, 9);
    item->not_before = sqlite3_column_int64(statement, 10);
    item->message_key = queue_column(statement, 11);
    if (item->message_key) /* without what tells leads of one Message-ID apart, see queue-known.c */
        item->message_key[strcspn(item->message_key, "\n")] = '\0';
    return item;
}

typedef gpointer (*ReadRow)(sqlite3_stmt *statement);

/* Every row of a statement, read by `row`. NULL on error, also when there is no statement. */
static GPtrArray *
read_rows(Queue *queue, sqlite3_stmt *statement, ReadRow row, GDestroyNotify free_row,
          GError **error)
{
    if (!statement)
        return NULL;
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        g_ptr_array_add(rows, row(statement));
    sqlite3_reset(statement);
    if (result == SQLITE_DONE)
        return g_steal_pointer(&rows);
    queue_fail(queue, "reading", error);
    return NULL;
}

GPtrArray *
queue_list(Queue *queue, const QueueFilter *filter, GError **error)
{
    static const char sql[] = "SELECT * FROM (SELECT " ITEM_COLUMNS ", seq FROM leads"
                              " WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR account = ?2)"
                              " ORDER BY seq DESC LIMIT ?3) ORDER BY seq";
    sqlite3_stmt *statement = queue_statement(
        queue, error, sql, "ssi", filter->state < 0 ? NULL : state_names[filter->state],
        filter->account, filter->most ? (gint64)filter->most : -1);
    return read_rows(queue, statement, (ReadRow)(void (*)(void))read_item,
                     (GDestroyNotify)queue_item_free, error);
}

static gpointer
read_change(sqlite3_stmt *statement)
{
    QueueChange *change = g_new(QueueChange, 1);
    *change = (QueueChange){sqlite3_column_int64(statement, 0), queue_column(statement, 1),
                            queue_column(statement, 2), queue_column(statement, 3)};
    return change;
}

static gpointer
read_attempt(sqlite3_stmt *statement)
{
    QueueAttempt *attempt = g_new(QueueAttempt, 1);
    *attempt =
        (QueueAttempt){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
                       sqlite3_column_int(statement, 2), queue_column(statement, 3)};
    return attempt;
}

static void
not_found(GError **error, const char *id, const char *why)
{
    g_set_error(error, QUEUE_ERROR, QUEUE_ERROR_NOT_FOUND, "%s: %s", id, why);
}

/* The number of the one lead whose id begins so, in any case; -1 on error. */
static gint64
find_one(Queue *queue, const char *given, GError **error)
{
    g_autofree char *id = g_ascii_strdown(given, -1);
    if (strlen(id) < PREFIX_MIN || strspn(id, "0123456789abcdef-") != strlen(id)) {
        not_found(error, id, "no lead's id, nor its beginning of 4 characters or more");
        return -1;
    }
    GError *problem = NULL;
    g_autofree char *after = g_strconcat(id, "~", NULL); /* beyond every hex digit and dash */
    gint64 count = queue_integer(
        queue, 0, &problem, "SELECT count(*) FROM leads WHERE id >= ? AND id < ?", "ss", id, after);
    gint64 seq = problem ? -1
                         : queue_integer(queue, -1, &problem,
                                         "SELECT seq FROM leads WHERE id >= ? AND id < ? LIMIT 1",
                                         "ss", id, after);
    if (problem)
        g_propagate_error(error, problem);
    else if (count != 1)
        not_found(error, id, count ? "more than one lead begins so" : "there is no such lead");
    return count == 1 ? seq : -1;
}

QueueItem *
queue_show(Queue *queue, const char *id, GError **error)
{
    gint64 seq = find_one(queue, id, error);
    if (seq < 0)
        return NULL;
    g_autoptr(GPtrArray) items = read_rows(
        queue,
        queue_statement(queue, error, "SELECT " ITEM_COLUMNS " FROM leads WHERE seq = ?", "i", seq),
        (ReadRow)(void (*)(void))read_item, NULL, error);
    if (!items || items->len == 0)
        return NULL;
    g_autoptr(QueueItem) item = g_ptr_array_index(items, 0);
    item->changes =
        read_rows(queue,
                  queue_statement(queue, error, /* pending from the first needs no record */
                                  "SELECT * FROM (SELECT time, before, after, reason FROM changes"
                                  " WHERE lead = ?1 UNION ALL"
                                  " SELECT created, NULL, 'pending', NULL FROM leads"
                                  " WHERE seq = ?1 AND NOT EXISTS (SELECT * FROM changes"
                                  " WHERE lead = ?1 AND before IS NULL))"
                                  " ORDER BY time, before IS NOT NULL",
                                  "i", seq),
                  read_change, change_free, error);
    item->attempts_list = read_rows(
        queue,
        queue_statement(queue, error,
                        "SELECT started, ended, status, words FROM attempts WHERE lead = ?"
                        " ORDER BY started",
                        "i", seq),
        read_attempt, attempt_free, error);
    return item->changes && item->attempts_list ? g_steal_pointer(&item) : NULL;
}

/* --- repairs --- */

typedef struct {
    gint64 seq;
    LeadState state;
} Found;

static gpointer
read_found(sqlite3_stmt *statement)
{
    Found *found = g_new(Found, 1);
    *found = (Found){sqlite3_column_int64(statement, 0), queue_state(queue_text(statement, 1))};
    return found;
}

/* Which states a repair applies to; a bit for each LeadState. */
static const struct {
    guint from;
    LeadState to;
    const char *applies_to;
} repairs[] = {
    [REPAIR_RETRY] = {1 << STATE_DEAD | 1 << STATE_PENDING, STATE_PENDING, "dead or waiting"},
    [REPAIR_RELEASE] = {1 << STATE_HELD, STATE_PENDING, "held"},
    [REPAIR_HOLD] = {1 << STATE_PENDING, STATE_HELD, "pending"},
    [REPAIR_DROP] = {1 << STATE_PENDING | 1 << STATE_HELD | 1 << STATE_DEAD, STATE_N,
                     "pending, held or dead"},
};

static gboolean
repair_one(Queue *queue, QueueRepair repair, const Found *found, const char *reason, GError **error)
{
    if (repair == REPAIR_DROP)
        return queue_run(queue, error, "DELETE FROM leads WHERE seq = ?", "i", found->seq);
    return queue_move(queue, found->seq, state_names[found->state], repairs[repair].to, 0, reason,
                      error);
}

static GPtrArray *
find_for_repair(Queue *queue, const char *id, GError **error)
{
    gint64 seq = -1;
    if (strcmp(id, "all") != 0) {
        seq = find_one(queue, id, error);
        if (seq < 0)
            return NULL;
    }
    return read_rows(queue,
                     queue_statement(queue, error,
                                     "SELECT seq, state FROM leads"
                                     " WHERE ?1 < 0 OR seq = ?1 ORDER BY seq",
                                     "i", seq),
                     read_found, g_free, error);
}

gboolean
queue_repair(Queue *queue, QueueRepair repair, const char *id, const char *reason, guint *changed,
             GError **error)
{
    *changed = 0;
    if (!queue_begin(queue, error))
        return FALSE;
    g_autoptr(GPtrArray) found = find_for_repair(queue, id, error);
    gboolean good = found != NULL;
    for (guint i = 0; good && i < found->len; i++) {
        const Found *lead = g_ptr_array_index(found, i);
        if (!(repairs[repair].from & 1u << lead->state))
            continue;
        good = repair_one(queue, repair, lead, reason, error);
        ++*changed;
    }
    if (good && *changed == 0 && strcmp(id, "all") != 0) {
        const Found *lead = g_ptr_array_index(found, 0);
        g_autofree char *why = g_strdup_printf("the lead is %s, not %s", state_names[lead->state],
                                               repairs[repair].applies_to);
        not_found(error, id, why);
        good = FALSE;
    }
    if (!queue_end(queue, good, error))
        return FALSE;
    queue_wake(queue);
    return TRUE;
}

GPtrArray *
queue_stats(Queue *queue, GError **error)
{
    sqlite3_stmt *statement =
        queue_statement(queue, error,
                        "SELECT account, source, state, count(*),"
                        " min(CASE WHEN state = 'pending' THEN created END)"
                        " FROM leads GROUP BY account, source, state ORDER BY account, source",
                        "");
    if (!statement)
        return NULL;
    g_autoptr(GPtrArray) counts = g_ptr_array_new_with_free_func(queue_count_free);
    QueueCount *count = NULL;
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *account = queue_text(statement, 0);
        const char *source = queue_text(statement, 1);
        if (!count || strcmp(count->account, account) != 0 || strcmp(count->source, source) != 0) {
            count = g_new0(QueueCount, 1);
            count->account = g_strdup(account);
            count->source = g_strdup(source);
            g_ptr_array_add(counts, count);
        }
        LeadState state = queue_state(queue_text(statement, 2));
        count->by_state[state] = sqlite3_column_int64(statement, 3);
        if (state == STATE_PENDING)
            count->oldest_pending = sqlite3_column_int64(statement, 4);
    }
    sqlite3_reset(statement);
    if (result == SQLITE_DONE)
        return g_steal_pointer(&counts);
    queue_fail(queue, "reading", error);
    return NULL;
}
