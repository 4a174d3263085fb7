#include "submit/alert.h"

#include <string.h>

#include "base/log.h"
#include "base/metrics.h"
#include "submit/mailer.h"

#define MAIL_AGAIN 600 /* seconds after a mail that was not taken */
#define QUEUE_ALERT "queue"
#define DAY ((gint64)24 * 60 * 60 * G_USEC_PER_SEC)

struct Alerts {
    Queue *queue;
    Mailer *mailer;
    GPtrArray *mailed; /* names in the mail on its way */
    gint64 mailed_at;
    gint64 mail_not_before; /* monotonic */
    QueueAlert queue_alert; /* of a queue that cannot be written, which cannot remember it */
};

void
alert_free(gpointer data)
{
    Alert *alert = data;
    g_free(alert->name);
    g_free(alert->text);
    g_free(alert);
}

/* --- what there is to tell --- */

static void G_GNUC_PRINTF(5, 6) add(GPtrArray *alerts, const char *kind, const AlertFacts *facts,
                                    gint64 news, const char *format, ...)
{
    va_list args;
    Alert *alert = g_new0(Alert, 1);
    va_start(args, format);
    alert->text = g_strdup_vprintf(format, args);
    va_end(args);
    alert->name = g_strconcat(kind, *facts->account ? ":" : "", facts->account, NULL);
    alert->kind = kind;
    alert->account = facts->account;
    alert->news = news;
    g_ptr_array_add(alerts, alert);
}

static char *
duration(gint64 seconds)
{
    if (seconds >= 2 * 86400)
        return g_strdup_printf("%" G_GINT64_FORMAT " days", seconds / 86400);
    if (seconds >= 2 * 3600)
        return g_strdup_printf("%" G_GINT64_FORMAT " hours", seconds / 3600);
    return g_strdup_printf("%" G_GINT64_FORMAT " minutes", MAX(seconds / 60, 0));
}

static void
find_in_queue(GPtrArray *alerts, const AlertFacts *facts, guint64 alert_after, gint64 now)
{
    const QueueDepth *depth = facts->depth;
    gint64 waits = depth->waiting ? (now - depth->oldest) / G_USEC_PER_SEC : 0;
    gint64 held = depth->held ? (now - depth->oldest_held) / G_USEC_PER_SEC : 0;
    if (depth->dead)
        add(alerts, "dead", facts, depth->last_dead,
            "account %s: leads that the API refused or that were given up: %" G_GUINT64_FORMAT
            "; see leadctl queue list --state dead, then retry or drop them",
            facts->account, depth->dead);
    if (held >= (gint64)alert_after) {
        g_autofree char *how_long = duration(held);
        add(alerts, "held", facts, 0,
            "account %s: leads have been held for %s, %" G_GUINT64_FORMAT
            " in all; leadctl queue list --state held tells why, then release or drop them",
            facts->account, how_long, depth->held);
    }
    if (facts->unknown && depth->waiting) {
        add(alerts, "unknown", facts, 0,
            "account %s is not in the configuration, and %" G_GUINT64_FORMAT
            " leads wait for it; configure it again or drop them",
            facts->account, depth->waiting);
    } else if (waits >= (gint64)alert_after) {
        g_autofree char *how_long = duration(waits);
        add(alerts, "waiting", facts, 0,
            "account %s: leads wait for %s, %" G_GUINT64_FORMAT " in all%s", facts->account,
            how_long, depth->waiting,
            facts->paused ? "; the account is paused: leadctl account resume" : "");
    }
}

/* What lead-submit reads may be a copy that systemd made when it started. */
#define COPIED " (with LoadCredential: and systemctl restart lead-submit)"

GPtrArray *
alert_find(const AlertFacts *facts, guint n, guint64 alert_after, gint64 now)
{
    GPtrArray *alerts = g_ptr_array_new_with_free_func(alert_free);
    for (guint i = 0; i < n; i++) {
        gint64 left = facts[i].token_expiry - now / G_USEC_PER_SEC;
        if (facts[i].stopped)
            add(alerts, "stopped", &facts[i], 0,
                "account %s is stopped, its leads wait: leadctl stats tells why; a new token in its"
                " file starts it again" COPIED,
                facts[i].account);
        if (facts[i].token_expiry && left < ALERT_TOKEN_SOON) {
            g_autofree char *rest = duration(left);
            add(alerts, "token", &facts[i], 0,
                "account %s: its token %s%s; put a new one into its file" COPIED, facts[i].account,
                left > 0 ? "expires in " : "has expired", left > 0 ? rest : "");
        }
        if (facts[i].depth)
            find_in_queue(alerts, &facts[i], alert_after, now);
    }
    return alerts;
}

