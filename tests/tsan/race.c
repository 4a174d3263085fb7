/* What the stage must find, and what it must not: two threads that add to one number each way.
 * usage: race lock|once|box|pool|none   none has a race; ThreadSanitizer ends it with its exit
 * code. */
#include <glib.h>
#include <string.h>

#define ROUNDS 1000

static GMutex mutex;
static int sum;
static gboolean locked;

static gpointer
add(gpointer unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (locked)
            g_mutex_lock(&mutex);
        sum++;
        if (locked)
            g_mutex_unlock(&mutex);
    }
    return NULL;
}

static gpointer
make(gpointer unused)
{
    int *made = g_new(int, 1);
    *made = 7;
    return made;
}

static gpointer
look(gpointer unused)
{
    static GOnce once = G_ONCE_INIT;
    static gsize ready;
    static int second;
    if (g_once_init_enter(&ready)) {
        second = 8;
        g_once_init_leave(&ready, 1);
    }
    const int *first = g_once(&once, make, NULL);
    g_assert(*first + second == 15);
    return NULL;
}

static void
clear(gpointer box)
{
    *(int *)box = 0;
}

static gpointer
drop(gpointer box)
{
    g_assert(*(int *)box == 5);
    g_atomic_rc_box_release_full(box, clear);
    return NULL;
}

static void
take(gpointer item, gpointer expected)
{
    g_assert(*(int *)item == GPOINTER_TO_INT(expected));
}

static gpointer
push(gpointer unused)
{
    int *items = g_new(int, ROUNDS);
    GThreadPool *pool = g_thread_pool_new(take, GINT_TO_POINTER(9), 2, TRUE, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        items[i] = 9;
        g_thread_pool_push(pool, &items[i], NULL);
    }
    g_thread_pool_free(pool, FALSE, TRUE);
    return NULL;
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        GThreadFunc work;
    } ways[] = {{"lock", add}, {"once", look}, {"box", drop}, {"pool", push}, {"none", add}};
    const char *way = argc == 2 ? argv[1] : "";
    locked = strcmp(way, "lock") == 0;
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        if (strcmp(ways[i].name, way) != 0)
            continue;
        int *box = g_atomic_rc_box_new0(int);
        *box = 5;
        g_atomic_rc_box_acquire(box);
        GThread *threads[] = {g_thread_new("a", ways[i].work, box),
                              g_thread_new("b", ways[i].work, box)};
        for (gsize n = 0; n < G_N_ELEMENTS(threads); n++)
            g_thread_join(threads[n]);
        g_print("done %d\n", sum);
        return 0;
    }
    return 64;
}
