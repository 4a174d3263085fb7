/* drain: how many messages are between DATA and their answer, and the end of taking new ones.
 *
 * One count for the process. Thread rule: any thread.
 */
#ifndef LEAD_MILTER_DRAIN_H
#define LEAD_MILTER_DRAIN_H

#include <glib.h>

/* A message goes past DATA: FALSE when no more are taken, else drain_leave must follow. */
gboolean drain_enter(void);
void drain_leave(void);
/* From now on drain_enter says FALSE. */
void drain_start(void);
/* The messages that have entered and not left. */
guint drain_count(void);

#endif
