#include "ctl/lineup.h"

/* On their way at most, or one mail that is larger. A slow mail at the head holds up what is seen,
 * not the work, until the others of its window are done. */
#define MAILS_PER_THREAD 8
#define BYTES_MOST ((gsize)32 << 20)

typedef struct {
    StoredMail mail;
    char *name, *sender;
    GByteArray *bytes;
    gpointer result;
    gboolean done; /* under the lock, the result with it */
} Item;

struct Lineup {
    const LineupSteps *steps;
    gpointer data;
    GThreadPool *pool;
    GQueue items; /* Item, in order */
    guint most;
    gsize bytes; /* of the items */
    gboolean stopped;
    GMutex lock;
    const Item *awaited; /* under the lock */
    GCond finished;      /* that item is done */
};

static void
item_free(Lineup *lineup, Item *item)
{
    lineup->steps->free_result(item->result);
    g_byte_array_unref(item->bytes);
    g_free(item->name);
    g_free(item->sender);
    g_free(item);
}

static void
work(gpointer data, gpointer user_data)
{
    Item *item = data;
    Lineup *lineup = user_data;
    gpointer result = lineup->steps->work(&item->mail, lineup->data);
    g_mutex_lock(&lineup->lock);
    item->result = result;
    item->done = TRUE;
    if (item == lineup->awaited)
        g_cond_signal(&lineup->finished);
    g_mutex_unlock(&lineup->lock);
}

Lineup *
lineup_new(const LineupSteps *steps, gpointer data, GError **error)
{
    guint threads = g_get_num_processors();
    Lineup *lineup = g_new0(Lineup, 1);
    lineup->steps = steps;
    lineup->data = data;
    lineup->most = threads * MAILS_PER_THREAD;
    g_mutex_init(&lineup->lock);
    g_cond_init(&lineup->finished);
    /* Exclusive: its threads are there now, or never. */
    lineup->pool = g_thread_pool_new(work, lineup, (int)threads, TRUE, error);
    if (lineup->pool && g_thread_pool_get_num_threads(lineup->pool) == threads)
        return lineup;
    lineup_free(lineup);
    return NULL;
}

static gboolean
is_done(Lineup *lineup, const Item *item)
{
    g_mutex_lock(&lineup->lock);
    gboolean done = item->done;
    g_mutex_unlock(&lineup->lock);
    return done;
}

static void
wait_for(Lineup *lineup, const Item *item)
{
    g_mutex_lock(&lineup->lock);
    lineup->awaited = item;
    while (!item->done)
        g_cond_wait(&lineup->finished, &lineup->lock);
    g_mutex_unlock(&lineup->lock);
}

/* See those at the head that are done; wait for them while there are more than `most`. The one in
 * the middle is awaited first: to be woken for each mail costs more than to see some at once, and
 * meanwhile the threads have the other half. */
static void
see(Lineup *lineup, guint most, gsize bytes)
{
    GQueue *items = &lineup->items;
    while (!lineup->stopped && !g_queue_is_empty(items)) {
        Item *item = g_queue_peek_head(items);
        if (!is_done(lineup, item)) {
            if (items->length <= most && lineup->bytes <= bytes)
                return;
            wait_for(lineup, g_queue_peek_nth(items, (items->length - 1) / 2));
            wait_for(lineup, item);
        }
        g_queue_pop_head(items);
        lineup->bytes -= item->bytes->len;
        lineup->stopped = !lineup->steps->seen(&item->mail, item->result, lineup->data);
        item_free(lineup, item);
    }
}

gboolean
lineup_add(Lineup *lineup, char *name, char *sender, GByteArray *bytes, gsize limit)
{
    Item *item = g_new0(Item, 1);
    item->name = name;
    item->sender = sender;
    item->bytes = bytes;
    item->mail = (StoredMail){
        .name = name,
        .sender = sender,
        .bytes = bytes->len ? (const char *)bytes->data : "",
        .length = MIN(bytes->len, limit),
        .truncated = bytes->len > limit,
    };
    lineup->bytes += bytes->len;
    g_queue_push_tail(&lineup->items, item);
    g_thread_pool_push(lineup->pool, item, NULL);
    see(lineup, lineup->most, BYTES_MOST);
    return !lineup->stopped;
}

gboolean
lineup_finish(Lineup *lineup)
{
    see(lineup, 0, 0);
    return !lineup->stopped;
}

void
lineup_free(Lineup *lineup)
{
    if (!lineup)
        return;
    if (lineup->pool)
        g_thread_pool_free(lineup->pool, TRUE, TRUE);
    for (Item *item; (item = g_queue_pop_head(&lineup->items));)
        item_free(lineup, item);
    g_mutex_clear(&lineup->lock);
    g_cond_clear(&lineup->finished);
    g_free(lineup);
}
