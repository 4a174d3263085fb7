/* daemon: what the two daemons' mains share: options, the way into the background, the errors of
 * configuration and rules in the log.
 *
 * The parent stays until the child calls daemon_ready, or leaves: then with the child's status.
 * So threads and databases are opened in the child, and errors still reach the terminal.
 */
#ifndef LEAD_BASE_DAEMON_H
#define LEAD_BASE_DAEMON_H

#include "base/diag.h"

typedef struct {
    const char *name;        /* the program's; set by the caller, the others by daemon_options */
    const char *config_file; /* a whole path: the folder changes in the background */
    const char *user;        /* -u, or NULL */
    gboolean foreground, debug;
} DaemonOptions;

/* -1 to go on, or the status to leave with: help, version and bad options have been answered. */
int daemon_options(int argc, char **argv, DaemonOptions *options);

/* Become the user of -u, with its groups, for good; before anything is opened and any thread. TRUE
 * when there is nothing to do. */
gboolean daemon_become(const DaemonOptions *options, GError **error);

/* Into the background, in the folder "/". Returns in the child only; FALSE with *error when it
 * cannot fork. Call before any thread. */
gboolean daemon_start(GError **error);
/* The start has succeeded: log as the options say. */
void daemon_open_log(const DaemonOptions *options);
/* The start is done: tell systemd, if it has named NOTIFY_SOCKET; in the background let the parent
 * exit 0 and give up the terminal. */
void daemon_ready(const DaemonOptions *options);

/* Log the first of them, and how many more there are. */
void daemon_log_diags(const Diags *diags);

#endif
