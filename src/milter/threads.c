#include "milter/threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>

#include "base/log.h"

#define SAID_EVERY 60 /* seconds */
#define SPARE_FOR 15  /* seconds, as in GLib's pools */
#define DUE_FOR 1     /* milliseconds until one that waits for a thread gets one of its own */
#define DUE_AGAIN 50  /* the same when there was none to be had */

typedef void *(*Start)(void *argument);
typedef int (*Create)(pthread_t *thread, const pthread_attr_t *attributes, Start start,
                      void *argument);
typedef int (*Detach)(pthread_t thread);

/* A thread whose worker has ended, in its stack. */
typedef struct Spare {
    struct Spare *below;
    gboolean called;
    void *connection; /* then; NULL: one that is due */
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
static guint due;                       /* connections that wait for a thread */
static gint64 due_since;                /* monotonic; or since the last of them got one */
static guint coming;                    /* threads called that have not begun */
static gboolean none_came;              /* when one was last called for what is due */
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

/* FALSE: nobody has called in time. */
static gboolean
wait_for_call(void **connection)
{
    Spare self = {.below = NULL};
    gint64 until = g_get_monotonic_time() + SPARE_FOR * G_USEC_PER_SEC;
    g_cond_init(&self.given);
    g_mutex_lock(&lock);
    self.below = spares;
    spares = &self;
    while (!self.called && g_cond_wait_until(&self.given, &lock, until))
        continue;
    if (!self.called) {
        Spare **place = &spares;
        while (*place != &self)
            place = &(*place)->below;
        *place = self.below;
    }
    g_mutex_unlock(&lock);
    g_cond_clear(&self.given);
    *connection = self.connection;
    return self.called;
}

/* Whether a spare thread takes it. With the lock held. */
static gboolean
hand_on(void *connection)
{
    Spare *first = spares;
    if (first) {
        spares = first->below;
        first->called = TRUE;
        first->connection = connection;
        g_cond_signal(&first->given);
    }
    return first != NULL;
}

static void
count_coming(int change)
{
    g_mutex_lock(&lock);
    coming += change;
    g_mutex_unlock(&lock);
}

static void *
serve(void *connection)
{
    pthread_detach(pthread_self());
    detached = TRUE;
    do {
        count_coming(-1);
        ((Start)g_atomic_pointer_get(&worker))(connection);
    } while (wait_for_call(&connection));
    return NULL;
}

static Create
real_create(void)
{
    return __interceptor_pthread_create ? __interceptor_pthread_create
                                        : (Create)dlsym(RTLD_NEXT, "pthread_create");
}

/* A thread for libmilter's worker, NULL: with whatever connection is due. FALSE: there is none. */
static gboolean
call(void *connection)
{
    pthread_t thread;
    g_mutex_lock(&lock);
    coming++;
    gboolean spare = hand_on(connection);
    g_mutex_unlock(&lock);
    if (spare || real_create()(&thread, NULL, serve, connection) == 0)
        return TRUE;
    count_coming(-1);
    return FALSE;
}

void
threads_due(void)
{
    g_mutex_lock(&lock);
    if (due++ == 0)
        due_since = g_get_monotonic_time();
    g_mutex_unlock(&lock);
}

void
threads_taken(void)
{
    g_mutex_lock(&lock);
    due--;
    due_since = g_get_monotonic_time();
    g_mutex_unlock(&lock);
}

int
threads_patience(void)
{
    g_mutex_lock(&lock);
    int patience = none_came || threads_scarce() ? DUE_AGAIN : DUE_FOR;
    gint64 now = g_get_monotonic_time();
    guint late = due > coming && now - due_since >= patience * 1000 ? due - coming : 0;
    if (late)
        due_since = now;
    gboolean waiting = due > 0, called = late > 0;
    g_mutex_unlock(&lock);

    while (late > 0 && call(NULL))
        late--;
    if (called) {
        g_mutex_lock(&lock);
        none_came = late > 0;
        g_mutex_unlock(&lock);
    }
    return waiting ? patience : -1;
}

/* The pool's first threads are made without a connection; by that their Start is known. GLib's
 * threads have attributes, libmilter's none, and by which number a thread goes it does not ask. */
int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, Start start, void *argument)
{
    if (!attributes && !argument)
        g_atomic_pointer_set(&worker, start);
    if (attributes || !argument || start != (Start)g_atomic_pointer_get(&worker))
        return real_create()(thread, attributes, start, argument);
    if (!call(argument))
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
