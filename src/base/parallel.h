/* parallel: work on many things of a kind, on all processors.
 *
 * Thread rule: any thread may call it; `work` runs in the caller's thread and in others at once, in
 * no order. Where there are no more threads, the caller's does it all.
 */
#ifndef LEAD_BASE_PARALLEL_H
#define LEAD_BASE_PARALLEL_H

#include <glib.h>

typedef void (*ParallelWork)(guint i, gpointer data);

/* Call work(i, data) for all i < n, and return when all are done. */
void parallel_each(guint n, ParallelWork work, gpointer data);

#endif
