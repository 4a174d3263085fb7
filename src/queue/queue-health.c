/* Accounts, how deep the queue is, and alerts: what tells an admin how all stands. */

#include <string.h>

#include "queue/queue-private.h"

gboolean
queue_account_stop(Queue *queue, const char *account, const char *reason, GError **error)
{
    return queue_run(queue, error,
                     "INSERT INTO accounts (name, stopped) VALUES (?, ?)"
                     " ON CONFLICT (name) DO UPDATE SET stopped = excluded.stopped",
                     "ss", account, reason);
}

gboolean
queue_account_pause(Queue *queue, const char *account, const char *reason, GError **error)
{
    gboolean good = queue_run(queue, error,
                              "INSERT INTO accounts (name, paused) VALUES (?, ?)"
                              " ON CONFLICT (name) DO UPDATE SET paused = excluded.paused",
                              "ss", account, reason);
    if (good)
        queue_wake(queue);
    return good;
}

static char *
reason_of(Queue *queue, const char *sql, const char *account, GError **error)
{
    sqlite3_stmt *statement = queue_statement(queue, error, sql, "s", account);
    if (!statement)
        return NULL;
    int result = sqlite3_step(statement);
    char *reason = result == SQLITE_ROW ? queue_column(statement, 0) : NULL;
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        queue_fail(queue, "reading", error);
    sqlite3_reset(statement);
    return reason;
}

char *
queue_account_stopped(Queue *queue, const char *account)
{
    return reason_of(queue, "SELECT stopped FROM accounts WHERE name = ?", account, NULL);
}

char *
queue_account_paused(Queue *queue, const char *account, GError **error)
{
    return reason_of(queue, "SELECT paused FROM accounts WHERE name = ?", account, error);
}

/* --- depth --- */

void
queue_depth_free(gpointer data)
{
    QueueDepth *depth = data;
    g_free(depth->account);
    g_free(depth);
}

static QueueDepth *
depth_of(GPtrArray *depths, const char *account)
{
    for (guint i = 0; i < depths->len; i++) {
        QueueDepth *depth = g_ptr_array_index(depths, i);
        if (strcmp(depth->account, account) == 0)
            return depth;
    }
    QueueDepth *depth = g_new0(QueueDepth, 1);
    depth->account = g_strdup(account);
    g_ptr_array_add(depths, depth);
    return depth;
}

/* Both statements are answered by an index that has no done lead in it. */
GPtrArray *
queue_depths(Queue *queue, GError **error)
{
    g_autoptr(GPtrArray) depths = g_ptr_array_new_with_free_func(queue_depth_free);
    sqlite3_stmt *waiting =
        queue_statement(queue, error,
                        "SELECT account, n, (SELECT created FROM leads WHERE seq = first)"
                        " FROM (SELECT account, count(*) AS n, min(seq) AS first FROM leads"
                        " WHERE state IN ('pending', 'sending') GROUP BY account)",
                        "");
    if (!waiting)
        return NULL;
    int result;
    while ((result = sqlite3_step(waiting)) == SQLITE_ROW) {
        QueueDepth *depth = depth_of(depths, queue_text(waiting, 0));
        depth->waiting = sqlite3_column_int64(waiting, 1);
        depth->oldest = sqlite3_column_int64(waiting, 2);
    }
    if (result != SQLITE_DONE)
        queue_fail(queue, "reading", error);
    sqlite3_reset(waiting);
    sqlite3_stmt *unsent =
        result == SQLITE_DONE
            ? queue_statement(
                  queue, error,
                  "SELECT account, state, count(*), max(changed), min(changed) FROM leads"
                  " WHERE state IN ('held', 'dead') GROUP BY account, state",
                  "")
            : NULL;
    if (!unsent)
        return NULL;
    while ((result = sqlite3_step(unsent)) == SQLITE_ROW) {
        QueueDepth *depth = depth_of(depths, queue_text(unsent, 0));
        if (queue_state(queue_text(unsent, 1)) == STATE_HELD) {
            depth->held = sqlite3_column_int64(unsent, 2);
            depth->oldest_held = sqlite3_column_int64(unsent, 4);
            continue;
        }
        depth->dead = sqlite3_column_int64(unsent, 2);
        depth->last_dead = sqlite3_column_int64(unsent, 3);
    }
    if (result != SQLITE_DONE)
        queue_fail(queue, "reading", error);
    sqlite3_reset(unsent);
    return result == SQLITE_DONE ? g_steal_pointer(&depths) : NULL;
}

/* --- alerts --- */

gboolean
queue_alert_get(Queue *queue, const char *name, QueueAlert *alert, GError **error)
{
    *alert = (QueueAlert){0};
    sqlite3_stmt *statement =
        queue_statement(queue, error, "SELECT since, told FROM alerts WHERE name = ?", "s", name);
    if (!statement)
        return FALSE;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        *alert =
            (QueueAlert){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)};
    else if (result != SQLITE_DONE)
        queue_fail(queue, "reading", error);
    sqlite3_reset(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE;
}

char **
queue_alert_names(Queue *queue, GError **error)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    sqlite3_stmt *statement =
        queue_statement(queue, error, "SELECT name FROM alerts ORDER BY name", "");
    if (!statement)
        return NULL;
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW)
        g_strv_builder_add(names, queue_text(statement, 0));
    if (result != SQLITE_DONE)
        queue_fail(queue, "reading", error);
    sqlite3_reset(statement);
    return result == SQLITE_DONE ? g_strv_builder_end(names) : NULL;
}

gboolean
queue_alert_set(Queue *queue, const char *name, const QueueAlert *alert, GError **error)
{
    if (alert->since == 0)
        return queue_run(queue, error, "DELETE FROM alerts WHERE name = ?", "s", name);
    return queue_run(queue, error,
                     "INSERT OR REPLACE INTO alerts (name, since, told) VALUES (?, ?, ?)", "sii",
                     name, alert->since, alert->told);
}
