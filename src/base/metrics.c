#include "base/metrics.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef enum { COUNTER, GAUGE, HISTOGRAM } Kind;

typedef struct {
    const char *name, *help;
    Kind kind;
    const char *labels[3]; /* ends in NULL */
} Family;

static const Family families[METRIC_N] = {
    [METRIC_MAILS] = {"lead_milter_mails_total",
                      "Mails for our mailboxes, by source and what came of them.",
                      COUNTER,
                      {"source", "result"}},
    [METRIC_FOREIGN] = {"lead_milter_foreign_mails_total", "Mails for others.", COUNTER, {0}},
    [METRIC_FIELDS] = {"lead_milter_fields_total",
                       "Fields that were filled, of new leads.",
                       COUNTER,
                       {"source", "field"}},
    [METRIC_LIMITS] = {"lead_milter_limits_total",
                       "Limits reached: of what is read of a mail, of a pattern.",
                       COUNTER,
                       {"limit"}},
    [METRIC_READ_SECONDS] = {"lead_milter_read_seconds",
                             "From a mail's end until its lead was read from it.",
                             HISTOGRAM,
                             {0}},
    [METRIC_COMMIT_SECONDS] = {"lead_milter_commit_seconds",
                               "How long it took until a lead was on disk.",
                               HISTOGRAM,
                               {0}},
    [METRIC_RELOADS] = {"lead_milter_reloads_total",
                        "Reloads of configuration and rules.",
                        COUNTER,
                        {"program", "result"}},
    [METRIC_FILES] = {"lead_milter_open_files", "File descriptors in use.", GAUGE, {0}},
    [METRIC_WRITABLE] = {"lead_milter_queue_writable",
                         "1 while leads can be queued, 0 while they cannot.",
                         GAUGE,
                         {0}},
    [METRIC_POSTS] = {"lead_submit_posts_total",
                      "Requests to the API, by what came of them.",
                      COUNTER,
                      {"account", "result"}},
    [METRIC_POST_SECONDS] = {"lead_submit_post_seconds",
                             "How long a request took.",
                             HISTOGRAM,
                             {"account"}},
    [METRIC_LEAD_SECONDS] = {"lead_submit_lead_seconds",
                             "From the commit of a lead until the API had it.",
                             HISTOGRAM,
                             {"account"}},
    [METRIC_LEADS] = {"lead_submit_leads",
                      "Leads in the queue that are not sent.",
                      GAUGE,
                      {"account", "state"}},
    [METRIC_OLDEST] = {"lead_submit_oldest_seconds",
                       "How long the oldest lead has waited; 0 when none waits.",
                       GAUGE,
                       {"account"}},
    [METRIC_STOPPED] = {"lead_submit_account_stopped",
                        "1 when the account's token is refused or unusable.",
                        GAUGE,
                        {"account"}},
    [METRIC_PAUSED] = {"lead_submit_account_paused",
                       "1 when an admin has paused the account.",
                       GAUGE,
                       {"account"}},
    [METRIC_TOKEN_EXPIRY] = {"lead_submit_token_expiry_timestamp_seconds",
                             "When the account's token expires, as it says itself.",
                             GAUGE,
                             {"account"}},
    [METRIC_ALERT] = {"lead_submit_alert",
                      "1 while something needs a person.",
                      GAUGE,
                      {"alert", "account"}},
};

/* Seconds; the last is endless. */
static const double bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                0.25,   0.5,   1,      2.5,   5,    10,    60,   3600};
#define BOUNDS G_N_ELEMENTS(bounds)

typedef struct {
    double value; /* of a histogram, the sum */
    guint64 buckets[BOUNDS + 1];
} Cell;

static GMutex lock;                 /* of all that follows */
static GHashTable *cells[METRIC_N]; /* text of the labels → Cell */

static void
append_label(GString *text, const char *value)
{
    g_string_append_c(text, '"');
    for (; *value; value++) {
        if (*value == '\\' || *value == '"' || *value == '\n')
            g_string_append_c(text, '\\');
        g_string_append_c(text, *value == '\n' ? 'n' : *value);
    }
    g_string_append_c(text, '"');
}

