/* Preloaded into a program that is built with ThreadSanitizer: tells it of GLib's locks. Debian's
 * GLib is not instrumented and its GMutex is a futex, so without this whatever a GMutex guards
 * looks like a race. Each wrapper does what GLib does and says what that orders; a lock that is
 * not taken orders nothing, so a forgotten one is still found (tests/tsan/race.c). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <glib.h>

/* ThreadSanitizer's, from the program; not there in any other that this is loaded into. */
#pragma weak __tsan_acquire
#pragma weak __tsan_release
extern void __tsan_acquire(void *address);
extern void __tsan_release(void *address);

static void
acquire(void *address)
{
    if (__tsan_acquire)
        __tsan_acquire(address);
}

static void
release(void *address)
{
    if (__tsan_release)
        __tsan_release(address);
}

#define NEXT(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

void
g_mutex_lock(GMutex *mutex)
{
    static void (*next)(GMutex *);
    if (!next)
        next = NEXT(void, "g_mutex_lock", GMutex *);
    next(mutex);
    acquire(mutex);
}

gboolean
g_mutex_trylock(GMutex *mutex)
{
    gboolean taken = NEXT(gboolean, "g_mutex_trylock", GMutex *)(mutex);
    if (taken)
        acquire(mutex);
    return taken;
}

void
g_mutex_unlock(GMutex *mutex)
{
    static void (*next)(GMutex *);
    if (!next)
        next = NEXT(void, "g_mutex_unlock", GMutex *);
    release(mutex);
    next(mutex);
}

/* Gives the mutex away and takes it again. */
void
g_cond_wait(GCond *cond, GMutex *mutex)
{
    static void (*next)(GCond *, GMutex *);
    if (!next)
        next = NEXT(void, "g_cond_wait", GCond *, GMutex *);
    release(mutex);
    next(cond, mutex);
    acquire(mutex);
}

gboolean
g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end)
{
    static gboolean (*next)(GCond *, GMutex *, gint64);
    if (!next)
        next = NEXT(gboolean, "g_cond_wait_until", GCond *, GMutex *, gint64);
    release(mutex);
    gboolean signalled = next(cond, mutex, end);
    acquire(mutex);
    return signalled;
}

/* The macros' fast ways are atomic loads in instrumented code: those acquire what is released
 * here. */
#undef g_once_init_enter
gboolean
g_once_init_enter(volatile void *location)
{
    gboolean first = NEXT(gboolean, "g_once_init_enter", volatile void *)(location);
    if (!first)
        acquire((void *)location);
    return first;
}

#undef g_once_init_leave
void
g_once_init_leave(volatile void *location, gsize result)
{
    release((void *)location);
    NEXT(void, "g_once_init_leave", volatile void *, gsize)(location, result);
}

/* GLib says that it is made right after the function, and the macro looks. */
typedef struct {
    GOnce *once;
    GThreadFunc function;
    gpointer argument;
} Making;

static gpointer
make_once(gpointer data)
{
    const Making *making = data;
    gpointer result = making->function(making->argument);
    release(making->once);
    release((void *)&making->once->status);
    return result;
}

gpointer
g_once_impl(GOnce *once, GThreadFunc function, gpointer argument)
{
    Making making = {once, function, argument};
    gpointer result =
        NEXT(gpointer, "g_once_impl", GOnce *, GThreadFunc, gpointer)(once, make_once, &making);
    acquire(once);
    return result;
}

/* GLib's lock of the strings that are interned is taken inside of it: one around it is seen. */
static GMutex interned;

char *
g_ref_string_new_intern(const char *text)
{
    g_mutex_lock(&interned);
    char *string = NEXT(char *, "g_ref_string_new_intern", const char *)(text);
    g_mutex_unlock(&interned);
    return string;
}

void
g_ref_string_release(char *string)
{
    g_mutex_lock(&interned);
    NEXT(void, "g_ref_string_release", char *)(string);
    g_mutex_unlock(&interned);
}

/* What is pushed was made before it is worked on. The queue in between is GLib's own. */
typedef struct {
    GFunc work;
    gpointer data;
} Pool;

static void
work_on(gpointer item, gpointer data)
{
    const Pool *pool = data;
    acquire(item);
    pool->work(item, pool->data);
}

GThreadPool *
g_thread_pool_new(GFunc work, gpointer data, gint most, gboolean exclusive, GError **error)
{
    static Pool pools[64]; /* for good: threads may outlive their pool */
    static gint used;
    gint n = g_atomic_int_add(&used, 1);
    g_assert(n < (gint)G_N_ELEMENTS(pools));
    pools[n] = (Pool){work, data};
    return NEXT(GThreadPool *, "g_thread_pool_new", GFunc, gpointer, gint, gboolean,
                GError **)(work_on, &pools[n], most, exclusive, error);
}

gboolean
g_thread_pool_push(GThreadPool *pool, gpointer item, GError **error)
{
    release(item);
    return NEXT(gboolean, "g_thread_pool_push", GThreadPool *, gpointer, GError **)(pool, item,
                                                                                    error);
}

/* Counted references: whoever drops one is done with the object before the last one frees it. */
typedef struct {
    gpointer box;
    GDestroyNotify clear;
} Dropped;
static __thread Dropped dropped;

static void
clear_dropped(gpointer box)
{
    acquire(box);
    dropped.clear(box);
}

void
g_atomic_rc_box_release_full(gpointer box, GDestroyNotify clear)
{
    Dropped outer = dropped;
    release(box);
    dropped = (Dropped){box, clear};
    NEXT(void, "g_atomic_rc_box_release_full", gpointer, GDestroyNotify)(box, clear_dropped);
    dropped = outer;
}
