/* Of leadctl check: what the configuration names beside the rules, as far as this user may see it.
 *
 * What another user's rights hide is a warning: the daemons run as a user of their own. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "ctl/ctl.h"
#include "submit/token.h"

#define CA_FILE_MAX ((gsize)64 << 20)
#define CREDENTIALS "/run/credentials/" /* systemd's, while the unit runs */

typedef struct {
    const YamlFile *file;
    Diags *diags;
} Places;

static gboolean
is_hidden(const char *path)
{
    return access(path, R_OK) != 0 && errno == EACCES;
}

static void
warn_of_hidden(const Places *places, const YamlNode *node, const char *path)
{
    yaml_warning(places->file, node, places->diags,
                 "%s: was not looked at, as this user may not read it", path);
}

static void
check_token(const Places *places, const YamlNode *node, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Token) token = token_new(path);
    const char *text = token_get(token, NULL, &error);
    gint64 expiry = text ? token_expiry(text) : 0;
    if (expiry && expiry <= g_get_real_time() / G_USEC_PER_SEC)
        yaml_warning(places->file, node, places->diags, "%s: the token has expired", path);
    if (text)
        return;
    if (is_hidden(path))
        warn_of_hidden(places, node, path);
    else if (g_str_has_prefix(path, CREDENTIALS) && access(path, F_OK) != 0)
        yaml_warning(places->file, node, places->diags,
                     "%s: was not looked at, it is there while lead-submit runs; ask"
                     " \"leadctl api check\" then",
                     path);
    else
        yaml_error(places->file, node, places->diags, "%s", error->message);
}

static void
check_ca_file(const Places *places, const YamlNode *node, const char *path)
{
    static const char *const marks[] = {"-----BEGIN CERTIFICATE-----",
                                        "-----BEGIN TRUSTED CERTIFICATE-----",
                                        "-----BEGIN X509 CERTIFICATE-----"};
    g_autoptr(GError) error = NULL;
    gsize length;
    g_autofree char *text = file_read(path, CA_FILE_MAX, &length, &error);
    if (!text && is_hidden(path)) {
        warn_of_hidden(places, node, path);
        return;
    }
    if (!text) {
        yaml_error(places->file, node, places->diags, "ca_file %s: %s", path, error->message);
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(marks); i++)
        if (g_strstr_len(text, length, marks[i]))
            return;
    yaml_error(places->file, node, places->diags, "ca_file %s: there is no certificate (PEM) in it",
               path);
}

static void
check_accounts(const Places *places, const Config *config)
{
    const YamlNode *list = yaml_get(places->file->root, "accounts");
    for (guint i = 0; i < config->accounts->len; i++) {
        const ConfigAccount *account = config_account(config, i);
        const YamlNode *map = yaml_list_at(list, i), *ca_file = yaml_get(map, "ca_file");
        check_token(places, yaml_get(map, "token_file"), account->token_file);
        if (g_str_has_prefix(account->endpoint, "https:"))
            check_ca_file(places, ca_file ? ca_file : map, account->ca_file);
    }
}

/* Before the first start there is none, but a folder to make it in. */
static void
check_queue(const Places *places, const Config *config)
{
    const YamlNode *node = yaml_get(places->file->root, "queue");
    const char *path = config->queue + strlen("sqlite:");
    g_autofree char *folder = g_path_get_dirname(path);
    struct stat st;
    if (lstat(path, &st) != 0 && errno == ENOENT && g_file_test(folder, G_FILE_TEST_IS_DIR))
        return;
    g_autoptr(GError) error = NULL;
    g_autoptr(Queue) queue = queue_open_readonly(config->queue, &error);
    if (queue)
        return;
    if (is_hidden(path))
        warn_of_hidden(places, node, path);
    else if (g_error_matches(error, QUEUE_ERROR, QUEUE_ERROR_OLDER) ||
             g_error_matches(error, QUEUE_ERROR, QUEUE_ERROR_BUSY))
        yaml_warning(places->file, node, places->diags, "%s", error->message);
    else
        yaml_error(places->file, node, places->diags, "%s", error->message);
}

static void
check_metrics(const Places *places, const Config *config)
{
    const YamlNode *node = yaml_get(places->file->root, "metrics");
    struct stat st;
    if (!config->metrics)
        return;
    if (stat(config->metrics, &st) == 0) {
        if (!S_ISDIR(st.st_mode))
            yaml_error(places->file, node, places->diags, "%s: is no folder", config->metrics);
    } else if (errno == EACCES) {
        warn_of_hidden(places, node, config->metrics);
    } else {
        yaml_error(places->file, node, places->diags, "%s: %s", config->metrics, g_strerror(errno));
    }
}

void
ctl_check_places(const Config *config, Diags *diags)
{
    g_autoptr(Diags) told_already = diags_new();
    g_autoptr(YamlFile) file = yaml_load(config->file, told_already);
    if (!file) /* gone since it was read */
        return;
    const Places places = {file, diags};
    check_accounts(&places, config);
    check_queue(&places, config);
    check_metrics(&places, config);
}
