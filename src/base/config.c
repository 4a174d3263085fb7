#include "base/config.h"

#include <string.h>

#include "base/config-values.h"
#include "base/limits.h"

#define CA_FILE "/etc/ssl/certs/ca-certificates.crt"
#define DAY (24 * 60 * 60)

static const char *const on_error_words[] = {"tempfail", "accept", NULL};
static const char *const auth_words[] = {"header", "query", NULL};
static const char *const envelope_words[] = {"flat", "relationships", NULL};

/* One file being read. */
typedef struct {
    Config *config;
    const YamlFile *file;
    Diags *diags;
} Reader;

static void
account_free(gpointer data)
{
    ConfigAccount *account = data;
    g_free(account->name);
    g_free(account->endpoint);
    g_free(account->token_file);
    g_free(account->ca_file);
    g_free(account);
}

static void
default_free(gpointer data)
{
    ConfigDefault *value = data;
    g_free(value->attribute);
    g_free(value->value);
    g_free(value);
}

static void
mailbox_free(gpointer data)
{
    ConfigMailbox *mailbox = data;
    g_strfreev(mailbox->recipients);
    g_ptr_array_unref(mailbox->defaults);
    g_free(mailbox);
}

static void
config_clear(gpointer data)
{
    Config *config = data;
    g_free(config->file);
    g_free(config->listen);
    g_free(config->rules);
    g_free(config->queue);
    g_free(config->authserv_id);
    g_free(config->recipient_delimiter);
    g_strfreev(config->own_domains);
    g_free(config->metrics);
    g_strfreev(config->alert_to);
    g_free(config->alert_smtp);
    g_ptr_array_unref(config->accounts);
    g_ptr_array_unref(config->mailboxes);
    g_hash_table_unref(config->by_recipient);
}

static Config *
config_new(const char *name)
{
    Config *config = g_atomic_rc_box_new0(Config);
    config->file = g_strdup(name);
    config->own_domains = g_new0(char *, 1);
    config->accounts = g_ptr_array_new_with_free_func(account_free);
    config->mailboxes = g_ptr_array_new_with_free_func(mailbox_free);
    config->by_recipient = g_hash_table_new(g_str_hash, g_str_equal);
    config->on_error = ON_ERROR_TEMPFAIL;
    config->duplicate_window = DAY;
    config->alert_after = 60 * 60;
    config->alert_to = g_new0(char *, 1);
    config->retention = 30 * DAY;
    config->limit_message = LIMIT_MESSAGE_DEFAULT;
    return config;
}

Config *
config_ref(Config *config)
{
    return g_atomic_rc_box_acquire(config);
}

void
config_unref(Config *config)
{
    if (config)
        g_atomic_rc_box_release_full(config, config_clear);
}

Config *
config_builtin(void)
{
    Config *config = config_new("(built in)");
    config->rules = g_strdup(PKGDATADIR "/rules");
    return config;
}

/* --- values --- */

/* The text of a key, newly allocated; NULL when it is missing (an error if `required`) or bad. */
static char *
take_text(Reader *reader, const YamlNode *map, const char *key, gboolean required)
{
    const YamlNode *node = yaml_get(map, key);
    const char *text = NULL;
    if (!node) {
        if (required)
            yaml_error(reader->file, map, reader->diags, "\"%s\" is missing", key);
        return NULL;
    }
    return yaml_text(reader->file, node, &text, reader->diags) ? g_strdup(text) : NULL;
}

/* The same, when `problem_of` finds nothing wrong with it. */
static char *
take_checked(Reader *reader, const YamlNode *map, const char *key, gboolean required,
             ConfigProblem problem_of)
{
    char *text = take_text(reader, map, key, required);
    const char *problem = text ? problem_of(text) : NULL;
    if (problem)
        yaml_error(reader->file, yaml_get(map, key), reader->diags, "%s", problem);
    return text;
}

static char *
lower(const char *text)
{
    return g_utf8_strdown(text, -1);
}

/* --- accounts --- */

#define PACE_KEYS "concurrency", "timeout", "give_up_after", "per_minute"

