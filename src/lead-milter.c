/* lead-milter(8): reads inquiries at the MTA's end of message and queues them as leads. */

#include <config.h>

#include "base/daemon.h"
#include "base/log.h"
#include "base/metrics.h"
#include "lead/phone.h"
#include "milter/milter.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

/* Who waits in systemd's socket for the next daemon waits no longer: MTAs give a milter 30 s. */
#define DRAIN_SECONDS 25
#define ARENAS_EACH 4 /* of malloc, for each processor */

typedef struct {
    DaemonOptions options;
    Service *service;
    Queue *queue;
    Config *started_with;    /* whose queue and listen hold until the end */
    gboolean metrics_failed; /* at the last writing */
    gboolean queue_failed;   /* at the last look */
} Daemon;

/* Configuration and rules as they are on disk, or NULL; what is wrong is logged, and counted. */
static Snapshot *
load(const Daemon *self, guint *errors)
{
    g_autoptr(Diags) diags = diags_new();
    Snapshot *snapshot = snapshot_load(self->options.config_file, diags);
    daemon_log_diags(diags);
    *errors = diags_errors(diags);
    return snapshot;
}

static void
warn_of_restart(const char *what, const char *now, const char *asked)
{
    if (g_strcmp0(now, asked) != 0)
        log_warning("reload: \"%s\" stays %s until a restart (%s is configured)", what, now, asked);
}

static void
begin_counts_of(const RulePlace *place, gpointer unused)
{
    static const char *const results[] = {"new", "duplicate", "held", "ignored", "failed"};
    (void)unused;
    for (guint i = 0; i < G_N_ELEMENTS(results) && !place->field; i++)
        metrics_add(METRIC_MAILS, 0, place->source, results[i], NULL);
}

/* What is counted begins at 0: of a series that begins at 1, Prometheus sees no increase. */
static void
begin_counts(const Snapshot *snapshot)
{
    ruleset_foreach(snapshot->ruleset, begin_counts_of, NULL);
    metrics_add(METRIC_RELOADS, 0, "lead-milter", "done", NULL);
    metrics_add(METRIC_RELOADS, 0, "lead-milter", "refused", NULL);
    metrics_add(METRIC_LIMITS, 0, "message", NULL);
    metrics_add(METRIC_LIMITS, 0, "pattern", NULL);
}

static void
reload(gpointer data)
{
    Daemon *self = data;
    gint64 started = g_get_monotonic_time();
    guint errors;
    g_autoptr(Snapshot) snapshot = load(self, &errors);
    if (!snapshot) {
        log_error("reload refused, the old configuration and rules stay: errors: %u", errors);
        metrics_add(METRIC_RELOADS, 1, "lead-milter", "refused", NULL);
        return;
    }
    warn_of_restart("listen", self->started_with->listen, snapshot->config->listen);
    warn_of_restart("queue", self->started_with->queue, snapshot->config->queue);
    service_replace(self->service, snapshot);
    begin_counts(snapshot);
    metrics_add(METRIC_RELOADS, 1, "lead-milter", "done", NULL);
    log_info("reloaded: sources=%u ms=%" G_GINT64_FORMAT, ruleset_sources(snapshot->ruleset),
             (g_get_monotonic_time() - started) / 1000);
}

static guint
open_files(void)
{
    guint n = 0;
    g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
    while (folder && g_dir_read_name(folder))
        n++;
    return n;
}

/* Before a mail finds out: said once when it begins, and once when it is over. */
static void
look_at_queue(Daemon *self, OnError on_error)
{
    g_autoptr(GError) error = NULL;
    gboolean good = queue_probe(self->queue, &error);
    if (!good && !self->queue_failed)
        log_error("no lead can be queued, %s: %s",
                  on_error == ON_ERROR_ACCEPT ? "mail is accepted and its leads are LOST"
                                              : "senders are asked to try again",
                  error->message);
    else if (good && self->queue_failed)
        log_info("leads can be queued again");
    self->queue_failed = !good;
    metrics_set(METRIC_WRITABLE, good, NULL);
    queue_beat(self->queue, good);
}

static void
tick(gpointer data)
{
    Daemon *self = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Snapshot) snapshot = service_pin(self->service);
    look_at_queue(self, snapshot->config->on_error);
    if (!snapshot->config->metrics)
        return;
    metrics_set(METRIC_FILES, open_files(), NULL);
    if (!metrics_write(snapshot->config->metrics, "lead-milter", &error) && !self->metrics_failed)
        log_error("metrics: %s", error->message);
    self->metrics_failed = error != NULL;
}

