#include "submit/clerk.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "submit/ledger.h"

typedef struct {
    gpointer account;
    const char *name;
    guint most, lease;
} Claim;

struct Clerk {
    GThread *thread;
    int watch; /* eventfd */

    /* The thread's alone while it runs. */
    Queue *queue;
    Ledger *ledger;

    GMutex mutex; /* of all that follows */
    GCond work;
    GQueue claims;    /* Claim */
    GArray *outcomes; /* QueueOutcome, on their way to the ledger */
    GQueue news;      /* ClerkNews */
    gboolean idle;    /* the thread rests, and has no outcome to write at a time */
    gboolean more, fails, ending;
};

void
clerk_news_free(ClerkNews *news)
{
    if (!news)
        return;
    g_clear_pointer(&news->leads, g_ptr_array_unref);
    g_clear_error(&news->error);
    g_free(news);
}

/* --- the thread --- */

/* With the mutex held. */
static void
add_news(Clerk *clerk, ClerkNews *news)
{
    const guint64 one = 1;
    g_queue_push_tail(&clerk->news, news);
    if (write(clerk->watch, &one, sizeof one) < 0) {
        /* It is full, so readable anyway. */
    }
}

/* The clerk knows a lead that a jump of the clock has made be claimed twice. */
static void
forget_known(Clerk *clerk, GPtrArray *leads)
{
    for (guint i = 0; i < leads->len;) {
        const QueuedLead *lead = g_ptr_array_index(leads, i);
        if (ledger_claim(clerk->ledger, lead->id))
            i++;
        else
            g_ptr_array_remove_index(leads, i);
    }
}

/* Without the mutex. */
static ClerkNews *
claim(Clerk *clerk, const Claim *claim)
{
    ClerkNews *news = g_new0(ClerkNews, 1);
    news->account = claim->account;
    news->leads = queue_claim(clerk->queue, claim->name, claim->most, claim->lease, &news->error);
    if (!news->leads)
        return news;
    /* After a full claim there may be more at once. */
    news->next_due =
        news->leads->len == claim->most ? 0 : queue_next_due(clerk->queue, claim->name, NULL);
    forget_known(clerk, news->leads);
    return news;
}

/* Without the mutex, but to say so. */
static void
settle(Clerk *clerk, gboolean more)
{
    GError *error = NULL;
    gboolean back, failed = ledger_fails(clerk->ledger);
    gboolean good = ledger_settle(clerk->ledger, more, &back, &error);
    g_mutex_lock(&clerk->mutex);
    clerk->fails = !good;
    /* While one that is due again was here, the queue took it for one that is being sent. */
    if (!good || back || failed) {
        ClerkNews *news = g_new0(ClerkNews, 1);
        news->error = error;
        add_news(clerk, news);
    }
    g_mutex_unlock(&clerk->mutex);
}

/* With the mutex held. */
static void
enter_outcomes(Clerk *clerk)
{
    for (guint i = 0; i < clerk->outcomes->len; i++) {
        QueueOutcome *outcome = &g_array_index(clerk->outcomes, QueueOutcome, i);
        ledger_add(clerk->ledger, outcome->id, *outcome);
    }
    g_array_set_size(clerk->outcomes, 0);
}

/* With the mutex held: until there is work, or `wait` microseconds. */
static void
rest(Clerk *clerk, gint64 wait)
{
    clerk->idle = ledger_is_written(clerk->ledger);
    if (wait < G_MAXINT64)
        g_cond_wait_until(&clerk->work, &clerk->mutex, g_get_monotonic_time() + wait);
    else
        g_cond_wait(&clerk->work, &clerk->mutex);
    clerk->idle = FALSE;
}

static gpointer
work(gpointer data)
{
    Clerk *clerk = data;
    g_mutex_lock(&clerk->mutex);
    while (!clerk->ending) {
        enter_outcomes(clerk);
        gboolean more = clerk->more;
        gint64 wait = ledger_wait(clerk->ledger, more);
        g_autofree Claim *asked = wait > 0 ? g_queue_pop_head(&clerk->claims) : NULL;
        if (wait > 0 && !asked) {
            rest(clerk, wait);
            continue;
        }
        g_mutex_unlock(&clerk->mutex);
        ClerkNews *news = asked ? claim(clerk, asked) : NULL;
        if (!asked)
            settle(clerk, more);
        g_mutex_lock(&clerk->mutex);
        if (news)
            add_news(clerk, news);
    }
    g_mutex_unlock(&clerk->mutex);
    return NULL;
}