/* What `submit` says for all accounts and an account for itself; what is not said stays. */
static void
read_pace(Reader *reader, const YamlNode *map, ConfigAccount *pace)
{
    guint64 number = pace->concurrency;
    if (yaml_number(reader->file, yaml_get(map, "concurrency"), 1, 64, &number, reader->diags))
        pace->concurrency = number;
    number = pace->per_minute;
    if (yaml_number(reader->file, yaml_get(map, "per_minute"), 1, 60000, &number, reader->diags))
        pace->per_minute = number;
    const YamlNode *timeout = yaml_get(map, "timeout");
    number = pace->timeout;
    if (yaml_duration(reader->file, timeout, &number, reader->diags)) {
        if (number < 1 || number > 600)
            yaml_error(reader->file, timeout, reader->diags, "the timeout must be from 1s to 10m");
        else
            pace->timeout = number;
    }
    const YamlNode *give_up = yaml_get(map, "give_up_after");
    if (yaml_duration(reader->file, give_up, &pace->give_up_after, reader->diags) && give_up &&
        pace->give_up_after < 60)
        yaml_error(reader->file, give_up, reader->diags, "give_up_after must be 1m at least");
}

/* The pace of accounts that say nothing of their own. */
static ConfigAccount
read_submit(Reader *reader, const YamlNode *root)
{
    static const char *const keys[] = {PACE_KEYS, NULL};
    ConfigAccount pace = {.concurrency = 4, .timeout = 30, .give_up_after = 5 * DAY};
    const YamlNode *map = yaml_get(root, "submit");
    if (map && yaml_check_keys(reader->file, map, "key of submit", keys, reader->diags))
        read_pace(reader, map, &pace);
    return pace;
}

static void
read_account(Reader *reader, const YamlNode *map, const ConfigAccount *pace)
{
    static const char *const keys[] = {"name",    "endpoint", "token_file", "auth",
                                       "ca_file", "envelope", PACE_KEYS,    NULL};
    yaml_check_keys(reader->file, map, "key of an account", keys, reader->diags);
    if (map->kind != YAML_MAPPING)
        return;
    ConfigAccount *account = g_memdup2(pace, sizeof *pace);
    guint choice = 0;
    account->name = take_checked(reader, map, "name", TRUE, config_account_problem);
    account->endpoint = take_checked(reader, map, "endpoint", TRUE, config_endpoint_problem);
    account->token_file = take_checked(reader, map, "token_file", TRUE, config_path_problem);
    account->ca_file = take_checked(reader, map, "ca_file", FALSE, config_path_problem);
    if (!account->ca_file)
        account->ca_file = g_strdup(CA_FILE);
    if (yaml_choice(reader->file, yaml_get(map, "auth"), auth_words, &choice, reader->diags))
        account->auth_query = choice == 1;
    choice = 0;
    if (yaml_choice(reader->file, yaml_get(map, "envelope"), envelope_words, &choice,
                    reader->diags))
        account->relationships = choice == 1;
    read_pace(reader, map, account);

    if (account->name && config_account_named(reader->config, account->name))
        yaml_error(reader->file, yaml_get(map, "name"), reader->diags, "a second account \"%s\"",
                   account->name);
    g_ptr_array_add(reader->config->accounts, account);
}

static void
read_accounts(Reader *reader, const YamlNode *root)
{
    const ConfigAccount pace = read_submit(reader, root);
    const YamlNode *list = yaml_get(root, "accounts");
    if (!list) {
        yaml_error(reader->file, root, reader->diags, "\"accounts\" is missing");
        return;
    }
    if (list->kind != YAML_SEQUENCE || list->items->len == 0) {
        yaml_error(reader->file, list, reader->diags, "expected a list of accounts");
        return;
    }
    for (guint i = 0; i < list->items->len; i++)
        read_account(reader, g_ptr_array_index(list->items, i), &pace);
}

/* --- mailboxes --- */

/* The mailbox that is read comes last; an earlier one may take what it names. */
static void
add_recipient(Reader *reader, const YamlNode *node, const char *text, GPtrArray *recipients)
{
    Config *config = reader->config;
    guint index = config->mailboxes->len; /* from 1 */
    char *recipient = lower(text);
    g_ptr_array_add(recipients, recipient);
    int taken_by = config_mailbox(config, recipient);
    if (taken_by >= 0 && taken_by < (int)index - 1)
        yaml_warning(reader->file, node, reader->diags,
                     "\"%s\" is never reached: mailbox %d of the list takes its mail", recipient,
                     taken_by + 1);
    if (!g_hash_table_contains(config->by_recipient, recipient))
        g_hash_table_insert(config->by_recipient, recipient, GUINT_TO_POINTER(index));
}