/* Each connection and the queue need descriptors; the soft limit of 1024 is for select(2). */
static void
raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_warning("cannot raise the limit of open files: %s", g_strerror(errno));
}

/* libmilter's workers come and go: some arenas for all of them, but enough that those at work
 * seldom share one, and large messages given back to the system at once, keep the memory flat.
 * Arenas begin with what loading the rules takes: otherwise they grow page by page, and each time
 * the other threads' page faults wait. */
static void
keep_memory_flat(void)
{
    mallopt(M_ARENA_MAX, ARENAS_EACH * (int)g_get_num_processors());
    mallopt(M_MMAP_THRESHOLD, 256 << 10);
    mallopt(M_TRIM_THRESHOLD, 64 << 10);
    mallopt(M_TOP_PAD, 1 << 20);
}

/* Once the rules are loaded, no more than this is left at an arena's end, where copies of a large
 * message's notes have been, when it is trimmed. */
static void
keep_arenas_short(void)
{
    mallopt(M_TOP_PAD, 32 << 10);
}

static gpointer
prepare(gpointer unused)
{
    (void)unused;
    phone_prepare();
    return NULL;
}

/* What no rule's test needed is made while the first mails are on their way. */
static MilterEnd
serve(Daemon *self)
{
    const MilterHooks hooks = {reload, tick, self};
    keep_arenas_short();
    GThread *other = g_thread_try_new("prepare", prepare, NULL, NULL);
    MilterEnd end = milter_run(&hooks, DRAIN_SECONDS);
    if (other)
        g_thread_join(other);
    return end;
}

static int
finish(MilterEnd end, Queue *queue)
{
    milter_close();
    switch (end) {
    case MILTER_DRAINED:
        queue_close(queue);
        log_info("ended");
        return EX_OK;
    case MILTER_CUT_SHORT:
        log_info("ended");
        _exit(EX_OK);
    case MILTER_FAILED:
        break;
    }
    _exit(EX_SOFTWARE);
}

static int
run(Daemon *self)
{
    guint errors;
    g_autoptr(Snapshot) snapshot = load(self, &errors);
    if (!snapshot) {
        log_error("not started: errors in configuration or rules: %u", errors);
        return EX_CONFIG;
    }
    g_autoptr(Config) started_with = config_ref(snapshot->config);
    self->started_with = started_with;
    g_autoptr(GError) error = NULL;
    g_autoptr(Queue) queue = queue_open(self->started_with->queue, &error);
    if (!queue) {
        log_error("not started: %s", error->message);
        return EX_CANTCREAT;
    }
    self->queue = queue;
    self->service = service_new(snapshot, queue);
    begin_counts(snapshot);
    if (!milter_open(self->service, self->started_with->listen, &error)) {
        log_error("not started: %s", error->message);
        service_free(self->service);
        return EX_UNAVAILABLE;
    }
    daemon_open_log(&self->options);
    if (!queue_live(queue, QUEUE_MILTER, &error))
        log_error("leadctl status will not see that lead-milter runs: %s", error->message);
    log_info(PACKAGE_STRING " listens on %s: sources=%u", self->started_with->listen,
             ruleset_sources(snapshot->ruleset));
    g_clear_pointer(&snapshot, snapshot_unref); /* or its rules would outlast a reload */
    daemon_ready(&self->options);
    return finish(serve(self), g_steal_pointer(&queue));
}

int
main(int argc, char **argv)
{
    static Daemon self = {.options.name = "lead-milter"};
    DaemonOptions *options = &self.options;
    int status = daemon_options(argc, argv, options);
    if (status >= 0)
        return status;
    log_open(options->name, TRUE, options->debug);
    g_autoptr(GError) error = NULL;
    if (!daemon_become(options, &error)) {
        log_error("not started: %s", error->message);
        return EX_NOUSER;
    }
    if (!options->foreground && !daemon_start(&error)) {
        log_error("not started: %s", error->message);
        return EX_OSERR;
    }
    milter_block_signals();
    signal(SIGXFSZ, SIG_IGN); /* a full quota is an error of the write, not our end */
    keep_memory_flat();
    raise_descriptor_limit();
    return run(&self);
}
