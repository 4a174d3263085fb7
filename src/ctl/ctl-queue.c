/* leadctl queue: what the queue holds. What changes it is in ctl-queue-repair.c. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/output.h"

#define ID_SHOWN 8       /* characters of an id in the list: the other commands take it so */
#define COMPANY_SHOWN 32 /* characters */
#define REASON_SHOWN 60

/* The company's name in a payload of either envelope; newly allocated, NULL when there is none. */
static char *
company_of(const char *payload)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    if (!json_parser_load_from_data(parser, payload, -1, NULL))
        return NULL;
    JsonNode *node = json_parser_get_root(parser);
    static const char *const path[] = {"data", "relationships", "company", "name"};
    for (guint i = 0; i < G_N_ELEMENTS(path); i++) {
        if (!node || !JSON_NODE_HOLDS_OBJECT(node))
            return NULL;
        JsonNode *member = json_object_get_member(json_node_get_object(node), path[i]);
        if (member || strcmp(path[i], "relationships") != 0) /* only one envelope has those */
            node = member;
    }
    return node && JSON_NODE_HOLDS_VALUE(node) ? g_strdup(json_node_get_string(node)) : NULL;
}

static void
add_item(JsonBuilder *json, const QueueItem *item)
{
    output_member(json, "id", item->lead.id);
    output_member(json, "state", state_names[item->state]);
    output_member(json, "reason", item->reason);
    output_member(json, "account", item->lead.account);
    output_member(json, "source", item->lead.source);
    output_member_int(json, "attempts", item->lead.attempts);
    output_member_time(json, "created", item->lead.created);
    output_member_time(json, "changed", item->changed);
    output_member_time(json, "not_before", item->not_before);
    output_member(json, "queue_id", item->lead.queue_id);
    output_member(json, "message_id", item->message_key);
    output_member_json(json, "payload", item->lead.payload);
}

/* --- list --- */

static void
list_json(const GPtrArray *items)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    json_builder_begin_array(json);
    for (guint i = 0; i < items->len; i++) {
        json_builder_begin_object(json);
        add_item(json, g_ptr_array_index(items, i));
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    output_json(json);
}

static void
list_text(const GPtrArray *items)
{
    g_autoptr(OutputTable) table = output_table_new(8);
    output_table_add(table, "ID", "STATE", "CREATED", "ACCOUNT", "SOURCE", "TRIES", "COMPANY",
                     "REASON", NULL);
    for (guint i = 0; i < items->len; i++) {
        const QueueItem *item = g_ptr_array_index(items, i);
        g_autofree char *id = g_strndup(item->lead.id, ID_SHOWN);
        g_autofree char *created = output_time(item->lead.created);
        g_autofree char *tries = g_strdup_printf("%u", item->lead.attempts);
        g_autofree char *company = company_of(item->lead.payload);
        g_autofree char *company_shown = output_clean(company, COMPANY_SHOWN);
        g_autofree char *reason = output_clean(item->reason, REASON_SHOWN);
        output_table_add(table, id, state_names[item->state], created, item->lead.account,
                         item->lead.source, tries, company_shown, reason, NULL);
    }
    output_table_print(table);
}

/* The number of a state by its name, -1 for NULL, -2 for an unknown one, which is reported. */
static int
state_number(const char *name)
{
    if (!name)
        return -1;
    for (int state = 0; state < STATE_N; state++)
        if (strcmp(state_names[state], name) == 0)
            return state;
    ctl_error("unknown state \"%s\"; there are pending, sending, done, held and dead", name);
    return -2;
}

/* Whether an account is configured or has been: then it may have leads. Said when it is neither. */
static gboolean
is_account(const Ctl *ctl, Queue *queue, const char *name, GError **error)
{
    if (config_account_named(ctl->config, name))
        return TRUE;
    const QueueFilter any = {-1, name, 1};
    g_autoptr(GPtrArray) items = queue_list(queue, &any, error);
    if (items && items->len == 0)
        ctl_error("there is no account \"%s\" in %s, nor leads of one", name, ctl->config->file);
    return items && items->len > 0;
}

