#include "submit/submitter.h"

#include <string.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "submit/answer.h"
#include "submit/client.h"
#include "submit/token.h"

#define TOKEN_LOOK 2000   /* milliseconds between looks at a stopped account's token */
#define TROUBLE_WAIT 1000 /* milliseconds until a queue that failed is asked again */
#define PURGE_EVERY ((gint64)3600 * G_USEC_PER_SEC)
#define SHOUT_EVERY ((gint64)3600 * G_USEC_PER_SEC)
#define CLAIM_ROUNDS 8  /* leads claimed at once, times the concurrency: one fsync for all */
#define LEASE_SLACK 60  /* seconds a lease is longer than the timeout */
#define IDLE_MOST 60000 /* milliseconds */

typedef struct {
    char *name;
    const ConfigAccount *config; /* NULL when a reload took it away */
    Token *token;
    guint busy;      /* POSTs on the wire */
    GQueue ready;    /* QueuedLead, claimed and waiting for their turn */
    char *stopped;   /* why; NULL while it runs */
    gint64 shouted;  /* when that was last logged */
    gint64 next_due; /* microseconds; 0: to be asked */
} Account;

struct Submitter {
    Config *config;
    Queue *queue;
    Client *client;
    GPtrArray *accounts; /* Account; never taken out, as POSTs point at them */
    GArray *outcomes;    /* QueueOutcome, not yet in the queue */
    GError *gone;        /* the queue is, for good */
    gboolean trouble;    /* the queue failed, perhaps not for long */
    gint64 purged;
    int wake, watch;
    gint stop, reload_asked; /* set by signal handlers */
    Config *(*reload)(gpointer data);
    gpointer reload_data;
};

static void
account_free(gpointer data)
{
    Account *account = data;
    g_free(account->name);
    g_queue_clear_full(&account->ready, (GDestroyNotify)queued_lead_free);
    token_free(account->token);
    g_free(account->stopped);
    g_free(account);
}

static void
outcome_clear(gpointer data)
{
    g_free(((QueueOutcome *)data)->words);
}

/* A failure of the queue: waited out, or the end. */
static void
queue_trouble(Submitter *self, GError *error)
{
    gboolean may_pass = g_error_matches(error, QUEUE_ERROR, QUEUE_ERROR_BUSY) ||
                        g_error_matches(error, QUEUE_ERROR, QUEUE_ERROR_FULL) ||
                        g_error_matches(error, QUEUE_ERROR, QUEUE_ERROR_IO);
    if (!may_pass && !self->gone)
        self->gone = g_error_copy(error);
    else if (!self->trouble)
        log_error("%s; trying again", error->message);
    self->trouble = TRUE;
    for (guint i = 0; i < self->accounts->len; i++)
        ((Account *)g_ptr_array_index(self->accounts, i))->next_due = 0;
    g_error_free(error);
}

/* What was claimed and not sent goes back as it was. */
static void
give_back(Submitter *self, Account *account)
{
    for (QueuedLead *lead; (lead = g_queue_pop_head(&account->ready));) {
        QueueOutcome outcome = {.state = STATE_PENDING, .no_attempt = TRUE};
        g_strlcpy(outcome.id, lead->id, LEAD_ID_SIZE);
        g_array_append_val(self->outcomes, outcome);
        queued_lead_free(lead);
        account->next_due = 0;
    }
}

/* --- accounts --- */

static void
stop_account(Submitter *self, Account *account, const char *reason)
{
    gint64 now = g_get_monotonic_time();
    GError *error = NULL;
    gboolean news = g_strcmp0(account->stopped, reason) != 0;
    if (news || now - account->shouted > SHOUT_EVERY) {
        log_error("account %s is stopped, its leads wait: %s", account->name, reason);
        account->shouted = now;
    }
    give_back(self, account);
    if (!news)
        return;
    g_free(account->stopped);
    account->stopped = g_strdup(reason);
    if (!queue_account_stop(self->queue, account->name, reason, &error))
        queue_trouble(self, error);
}

