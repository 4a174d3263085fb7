#include "milter/threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>

#include "base/log.h"

#define SAID_EVERY 60 /* seconds */
#define SPARE_FOR 15  /* seconds, as in GLib's pools */

typedef void *(*Start)(void *argument);
typedef int (*Create)(pthread_t *thread, const pthread_attr_t *attributes, Start start,
                      void *argument);
typedef int (*Detach)(pthread_t thread);

/* A thread whose worker has ended, in its stack. */
typedef struct Spare {
    struct Spare *below;
    void *connection; /* NULL: still without */
    GCond given;
} Spare;

/* A sanitizer's, in a program that is built with one: it must know of all threads. */
extern int __interceptor_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                        Start start, void *argument);
extern int __interceptor_pthread_detach(pthread_t thread);
#pragma weak __interceptor_pthread_create
#pragma weak __interceptor_pthread_detach

/* What the C library makes of syslog in libmilter, which is built with _FORTIFY_SOURCE. */
extern void __syslog_chk(int priority, int flag, const char *format, ...);
extern void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments);

static gpointer worker;                 /* libmilter's Start of a thread of its pool; atomic */
static guint parked;                    /* atomic */
static gint parked_at;                  /* monotonic, seconds; atomic */
static GMutex lock;                     /* of what follows */
static Spare *spares;                   /* the last that came is the next that goes */
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

/* The next connection, or NULL: none has come in time. */
static void *
wait_for_connection(void)
{
    Spare self = {.below = NULL};
    gint64 until = g_get_monotonic_time() + SPARE_FOR * G_USEC_PER_SEC;
    g_cond_init(&self.given);
    g_mutex_lock(&lock);
    self.below = spares;
    spares = &self;
    while (!self.connection && g_cond_wait_until(&self.given, &lock, until))
        continue;
    if (!self.connection) {
        Spare **place = &spares;
        while (*place != &self)
            place = &(*place)->below;
        *place = self.below;
    }
    g_mutex_unlock(&lock);
    g_cond_clear(&self.given);
    return self.connection;
}

/* Whether a spare thread takes it. */
static gboolean
hand_on(void *connection)
{
    g_mutex_lock(&lock);
    Spare *first = spares;
    if (first) {
        spares = first->below;
        first->connection = connection;
        g_cond_signal(&first->given);
    }
    g_mutex_unlock(&lock);
    return first != NULL;
}

static void *
serve(void *connection)
{
    pthread_detach(pthread_self());
    detached = TRUE;
    for (; connection; connection = wait_for_connection())
        ((Start)g_atomic_pointer_get(&worker))(connection);
    return NULL;
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
    gboolean self = pthread_equal(thread, pthread_self());
    if (self && (parking || detached))
        return parking ? EAGAIN : 0;
    Detach next = __interceptor_pthread_detach ? __interceptor_pthread_detach
                                               : (Detach)dlsym(RTLD_NEXT, "pthread_detach");
    return next(thread);
}
