/* leadctl status: one line and an exit status, in the manner of monitoring plug-ins. */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/output.h"

/* The plug-ins' statuses; the names are their first words. */
typedef enum { HEALTH_OK, HEALTH_WARNING, HEALTH_CRITICAL, HEALTH_UNKNOWN } Health;
static const char *const health_words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

static const CtlUsage usage = {
    "leadctl status",
    NULL,
    0,
    0,
    "Prints one line as Nagios, Icinga and the like read it. Exit status: 0 all is well; 1 leads\n"
    "are dead, held for longer than alert_after or of an account that is not configured, or an\n"
    "account is paused; 2 a daemon does not run or work, the queue cannot be written, an account "
    "is\n"
    "stopped, or a lead waits for longer than alert_after; 3 it could not be found out.",
};

typedef struct {
    Health health;
    GString *text;
    guint64 waiting, held, dead;
    gint64 oldest; /* seconds */
} Status;

static void G_GNUC_PRINTF(3, 4) found(Status *status, Health health, const char *format, ...)
{
    va_list args;
    status->health = MAX(status->health, health);
    if (status->text->len)
        g_string_append(status->text, "; ");
    va_start(args, format);
    g_string_append_vprintf(status->text, format, args);
    va_end(args);
}

/* TRUE when it runs and works. */
static gboolean
look_at_daemon(Status *status, Queue *queue, QueueDaemon daemon)
{
    static const char *const names[] = {"lead-milter", "lead-submit"};
    QueueLife life = queue_life(queue, daemon);
    if (!life.runs)
        found(status, HEALTH_CRITICAL, "%s does not run", names[daemon]);
    else if (life.fails)
        found(status, HEALTH_CRITICAL, "%s cannot write the queue: its log tells why",
              names[daemon]);
    else if (life.stuck) {
        g_autofree char *how_long = output_duration(life.silent);
        found(status, HEALTH_CRITICAL, "%s is stuck, no sign of life for %s", names[daemon],
              how_long);
    }
    return life.runs && !life.fails && !life.stuck;
}

/* Of a lead-milter that works: a unix socket may have been taken away from it. */
static void
look_at_socket(Status *status, const char *listen)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!g_str_has_prefix(listen, "unix:") || strlen(listen + 5) >= sizeof address.sun_path)
        return;
    strcpy(address.sun_path, listen + 5);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        found(status, HEALTH_CRITICAL, "lead-milter does not answer at %s", listen);
    if (fd >= 0)
        close(fd);
}

static void
look_at_account(Status *status, Queue *queue, const char *name)
{
    g_autofree char *paused = queue_account_paused(queue, name, NULL);
    g_autofree char *stopped = queue_account_stopped(queue, name);
    if (stopped)
        found(status, HEALTH_CRITICAL, "account %s is stopped", name);
    if (paused)
        found(status, HEALTH_WARNING, "account %s is paused", name);
}

static gint64
seconds_since(gint64 time)
{
    return time ? MAX((g_get_real_time() - time) / G_USEC_PER_SEC, 0) : 0;
}

static void
look_at_depths(Status *status, const GPtrArray *depths, const Config *config)
{
    gint64 held = 0, alert_after = (gint64)config->alert_after;
    for (guint i = 0; i < depths->len; i++) {
        const QueueDepth *depth = g_ptr_array_index(depths, i);
        guint64 all = depth->waiting + depth->held + depth->dead;
        status->waiting += depth->waiting;
        status->held += depth->held;
        status->dead += depth->dead;
        status->oldest = MAX(status->oldest, seconds_since(depth->oldest));
        held = MAX(held, seconds_since(depth->oldest_held));
        if (!config_account_named(config, depth->account))
            found(status, HEALTH_WARNING,
                  "account %s is not configured, its leads: %" G_GUINT64_FORMAT, depth->account,
                  all);
    }
    if (status->dead)
        found(status, HEALTH_WARNING, "%" G_GUINT64_FORMAT " dead", status->dead);
    if (held >= alert_after) {
        g_autofree char *how_long = output_duration(held);
        found(status, HEALTH_WARNING, "a lead has been held for %s", how_long);
    }
    if (status->oldest >= alert_after) {
        g_autofree char *how_long = output_duration(status->oldest);
        found(status, HEALTH_CRITICAL, "a lead has waited for %s", how_long);
    }
}

static Health
unknown(const char *why)
{
    printf("LEADS UNKNOWN - %s\n", why);
    return HEALTH_UNKNOWN;
}

/* Not ctl_queue_open: monitoring shows what stands in standard output. NULL with the reason. */
static Queue *
open_queue(Ctl *ctl, char **why)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Diags) diags = diags_new();
    const char *path = ctl_config_path(ctl);
    if (path)
        ctl->config = config_load(path, diags);
    for (guint i = 0; i < diags_length(diags) && !ctl->config && !*why; i++)
        if (diags_at(diags, i)->level == DIAG_ERROR)
            *why = diag_format(diags_at(diags, i));
    if (!path)
        *why = g_strdup("there is no configuration; name one with -c");
    if (!ctl->config)
        return NULL;
    Queue *queue = queue_open_readonly(ctl->config->queue, &error);
    if (!queue)
        *why = g_strdup(error->message);
    return queue;
}

int
ctl_status(Ctl *ctl, char **argv)
{
    g_auto(GStrv) operands = NULL;
    int parsed = ctl_parse(ctl, argv, &usage, NULL, &operands);
    if (parsed >= 0)
        return parsed == EX_OK ? EX_OK : (int)HEALTH_UNKNOWN;
    g_autofree char *why = NULL;
    g_autoptr(Queue) queue = open_queue(ctl, &why);
    if (!queue)
        return unknown(why);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) depths = queue_depths(queue, &error);
    if (!depths)
        return unknown(error->message);
    g_autoptr(GString) text = g_string_new(NULL);
    Status status = {.text = text};
    look_at_daemon(&status, queue, QUEUE_SUBMIT);
    if (look_at_daemon(&status, queue, QUEUE_MILTER))
        look_at_socket(&status, ctl->config->listen);
    for (guint i = 0; i < ctl->config->accounts->len; i++)
        look_at_account(&status, queue, config_account(ctl->config, i)->name);
    look_at_depths(&status, depths, ctl->config);
    printf("LEADS %s - %s%s%" G_GUINT64_FORMAT " waiting, %" G_GUINT64_FORMAT
           " held | waiting=%" G_GUINT64_FORMAT " held=%" G_GUINT64_FORMAT
           " dead=%" G_GUINT64_FORMAT " oldest=%" G_GINT64_FORMAT "s\n",
           health_words[status.health], text->str, text->len ? "; " : "", status.waiting,
           status.held, status.waiting, status.held, status.dead, status.oldest);
    return (int)status.health;
}