static void
start_account(Submitter *self, Account *account)
{
    GError *error = NULL;
    if (account->stopped)
        log_info("account %s runs again", account->name);
    g_clear_pointer(&account->stopped, g_free);
    if (!queue_account_stop(self->queue, account->name, NULL, &error))
        queue_trouble(self, error);
}

/* The token to use now; NULL while the account is stopped. A new token starts it again. */
static const char *
usable_token(Submitter *self, Account *account)
{
    g_autoptr(GError) error = NULL;
    gboolean changed;
    const char *token = token_get(account->token, &changed, &error);
    if (!token) {
        stop_account(self, account, error->message);
        return NULL;
    }
    if (changed)
        start_account(self, account);
    if (account->stopped)
        stop_account(self, account, account->stopped); /* said again now and then */
    return account->stopped ? NULL : token;
}

static Account *
find_account(Submitter *self, const char *name)
{
    for (guint i = 0; i < self->accounts->len; i++) {
        Account *account = g_ptr_array_index(self->accounts, i);
        if (strcmp(account->name, name) == 0)
            return account;
    }
    return NULL;
}

/* Accounts as the configuration has them. Each starts afresh: a reload or a restart is how an
 * admin says that what stopped it is mended. */
static void
set_accounts(Submitter *self)
{
    for (guint i = 0; i < self->accounts->len; i++) {
        Account *account = g_ptr_array_index(self->accounts, i);
        give_back(self, account);
        account->config = NULL;
    }
    for (guint i = 0; i < self->config->accounts->len; i++) {
        const ConfigAccount *config = config_account(self->config, i);
        Account *account = find_account(self, config->name);
        if (!account) {
            account = g_new0(Account, 1);
            account->name = g_strdup(config->name);
            g_ptr_array_add(self->accounts, account);
        }
        token_free(account->token);
        account->token = token_new(config->token_file);
        account->config = config;
        account->next_due = 0;
    }
}

static void
warn_of_orphans(Submitter *self)
{
    g_autoptr(GPtrArray) counts = queue_stats(self->queue, NULL);
    for (guint i = 0; counts && i < counts->len; i++) {
        const QueueCount *count = g_ptr_array_index(counts, i);
        if (count->by_state[STATE_PENDING] > 0 &&
            !config_account_named(self->config, count->account))
            log_warning("%" G_GUINT64_FORMAT " leads wait for the account %s, which the"
                        " configuration does not have",
                        count->by_state[STATE_PENDING], count->account);
    }
}

/* --- from the queue to the wire and back --- */

static void
claim(Submitter *self, Account *account)
{
    GError *error = NULL;
    guint most = self->config->submit_concurrency * CLAIM_ROUNDS;
    guint lease = self->config->submit_timeout * (CLAIM_ROUNDS + 1) + LEASE_SLACK;
    g_autoptr(GPtrArray) leads = queue_claim(self->queue, account->name, most, lease, &error);
    if (!leads) {
        queue_trouble(self, error);
        return;
    }
    self->trouble = FALSE;
    g_ptr_array_set_free_func(leads, NULL);
    for (guint i = 0; i < leads->len; i++)
        g_queue_push_tail(&account->ready, g_ptr_array_index(leads, i));
    /* After a full claim there may be more at once. */
    account->next_due = leads->len == most ? 0 : queue_next_due(self->queue, account->name, NULL);
}

/* Keep the account's share of POSTs on the wire. */
static void
send_for(Submitter *self, Account *account)
{
    guint most = self->config->submit_concurrency;
    if (!account->config || account->busy >= most)
        return;
    gboolean due = account->next_due <= g_get_real_time();
    if (g_queue_is_empty(&account->ready) && !due)
        return;
    const char *token = usable_token(self, account);
    if (!token)
        return;
    if (g_queue_is_empty(&account->ready))
        claim(self, account);
    for (; account->busy < most && !g_queue_is_empty(&account->ready); account->busy++)
        client_post(self->client, account->config, token, self->config->submit_timeout,
                    g_queue_pop_head(&account->ready), account);
}

