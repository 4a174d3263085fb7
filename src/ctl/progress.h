/* progress: how far long work is, on standard error, when that is a terminal.
 *
 * It is one line, in whose place the next is written, ten times a second at most. It is erased
 * before an error (ctl_error) and when SIGINT or SIGTERM ends the program, which they do all the
 * same. Thread rule: one thread.
 */
#ifndef LEAD_CTL_PROGRESS_H
#define LEAD_CTL_PROGRESS_H

#include <glib.h>

void progress_begin(void);
/* `done` of `total`, in whatever unit; total 0: unknown. */
void progress_show(guint mails, guint64 done, guint64 total);
/* Before anything else is written to the terminal, and at the end. */
void progress_clear(void);

#endif