gboolean
alert_is_due(const Alert *alert, const QueueAlert *state, guint64 alert_after, gint64 now)
{
    gint64 pause = MIN((gint64)MIN(alert_after, 86400) * G_USEC_PER_SEC, DAY);
    return state->told == 0 || state->told > now || now - state->told >= DAY ||
           (alert->news > state->told && now - state->told >= pause);
}

char *
alert_mail(const GPtrArray *alerts, char *const *to, const char *host, gint64 now)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(now / G_USEC_PER_SEC);
    g_autofree char *addresses = g_strjoinv(", ", (char **)to);
    g_autofree char *id = g_uuid_string_random();
    /* Names of days and months as RFC 5322 has them, whatever the locale. */
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autofree char *clock = g_date_time_format(time, "%H:%M:%S");
    g_autoptr(GString) mail = g_string_new(NULL);
    g_string_append_printf(
        mail, "Date: %s, %d %s %d %s +0000\r\n", days[g_date_time_get_day_of_week(time) - 1],
        g_date_time_get_day_of_month(time), months[g_date_time_get_month(time) - 1],
        g_date_time_get_year(time), clock);
    g_string_append_printf(mail,
                           "From: lead-submit <lead-submit@%s>\r\nTo: %s\r\n"
                           "Subject: leads on %s need attention: %u\r\nMessage-ID: <%s@%s>\r\n"
                           "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                           "Content-Type: text/plain; charset=utf-8\r\n"
                           "Content-Transfer-Encoding: 8bit\r\n\r\n",
                           host, addresses, host, alerts->len, id, host);
    for (guint i = 0; i < alerts->len; i++) {
        const Alert *alert = g_ptr_array_index(alerts, i);
        g_string_append_printf(mail, "* %s.\r\n", alert->text);
    }
    g_string_append(mail, "\r\nThis is told again each day while it lasts.\r\n");
    return g_string_free(g_steal_pointer(&mail), FALSE);
}

/* --- who was told --- */

Alerts *
alerts_new(Queue *queue)
{
    Alerts *alerts = g_new0(Alerts, 1);
    alerts->queue = queue;
    alerts->mailer = mailer_new();
    alerts->mailed = g_ptr_array_new_with_free_func(g_free);
    return alerts;
}

void
alerts_free(Alerts *alerts)
{
    if (!alerts)
        return;
    mailer_free(alerts->mailer);
    g_ptr_array_unref(alerts->mailed);
    g_free(alerts);
}

static gboolean
set_told(Alerts *self, const char *name, gint64 time, GError **error)
{
    QueueAlert state;
    if (strcmp(name, QUEUE_ALERT) == 0) {
        self->queue_alert.told = self->queue_alert.since ? time : 0;
        return TRUE;
    }
    if (!queue_alert_get(self->queue, name, &state, error))
        return FALSE;
    if (!state.since)
        return TRUE; /* over meanwhile */
    state.told = time;
    return queue_alert_set(self->queue, name, &state, error);
}

/* What came of the mail that was on its way: told, or to be tried again at the next look. */
static gboolean
take_mail_result(Alerts *self, GError **error)
{
    g_autofree char *problem = NULL;
    if (!mailer_ended(self->mailer, &problem))
        return TRUE;
    if (problem)
        log_error("the mail to alert_to was not taken, again in %d minutes: %s", MAIL_AGAIN / 60,
                  problem);
    self->mail_not_before = problem ? g_get_monotonic_time() + MAIL_AGAIN * G_USEC_PER_SEC : 0;
    gboolean good = TRUE;
    for (guint i = 0; i < self->mailed->len && !problem && good; i++)
        good = set_told(self, g_ptr_array_index(self->mailed, i), self->mailed_at, error);
    g_ptr_array_set_size(self->mailed, 0);
    return good;
}

void
alerts_end(Alerts *self)
{
    g_autoptr(GError) error = NULL;
    mailer_wait(self->mailer);
    if (!take_mail_result(self, &error))
        log_error("%s", error->message);
}