static void
log_outcome(const ClientAnswer *answer, const Verdict *verdict, const Account *account)
{
    const char *queue_id = answer->lead->queue_id ? answer->lead->queue_id : "-";
    gint64 took = (answer->ended - answer->started) / 1000;
    if (verdict->kind == ANSWER_DONE)
        log_info("%s: lead=%s account=%s done: status=%d ms=%" G_GINT64_FORMAT, queue_id,
                 answer->lead->id, account->name, answer->status, took);
    else if (verdict->kind == ANSWER_RETRY)
        log_warning("%s: lead=%s account=%s try=%u failed, again in %" G_GUINT64_FORMAT " s:"
                    " status=%d ms=%" G_GINT64_FORMAT,
                    queue_id, answer->lead->id, account->name, answer->lead->attempts + 1,
                    verdict->wait, answer->status, took);
    else if (verdict->kind == ANSWER_DEAD)
        log_error("%s: lead=%s account=%s dead: status=%d; leadctl queue show %.8s tells what the"
                  " API said",
                  queue_id, answer->lead->id, account->name, answer->status, answer->lead->id);
    if (answer->error)
        log_warning("%s: lead=%s: %s", queue_id, answer->lead->id, answer->error);
}

static void
on_answer(const ClientAnswer *answer, gpointer data)
{
    Submitter *self = data;
    Account *account = answer->account;
    g_autoptr(QueuedLead) lead = answer->lead;
    gint64 age = (answer->ended - lead->created) / G_USEC_PER_SEC;
    Answer facts = {
        .status = answer->status,
        .error = answer->error,
        .content_type = answer->content_type,
        .body = answer->body,
        .retry_after = answer->retry_after,
        .attempts = lead->attempts + 1,
        .age = MAX(age, 0),
        .give_up_after = self->config->submit_give_up_after,
        .jitter = g_random_double(),
    };
    Verdict verdict = answer_judge(&facts);
    log_outcome(answer, &verdict, account);
    QueueOutcome outcome = {
        .state = verdict.kind == ANSWER_DONE   ? STATE_DONE
                 : verdict.kind == ANSWER_DEAD ? STATE_DEAD
                                               : STATE_PENDING,
        .not_before = answer->ended + (gint64)verdict.wait * G_USEC_PER_SEC,
        .status = answer->status,
        .words = verdict.words,
        .started = answer->started,
        .ended = answer->ended,
    };
    g_strlcpy(outcome.id, lead->id, LEAD_ID_SIZE);
    g_array_append_val(self->outcomes, outcome);
    account->busy--;
    if (verdict.kind != ANSWER_DONE)
        account->next_due = MIN(account->next_due, outcome.not_before);
    if (verdict.kind == ANSWER_STOP_ACCOUNT)
        stop_account(self, account, verdict.words);
}

/* What came back goes into the queue in one transaction; what cannot stays here until it can. If
 * we die before, the lead is sent once more under the same Idempotency-Key. */
static void
settle_all(Submitter *self)
{
    GError *error = NULL;
    if (self->outcomes->len == 0)
        return;
    if (queue_settle(self->queue, (QueueOutcome *)(void *)self->outcomes->data, self->outcomes->len,
                     &error)) {
        g_array_set_size(self->outcomes, 0);
        self->trouble = FALSE;
    } else {
        queue_trouble(self, error);
    }
}

static void
purge(Submitter *self)
{
    gint64 now = g_get_monotonic_time();
    GError *error = NULL;
    guint purged = 0;
    if (self->purged && now - self->purged < PURGE_EVERY)
        return;
    self->purged = now;
    if (!queue_purge(self->queue, self->config->retention, &purged, &error))
        queue_trouble(self, error);
    else if (purged > 0)
        log_info("purged %u leads older than the retention", purged);
}

/* --- the loop --- */

