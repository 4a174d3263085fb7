/* lead-submit(8): takes leads from the queue and posts them to the Leads API. */

#include <config.h>

#include <signal.h>
#include <sysexits.h>

#include "base/daemon.h"
#include "base/log.h"
#include "base/metrics.h"
#include "submit/submitter.h"

static DaemonOptions options = {.name = "lead-submit"};
static Submitter *submitter; /* for the signal handlers */

static void
on_signal(int signal)
{
    if (signal == SIGHUP)
        submitter_reload(submitter);
    else
        submitter_stop(submitter);
}

static void
catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL); /* a full queue is an error like a full disk, not the end */
}

static Config *
load(void)
{
    g_autoptr(Diags) diags = diags_new();
    Config *config = config_load(options.config_file, diags);
    daemon_log_diags(diags);
    return config;
}

static Config *
reload(gpointer data)
{
    const Config *started_with = data;
    g_autoptr(Config) config = load();
    if (!config) {
        log_error("reload refused, the old configuration stays");
        metrics_add(METRIC_RELOADS, 1, "lead-submit", "refused", NULL);
        return NULL;
    }
    if (g_strcmp0(config->queue, started_with->queue) != 0)
        log_warning("reload: the queue stays %s until a restart", started_with->queue);
    metrics_add(METRIC_RELOADS, 1, "lead-submit", "done", NULL);
    log_info("reloaded");
    return g_steal_pointer(&config);
}

static int
run(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = load();
    if (!config) {
        log_error("not started: the configuration has errors");
        return EX_CONFIG;
    }
    g_autoptr(Queue) queue = queue_open(config->queue, &error);
    if (queue)
        submitter = submitter_new(config, queue, &error);
    if (!submitter) {
        log_error("not started: %s", error->message);
        if (error->domain == G_THREAD_ERROR)
            return EX_OSERR;
        return g_error_matches(error, QUEUE_ERROR, QUEUE_ERROR_BUSY) ? EX_TEMPFAIL : EX_CANTCREAT;
    }
    submitter_on_reload(submitter, reload, config);
    metrics_add(METRIC_RELOADS, 0, "lead-submit", "done", NULL);
    metrics_add(METRIC_RELOADS, 0, "lead-submit", "refused", NULL);
    catch_signals();
    daemon_open_log(&options);
    log_info("lead-submit " PACKAGE_VERSION " works on %s: accounts=%u", config->queue,
             config->accounts->len);
    daemon_ready(&options);
    gboolean good = submitter_run(submitter, &error);
    if (good)
        log_info("ended");
    else
        log_error("ended: %s", error->message);
    submitter_free(submitter);
    return good ? EX_OK : EX_IOERR;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    int status = daemon_options(argc, argv, &options);
    if (status >= 0)
        return status;
    log_open(options.name, TRUE, options.debug);
    if (!daemon_become(&options, &error)) {
        log_error("not started: %s", error->message);
        return EX_NOUSER;
    }
    if (!options.foreground && !daemon_start(&error)) {
        log_error("not started: %s", error->message);
        return EX_OSERR;
    }
    return run();
}