static void
read_recipients(Reader *reader, const YamlNode *map, ConfigMailbox *mailbox)
{
    const YamlNode *list = yaml_get(map, "recipient");
    GPtrArray *recipients = g_ptr_array_new();
    if (!list || yaml_list_length(list) == 0)
        yaml_error(reader->file, list ? list : map, reader->diags, "\"recipient\" is missing");
    for (guint i = 0; list && i < yaml_list_length(list); i++) {
        const YamlNode *node = yaml_list_at(list, i);
        const char *text;
        if (!yaml_text(reader->file, node, &text, reader->diags))
            continue;
        const char *problem = config_recipient_problem(text);
        if (problem)
            yaml_error(reader->file, node, reader->diags, "\"%s\" is no recipient; %s", text,
                       problem);
        else
            add_recipient(reader, node, text, recipients);
    }
    g_ptr_array_add(recipients, NULL);
    mailbox->recipients = (char **)g_ptr_array_free(recipients, FALSE);
}

static void
read_mailbox_account(Reader *reader, const YamlNode *map, ConfigMailbox *mailbox)
{
    const GPtrArray *accounts = reader->config->accounts;
    g_autofree char *name = take_text(reader, map, "account", accounts->len > 1);
    if (!name || accounts->len == 0)
        return;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < accounts->len; i++) {
        const ConfigAccount *account = g_ptr_array_index(accounts, i);
        if (!account->name)
            continue;
        if (strcmp(account->name, name) == 0) {
            mailbox->account = i;
            return;
        }
        g_ptr_array_add(names, account->name);
    }
    g_ptr_array_add(names, NULL);
    const char *near = suggest(name, (const char *const *)names->pdata);
    yaml_error(reader->file, yaml_get(map, "account"), reader->diags,
               near ? "unknown account \"%s\"; did you mean \"%s\"?" : "unknown account \"%s\"",
               name, near);
}

static void
read_defaults(Reader *reader, const YamlNode *map, ConfigMailbox *mailbox)
{
    const YamlNode *node = yaml_get(map, "defaults");
    if (!node)
        return;
    if (node->kind != YAML_MAPPING) {
        yaml_error(reader->file, node, reader->diags,
                   "expected a map from attributes to values, as in"
                   " {opportunity.leadType: Email}");
        return;
    }
    for (guint i = 0; i < node->keys->len; i++) {
        const YamlNode *key = g_ptr_array_index(node->keys, i);
        const char *text;
        if (!yaml_text(reader->file, g_ptr_array_index(node->items, i), &text, reader->diags))
            continue;
        ConfigDefault *value = g_new(ConfigDefault, 1);
        *value = (ConfigDefault){g_strdup(key->text), g_strdup(text), key->line, key->column};
        g_ptr_array_add(mailbox->defaults, value);
    }
}

static void
read_mailbox(Reader *reader, const YamlNode *map)
{
    static const char *const keys[] = {"recipient", "account", "defaults", NULL};
    yaml_check_keys(reader->file, map, "key of a mailbox", keys, reader->diags);
    if (map->kind != YAML_MAPPING)
        return;
    ConfigMailbox *mailbox = g_new0(ConfigMailbox, 1);
    mailbox->defaults = g_ptr_array_new_with_free_func(default_free);
    g_ptr_array_add(reader->config->mailboxes, mailbox);
    read_recipients(reader, map, mailbox);
    read_mailbox_account(reader, map, mailbox);
    read_defaults(reader, map, mailbox);
}

static void
read_mailboxes(Reader *reader, const YamlNode *root)
{
    const YamlNode *list = yaml_get(root, "mailboxes");
    if (!list) {
        yaml_error(reader->file, root, reader->diags, "\"mailboxes\" is missing");
        return;
    }
    if (list->kind != YAML_SEQUENCE || list->items->len == 0) {
        yaml_error(reader->file, list, reader->diags, "expected a list of mailboxes");
        return;
    }
    for (guint i = 0; i < list->items->len; i++)
        read_mailbox(reader, g_ptr_array_index(list->items, i));
}

