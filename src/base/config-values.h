/* config-values: whether single values of lead-milter.yaml are what they must be; for config.c.
 *
 * Each answers NULL or what is wrong, a text that stays. Nothing is opened or looked up.
 * Thread rule: any.
 */
#ifndef LEAD_BASE_CONFIG_VALUES_H
#define LEAD_BASE_CONFIG_VALUES_H

#include <glib.h>

typedef const char *(*ConfigProblem)(const char *text);

const char *config_listen_problem(const char *listen);
const char *config_queue_problem(const char *queue);
/* Of a file or folder: a daemon has no folder of its own that others could count from. */
const char *config_path_problem(const char *path);
const char *config_account_problem(const char *name);
const char *config_endpoint_problem(const char *endpoint);
const char *config_smtp_problem(const char *smtp);
const char *config_authserv_problem(const char *id);
const char *config_delimiter_problem(const char *delimiters);
const char *config_recipient_problem(const char *recipient); /* "user@domain" or "@domain" */
gboolean config_domain_is_good(const char *domain);

#endif
