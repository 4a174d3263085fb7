#include <config.h>

#include "milter/milter.h"

#include "base/log.h"
#include "base/metrics.h"
#include "milter/callbacks.h"
#include "milter/drain.h"
#include "milter/listen.h"
#include "milter/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* Between the last message's verdict and the end: its answer is still to be written. */
#define QUIET_MS 100
#define DRAIN_POLL_MS 20

static Listener *listener;
static int events[2] = {-1, -1}; /* a pipe: 'H' reload, 'T' end, 'E' libmilter gave up */

static void
handled_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

void
milter_block_signals(void)
{
    sigset_t set;
    handled_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Async-signal-safe. A full pipe has enough events in it. */
static void
post(char event)
{
    int number = errno;
    ssize_t written = write(events[1], &event, 1);
    (void)written;
    errno = number;
}

static void
on_signal(int number)
{
    post(number == SIGHUP ? 'H' : 'T');
}

static void
take_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigset_t set;
    handled_signals(&set);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* The next event within so many milliseconds (-1: any time), or 0. */
static char
next_event(int milliseconds)
{
    struct pollfd waiting = {.fd = events[0], .events = POLLIN};
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    char event = 0;
    /* poll looks after libmilter's connections as well. */
    if (ppoll(&waiting, 1, milliseconds < 0 ? NULL : &time, NULL) > 0 &&
        read(events[0], &event, 1) == 1)
        return event;
    return 0;
}

gboolean
milter_open(Service *service, const char *address, GError **error)
{
    g_autoptr(Listener) opened = listener_open(address, error);
    if (!opened || !g_unix_open_pipe(events, FD_CLOEXEC, error) ||
        !g_unix_set_fd_nonblocking(events[1], TRUE, error))
        return FALSE;
    g_autofree char *connection = g_strdup_printf("fd:%d", listener_fd(opened));
    if (!callbacks_register(service) || smfi_setconn(connection) != MI_SUCCESS ||
        smfi_opensocket(FALSE) != MI_SUCCESS) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    "%s: libmilter did not take the socket (one without \"fd:\" support?)",
                    address);
        return FALSE;
    }
    listener = g_steal_pointer(&opened);
    return TRUE;
}

static gpointer
serve(gpointer unused)
{
    smfi_main();
    post('E');
    return NULL;
}

/* The answers of what is in progress, or the end of the time or of the admin's patience. */
static MilterEnd
drain(guint seconds)
{
    gint64 end = g_get_monotonic_time() + seconds * G_TIME_SPAN_SECOND;
    if (!listener_hold(listener))
        log_warning("ending: who connects now is sent away: %s", g_strerror(errno));
    drain_start();
    guint count = drain_count();
    if (count)
        log_info("ending: waiting up to %u s for messages in progress: %u", seconds, count);
    while (drain_count() > 0) {
        if (next_event(DRAIN_POLL_MS) == 'T' || g_get_monotonic_time() > end) {
            log_warning("ending: messages left without an answer: %u", drain_count());
            return MILTER_CUT_SHORT;
        }
    }
    g_usleep(QUIET_MS * 1000);
    return MILTER_DRAINED;
}

/* smfi_stop is not called at the end: it would wait up to 5 s for libmilter's accept loop, and
 * those connected could not end their sessions meanwhile. */
MilterEnd
milter_run(const MilterHooks *hooks, guint seconds)
{
    g_autoptr(GError) error = NULL;
    GThread *server = g_thread_try_new("libmilter", serve, NULL, &error);
    if (!server) {
        log_error("libmilter has no thread to serve in: %s", error->message);
        return MILTER_FAILED;
    }
    g_thread_unref(server);
    take_signals();
    for (;;) {
        hooks->tick(hooks->data);
        switch (next_event(METRICS_EVERY * 1000)) {
        case 'H':
            hooks->reload(hooks->data);
            break;
        case 'T':
            return drain(seconds);
        case 'E':
            log_error("libmilter has stopped serving; connections without a thread: %u",
                      threads_short());
            return MILTER_FAILED;
        default:
            break;
        }
    }
}

void
milter_close(void)
{
    g_clear_pointer(&listener, listener_free);
}
