#include "submit/submitter.h"

#include <string.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "submit/account.h"
#include "submit/alert.h"
#include "submit/answer.h"
#include "submit/clerk.h"
#include "submit/client.h"
#include "submit/token.h"

#define TROUBLE_WAIT 1000 /* milliseconds until a queue that failed is asked again */
#define TROUBLE_SAID MINUTE
#define PURGE_EVERY ((gint64)3600 * G_USEC_PER_SEC)
#define SHOUT_EVERY ((gint64)3600 * G_USEC_PER_SEC)
#define IDLE_MOST (METRICS_EVERY * 1000) /* milliseconds */
#define MINUTE ((gint64)60 * G_USEC_PER_SEC)
#define CLOCK_SLACK (10 * MINUTE) /* that two clocks may differ in a day */

static const char *const results[] = {[ANSWER_DONE] = "done",
                                      [ANSWER_RETRY] = "retry",
                                      [ANSWER_STOP_ACCOUNT] = "stopped",
                                      [ANSWER_DEAD] = "dead"};

/* An answer that was judged and is to be entered: in the log, the metrics and the queue. */
typedef struct {
    ClientAnswer answer; /* its lead and error are ours, other texts are gone */
    Verdict verdict;
} Answered;

struct Submitter {
    Config *config;
    Queue *queue;
    Client *client;
    GPtrArray *accounts;     /* Account; never taken out, as POSTs point at them */
    GArray *answered;        /* Answered */
    Clerk *clerk;            /* claims leads, and writes what came of them */
    GError *gone;            /* the queue is, for good */
    gint64 said;             /* when it was last logged that the queue fails; monotonic */
    gboolean pauses_read;    /* FALSE: to be asked for again */
    gboolean metrics_failed; /* at the last writing */
    Alerts *alerts;
    gint64 purged, purged_clock; /* when: by the monotonic clock, by the other */
    gint64 looked;               /* at what there is to tell; monotonic */
    int wake, watch;
    gint stop, reload_asked; /* set by signal handlers */
    Config *(*reload)(gpointer data);
    gpointer reload_data;
};

/* What is due is to be asked of the queue anew. */
static void
ask_again(Submitter *self)
{
    for (guint i = 0; i < self->accounts->len; i++)
        ((Account *)g_ptr_array_index(self->accounts, i))->next_due = 0;
}

/* A failure of the queue: the end, or one that whoever met it waits out. */
static void
queue_trouble(Submitter *self, GError *error)
{
    gint64 now = g_get_monotonic_time();
    gboolean may_pass = g_error_matches(error, QUEUE_ERROR, QUEUE_ERROR_BUSY) ||
                        g_error_matches(error, QUEUE_ERROR, QUEUE_ERROR_FULL) ||
                        g_error_matches(error, QUEUE_ERROR, QUEUE_ERROR_IO);
    if (!may_pass && !self->gone) {
        self->gone = g_error_copy(error);
    } else if (!self->said || now - self->said > TROUBLE_SAID) {
        log_error("%s; trying again", error->message);
        self->said = now;
    }
    g_error_free(error);
}

/* What was claimed and not sent goes back as it was. */
static void
give_back(Submitter *self, Account *account)
{
    for (QueuedLead *lead; (lead = g_queue_pop_head(&account->ready));) {
        clerk_tell(self->clerk, lead->id,
                   (QueueOutcome){.state = STATE_PENDING, .no_attempt = TRUE});
        queued_lead_free(lead);
        account->next_due = account->stock = 0;
    }
}

/* --- accounts --- */

/* `shown` is the reason as far as it may be logged: the API's words may repeat what was sent. */
static void
stop_account(Submitter *self, Account *account, const char *reason, const char *shown)
{
    gint64 now = g_get_monotonic_time();
    GError *error = NULL;
    gboolean news = g_strcmp0(account->stopped, reason) != 0;
    if (news || now - account->shouted > SHOUT_EVERY) {
        log_error("account %s is stopped, its leads wait: %s", account->name, shown);
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
        stop_account(self, account, error->message, error->message);
        account->token_trouble = TRUE;
        return NULL;
    }
    if (changed)
        client_forget(self->client);
    if (changed || account->token_trouble) {
        account->token_trouble = FALSE;
        account->token_expiry = token_expiry(token);
        start_account(self, account);
    }
    if (account->stopped) /* said again now and then */
        stop_account(self, account, account->stopped, "leadctl stats tells why");
    return account->stopped ? NULL : token;
}

