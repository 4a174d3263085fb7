#include "submit/ledger.h"

#define MOST 256             /* outcomes that share a transaction */
#define WITHIN 20000         /* microseconds */
#define SYNCED_WITHIN 200000 /* the same */
#define AGAIN G_USEC_PER_SEC

struct Ledger {
    Queue *queue;
    GArray *outcomes;    /* QueueOutcome */
    gint64 first;        /* when the oldest of them came; monotonic */
    gint64 unsynced;     /* since when some may be undone; monotonic, 0: none */
    gint64 again;        /* when the queue, which failed, is asked anew; monotonic, 0: it works */
    GHashTable *claimed; /* ids, a set; those that are not settled yet */
};

static void
outcome_clear(gpointer data)
{
    g_free(((QueueOutcome *)data)->words);
}

Ledger *
ledger_new(Queue *queue)
{
    Ledger *ledger = g_new0(Ledger, 1);
    ledger->queue = queue;
    ledger->outcomes = g_array_new(FALSE, FALSE, sizeof(QueueOutcome));
    g_array_set_clear_func(ledger->outcomes, outcome_clear);
    ledger->claimed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return ledger;
}

void
ledger_free(Ledger *ledger)
{
    if (!ledger)
        return;
    g_array_unref(ledger->outcomes);
    g_hash_table_unref(ledger->claimed);
    g_free(ledger);
}

gboolean
ledger_claim(Ledger *ledger, const char *id)
{
    return g_hash_table_add(ledger->claimed, g_strdup(id));
}

void
ledger_add(Ledger *ledger, const char *id, QueueOutcome outcome)
{
    g_strlcpy(outcome.id, id, LEAD_ID_SIZE);
    if (ledger->outcomes->len == 0)
        ledger->first = g_get_monotonic_time();
    g_array_append_val(ledger->outcomes, outcome);
}

gboolean
ledger_is_written(const Ledger *ledger)
{
    return ledger->outcomes->len == 0;
}

gboolean
ledger_is_settled(const Ledger *ledger)
{
    return ledger_is_written(ledger) && !ledger->unsynced;
}

gboolean
ledger_fails(const Ledger *ledger)
{
    return ledger->again != 0;
}

gint64
ledger_wait(const Ledger *ledger, gboolean more)
{
    gint64 until = G_MAXINT64, now = g_get_monotonic_time();
    if (ledger_is_settled(ledger))
        return G_MAXINT64;
    if (ledger->again)
        return MAX(ledger->again - now, 0);
    if (ledger->outcomes->len >= MOST || !more)
        return 0;
    if (ledger->outcomes->len > 0)
        until = ledger->first + WITHIN;
    if (ledger->unsynced)
        until = MIN(until, ledger->unsynced + SYNCED_WITHIN);
    return MAX(until - now, 0);
}

gboolean
ledger_settle(Ledger *ledger, gboolean more, gboolean *back, GError **error)
{
    QueueOutcome *outcomes = (QueueOutcome *)(void *)ledger->outcomes->data;
    guint n = ledger->outcomes->len;
    gint64 now = g_get_monotonic_time();
    gboolean synced = !more || (ledger->unsynced && now >= ledger->unsynced + SYNCED_WITHIN);
    *back = FALSE;
    if (ledger_is_settled(ledger))
        return TRUE;
    if (!queue_settle(ledger->queue, outcomes, n, synced, error)) {
        ledger->again = g_get_monotonic_time() + AGAIN;
        return FALSE;
    }
    ledger->again = 0;
    if (synced)
        ledger->unsynced = 0;
    else if (!ledger->unsynced)
        ledger->unsynced = now;
    for (guint i = 0; i < n; i++) {
        g_hash_table_remove(ledger->claimed, outcomes[i].id);
        *back |= outcomes[i].state == STATE_PENDING;
    }
    g_array_set_size(ledger->outcomes, 0);
    return TRUE;
}
