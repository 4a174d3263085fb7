#include "milter/service.h"

#include "lead/defaults.h"
#include "rules/ruletest.h"

static void
snapshot_clear(gpointer data)
{
    Snapshot *snapshot = data;
    ruleset_unref(snapshot->ruleset);
    config_unref(snapshot->config);
}

Snapshot *
snapshot_ref(Snapshot *snapshot)
{
    return g_atomic_rc_box_acquire(snapshot);
}

void
snapshot_unref(Snapshot *snapshot)
{
    if (snapshot)
        g_atomic_rc_box_release_full(snapshot, snapshot_clear);
}

/* The tests that the rules carry: one that fails is an error at its own place. */
static void
run_tests(Ruleset *ruleset, Diags *diags)
{
    g_autoptr(RuleTestReport) report = ruletest_run(ruleset, FALSE);
    for (guint i = 0; i < report->tests->len; i++) {
        const RuleTest *test = g_ptr_array_index(report->tests, i);
        if (test->passed)
            continue;
        /* Without the difference: a sample may be a real inquiry, and this goes into the log. */
        diags_error(diags, test->file, test->line, test->column,
                    "test of %s failed; leadctl test shows how", test->mail);
    }
}

Snapshot *
snapshot_load(const char *config_file, Diags *diags)
{
    guint errors_before = diags_errors(diags);
    g_autoptr(Config) config = config_load(config_file, diags);
    if (!config)
        return NULL;
    defaults_check(config, diags);
    g_autoptr(Ruleset) ruleset = ruleset_load(config->rules, diags);
    if (!ruleset)
        return NULL;
    if (ruleset_wants_authentication(ruleset) && !config->authserv_id)
        diags_warning(diags, config->file, 0, 0,
                      "rules have \"authenticate\", which is not judged without \"authserv_id\"");
    run_tests(ruleset, diags);
    if (diags_errors(diags) > errors_before)
        return NULL;

    Snapshot *snapshot = g_atomic_rc_box_new0(Snapshot);
    snapshot->config = g_steal_pointer(&config);
    snapshot->ruleset = g_steal_pointer(&ruleset);
    return snapshot;
}

struct Service {
    GMutex lock; /* of `current` */
    Snapshot *current;
    Queue *queue;
};

Service *
service_new(Snapshot *snapshot, Queue *queue)
{
    Service *service = g_new0(Service, 1);
    g_mutex_init(&service->lock);
    service->current = snapshot_ref(snapshot);
    service->queue = queue;
    return service;
}

void
service_free(Service *service)
{
    if (!service)
        return;
    snapshot_unref(service->current);
    g_mutex_clear(&service->lock);
    g_free(service);
}

Snapshot *
service_pin(Service *service)
{
    g_mutex_lock(&service->lock);
    Snapshot *snapshot = snapshot_ref(service->current);
    g_mutex_unlock(&service->lock);
    return snapshot;
}

void
service_replace(Service *service, Snapshot *snapshot)
{
    g_mutex_lock(&service->lock);
    Snapshot *old = service->current;
    service->current = snapshot_ref(snapshot);
    g_mutex_unlock(&service->lock);
    snapshot_unref(old);
}

Queue *
service_queue(Service *service)
{
    return service->queue;
}