char *
metrics_label(const char *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    append_label(text, value);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* name="value",… without braces; "" without labels. Made for every mail several times: no printf,
 * and one allocation for what fits. */
static char *
labels_text(const Family *family, va_list values)
{
    g_autoptr(GString) text = g_string_sized_new(128);
    for (guint i = 0; family->labels[i]; i++) {
        const char *value = va_arg(values, const char *);
        if (i)
            g_string_append_c(text, ',');
        g_string_append(text, family->labels[i]);
        g_string_append_c(text, '=');
        append_label(text, value ? value : "");
        if (!value)
            break;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* With the lock held. Takes `labels`. */
static Cell *
cell_of(Metric metric, char *labels)
{
    if (!cells[metric])
        cells[metric] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Cell *cell = g_hash_table_lookup(cells[metric], labels);
    if (cell) {
        g_free(labels);
        return cell;
    }
    cell = g_new0(Cell, 1);
    g_hash_table_insert(cells[metric], labels, cell);
    return cell;
}

#define CHANGE(metric, last, action)                                                               \
    va_list values;                                                                                \
    va_start(values, last);                                                                        \
    char *labels = labels_text(&families[metric], values);                                         \
    va_end(values);                                                                                \
    g_mutex_lock(&lock);                                                                           \
    Cell *cell = cell_of(metric, labels);                                                          \
    action;                                                                                        \
    g_mutex_unlock(&lock)

void
metrics_add(Metric metric, double n, ...)
{
    CHANGE(metric, n, cell->value += n);
}

void
metrics_set(Metric metric, double value, ...)
{
    CHANGE(metric, value, cell->value = value);
}

void
metrics_observe(Metric metric, double seconds, ...)
{
    guint bucket = 0;
    while (bucket < BOUNDS && seconds > bounds[bucket])
        bucket++;
    CHANGE(metric, seconds, cell->value += seconds; cell->buckets[bucket]++);
}

void
metrics_forget(Metric metric)
{
    g_mutex_lock(&lock);
    g_clear_pointer(&cells[metric], g_hash_table_unref);
    g_mutex_unlock(&lock);
}

static void
append_number(GString *text, double value)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append(text, g_ascii_formatd(number, sizeof number, "%.15g", value));
    g_string_append_c(text, '\n');
}

static void
append_histogram(GString *text, const char *name, const char *labels, const Cell *cell)
{
    guint64 count = 0;
    const char *comma = *labels ? "," : "";
    for (guint i = 0; i <= BOUNDS; i++) {
        char bound[G_ASCII_DTOSTR_BUF_SIZE] = "+Inf";
        if (i < BOUNDS)
            g_ascii_formatd(bound, sizeof bound, "%g", bounds[i]);
        count += cell->buckets[i];
        g_string_append_printf(text, "%s_bucket{%s%sle=\"%s\"} %" G_GUINT64_FORMAT "\n", name,
                               labels, comma, bound, count);
    }
    g_autofree char *braces = *labels ? g_strdup_printf("{%s}", labels) : g_strdup("");
    g_string_append_printf(text, "%s_sum%s ", name, braces);
    append_number(text, cell->value);
    g_string_append_printf(text, "%s_count%s %" G_GUINT64_FORMAT "\n", name, braces, count);
}

static void
append_family(GString *text, const Family *family, GHashTable *values)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    g_string_append_printf(text, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help,
                           family->name, kinds[family->kind]);
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(values), (GCompareFunc)strcmp);
    for (GList *key = keys; key; key = key->next) {
        const char *labels = key->data;
        const Cell *cell = g_hash_table_lookup(values, labels);
        if (family->kind == HISTOGRAM) {
            append_histogram(text, family->name, labels, cell);
            continue;
        }
        g_string_append(text, family->name);
        if (*labels)
            g_string_append_printf(text, "{%s}", labels);
        g_string_append_c(text, ' ');
        append_number(text, cell->value);
    }
}

char *
metrics_text(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_mutex_lock(&lock);
    for (Metric metric = 0; metric < METRIC_N; metric++)
        if (cells[metric])
            append_family(text, &families[metric], cells[metric]);
    g_mutex_unlock(&lock);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

gboolean
metrics_write(const char *folder, const char *name, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/%s.prom", folder, name);
    g_autofree char *text = metrics_text();
    /* Readable by the node exporter's user: there is nothing personal in it. No fsync: what a crash
     * takes is ten seconds' numbers. */
    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, error) &&
           g_chmod(path, 0644) == 0;
}
