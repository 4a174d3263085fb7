/* leadctl account: the accounts at the API, and whether they send. */

#include <stdio.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/output.h"

static void
list_one(OutputTable *table, JsonBuilder *json, const char *account, const char *state,
         const char *endpoint, const char *reason)
{
    g_autofree char *shown = output_clean(reason, 0);
    output_table_add(table, account, state, endpoint ? endpoint : "", shown, NULL);
    json_builder_begin_object(json);
    output_member(json, "account", account);
    output_member(json, "state", state);
    output_member(json, "endpoint", endpoint);
    output_member(json, "reason", reason);
    json_builder_end_object(json);
}

static int
list_command(Ctl *ctl, char **argv)
{
    static const CtlUsage usage = {
        "leadctl account list",
        NULL,
        0,
        0,
        "Lists the configuration's accounts: those that run, are paused by an admin, or are\n"
        "stopped as their token is refused or unusable; and what others have leads in the queue.",
    };
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, NULL, &operands);
    if (status >= 0)
        return status;
    g_autoptr(Queue) queue = ctl_queue_open(ctl, TRUE, &status);
    if (!queue)
        return status;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) depths = queue_depths(queue, &error);
    if (!depths)
        return ctl_queue_failed(error);
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(OutputTable) table = output_table_new(4);
    output_table_add(table, "ACCOUNT", "STATE", "ENDPOINT", "REASON", NULL);
    json_builder_begin_array(json);
    for (guint i = 0; i < ctl->config->accounts->len; i++) {
        const ConfigAccount *account = config_account(ctl->config, i);
        g_autofree char *paused = queue_account_paused(queue, account->name, NULL);
        g_autofree char *stopped = queue_account_stopped(queue, account->name);
        list_one(table, json, account->name,
                 paused    ? "paused"
                 : stopped ? "stopped"
                           : "runs",
                 account->endpoint, paused ? paused : stopped);
    }
    for (guint i = 0; i < depths->len; i++) {
        const QueueDepth *depth = g_ptr_array_index(depths, i);
        if (config_account_named(ctl->config, depth->account))
            continue;
        g_autofree char *reason = g_strdup_printf(
            "waiting %" G_GUINT64_FORMAT ", held %" G_GUINT64_FORMAT ", dead %" G_GUINT64_FORMAT,
            depth->waiting, depth->held, depth->dead);
        list_one(table, json, depth->account, "unconfigured", NULL, reason);
    }
    json_builder_end_array(json);
    if (ctl->json)
        output_json(json);
    else
        output_table_print(table);
    return EX_OK;
}

/* Pause each with the reason, or resume it without one. */
static int
change(Ctl *ctl, char **names, const char *reason)
{
    int status = ctl_config(ctl);
    if (status != EX_OK)
        return status;
    for (char **name = names; *name; name++) {
        if (config_account_named(ctl->config, *name))
            continue;
        ctl_error("there is no account \"%s\" in %s", *name, ctl->config->file);
        return EX_USAGE;
    }
    g_autoptr(Queue) queue = ctl_queue_open(ctl, FALSE, &status);
    if (!queue)
        return status;
    for (; *names; names++) {
        g_autoptr(GError) error = NULL;
        if (!queue_account_pause(queue, *names, reason, &error))
            return ctl_queue_failed(error);
        g_autofree char *stopped = reason ? NULL : queue_account_stopped(queue, *names);
        if (stopped) {
            g_autofree char *shown = output_clean(stopped, 0);
            ctl_error("account %s is no longer paused, but stopped until it has a new token: %s",
                      *names, shown);
            status = 1;
        } else if (!ctl->json)
            printf("account %s %s\n", *names, reason ? "is paused" : "runs");
    }
    return status;
}

static int
pause_command(Ctl *ctl, char **argv)
{
    static const CtlUsage usage = {
        "leadctl account pause",
        "ACCOUNT…",
        1,
        G_MAXUINT,
        "Nothing is sent for the account until it is resumed; its mail still makes leads, which\n"
        "wait. What is being posted just now is finished.",
    };
    g_autofree char *given = NULL;
    const GOptionEntry entries[] = {
        {"reason", 'm', 0, G_OPTION_ARG_FILENAME, &given, "why, for others to read", "TEXT"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, entries, &operands);
    if (status >= 0)
        return status;
    g_autofree char *reason =
        given ? g_utf8_make_valid(given, -1) : g_strdup_printf("paused by %s", g_get_user_name());
    return change(ctl, operands, reason);
}

static int
resume_command(Ctl *ctl, char **argv)
{
    static const CtlUsage usage = {
        "leadctl account resume",
        "ACCOUNT…",
        1,
        G_MAXUINT,
        "The account's leads are sent again. One that is stopped for its token starts by itself "
        "when\n"
        "its token file changes.",
    };
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, NULL, &operands);
    return status >= 0 ? status : change(ctl, operands, NULL);
}

int
ctl_account(Ctl *ctl, char **argv)
{
    static const CtlCommand commands[] = {
        {"list", NULL, "list the accounts and their states", list_command},
        {"pause", "ACCOUNT…", "send nothing for them until resumed", pause_command},
        {"resume", "ACCOUNT…", "send again", resume_command},
        {0},
    };
    return ctl_dispatch(ctl, "leadctl account", commands, argv);
}
