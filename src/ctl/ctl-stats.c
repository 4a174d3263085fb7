/* leadctl stats: how many leads there are, by account, source and state. */

#include <stdio.h>
#include <sysexits.h>

#include "base/metrics.h"
#include "ctl/ctl.h"
#include "ctl/output.h"

static const CtlUsage usage = {
    "leadctl stats",
    NULL,
    0,
    0,
    "Counts the queue's leads by account, source and state, and tells how long the oldest pending\n"
    "one waits, and which accounts the API has stopped.\n"
    "--prometheus is for the node exporter's textfile collector.",
};

typedef struct {
    GPtrArray *counts;  /* QueueCount */
    GPtrArray *account; /* names, each once: of the configuration, then of the queue */
    GPtrArray *stopped; /* beside `account`: the reason, or NULL */
    gint64 now;
} Stats;

static void
stats_free(Stats *stats)
{
    g_ptr_array_unref(stats->counts);
    g_ptr_array_unref(stats->account);
    g_ptr_array_unref(stats->stopped);
    g_free(stats);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stats, stats_free)

static void
add_account(Stats *stats, Queue *queue, const char *name)
{
    if (g_ptr_array_find_with_equal_func(stats->account, name, g_str_equal, NULL))
        return;
    g_ptr_array_add(stats->account, g_strdup(name));
    g_ptr_array_add(stats->stopped, queue_account_stopped(queue, name));
}

static Stats *
gather(const Ctl *ctl, Queue *queue, GError **error)
{
    GPtrArray *counts = queue_stats(queue, error);
    if (!counts)
        return NULL;
    Stats *stats = g_new(Stats, 1);
    *stats = (Stats){counts, g_ptr_array_new_with_free_func(g_free),
                     g_ptr_array_new_with_free_func(g_free), g_get_real_time()};
    for (guint i = 0; i < ctl->config->accounts->len; i++)
        add_account(stats, queue, config_account(ctl->config, i)->name);
    for (guint i = 0; i < counts->len; i++)
        add_account(stats, queue, ((const QueueCount *)g_ptr_array_index(counts, i))->account);
    return stats;
}

static gint64
waiting(const Stats *stats, const QueueCount *count)
{
    return count->oldest_pending ? MAX(stats->now - count->oldest_pending, 0) / G_USEC_PER_SEC : 0;
}

/* --- as text --- */

static void
add_row(OutputTable *table, const char *account, const char *source, const guint64 *by_state,
        const char *oldest)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    for (guint state = 0; state < STATE_N; state++)
        g_ptr_array_add(cells, g_strdup_printf("%" G_GUINT64_FORMAT, by_state[state]));
    output_table_add(table, account, source, cells->pdata[STATE_PENDING],
                     cells->pdata[STATE_SENDING], cells->pdata[STATE_DONE],
                     cells->pdata[STATE_HELD], cells->pdata[STATE_DEAD], oldest, NULL);
}

static void
print_text(const Stats *stats)
{
    g_autoptr(OutputTable) table = output_table_new(8);
    guint64 total[STATE_N] = {0};
    output_table_add(table, "ACCOUNT", "SOURCE", "PENDING", "SENDING", "DONE", "HELD", "DEAD",
                     "OLDEST WAITS", NULL);
    for (guint i = 0; i < stats->counts->len; i++) {
        const QueueCount *count = g_ptr_array_index(stats->counts, i);
        g_autofree char *oldest =
            count->oldest_pending ? output_duration(waiting(stats, count)) : NULL;
        add_row(table, count->account, count->source, count->by_state, oldest);
        for (guint state = 0; state < STATE_N; state++)
            total[state] += count->by_state[state];
    }
    add_row(table, "all", "", total, "");
    output_table_print(table);
    for (guint i = 0; i < stats->account->len; i++) {
        g_autofree char *reason = output_clean(g_ptr_array_index(stats->stopped, i), 0);
        if (*reason)
            printf("%saccount %s is stopped: %s%s\n", output_colour(COLOUR_RED),
                   (const char *)g_ptr_array_index(stats->account, i), reason,
                   output_colour(COLOUR_NONE));
    }
}

/* --- as JSON --- */

static void
print_json(const Stats *stats)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "leads");
    json_builder_begin_array(json);
    for (guint i = 0; i < stats->counts->len; i++) {
        const QueueCount *count = g_ptr_array_index(stats->counts, i);
        json_builder_begin_object(json);
        output_member(json, "account", count->account);
        output_member(json, "source", count->source);
        for (guint state = 0; state < STATE_N; state++)
            output_member_int(json, state_names[state], (gint64)count->by_state[state]);
        output_member_time(json, "oldest_pending", count->oldest_pending);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    json_builder_set_member_name(json, "accounts");
    json_builder_begin_array(json);
    for (guint i = 0; i < stats->account->len; i++) {
        json_builder_begin_object(json);
        output_member(json, "name", g_ptr_array_index(stats->account, i));
        output_member(json, "stopped", g_ptr_array_index(stats->stopped, i));
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    json_builder_end_object(json);
    output_json(json);
}

/* --- for Prometheus --- */

static void
print_family(const char *name, const char *help)
{
    printf("# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void
print_prometheus(const Stats *stats)
{
    print_family("lead_milter_queue_leads", "Leads in the queue.");
    for (guint i = 0; i < stats->counts->len; i++) {
        const QueueCount *count = g_ptr_array_index(stats->counts, i);
        g_autofree char *account = metrics_label(count->account),
                        *source = metrics_label(count->source);
        for (guint state = 0; state < STATE_N; state++)
            printf("lead_milter_queue_leads{account=%s,source=%s,state=\"%s\"} %" G_GUINT64_FORMAT
                   "\n",
                   account, source, state_names[state], count->by_state[state]);
    }
    print_family("lead_milter_queue_oldest_pending_seconds",
                 "How long the oldest pending lead waits; 0 when none does.");
    for (guint i = 0; i < stats->counts->len; i++) {
        const QueueCount *count = g_ptr_array_index(stats->counts, i);
        g_autofree char *account = metrics_label(count->account),
                        *source = metrics_label(count->source);
        printf("lead_milter_queue_oldest_pending_seconds{account=%s,source=%s} %" G_GINT64_FORMAT
               "\n",
               account, source, waiting(stats, count));
    }
    print_family("lead_milter_account_stopped", "1 when the API refused the account's token.");
    for (guint i = 0; i < stats->account->len; i++) {
        g_autofree char *account = metrics_label(g_ptr_array_index(stats->account, i));
        printf("lead_milter_account_stopped{account=%s} %d\n", account,
               g_ptr_array_index(stats->stopped, i) != NULL);
    }
}

int
ctl_stats(Ctl *ctl, char **argv)
{
    gboolean prometheus = FALSE;
    const GOptionEntry entries[] = {
        {"prometheus", 'p', 0, G_OPTION_ARG_NONE, &prometheus, "print metrics", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, entries, &operands);
    if (status >= 0)
        return status;
    g_autoptr(Queue) queue = ctl_queue_open(ctl, TRUE, &status);
    if (!queue)
        return status;
    g_autoptr(GError) error = NULL;
    g_autoptr(Stats) stats = gather(ctl, queue, &error);
    if (!stats)
        return ctl_queue_failed(error);
    if (prometheus)
        print_prometheus(stats);
    else if (ctl->json)
        print_json(stats);
    else
        print_text(stats);
    return EX_OK;
}