static int
queue_list_command(Ctl *ctl, char **argv)
{
    static const CtlUsage usage = {
        "leadctl queue list",
        NULL,
        0,
        0,
        "Lists the leads, the newest last. STATE is pending, sending, done, held or dead.\n"
        "An id may be cut short to its first characters in the other commands.",
    };
    g_autofree char *state = NULL, *account = NULL;
    int most = G_MAXINT, status;
    const GOptionEntry entries[] = {
        {"state", 's', 0, G_OPTION_ARG_FILENAME, &state, "only leads in this state", "STATE"},
        {"account", 'a', 0, G_OPTION_ARG_FILENAME, &account, "only this account's", "NAME"},
        {"most", 'n', 0, G_OPTION_ARG_INT, &most, "the N newest alone", "N"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(GStrv) operands = NULL;
    status = ctl_parse(ctl, argv, &usage, entries, &operands);
    if (status >= 0)
        return status;
    const QueueFilter filter = {state_number(state), account, (guint)MAX(most, 0)};
    if (filter.state < -1)
        return EX_USAGE;
    if (most < 1) {
        ctl_error("-n %d: expected 1 or more", most);
        return EX_USAGE;
    }
    g_autoptr(Queue) queue = ctl_queue_open(ctl, TRUE, &status);
    if (!queue)
        return status;
    g_autoptr(GError) error = NULL;
    if (account && !is_account(ctl, queue, account, &error))
        return error ? ctl_queue_failed(error) : EX_USAGE;
    g_autoptr(GPtrArray) items = queue_list(queue, &filter, &error);
    if (!items)
        return ctl_queue_failed(error);
    if (ctl->json)
        list_json(items);
    else if (items->len)
        list_text(items);
    return EX_OK;
}

/* --- show --- */

static void
show_json(const QueueItem *item)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    json_builder_begin_object(json);
    add_item(json, item);
    json_builder_set_member_name(json, "changes");
    json_builder_begin_array(json);
    for (guint i = 0; i < item->changes->len; i++) {
        const QueueChange *change = g_ptr_array_index(item->changes, i);
        json_builder_begin_object(json);
        output_member_time(json, "time", change->time);
        output_member(json, "from", change->from);
        output_member(json, "to", change->to);
        output_member(json, "reason", change->reason);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    json_builder_set_member_name(json, "posts");
    json_builder_begin_array(json);
    for (guint i = 0; i < item->attempts_list->len; i++) {
        const QueueAttempt *attempt = g_ptr_array_index(item->attempts_list, i);
        json_builder_begin_object(json);
        output_member_time(json, "started", attempt->started);
        output_member_time(json, "ended", attempt->ended);
        output_member_int(json, "status", attempt->status);
        output_member(json, "words", attempt->words);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    json_builder_end_object(json);
    output_json(json);
}

static void
show_line(const char *name, const char *value)
{
    g_autofree char *shown = output_clean(value, 0);
    if (*shown)
        printf("%-11s %s\n", name, shown);
}

static void
show_history(const QueueItem *item)
{
    printf("\n%sChanges%s\n", output_colour(COLOUR_BOLD), output_colour(COLOUR_NONE));
    for (guint i = 0; i < item->changes->len; i++) {
        const QueueChange *change = g_ptr_array_index(item->changes, i);
        g_autofree char *time = output_time(change->time);
        g_autofree char *reason = output_clean(change->reason, 0);
        printf("  %s  %s%s%s%s%s\n", time, change->from ? change->from : "",
               change->from ? " → " : "", change->to, *reason ? ": " : "", reason);
    }
    if (item->attempts_list->len)
        printf("\n%sPosts%s\n", output_colour(COLOUR_BOLD), output_colour(COLOUR_NONE));
    for (guint i = 0; i < item->attempts_list->len; i++) {
        const QueueAttempt *attempt = g_ptr_array_index(item->attempts_list, i);
        g_autofree char *time = output_time(attempt->started);
        g_autofree char *words = output_clean(attempt->words, 0);
        g_autofree char *status =
            attempt->status ? g_strdup_printf("%d", attempt->status) : g_strdup("no answer");
        printf("  %s  %s after %.1f s%s%s\n", time, status,
               (double)(attempt->ended - attempt->started) / G_USEC_PER_SEC, *words ? ": " : "",
               words);
    }
}

/* Each text of the inquirer's by its length: what was filled, and not with what. */
static void
redact(JsonNode *node)
{
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObject *object = json_node_get_object(node);
        g_autoptr(GList) names = json_object_get_members(object);
        for (GList *name = names; name; name = name->next)
            if (strcmp(name->data, "type") != 0)
                redact(json_object_get_member(object, name->data));
    } else if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);
        for (guint i = 0; i < json_array_get_length(array); i++)
            redact(json_array_get_element(array, i));
    } else if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING) {
        g_autofree char *shown =
            g_strdup_printf("(%ld characters)", g_utf8_strlen(json_node_get_string(node), -1));
        json_node_set_string(node, shown);
    }
}