static void
read_pauses(Submitter *self)
{
    self->pauses_read = TRUE;
    for (guint i = 0; i < self->accounts->len; i++) {
        Account *account = g_ptr_array_index(self->accounts, i);
        GError *error = NULL;
        char *paused = queue_account_paused(self->queue, account->name, &error);
        if (error) {
            self->pauses_read = FALSE;
            queue_trouble(self, error);
            continue; /* it stays as it was known to be */
        }
        if (paused && !account->paused) {
            log_warning("account %s is paused by an admin, its leads wait", account->name);
            give_back(self, account);
        } else if (!paused && account->paused) {
            log_info("account %s is no longer paused", account->name);
        }
        g_free(account->paused);
        account->paused = paused;
    }
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
    guint longest = 0;
    for (guint i = 0; i < self->accounts->len; i++) {
        Account *account = g_ptr_array_index(self->accounts, i);
        give_back(self, account);
        account->config = NULL;
    }
    for (guint i = 0; i < self->config->accounts->len; i++) {
        const ConfigAccount *config = config_account(self->config, i);
        Account *account = find_account(self, config->name);
        if (!account) {
            account = account_new(config->name);
            g_ptr_array_add(self->accounts, account);
        }
        /* So that the first of each is an increase. */
        for (guint j = 0; j < G_N_ELEMENTS(results); j++)
            metrics_add(METRIC_POSTS, 0, account->name, results[j], NULL);
        token_free(account->token);
        account->token = token_new(config->token_file);
        account->config = config;
        account->next_due = account->not_before = 0;
        longest = MAX(longest, config->timeout);
    }
    client_set_patience(self->client, longest);
    client_forget(self->client);
}

/* --- from the queue to the wire and back --- */

static void
ask_for_leads(Submitter *self, Account *account)
{
    guint most = account_stock(account) - account->ready.length;
    clerk_claim(self->clerk, account, account->name, most, account_lease(account));
    account->asked = TRUE;
    account->next_due = G_MAXINT64;
}

static void
take_leads(Submitter *self, Account *account, ClerkNews *news)
{
    account->asked = FALSE;
    if (news->error)
        news->next_due = g_get_real_time() + (gint64)TROUBLE_WAIT * 1000;
    account->next_due = MIN(account->next_due, news->next_due);
    if (news->next_due == 0 && account->config)
        account->stock = 2 * account_stock(account);
    g_autoptr(GPtrArray) leads = g_steal_pointer(&news->leads);
    if (leads)
        g_ptr_array_set_free_func(leads, NULL);
    for (guint i = 0; leads && i < leads->len; i++)
        g_queue_push_tail(&account->ready, g_ptr_array_index(leads, i));
    if (account->stopped || !account_may_send(account))
        give_back(self, account);
}

static void
take_news(Submitter *self)
{
    for (ClerkNews *news; (news = clerk_news(self->clerk)); clerk_news_free(news)) {
        if (news->account)
            take_leads(self, news->account, news);
        else if (!news->error)
            ask_again(self);
        if (news->error)
            queue_trouble(self, g_steal_pointer(&news->error));
    }
}

/* Keep the account's share of POSTs on the wire. */
static void
send_for(Submitter *self, Account *account)
{
    /* Nothing more is sent while it cannot be told to the queue what came of the last. */
    if (clerk_fails(self->clerk) || !account_may_send(account))
        return;
    gboolean wants = account_wants_leads(account);
    if (!wants && (account->busy >= account->config->concurrency || !account->ready.length))
        return;
    const char *token = usable_token(self, account);
    if (!token)
        return;
    if (wants)
        ask_for_leads(self, account);
    while (account->busy < account->config->concurrency && account->ready.length &&
           account_take_turn(account)) {
        client_post(self->client, account->config, token, g_queue_pop_head(&account->ready),
                    account);
        account->busy++;
    }
}

