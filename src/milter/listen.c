#include "milter/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 256

struct Listener {
    int fd;
    gboolean inherited;
    char *path; /* of a unix socket that we made; NULL otherwise */
    dev_t device;
    ino_t inode;
};

static gboolean
fail(GError **error, const char *address, const char *what, int number)
{
    g_set_error(error, G_IO_ERROR, g_io_error_from_errno(number), "%s: %s: %s", address, what,
                g_strerror(number));
    return FALSE;
}

static gboolean
malformed(GError **error, const char *address, const char *expected)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                "%s: bad listen address; expected %s", address, expected);
    return FALSE;
}

/* Whether the path is free for bind; a socket left behind by one that is gone is removed. */
static gboolean
clear_stale(const char *address, const struct sockaddr_un *name, GError **error)
{
    struct stat st;
    if (lstat(name->sun_path, &st) != 0)
        return errno == ENOENT || fail(error, address, "cannot look at it", errno);
    if (!S_ISSOCK(st.st_mode))
        return fail(error, address, "exists and is no socket", EEXIST);
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return fail(error, address, "socket", errno);
    int number = connect(probe, (const struct sockaddr *)name, sizeof *name) == 0 ? 0 : errno;
    close(probe);
    /* Only a refusal shows that nobody is there; a full backlog (EAGAIN) shows somebody. */
    if (number != ECONNREFUSED)
        return fail(error, address, "another program listens there", EADDRINUSE);
    if (unlink(name->sun_path) != 0 && errno != ENOENT)
        return fail(error, address, "cannot remove the old socket", errno);
    return TRUE;
}

static gboolean
bind_unix(Listener *listener, const char *address, const struct sockaddr_un *name, GError **error)
{
    mode_t old = umask(0);
    umask((old & S_IWOTH) ? 0117 : 0111);
    int result = bind(listener->fd, (const struct sockaddr *)name, sizeof *name);
    int number = errno;
    umask(old);
    if (result != 0)
        return fail(error, address, "cannot make the socket", number);
    struct stat st;
    if (lstat(name->sun_path, &st) == 0) {
        listener->path = g_strdup(name->sun_path);
        listener->device = st.st_dev;
        listener->inode = st.st_ino;
    }
    return TRUE;
}

static gboolean
open_unix(Listener *listener, const char *address, const char *path, GError **error)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (*path != '/')
        return malformed(error, address, "unix:/PATH");
    if (g_strlcpy(name.sun_path, path, sizeof name.sun_path) >= sizeof name.sun_path)
        return fail(error, address, "the path is too long for a socket", ENAMETOOLONG);
    if (!clear_stale(address, &name, error))
        return FALSE;
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener->fd < 0)
        return fail(error, address, "socket", errno);
    return bind_unix(listener, address, &name, error);
}

/* The host of PORT@HOST or PORT@[HOST], newly allocated; NULL for all addresses. */
static char *
host_of(const char *at)
{
    if (!at)
        return NULL;
    gsize length = strlen(at + 1);
    if (length > 2 && at[1] == '[' && at[length] == ']')
        return g_strndup(at + 2, length - 2);
    return g_strdup(at + 1);
}

static gboolean
open_inet(Listener *listener, const char *address, const char *rest, int family, GError **error)
{
    const char *at = strchr(rest, '@');
    g_autofree char *port = at ? g_strndup(rest, at - rest) : g_strdup(rest);
    g_autofree char *host = host_of(at);
    guint64 number_of_port;
    if (!g_ascii_string_to_unsigned(port, 10, 1, 65535, &number_of_port, NULL) || (host && !*host))
        return malformed(error, address, "inet:PORT, inet:PORT@HOST or inet6: likewise");
    struct addrinfo hints = {
        .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int result = getaddrinfo(host, port, &hints, &found);
    if (result != 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", address, gai_strerror(result));
        return FALSE;
    }
    int on = 1, number = 0;
    listener->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener->fd < 0 ||
        setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener->fd, found->ai_addr, found->ai_addrlen) != 0)
        number = errno;
    freeaddrinfo(found);
    return number == 0 || fail(error, address, "cannot listen there", number);
}

static gboolean
open_inherited(Listener *listener, const char *address, const char *rest, GError **error)
{
    guint64 fd;
    if (!g_ascii_string_to_unsigned(rest, 10, 3, G_MAXINT, &fd, NULL))
        return malformed(error, address, "fd:N with N from 3");
    int listening = 0;
    socklen_t size = sizeof listening;
    if (getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    "%s: descriptor %d is no listening socket; was the daemon started by "
                    "lead-milter.socket?",
                    address, (int)fd);
        return FALSE;
    }
    listener->fd = (int)fd;
    listener->inherited = TRUE;
    return TRUE;
}

static gboolean
open_any(Listener *listener, const char *address, GError **error)
{
    const char *colon = strchr(address, ':');
    gsize kind = colon ? (gsize)(colon - address) : 0;
    const char *rest = colon ? colon + 1 : address;
    if (kind == strlen("unix") && strncmp(address, "unix", kind) == 0)
        return open_unix(listener, address, rest, error);
    if (kind == strlen("inet") && strncmp(address, "inet", kind) == 0)
        return open_inet(listener, address, rest, AF_INET, error);
    if (kind == strlen("inet6") && strncmp(address, "inet6", kind) == 0)
        return open_inet(listener, address, rest, AF_INET6, error);
    if (kind == strlen("fd") && strncmp(address, "fd", kind) == 0)
        return open_inherited(listener, address, rest, error);
    return malformed(error, address, "unix:PATH, inet:PORT[@HOST], inet6:PORT[@HOST] or fd:N");
}

Listener *
listener_open(const char *address, GError **error)
{
    Listener *listener = g_new0(Listener, 1);
    listener->fd = -1;
    gboolean good = open_any(listener, address, error);
    if (good && listen(listener->fd, BACKLOG) != 0)
        good = fail(error, address, "listen", errno);
    if (good)
        return listener;
    if (listener->fd >= 0)
        close(listener->fd);
    listener_free(listener);
    return NULL;
}

int
listener_fd(const Listener *listener)
{
    return listener->fd;
}

/* libmilter's accept waits from then on, at a socket of a name that nobody knows: with one that
 * does not listen, or a closed one, it would complain in a loop. */
gboolean
listener_hold(const Listener *listener)
{
    const struct sockaddr_un nameless = {.sun_family = AF_UNIX};
    if (!listener->inherited)
        return TRUE;
    int quiet = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (quiet < 0)
        return FALSE;
    gboolean held =
        bind(quiet, (const struct sockaddr *)&nameless, sizeof nameless.sun_family) == 0 &&
        listen(quiet, 1) == 0 && dup2(quiet, listener->fd) >= 0;
    close(quiet);
    return held;
}

void
listener_free(Listener *listener)
{
    if (!listener)
        return;
    struct stat st;
    if (listener->path && lstat(listener->path, &st) == 0 && st.st_dev == listener->device &&
        st.st_ino == listener->inode)
        unlink(listener->path);
    g_free(listener->path);
    g_free(listener);
}