/* Payload, Message-ID and the API's words, which may repeat what was sent, made fit to be passed
 * on. */
static void
redact_item(QueueItem *item)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *payload = g_steal_pointer(&item->lead.payload);
    if (json_parser_load_from_data(parser, payload, -1, NULL) && json_parser_get_root(parser)) {
        redact(json_parser_get_root(parser));
        item->lead.payload = json_to_string(json_parser_get_root(parser), FALSE);
    } else {
        item->lead.payload = g_strdup("{}");
    }
    g_clear_pointer(&item->message_key, g_free);
    for (guint i = 0; i < item->attempts_list->len; i++) {
        QueueAttempt *attempt = g_ptr_array_index(item->attempts_list, i);
        if (attempt->words)
            attempt->words[strcspn(attempt->words, ":")] = '\0';
    }
    for (guint i = 0; i < item->changes->len; i++) {
        QueueChange *change = g_ptr_array_index(item->changes, i);
        if (change->reason)
            change->reason[strcspn(change->reason, ":")] = '\0';
    }
    if (item->reason)
        item->reason[strcspn(item->reason, ":")] = '\0';
}

static void
show_payload(const char *payload)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    printf("\n%sPayload%s\n", output_colour(COLOUR_BOLD), output_colour(COLOUR_NONE));
    JsonNode *root =
        json_parser_load_from_data(parser, payload, -1, NULL) ? json_parser_get_root(parser) : NULL;
    g_autofree char *text = root ? json_to_string(root, TRUE) : output_clean(payload, 0);
    /* Line by line: the line ends are ours, whatever else steers a terminal is the mail's. */
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *shown = output_clean(*line, 0);
        printf("%s\n", shown);
    }
}

static void
show_text(const QueueItem *item)
{
    g_autofree char *created = output_time(item->lead.created);
    g_autofree char *not_before = output_time(item->not_before);
    show_line("id", item->lead.id);
    show_line("state", state_names[item->state]);
    show_line("reason", item->reason);
    show_line("account", item->lead.account);
    show_line("source", item->lead.source);
    show_line("created", created);
    if (item->state == STATE_PENDING)
        show_line("not before", not_before);
    show_line("queue id", item->lead.queue_id);
    show_line("message id", item->message_key);
    show_history(item);
    show_payload(item->lead.payload);
}

static int
queue_show_command(Ctl *ctl, char **argv)
{
    static const CtlUsage usage = {
        "leadctl queue show",
        "ID",
        1,
        1,
        "Shows a lead: its states with times (UTC) and reasons, each attempt to post it with the\n"
        "API's own words, and the request's body. ID is a lead's id or its beginning.\n"
        "With --redact no text of the inquirer's is shown, for passing it on.",
    };
    gboolean redacted = FALSE;
    const GOptionEntry entries[] = {
        {"redact", 'R', 0, G_OPTION_ARG_NONE, &redacted, "lengths instead of personal texts", NULL},
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
    g_autoptr(QueueItem) item = queue_show(queue, operands[0], &error);
    if (!item)
        return ctl_queue_failed(error);
    if (redacted)
        redact_item(item);
    if (ctl->json)
        show_json(item);
    else
        show_text(item);
    return EX_OK;
}

int
ctl_queue(Ctl *ctl, char **argv)
{
    static const CtlCommand commands[] = {
        {"list", NULL, "list the leads", queue_list_command},
        {"show", "ID", "show a lead and its history", queue_show_command},
        {"retry", "ID…|all", "send dead and waiting leads again, now", ctl_queue_retry},
        {"release", "ID…|all", "let held leads go", ctl_queue_release},
        {"hold", "ID…|all", "hold pending leads", ctl_queue_hold},
        {"drop", "ID…|all", "remove leads that are not sent", ctl_queue_drop},
        {"purge", "[--older AGE]", "remove leads that are done or dead for long", ctl_queue_purge},
        {0},
    };
    return ctl_dispatch(ctl, "leadctl queue", commands, argv);
}
