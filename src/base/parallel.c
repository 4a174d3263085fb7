#include "base/parallel.h"

#define THREADS_MAX 16

typedef struct {
    guint n;
    ParallelWork work;
    gpointer data;
    gint next;
} Batch;

static gpointer
work_off(gpointer data)
{
    Batch *batch = data;
    guint i;
    while ((i = (guint)g_atomic_int_add(&batch->next, 1)) < batch->n)
        batch->work(i, batch->data);
    return NULL;
}

void
parallel_each(guint n, ParallelWork work, gpointer data)
{
    Batch batch = {n, work, data, 0};
    GThread *threads[THREADS_MAX];
    guint processors = g_get_num_processors(), others = 0;
    while (others + 1 < MIN(processors, MIN(n, THREADS_MAX)) &&
           (threads[others] = g_thread_try_new("parallel", work_off, &batch, NULL)))
        others++;
    work_off(&batch);
    while (others > 0)
        g_thread_join(threads[--others]);
}