/* Those that were on, perhaps before a restart, and are in `alerts` no more. */
static gboolean
end_others(Alerts *self, const GPtrArray *alerts, GError **error)
{
    g_auto(GStrv) names = queue_alert_names(self->queue, error);
    for (char **name = names; name && *name; name++) {
        gboolean still = FALSE;
        for (guint i = 0; i < alerts->len && !still; i++)
            still = strcmp(((Alert *)g_ptr_array_index(alerts, i))->name, *name) == 0;
        if (still)
            continue;
        if (!queue_alert_set(self->queue, *name, &(QueueAlert){0, 0}, error))
            return FALSE;
        log_info("alert over: %s", *name);
    }
    return names != NULL;
}

static void
send_mail(Alerts *self, const Config *config, const GPtrArray *alerts, gint64 now)
{
    g_autofree char *mail = alert_mail(alerts, config->alert_to, g_get_host_name(), now);
    mailer_send(self->mailer, config->alert_smtp, config->alert_to, mail);
    self->mailed_at = now;
    for (guint i = 0; i < alerts->len; i++)
        g_ptr_array_add(self->mailed, g_strdup(((Alert *)g_ptr_array_index(alerts, i))->name));
}

/* A line in the log for each that begins or is due, and how many of them are. */
static gboolean
begin_and_log(Alerts *self, const Config *config, const GPtrArray *alerts, gint64 now, guint *due,
              GError **error)
{
    gboolean by_mail = config->alert_to[0] != NULL;
    *due = 0;
    metrics_forget(METRIC_ALERT);
    for (guint i = 0; i < alerts->len; i++) {
        const Alert *alert = g_ptr_array_index(alerts, i);
        QueueAlert state;
        metrics_set(METRIC_ALERT, 1, alert->kind, alert->account, NULL);
        if (!queue_alert_get(self->queue, alert->name, &state, error))
            return FALSE;
        gboolean new = state.since == 0;
        gboolean is_due = alert_is_due(alert, &state, config->alert_after, now);
        *due += is_due;
        if (!new && (!is_due || by_mail))
            continue;
        log_error("alert: %s", alert->text);
        if (new)
            state.since = now;
        if (!by_mail)
            state.told = now;
        if (!queue_alert_set(self->queue, alert->name, &state, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
alerts_look(Alerts *self, const Config *config, const AlertFacts *facts, guint n, GError **error)
{
    gint64 now = g_get_real_time();
    guint due;
    g_autoptr(GPtrArray) alerts = alert_find(facts, n, config->alert_after, now);
    if (!take_mail_result(self, error) || !end_others(self, alerts, error) ||
        !begin_and_log(self, config, alerts, now, &due, error))
        return FALSE;
    if (due > 0 && config->alert_to[0] && !mailer_busy(self->mailer) &&
        g_get_monotonic_time() >= self->mail_not_before)
        send_mail(self, config, alerts, now);
    return TRUE;
}

void
alerts_queue(Alerts *self, const Config *config, const char *problem)
{
    gint64 now = g_get_real_time();
    QueueAlert *state = &self->queue_alert;
    if (!problem) {
        if (state->since)
            log_info("alert over: " QUEUE_ALERT);
        *state = (QueueAlert){0};
        return;
    }
    /* What was told by mail of the others is told again when the queue cannot take it. */
    take_mail_result(self, NULL);
    g_autoptr(GPtrArray) alerts = g_ptr_array_new_with_free_func(alert_free);
    static const AlertFacts none = {.account = ""};
    add(alerts, QUEUE_ALERT, &none, 0, "leads cannot be queued: %s", problem);
    metrics_set(METRIC_ALERT, 1, QUEUE_ALERT, "", NULL);
    const Alert *alert = g_ptr_array_index(alerts, 0);
    gboolean by_mail = config->alert_to[0] != NULL, due = alert_is_due(alert, state, 0, now);
    if (!state->since || (due && !by_mail))
        log_error("alert: %s", alert->text);
    state->since = state->since ? state->since : now;
    if (due && !by_mail)
        state->told = now;
    else if (due && !mailer_busy(self->mailer) && g_get_monotonic_time() >= self->mail_not_before)
        send_mail(self, config, alerts, now);
}
