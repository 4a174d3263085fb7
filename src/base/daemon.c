#include <config.h>

#include "base/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <gio/gio.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"

#define CONFIG_FILE SYSCONFDIR "/lead-milter/lead-milter.yaml"
#define DIAGS_LOGGED 20

static int ready_fd = -1;

/* In the parent: 0 when the child says so, else whatever it left with. */
static int
wait_for_child(int fd, pid_t child)
{
    char byte;
    ssize_t n;
    while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR)
        continue;
    if (n == 1)
        return EXIT_SUCCESS;
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return EX_OSERR;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
}

gboolean
daemon_start(GError **error)
{
    int ends[2];
    pid_t child = -1;
    if (pipe2(ends, O_CLOEXEC) == 0)
        child = fork();
    if (child < 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
                    "cannot go into the background: %s", g_strerror(errno));
        return FALSE;
    }
    if (child > 0) {
        close(ends[1]);
        _exit(wait_for_child(ends[0], child));
    }
    close(ends[0]);
    ready_fd = ends[1];
    setsid();
    if (chdir("/") != 0) { /* not to keep a disk from being unmounted */
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "/: %s", g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

void
daemon_open_log(const DaemonOptions *options)
{
    log_open(options->name, options->foreground, options->debug);
    if (geteuid() == 0)
        log_warning("runs as root, which it needs not: -u USER");
}

/* sd_notify(3)'s protocol: not so much that a library would be loaded for it. */
static gboolean
notify(const char *path, const char *text)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length > sizeof to.sun_path) {
        errno = ENAMETOOLONG;
        return FALSE;
    }
    memcpy(to.sun_path, path, length);
    if (*path == '@') /* no file, but a name of the kernel's */
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ssize_t sent = fd < 0 ? -1
                          : sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
                                   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    int number = errno;
    if (fd >= 0)
        close(fd);
    errno = number;
    return sent >= 0;
}

static void
leave_terminal(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
            dup2(null, fd);
        if (null > STDERR_FILENO)
            close(null);
    }
    ssize_t written = write(ready_fd, "", 1);
    (void)written;
    close(ready_fd);
    ready_fd = -1;
}

void
daemon_ready(const DaemonOptions *options)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    if (path && *path && !notify(path, "READY=1"))
        log_error("systemd is not told of the start, NOTIFY_SOCKET=%s: %s", path,
                  g_strerror(errno));
    if (!options->foreground)
        leave_terminal();
}

gboolean
daemon_become(const DaemonOptions *options, GError **error)
{
    if (!options->user)
        return TRUE;
    errno = 0;
    const struct passwd *user = getpwnam(options->user);
    if (!user) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "there is no user \"%s\"%s%s",
                    options->user, errno ? ": " : "", errno ? g_strerror(errno) : "");
        return FALSE;
    }
    if (geteuid() == user->pw_uid)
        return TRUE;
    if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "cannot become %s: %s",
                    options->user, g_strerror(errno));
        return FALSE;
    }
    if (user->pw_uid != 0 && setuid(0) == 0)
        g_error("still may become root");
    return TRUE;
}

static void
usage(const char *name, FILE *out)
{
    fprintf(out,
            "usage: %s [-dfhV] [-c file] [-u user]\n"
            "  -c file  configuration (" CONFIG_FILE ")\n"
            "  -d       log debugging lines too\n"
            "  -f       stay in the foreground, log to standard error as well\n"
            "  -h       this help\n"
            "  -u user  become this user before anything is opened\n"
            "  -V       the version\n",
            name);
}

int
daemon_options(int argc, char **argv, DaemonOptions *options)
{
    options->config_file = CONFIG_FILE;
    for (int option; (option = getopt(argc, argv, "c:dfhu:V")) != -1;) {
        switch (option) {
        case 'c':
            options->config_file = g_canonicalize_filename(optarg, NULL); /* stays */
            break;
        case 'd':
            options->debug = TRUE;
            break;
        case 'f':
            options->foreground = TRUE;
            break;
        case 'h':
            usage(options->name, stdout);
            return EX_OK;
        case 'u':
            options->user = optarg;
            break;
        case 'V':
            printf("%s %s\n", options->name, PACKAGE_VERSION);
            return EX_OK;
        default:
            usage(options->name, stderr);
            return EX_USAGE;
        }
    }
    if (optind == argc)
        return -1;
    usage(options->name, stderr);
    return EX_USAGE;
}

void
daemon_log_diags(const Diags *diags)
{
    guint n = diags_length(diags);
    for (guint i = 0; i < MIN(n, DIAGS_LOGGED); i++) {
        const Diag *diag = diags_at(diags, i);
        g_autofree char *line = diag_format(diag);
        if (diag->level == DIAG_ERROR)
            log_error("%s", line);
        else
            log_warning("%s", line);
    }
    if (n > DIAGS_LOGGED)
        log_error("and %u more; leadctl check shows all", n - DIAGS_LOGGED);
}
