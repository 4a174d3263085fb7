#include "milter/threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>

#include "base/log.h"

#define SAID_EVERY 60 /* seconds */

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
static _Thread_local gboolean parking;

guint
threads_short(void)
{
    return g_atomic_int_get(&parked);
}

/* libmilter's worker begins by detaching itself. When that fails it hands its connection to the
 * next thread that is free, and ends: just what is wanted, without a thread. */
static void
park(void *connection)
{
    static gint said;
    gint now = (gint)(g_get_monotonic_time() / G_USEC_PER_SEC), last = g_atomic_int_get(&said);
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

/* The pool's first threads are made without a connection; by that their Start is known. GLib's
 * threads have attributes, libmilter's none. */
int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, Start start, void *argument)
{
    Create next = __interceptor_pthread_create ? __interceptor_pthread_create
                                               : (Create)dlsym(RTLD_NEXT, "pthread_create");
    int result = next(thread, attributes, start, argument);
    if (!attributes && !argument)
        g_atomic_pointer_set(&worker, start);
    if (result == 0 || attributes || !argument || start != (Start)g_atomic_pointer_get(&worker))
        return result;
    park(argument);
    return 0;
}

int
pthread_detach(pthread_t thread)
{
    if (parking)
        return EAGAIN;
    Detach next = __interceptor_pthread_detach ? __interceptor_pthread_detach
                                               : (Detach)dlsym(RTLD_NEXT, "pthread_detach");
    return next(thread);
}