static void
log_outcome(const ClientAnswer *answer, const Verdict *verdict)
{
    const Account *account = answer->account;
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
count_outcome(const ClientAnswer *answer, const Verdict *verdict)
{
    const Account *account = answer->account;
    double took = (double)(answer->ended - answer->started) / G_USEC_PER_SEC;
    double age = (double)(answer->ended - answer->lead->created) / G_USEC_PER_SEC;
    metrics_add(METRIC_POSTS, 1, account->name, results[verdict->kind], NULL);
    metrics_observe(METRIC_POST_SECONDS, MAX(took, 0), account->name, NULL);
    if (verdict->kind == ANSWER_DONE)
        metrics_observe(METRIC_LEAD_SECONDS, MAX(age, 0), account->name, NULL);
}

/* Decides what may be sent next. All that is to be said of it waits until that has been sent. */
static void
on_answer(const ClientAnswer *answer, gpointer data)
{
    Submitter *self = data;
    Account *account = answer->account;
    gint64 age = (answer->ended - answer->lead->created) / G_USEC_PER_SEC;
    Answer facts = {
        .status = answer->status,
        .error = answer->error,
        .content_type = answer->content_type,
        .body = answer->body,
        .retry_after = answer->retry_after,
        .attempts = answer->lead->attempts + 1,
        .age = MAX(age, 0),
        .give_up_after = account->config ? account->config->give_up_after : G_MAXUINT64,
        .jitter = g_random_double(),
    };
    Verdict verdict = answer_judge(&facts);
    /* Late: it refuses a token that is no longer the account's, so the lead goes again at once. */
    if (verdict.kind == ANSWER_STOP_ACCOUNT && !token_is(account->token, answer->token))
        verdict.kind = ANSWER_RETRY;
    gint64 wait = (gint64)verdict.wait * G_USEC_PER_SEC;
    account->busy--;
    if (verdict.kind != ANSWER_DONE)
        account->next_due = MIN(account->next_due, answer->ended + wait);
    if (verdict.kind == ANSWER_RETRY && answer->retry_after > 0) {
        account->not_before = g_get_monotonic_time() + wait;
        give_back(self, account);
    }
    if (verdict.kind == ANSWER_STOP_ACCOUNT) {
        g_autofree char *shown =
            g_strdup_printf("the API answers %d; leadctl stats tells its words", answer->status);
        stop_account(self, account, verdict.words, shown);
        self->looked = 0;
    }
    Answered answered = {*answer, verdict};
    answered.answer.error = g_strdup(answer->error);
    answered.answer.token = answered.answer.content_type = answered.answer.body = NULL;
    g_array_append_val(self->answered, answered);
}

static void
enter_answer(Submitter *self, const ClientAnswer *answer, const Verdict *verdict)
{
    log_outcome(answer, verdict);
    count_outcome(answer, verdict);
    QueueOutcome outcome = {
        .state = verdict->kind == ANSWER_DONE   ? STATE_DONE
                 : verdict->kind == ANSWER_DEAD ? STATE_DEAD
                                                : STATE_PENDING,
        .not_before = answer->ended + (gint64)verdict->wait * G_USEC_PER_SEC,
        .status = answer->status,
        .words = verdict->words,
        .started = answer->started,
        .ended = answer->ended,
    };
    clerk_tell(self->clerk, answer->lead->id, outcome);
}

static void
enter_answers(Submitter *self)
{
    for (guint i = 0; i < self->answered->len; i++) {
        Answered *answered = &g_array_index(self->answered, Answered, i);
        enter_answer(self, &answered->answer, &answered->verdict);
        queued_lead_free(answered->answer.lead);
        g_free((char *)answered->answer.error);
    }
    g_array_set_size(self->answered, 0);
}

/* Whether the clock went on as time did since the last purge: one that jumped ahead makes all
 * leads old. */
static gboolean
clock_is_sane(const Submitter *self, gint64 now, gint64 clock)
{
    return !self->purged || (clock - self->purged_clock) - (now - self->purged) < CLOCK_SLACK;
}

static void
purge(Submitter *self)
{
    gint64 now = g_get_monotonic_time(), clock = g_get_real_time();
    GError *error = NULL;
    guint purged = 0;
    if (self->purged && now - self->purged < PURGE_EVERY)
        return;
    gboolean sane = clock_is_sane(self, now, clock);
    self->purged = now;
    self->purged_clock = clock;
    if (!sane)
        log_warning("the clock has jumped ahead: old leads are purged an hour later");
    else if (!queue_purge(self->queue, self->config->retention, &purged, &error))
        queue_trouble(self, error);
    else if (purged > 0)
        log_info("purged %u leads older than the retention", purged);
}

/* --- what there is to tell --- */

static const QueueDepth *
depth_of(const GPtrArray *depths, const char *account)
{
    for (guint i = 0; i < depths->len; i++) {
        const QueueDepth *depth = g_ptr_array_index(depths, i);
        if (strcmp(depth->account, account) == 0)
            return depth;
    }
    return NULL;
}

static void
set_gauges(const AlertFacts *facts, const char *stopped, gint64 now)
{
    static const QueueDepth none;
    const QueueDepth *depth = facts->depth ? facts->depth : &none;
    gint64 oldest = depth->waiting ? MAX(now - depth->oldest, 0) : 0;
    metrics_set(METRIC_LEADS, depth->waiting, facts->account, "waiting", NULL);
    metrics_set(METRIC_LEADS, depth->held, facts->account, "held", NULL);
    metrics_set(METRIC_LEADS, depth->dead, facts->account, "dead", NULL);
    metrics_set(METRIC_OLDEST, (double)oldest / G_USEC_PER_SEC, facts->account, NULL);
    metrics_set(METRIC_STOPPED, stopped != NULL, facts->account, NULL);
    metrics_set(METRIC_PAUSED, facts->paused, facts->account, NULL);
    if (facts->token_expiry)
        metrics_set(METRIC_TOKEN_EXPIRY, facts->token_expiry, facts->account, NULL);
}

/* Each account of the configuration; then those that only the queue knows. */
static GArray *
gather_facts(Submitter *self, const GPtrArray *depths)
{
    GArray *facts = g_array_new(FALSE, TRUE, sizeof(AlertFacts));
    for (guint i = 0; i < self->accounts->len; i++) {
        Account *account = g_ptr_array_index(self->accounts, i);
        if (!account->config)
            continue;
        usable_token(self, account); /* so that one that idles is known to be stopped too */
        AlertFacts fact = {.account = account->name,
                           .stopped = account->stopped != NULL,
                           .paused = account->paused != NULL,
                           .token_expiry = account->token_expiry,
                           .depth = depth_of(depths, account->name)};
        g_array_append_val(facts, fact);
        set_gauges(&fact, account->stopped, g_get_real_time());
    }
    for (guint i = 0; i < depths->len; i++) {
        const QueueDepth *depth = g_ptr_array_index(depths, i);
        if (config_account_named(self->config, depth->account))
            continue;
        AlertFacts fact = {.account = depth->account, .depth = depth, .unknown = TRUE};
        g_array_append_val(facts, fact);
        set_gauges(&fact, NULL, g_get_real_time());
    }
    return facts;
}

/* Before a lead finds out. Whether it can be written; one that is busy or ours no more is not
 * spoken of here. */
static gboolean
look_at_queue(Submitter *self)
{
    g_autoptr(GError) error = NULL;
    gboolean fails =
        !queue_probe(self->queue, &error) && !g_error_matches(error, QUEUE_ERROR, QUEUE_ERROR_BUSY);
    alerts_queue(self->alerts, self->config, fails ? error->message : NULL);
    queue_beat(self->queue, !fails);
    return !fails;
}

static void
look(Submitter *self)
{
    gint64 now = g_get_monotonic_time();
    if (self->looked && now - self->looked < METRICS_EVERY * G_USEC_PER_SEC)
        return;
    self->looked = now;
    gboolean writable = look_at_queue(self);
    /* A commit's sign may have been lost with the one who was to give it. */
    ask_again(self);
    GError *error = NULL;
    g_autoptr(GPtrArray) depths = queue_depths(self->queue, &error);
    g_autoptr(GArray) facts = depths ? gather_facts(self, depths) : NULL;
    if (!facts || (writable && !alerts_look(self->alerts, self->config,
                                            (AlertFacts *)(void *)facts->data, facts->len, &error)))
        queue_trouble(self, error);
    g_autoptr(GError) problem = NULL;
    if (self->config->metrics && !metrics_write(self->config->metrics, "lead-submit", &problem) &&
        !self->metrics_failed)
        log_error("metrics: %s", problem->message);
    self->metrics_failed = problem != NULL;
}

/* --- the loop --- */

/* Milliseconds until something is due by itself. */
static int
idle_time(Submitter *self)
{
    gint64 wait = (gint64)IDLE_MOST;
    if (!self->pauses_read)
        wait = MIN(wait, TROUBLE_WAIT);
    for (guint i = 0; i < self->accounts->len && !clerk_fails(self->clerk); i++)
        wait = MIN(wait, account_idle_time(g_ptr_array_index(self->accounts, i)));
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
    self->pauses_read = FALSE;
    self->looked = 0;
}

static void
wait_for_work(Submitter *self, int timeout)
{
    const int fds[] = {self->wake, self->watch, clerk_watch(self->clerk)};
    client_wait(self->client, fds, G_N_ELEMENTS(fds), timeout);
    take_signals(self);
    take_news(self);
    if (!queue_changed(self->queue))
        return;
    self->pauses_read = FALSE;
    ask_again(self);
}

gboolean
submitter_run(Submitter *self, GError **error)
{
    while (!g_atomic_int_get(&self->stop) && !self->gone) {
        if (!self->pauses_read)
            read_pauses(self);
        for (guint i = 0; i < self->accounts->len; i++)
            send_for(self, g_ptr_array_index(self->accounts, i));
        client_send(self->client);
        enter_answers(self); /* while the API works on what was sent */
        clerk_expect(self->clerk, client_busy(self->client) > 0);
        purge(self);
        look(self);
        wait_for_work(self, idle_time(self));
    }
    for (guint i = 0; i < self->accounts->len; i++)
        give_back(self, g_ptr_array_index(self->accounts, i));
    /* Each POST ends by its own timeout at the latest. */
    enter_answers(self);
    while (client_busy(self->client) > 0 && !self->gone) {
        client_wait(self->client, NULL, 0, TROUBLE_WAIT);
        enter_answers(self);
    }
    GError *problem = NULL;
    if (!clerk_end(self->clerk, &problem))
        queue_trouble(self, problem);
    alerts_end(self->alerts);
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
    Clerk *clerk = watch >= 0 ? clerk_new(queue, error) : NULL;
    if (!clerk)
        return NULL;
    Submitter *self = g_new0(Submitter, 1);
    self->config = config_ref(config);
    self->queue = queue;
    self->watch = watch;
    self->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->wake < 0)
        g_error("eventfd: %s", g_strerror(errno));
    self->client = client_new(on_answer, self);
    self->answered = g_array_new(FALSE, FALSE, sizeof(Answered));
    self->accounts = g_ptr_array_new_with_free_func(account_free);
    self->clerk = clerk;
    self->alerts = alerts_new(queue);
    set_accounts(self);
    return self;
}

void
submitter_free(Submitter *self)
{
    if (!self)
        return;
    alerts_free(self->alerts);
    client_free(self->client);
    g_array_unref(self->answered);
    clerk_free(self->clerk); /* whose claims have accounts' names */
    g_ptr_array_unref(self->accounts);
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
