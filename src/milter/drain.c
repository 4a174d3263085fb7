#include "milter/drain.h"

static GMutex lock;
static guint count;
static gboolean draining;

gboolean
drain_enter(void)
{
    g_mutex_lock(&lock);
    gboolean taken = !draining;
    if (taken)
        count++;
    g_mutex_unlock(&lock);
    return taken;
}

void
drain_leave(void)
{
    g_mutex_lock(&lock);
    g_assert(count > 0);
    count--;
    g_mutex_unlock(&lock);
}

void
drain_start(void)
{
    g_mutex_lock(&lock);
    draining = TRUE;
    g_mutex_unlock(&lock);
}

guint
drain_count(void)
{
    g_mutex_lock(&lock);
    guint now = count;
    g_mutex_unlock(&lock);
    return now;
}
