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
    "are dead or an account is paused; 2 a daemon does not run, an account is stopped, or a lead\n"
    "waits for longer than alert_after; 3 it could not be found out.",
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

/* A unix socket can be asked by anyone who may use it; of a TCP port or a descriptor that systemd
 * handed in nothing is said. */
static void
look_at_milter(Status *status, const char *listen)
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

static void
look_at_depths(Status *status, const GPtrArray *depths, guint64 alert_after)
{
    for (guint i = 0; i < depths->len; i++) {
        const QueueDepth *depth = g_ptr_array_index(depths, i);
        gint64 waits = depth->waiting ? (g_get_real_time() - depth->oldest) / G_USEC_PER_SEC : 0;
        status->waiting += depth->waiting;
        status->held += depth->held;
        status->dead += depth->dead;
        status->oldest = MAX(status->oldest, waits);
    }
    if (status->dead)
        found(status, HEALTH_WARNING, "%" G_GUINT64_FORMAT " dead", status->dead);
    if (status->oldest >= (gint64)alert_after) {
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

int
ctl_status(Ctl *ctl, char **argv)
{
    g_auto(GStrv) operands = NULL;
    int parsed = ctl_parse(ctl, argv, &usage, NULL, &operands);
    if (parsed >= 0)
        return parsed == EX_OK ? EX_OK : (int)HEALTH_UNKNOWN;
    int code;
    g_autoptr(Queue) queue = ctl_queue_open(ctl, TRUE, &code);
    if (!queue)
        return unknown("the configuration or the queue cannot be read");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) depths = queue_depths(queue, &error);
    if (!depths)
        return unknown(error->message);
    g_autoptr(GString) text = g_string_new(NULL);
    Status status = {.text = text};
    if (!queue_has_submitter(queue))
        found(&status, HEALTH_CRITICAL, "lead-submit does not run");
    look_at_milter(&status, ctl->config->listen);
    for (guint i = 0; i < ctl->config->accounts->len; i++)
        look_at_account(&status, queue, config_account(ctl->config, i)->name);
    look_at_depths(&status, depths, ctl->config->alert_after);
    printf("LEADS %s - %s%s%" G_GUINT64_FORMAT " waiting, %" G_GUINT64_FORMAT
           " held | waiting=%" G_GUINT64_FORMAT " held=%" G_GUINT64_FORMAT
           " dead=%" G_GUINT64_FORMAT " oldest=%" G_GINT64_FORMAT "s\n",
           health_words[status.health], text->str, text->len ? "; " : "", status.waiting,
           status.held, status.waiting, status.held, status.dead, status.oldest);
    return (int)status.health;
}
