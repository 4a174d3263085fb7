#include "milter/threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>

#include "base/log.h"
#include "base/once.h"

#define SAID_EVERY 60 /* seconds */
#define SPARE_FOR 15  /* seconds, as in GLib's pools */

typedef void *(*Start)(void *argument);
typedef int (*Create)(pthread_t *thread, const pthread_attr_t *attributes, Start start,
                      void *argument);
typedef int (*Detach)(pthread_t thread);

/* A sanitizer's, in a program that is built with one: it must know of all threads. */
extern int __interceptor_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                        Start start, void *argument);
extern int __interceptor_pthread_detach(pthread_t thread);
#pragma weak __interceptor_pthread_create
#pragma weak __interceptor_pthread_detach

/* What the C library makes of syslog in libmilter, which is built with _FORTIFY_SOURCE. */
extern void __syslog_chk(int priority, int flag, const char *format, ...);
extern void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments);

static gpointer worker; /* libmilter's Start of a thread of its pool; atomic */
static guint parked;    /* atomic */
static gint parked_at;  /* monotonic, seconds; atomic */
static gpointer spare;  /* GAsyncQueue of connections, for threads whose worker has ended */
static _Thread_local gboolean parking;  /* in a worker that is to end at once */
static _Thread_local gboolean detached; /* before its worker began */

guint
threads_short(void)
{
    return g_atomic_int_get(&parked);
}

static gint
now_in_seconds(void)
{
    return (gint)(g_get_monotonic_time() / G_USEC_PER_SEC);
}

gboolean
threads_scarce(void)
{
    return threads_short() > 0 && now_in_seconds() - g_atomic_int_get(&parked_at) <= 1;
}

/* libmilter's worker begins by detaching itself. When that fails it hands its connection to the
 * next thread that is free, and ends: just what is wanted, without a thread. */
static void
park(void *connection)
{
    static gint said;
    gint now = now_in_seconds(), last = g_atomic_int_get(&said);
    g_atomic_int_set(&parked_at, now);
    g_atomic_int_inc(&parked);
    if ((!last || now - last > SAID_EVERY) && g_atomic_int_compare_and_exchange(&said, last, now))
        log_error("no thread can be made: connections wait for those that there are");
    parking = TRUE;
    ((Start)g_atomic_pointer_get(&worker))(connection);
    parking = FALSE;
}

/* libmilter would say for each command that a thread could not be detached. */
void
__syslog_chk(int priority, int flag, const char *format, ...)
{
    if (parking)
        return;
    va_list arguments;
    va_start(arguments, format);
    __vsyslog_chk(priority, flag, format, arguments);
    va_end(arguments);
}

static gpointer
make_spare(gpointer nothing)
{
    return g_async_queue_new();
}

static void *
serve(void *connection)
{
    pthread_detach(pthread_self());
    detached = TRUE;
    for (; connection;
         connection =
             g_async_queue_timeout_pop(once_get(&spare, make_spare), SPARE_FOR * G_USEC_PER_SEC))
        ((Start)g_atomic_pointer_get(&worker))(connection);
    return NULL;
}

/* Whether a spare thread takes it. */
static gboolean
hand_on(void *connection)
{
    GAsyncQueue *queue = once_get(&spare, make_spare);
    g_async_queue_lock(queue);
    gboolean waits = g_async_queue_length_unlocked(queue) < 0;
    if (waits)
        g_async_queue_push_unlocked(queue, connection);
    g_async_queue_unlock(queue);
    return waits;
}

/* The pool's first threads are made without a connection; by that their Start is known. GLib's
 * threads have attributes, libmilter's none, and by which number a thread goes it does not ask. */
int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, Start start, void *argument)
{
    Create next = __interceptor_pthread_create ? __interceptor_pthread_create
                                               : (Create)dlsym(RTLD_NEXT, "pthread_create");
    if (!attributes && !argument)
        g_atomic_pointer_set(&worker, start);
    if (attributes || !argument || start != (Start)g_atomic_pointer_get(&worker))
        return next(thread, attributes, start, argument);
    if (!hand_on(argument) && next(thread, NULL, serve, argument) != 0)
        park(argument);
    return 0;
}

int
pthread_detach(pthread_t thread)
{
    if (parking)
        return EAGAIN;
    if (detached)
        return 0;
    Detach next = __interceptor_pthread_detach ? __interceptor_pthread_detach
                                               : (Detach)dlsym(RTLD_NEXT, "pthread_detach");
    return next(thread);
}
