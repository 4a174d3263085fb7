#include "base/log.h"

#include <paths.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1000
#define HEAD_MAX_BYTES 100 /* time, program, level */

static const char *ident = "lead-milter";
static gboolean to_syslog, to_stderr = TRUE, in_journal, with_debug;

void
log_open(const char *name, gboolean foreground, gboolean debug)
{
    ident = name;
    in_journal = g_log_writer_is_journald(STDERR_FILENO);
    to_stderr = foreground;
    to_syslog = TRUE;
    with_debug = debug;
    openlog(name, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

/* Where there is none, as in many a container, syslog(3) makes a socket and looks for it again with
 * each line. Here it is looked for once a second. */
static gboolean
has_listener(void)
{
    static gint looked = -1, found;
    gint now = (gint)(g_get_monotonic_time() / G_USEC_PER_SEC);
    if (g_atomic_int_get(&looked) != now) {
        g_atomic_int_set(&found, access(_PATH_LOG, F_OK) == 0);
        g_atomic_int_set(&looked, now);
    }
    return g_atomic_int_get(&found);
}

static void
to_standard_error(const char *level, const char *line)
{
    struct tm tm;
    char when[32];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &tm);
    /* One write a line, so that lines of several threads do not mix; and none waits for another, as
     * for stderr's lock. What cannot be written is not. */
    char text[LINE_MAX_BYTES + HEAD_MAX_BYTES];
    int length = g_snprintf(text, sizeof text, "%s.%03ldZ %s[%d]: %s: %s\n", when,
                            now.tv_nsec / 1000000, ident, getpid(), level, line);
    ssize_t n = write(STDERR_FILENO, text, MIN((gsize)length, sizeof text - 1));
    (void)n;
}

static void G_GNUC_PRINTF(2, 0)
write_line(LogLevel level, const char *format, va_list args)
{
    static const struct {
        const char *name;
        int priority;
    } levels[] = {
        [LOG_LEVEL_ERROR] = {"error", LOG_ERR},
        [LOG_LEVEL_WARNING] = {"warning", LOG_WARNING},
        [LOG_LEVEL_INFO] = {"info", LOG_INFO},
        [LOG_LEVEL_DEBUG] = {"debug", LOG_DEBUG},
    };
    char line[LINE_MAX_BYTES];
    g_vsnprintf(line, sizeof line, format, args);
    for (char *c = line; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = '?';
    gboolean listens = to_syslog && has_listener();
    if (listens)
        syslog(levels[level].priority, "%s: %s", levels[level].name, line);
    /* The journal has what goes to syslog; but not from a container without a /dev/log. */
    if (to_stderr && !(in_journal && listens))
        to_standard_error(levels[level].name, line);
}

#define LOG_FUNCTION(name, level)                                                                  \
    void name(const char *format, ...)                                                             \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        write_line(level, format, args);                                                           \
        va_end(args);                                                                              \
    }

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)

void
log_debug(const char *format, ...)
{
    if (!with_debug)
        return;
    va_list args;
    va_start(args, format);
    write_line(LOG_LEVEL_DEBUG, format, args);
    va_end(args);
}
