/* log: one line per event, to syslog (facility mail) and, in the foreground, to standard error,
 * unless that is systemd's journal, which would have each twice.
 *
 * Only the edges log (daemons, tool); libraries return errors. A line names the MTA's queue id
 * and the rule where there are such; never a person's name, address, phone or a message's text
 * (DESIGN section 7.5). Control characters are shown as `?`, a line is cut at 1,000 bytes.
 * Thread rule: any thread, after log_open. Before log_open, lines go to standard error.
 */
#ifndef LEAD_BASE_LOG_H
#define LEAD_BASE_LOG_H

#include <glib.h>

typedef enum { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG } LogLevel;

/* `ident` must stay alive. Debug lines are dropped unless `debug`. */
void log_open(const char *ident, gboolean foreground, gboolean debug);

void log_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_info(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_debug(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
