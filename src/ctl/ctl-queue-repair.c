/* leadctl queue retry, release, hold, drop, purge: what changes the queue. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/output.h"

typedef struct {
    QueueRepair repair;
    const char *name, *did; /* "retry", "to be sent again" */
    CtlUsage usage;
} Repair;

static int
print_count(const Ctl *ctl, guint changed, const char *did)
{
    if (ctl->json)
        printf("{\"changed\": %u}\n", changed);
    else
        printf("%u %s %s\n", changed, changed == 1 ? "lead" : "leads", did);
    return EX_OK;
}

/* One id after the other; one that fails does not keep the others from their turn. */
static int
repair_each(Ctl *ctl, const Repair *what, char **ids, const char *reason)
{
    int status, worst = EX_OK;
    guint total = 0;
    g_autoptr(Queue) queue = ctl_queue_open(ctl, FALSE, &status);
    if (!queue)
        return status;
    for (; *ids; ids++) {
        g_autoptr(GError) error = NULL;
        guint changed = 0;
        gboolean good = queue_repair(queue, what->repair, *ids, reason, &changed, &error);
        status = good ? EX_OK : ctl_queue_failed(error);
        worst = MAX(worst, status);
        total += changed;
    }
    print_count(ctl, total, what->did);
    return worst;
}

static int
run(Ctl *ctl, const Repair *what, char **argv)
{
    g_autofree char *given = NULL;
    gboolean yes = FALSE, drop = what->repair == REPAIR_DROP;
    const GOptionEntry entries[] = {
        {"reason", 'm', drop ? G_OPTION_FLAG_HIDDEN : 0, G_OPTION_ARG_FILENAME, &given,
         "why, for the lead's history", "TEXT"},
        {"yes", 'y', drop ? 0 : G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &yes, "needed with all",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &what->usage, entries, &operands);
    if (status >= 0)
        return status;
    if (drop && !yes && g_strv_contains((const char *const *)operands, "all")) {
        ctl_error("this removes every lead that is pending, held or dead, for good: add --yes");
        return EX_USAGE;
    }
    g_autofree char *valid = given ? g_utf8_make_valid(given, -1) : NULL;
    g_autofree char *reason =
        valid ? g_steal_pointer(&valid)
              : g_strdup_printf("leadctl queue %s by %s", what->name, g_get_user_name());
    return repair_each(ctl, what, operands, reason);
}

int
ctl_queue_retry(Ctl *ctl, char **argv)
{
    static const Repair what = {
        REPAIR_RETRY,
        "retry",
        "to be sent again",
        {
            "leadctl queue retry",
            "ID…|all",
            1,
            G_MAXUINT,
            "Dead leads, and pending ones that wait for their next try, are pending at once.\n"
            "The account of a refused token runs again by itself when its token file changes.",
        },
    };
    return run(ctl, &what, argv);
}

int
ctl_queue_release(Ctl *ctl, char **argv)
{
    static const Repair what = {
        REPAIR_RELEASE,
        "release",
        "released",
        {
            "leadctl queue release",
            "ID…|all",
            1,
            G_MAXUINT,
            "Held leads are pending.",
        },
    };
    return run(ctl, &what, argv);
}

int
ctl_queue_hold(Ctl *ctl, char **argv)
{
    static const Repair what = {
        REPAIR_HOLD,
        "hold",
        "held",
        {
            "leadctl queue hold",
            "ID…|all",
            1,
            G_MAXUINT,
            "Pending leads are held until they are released.",
        },
    };
    return run(ctl, &what, argv);
}

int
ctl_queue_drop(Ctl *ctl, char **argv)
{
    static const Repair what = {
        REPAIR_DROP,
        "drop",
        "dropped",
        {
            "leadctl queue drop",
            "ID…|all",
            1,
            G_MAXUINT,
            "Leads that are pending, held or dead are removed for good, with all their data. If "
            "such\n"
            "a mail comes again, it makes a lead again.",
        },
    };
    return run(ctl, &what, argv);
}

/* "30d" as lead-milter.yaml writes it. FALSE when it is none; then it is reported. */
static gboolean
parse_age(const char *text, guint64 *seconds)
{
    g_autoptr(Diags) diags = diags_new();
    g_autofree char *quoted = g_strescape(text, NULL);
    g_autofree char *yaml = g_strdup_printf("\"%s\"", quoted);
    g_autoptr(YamlFile) file = yaml_parse("--older", yaml, strlen(yaml), diags);
    if (file && yaml_duration(file, file->root, seconds, diags))
        return TRUE;
    const Diag *diag = diags_at(diags, 0);
    ctl_error("--older %s: %s", text, diag->text);
    return FALSE;
}

int
ctl_queue_purge(Ctl *ctl, char **argv)
{
    static const CtlUsage usage = {
        "leadctl queue purge",
        NULL,
        0,
        0,
        "Leads that are done or dead, and have been so for longer than AGE (12h, 30d; the\n"
        "configuration's retention if not given), are removed. lead-submit does this every hour.",
    };
    g_autofree char *older = NULL;
    const GOptionEntry entries[] = {
        {"older", 'o', 0, G_OPTION_ARG_FILENAME, &older, "how long ago, at least", "AGE"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(GStrv) operands = NULL;
    guint64 age = 0;
    int status = ctl_parse(ctl, argv, &usage, entries, &operands);
    if (status >= 0)
        return status;
    if (older && !parse_age(older, &age))
        return EX_USAGE;
    g_autoptr(Queue) queue = ctl_queue_open(ctl, FALSE, &status);
    if (!queue)
        return status;
    g_autoptr(GError) error = NULL;
    guint purged = 0;
    if (!queue_purge(queue, older ? age : ctl->config->retention, &purged, &error))
        return ctl_queue_failed(error);
    return print_count(ctl, purged, "removed");
}