/* Milliseconds until something is due by itself. */
static int
idle_time(Submitter *self)
{
    gint64 now = g_get_real_time(), wait = (gint64)IDLE_MOST;
    if (self->trouble)
        return TROUBLE_WAIT;
    for (guint i = 0; i < self->accounts->len; i++) {
        Account *account = g_ptr_array_index(self->accounts, i);
        if (!account->config || account->busy >= self->config->submit_concurrency)
            continue; /* an answer comes first */
        if (account->stopped)
            wait = MIN(wait, TOKEN_LOOK);
        else if (!g_queue_is_empty(&account->ready))
            wait = 0;
        else if (account->next_due < G_MAXINT64)
            wait = MIN(wait, MAX((account->next_due - now + 999) / 1000, 0));
    }
    return (int)wait;
}

static void
take_signals(Submitter *self)
{
    guint64 count;
    if (read(self->wake, &count, sizeof count) < 0)
        return;
    if (!g_atomic_int_compare_and_exchange(&self->reload_asked, 1, 0) || !self->reload)
        return;
    Config *config = self->reload(self->reload_data);
    if (!config)
        return;
    config_unref(self->config);
    self->config = config;
    set_accounts(self);
    warn_of_orphans(self);
}

static void
wait_for_work(Submitter *self, int timeout)
{
    const int fds[] = {self->wake, self->watch};
    client_wait(self->client, fds, G_N_ELEMENTS(fds), timeout);
    take_signals(self);
    if (!queue_changed(self->queue))
        return;
    for (guint i = 0; i < self->accounts->len; i++)
        ((Account *)g_ptr_array_index(self->accounts, i))->next_due = 0;
}

gboolean
submitter_run(Submitter *self, GError **error)
{
    warn_of_orphans(self);
    while (!g_atomic_int_get(&self->stop) && !self->gone) {
        for (guint i = 0; i < self->accounts->len; i++)
            send_for(self, g_ptr_array_index(self->accounts, i));
        purge(self);
        wait_for_work(self, idle_time(self));
        settle_all(self);
    }
    for (guint i = 0; i < self->accounts->len; i++)
        give_back(self, g_ptr_array_index(self->accounts, i));
    settle_all(self);
    /* Each POST ends by its own timeout at the latest. */
    while (client_busy(self->client) > 0 && !self->gone) {
        client_wait(self->client, NULL, 0, TROUBLE_WAIT);
        settle_all(self);
    }
    settle_all(self);
    if (self->gone) {
        g_propagate_error(error, g_steal_pointer(&self->gone));
        return FALSE;
    }
    return TRUE;
}

Submitter *
submitter_new(Config *config, Queue *queue, GError **error)
{
    int watch = queue_take_over(queue, error) ? queue_watch(queue, error) : -1;
    if (watch < 0)
        return NULL;
    Submitter *self = g_new0(Submitter, 1);
    self->config = config_ref(config);
    self->queue = queue;
    self->watch = watch;
    self->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->wake < 0)
        g_error("eventfd: %s", g_strerror(errno));
    self->client = client_new(on_answer, self);
    self->accounts = g_ptr_array_new_with_free_func(account_free);
    self->outcomes = g_array_new(FALSE, FALSE, sizeof(QueueOutcome));
    g_array_set_clear_func(self->outcomes, outcome_clear);
    set_accounts(self);
    return self;
}

void
submitter_free(Submitter *self)
{
    if (!self)
        return;
    client_free(self->client);
    g_ptr_array_unref(self->accounts);
    g_array_unref(self->outcomes);
    g_clear_error(&self->gone);
    config_unref(self->config);
    close(self->wake);
    g_free(self);
}

static void
wake(Submitter *self)
{
    const guint64 one = 1;
    if (write(self->wake, &one, sizeof one) < 0) {
        /* It is full, so the loop wakes anyway. */
    }
}

void
submitter_stop(Submitter *self)
{
    g_atomic_int_set(&self->stop, 1);
    wake(self);
}

void
submitter_reload(Submitter *self)
{
    g_atomic_int_set(&self->reload_asked, 1);
    wake(self);
}

void
submitter_on_reload(Submitter *self, Config *(*reload)(gpointer data), gpointer data)
{
    self->reload = reload;
    self->reload_data = data;
}