static void
read_limits(Reader *reader, const YamlNode *root)
{
    static const char *const keys[] = {"message", NULL};
    const YamlNode *map = yaml_get(root, "limits");
    if (!map || !yaml_check_keys(reader->file, map, "limit", keys, reader->diags))
        return;
    const YamlNode *node = yaml_get(map, "message");
    guint64 bytes = reader->config->limit_message;
    if (!yaml_size(reader->file, node, &bytes, reader->diags))
        return;
    if (bytes < 4096 || bytes > LIMIT_MESSAGE_MAX)
        yaml_error(reader->file, node, reader->diags, "limits.message must be from 4K to 1G");
    else
        reader->config->limit_message = bytes;
}

/* Who is told of trouble. Not a mailbox of ours: the alert would become a lead. */
static void
read_alerts(Reader *reader, const YamlNode *root)
{
    Config *config = reader->config;
    const YamlNode *after = yaml_get(root, "alert_after"), *list = yaml_get(root, "alert_to");
    if (yaml_duration(reader->file, after, &config->alert_after, reader->diags) && after &&
        config->alert_after < 60)
        yaml_error(reader->file, after, reader->diags, "alert_after must be 1m at least");
    g_autoptr(GStrvBuilder) addresses = g_strv_builder_new();
    for (guint i = 0; list && i < yaml_list_length(list); i++) {
        const YamlNode *node = yaml_list_at(list, i);
        const char *text;
        if (!yaml_text(reader->file, node, &text, reader->diags))
            continue;
        if (*text == '@' || config_recipient_problem(text))
            yaml_error(reader->file, node, reader->diags,
                       "\"%s\" is no address; expected user@example.com", text);
        else if (config_mailbox(config, text) >= 0)
            yaml_error(reader->file, node, reader->diags,
                       "\"%s\" is a mailbox whose mail makes leads; name another", text);
        else
            g_strv_builder_add(addresses, text);
    }
    g_strfreev(config->alert_to);
    config->alert_to = g_strv_builder_end(addresses);
    config->alert_smtp = take_checked(reader, root, "alert_smtp", FALSE, config_smtp_problem);
    if (!config->alert_smtp)
        config->alert_smtp = g_strdup("127.0.0.1:25");
}

static void
read_own_domains(Reader *reader, const YamlNode *root)
{
    const YamlNode *list = yaml_get(root, "own_domains");
    if (!list)
        return;
    g_autoptr(GStrvBuilder) domains = g_strv_builder_new();
    for (guint i = 0; i < yaml_list_length(list); i++) {
        const YamlNode *node = yaml_list_at(list, i);
        const char *text;
        if (!yaml_text(reader->file, node, &text, reader->diags))
            continue;
        if (!config_domain_is_good(text)) {
            yaml_error(reader->file, node, reader->diags, "\"%s\" is no domain", text);
            continue;
        }
        g_autofree char *domain = lower(text);
        g_strv_builder_add(domains, domain);
    }
    g_strfreev(reader->config->own_domains);
    reader->config->own_domains = g_strv_builder_end(domains);
}

static void
read_root(Reader *reader, const YamlNode *root)
{
    static const char *const keys[] = {"listen",
                                       "rules",
                                       "queue",
                                       "authserv_id",
                                       "on_error",
                                       "accounts",
                                       "mailboxes",
                                       "own_domains",
                                       "retention",
                                       "submit",
                                       "limits",
                                       "hold_below",
                                       "metrics",
                                       "alert_after",
                                       "alert_to",
                                       "alert_smtp",
                                       "duplicate_window",
                                       "recipient_delimiter",
                                       NULL};
    Config *config = reader->config;
    yaml_check_keys(reader->file, root, "key", keys, reader->diags);
    config->listen = take_checked(reader, root, "listen", TRUE, config_listen_problem);
    config->rules = take_checked(reader, root, "rules", FALSE, config_path_problem);
    if (!config->rules)
        config->rules = g_strdup(SYSCONFDIR "/lead-milter/rules");
    config->queue = take_checked(reader, root, "queue", TRUE, config_queue_problem);
    config->authserv_id = take_checked(reader, root, "authserv_id", FALSE, config_authserv_problem);
    config->recipient_delimiter =
        take_checked(reader, root, "recipient_delimiter", FALSE, config_delimiter_problem);
    guint choice = 0;
    if (yaml_choice(reader->file, yaml_get(root, "on_error"), on_error_words, &choice,
                    reader->diags))
        config->on_error = choice;
    guint64 percent = 0;
    if (yaml_number(reader->file, yaml_get(root, "hold_below"), 0, 100, &percent, reader->diags))
        config->hold_below = percent;
    yaml_duration(reader->file, yaml_get(root, "retention"), &config->retention, reader->diags);
    yaml_duration(reader->file, yaml_get(root, "duplicate_window"), &config->duplicate_window,
                  reader->diags);
    config->metrics = take_checked(reader, root, "metrics", FALSE, config_path_problem);
    read_own_domains(reader, root);
    read_accounts(reader, root);
    read_mailboxes(reader, root);
    read_alerts(reader, root);
    read_limits(reader, root);
}