/* --- the owner's side --- */

Clerk *
clerk_new(const Queue *queue, GError **error)
{
    Queue *ours = queue_dup(queue, error);
    if (!ours)
        return NULL;
    Clerk *clerk = g_new0(Clerk, 1);
    clerk->queue = ours;
    clerk->ledger = ledger_new(ours);
    clerk->outcomes = g_array_new(FALSE, FALSE, sizeof(QueueOutcome));
    g_mutex_init(&clerk->mutex);
    g_cond_init(&clerk->work);
    clerk->watch = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (clerk->watch < 0)
        g_error("eventfd: %s", g_strerror(errno));
    clerk->thread = g_thread_try_new("clerk", work, clerk, error);
    if (!clerk->thread)
        g_clear_pointer(&clerk, clerk_free);
    return clerk;
}

/* What nobody has taken goes back as it was. */
static void
give_back(Clerk *clerk)
{
    for (ClerkNews *news; (news = g_queue_pop_head(&clerk->news)); clerk_news_free(news)) {
        for (guint i = 0; news->leads && i < news->leads->len; i++) {
            const QueuedLead *lead = g_ptr_array_index(news->leads, i);
            ledger_add(clerk->ledger, lead->id,
                       (QueueOutcome){.state = STATE_PENDING, .no_attempt = TRUE});
        }
    }
}

gboolean
clerk_end(Clerk *clerk, GError **error)
{
    gboolean back;
    if (!clerk->thread)
        return TRUE;
    g_mutex_lock(&clerk->mutex);
    clerk->ending = TRUE;
    g_cond_signal(&clerk->work);
    g_mutex_unlock(&clerk->mutex);
    g_thread_join(g_steal_pointer(&clerk->thread));
    enter_outcomes(clerk);
    give_back(clerk);
    return ledger_settle(clerk->ledger, FALSE, &back, error);
}

void
clerk_free(Clerk *clerk)
{
    if (!clerk)
        return;
    clerk_end(clerk, NULL);
    g_queue_clear_full(&clerk->claims, g_free);
    g_array_unref(clerk->outcomes);
    ledger_free(clerk->ledger);
    queue_close(clerk->queue);
    close(clerk->watch);
    g_mutex_clear(&clerk->mutex);
    g_cond_clear(&clerk->work);
    g_free(clerk);
}

void
clerk_claim(Clerk *clerk, gpointer account, const char *name, guint most, guint lease)
{
    Claim *claim = g_new(Claim, 1);
    *claim = (Claim){account, name, most, lease};
    g_mutex_lock(&clerk->mutex);
    g_queue_push_tail(&clerk->claims, claim);
    g_cond_signal(&clerk->work);
    g_mutex_unlock(&clerk->mutex);
}

/* The first one wakes the thread, which then waits for others by itself. */
void
clerk_tell(Clerk *clerk, const char *id, QueueOutcome outcome)
{
    g_strlcpy(outcome.id, id, LEAD_ID_SIZE);
    g_mutex_lock(&clerk->mutex);
    g_array_append_val(clerk->outcomes, outcome);
    if (clerk->idle)
        g_cond_signal(&clerk->work);
    clerk->idle = FALSE;
    g_mutex_unlock(&clerk->mutex);
}

void
clerk_expect(Clerk *clerk, gboolean more)
{
    g_mutex_lock(&clerk->mutex);
    if (clerk->more && !more)
        g_cond_signal(&clerk->work);
    clerk->more = more;
    g_mutex_unlock(&clerk->mutex);
}

gboolean
clerk_fails(Clerk *clerk)
{
    g_mutex_lock(&clerk->mutex);
    gboolean fails = clerk->fails;
    g_mutex_unlock(&clerk->mutex);
    return fails;
}

int
clerk_watch(const Clerk *clerk)
{
    return clerk->watch;
}

ClerkNews *
clerk_news(Clerk *clerk)
{
    guint64 count;
    g_mutex_lock(&clerk->mutex);
    ClerkNews *news = g_queue_pop_head(&clerk->news);
    if (news && g_queue_is_empty(&clerk->news) && read(clerk->watch, &count, sizeof count) < 0)
        g_error("eventfd: %s", g_strerror(errno));
    g_mutex_unlock(&clerk->mutex);
    return news;
}