static Config *
config_read(const YamlFile *file, Diags *diags)
{
    guint errors = diags_errors(diags);
    if (!file->root || file->root->kind != YAML_MAPPING) {
        diags_error(diags, file->name, 1, 1,
                    "expected a map with listen, queue, accounts and mailboxes");
        return NULL;
    }
    g_autoptr(Config) config = config_new(file->name);
    Reader reader = {config, file, diags};
    read_root(&reader, file->root);
    return diags_errors(diags) == errors ? g_steal_pointer(&config) : NULL;
}

Config *
config_load(const char *path, Diags *diags)
{
    g_autoptr(YamlFile) file = yaml_load(path, diags);
    return file ? config_read(file, diags) : NULL;
}

Config *
config_parse(const char *name, const char *text, Diags *diags)
{
    g_autoptr(YamlFile) file = yaml_parse(name, text, strlen(text), diags);
    return file ? config_read(file, diags) : NULL;
}

/* --- asking --- */

/* RFC 5321 section 4.1.2: "leads"@example.com is leads@example.com, and so Postfix delivers it. */
static void
unquote_local_part(char *address)
{
    char *at = strrchr(address, '@'), *out = address;
    if (!at || *address != '"' || at < address + 2 || at[-1] != '"')
        return;
    for (const char *in = address + 1; in < at - 1; in++) {
        in += *in == '\\' && in + 1 < at - 1;
        *out++ = *in;
    }
    memmove(out, at, strlen(at) + 1);
}

/* Cut "+x" of "leads+x@example.com" out; FALSE when there is none. Not at the very beginning. */
static gboolean
cut_extension(char *address, const char *delimiters)
{
    char *at = strrchr(address, '@');
    gsize length = delimiters && *address ? 1 + strcspn(address + 1, delimiters) : 0;
    if (!at || length == 0 || address + length >= at)
        return FALSE;
    memmove(address + length, at, strlen(at) + 1);
    return TRUE;
}

/* The earlier of two mailboxes, each from 1, or 0: none. */
static guint
earlier(guint a, guint b)
{
    return a && b ? MIN(a, b) : MAX(a, b);
}

static guint
mailbox_of(const Config *config, const char *address)
{
    return address ? GPOINTER_TO_UINT(g_hash_table_lookup(config->by_recipient, address)) : 0;
}

int
config_mailbox(const Config *config, const char *recipient)
{
    gsize length = strlen(recipient);
    if (length >= 2 && *recipient == '<' && recipient[length - 1] == '>') {
        recipient++;
        length -= 2;
    }
    g_autofree char *valid = g_utf8_make_valid(recipient, length);
    g_autofree char *address = lower(valid);
    unquote_local_part(address);
    guint first = earlier(mailbox_of(config, address), mailbox_of(config, strrchr(address, '@')));
    if (cut_extension(address, config->recipient_delimiter))
        first = earlier(first, mailbox_of(config, address));
    return (int)first - 1;
}

const ConfigAccount *
config_account(const Config *config, guint index)
{
    return index < config->accounts->len ? g_ptr_array_index(config->accounts, index) : NULL;
}

const ConfigAccount *
config_account_named(const Config *config, const char *name)
{
    for (guint i = 0; i < config->accounts->len; i++) {
        const ConfigAccount *account = g_ptr_array_index(config->accounts, i);
        if (account->name && strcmp(account->name, name) == 0)
            return account;
    }
    return NULL;
}
