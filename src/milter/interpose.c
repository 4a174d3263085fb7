/* What libmilter, and the rest of lead-milter, finds under the names of some functions of the C
 * library. Linked into lead-milter alone, not into liblead.a.
 *
 * sigwait            is for nobody: signals are the main thread's.
 * accept             waits while there are no descriptors.
 * read, poll, close  read a connection ahead, what there is of it at once. For each packet
 *                    libmilter calls poll three times and read twice, and each header field and
 *                    each set of macros is a packet: it would be two thirds of all system calls
 *                    that a lead takes. Each of read and poll has two names.
 *                    poll waits STAY for a connection's next command, where libmilter would wait
 *                    for a hundredth of that and then have its controller wait: three switches of
 *                    threads and a pipe for each command that takes its time. So a connection that
 *                    waits for a thread may wait long: see threads_due.
 * writev             keeps answers until libmilter looks for the next command, as it does after
 *                    each that an MTA waits for: the field that is added and the verdict behind
 *                    it wake the MTA once. Whether it can write, as libmilter asks before each
 *                    answer, is seen then.
 *
 * Thread rule: a connection is one thread's at a time; libmilter hands it on under its own lock,
 * and with it what has been read ahead.
 * Limits: AHEAD_MAX bytes of a connection, ANSWERS_MAX of its answers; descriptors from DESCRIPTORS
 * on are left as they are. A peer that takes no answer for as long as libmilter would wait is cut
 * off.
 */
#include <config.h>

#include "base/log.h"
#include "milter/threads.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define ACCEPT_PAUSE 50000 /* microseconds */
#define AHEAD_MAX (16 << 10)
#define ANSWERS_MAX 4096
#define DESCRIPTORS 4096
#define STAY 100 /* milliseconds */

typedef struct {
    gsize begin, end; /* of what is still to be handed out */
    gsize kept;       /* of `answers`: they are still to be sent */
    int patience;     /* milliseconds for which libmilter would wait to write */
    gboolean due;     /* it waits for a thread */
    char answers[ANSWERS_MAX];
    char bytes[AHEAD_MAX];
} Connection;

static Connection *connections[DESCRIPTORS]; /* by descriptor; NULL: is none of libmilter's */

/* A sanitizer's, in a program that is built with one: it must know of all descriptors. */
extern ssize_t __interceptor_read(int fd, void *to, size_t length);
extern ssize_t __interceptor_writev(int fd, const struct iovec *parts, int n);
extern int __interceptor_close(int fd);
#pragma weak __interceptor_read
#pragma weak __interceptor_writev
#pragma weak __interceptor_close

/* libmilter has a thread that waits here for SIGHUP, SIGTERM and SIGINT and takes each of them as
 * the end, SIGHUP too. It must not get any: beside a sleeper in the C library's sigwait it would be
 * chance, above all under load and soon after the start, whether the main thread is given one.
 * Nobody else in lead-milter calls this. */
int
sigwait(const sigset_t *set, int *number)
{
    for (;;)
        pause();
}

static void
set_due(Connection *connection, gboolean now)
{
    if (connection->due == now)
        return;
    connection->due = now;
    if (now)
        threads_due();
    else
        threads_taken();
}

/* libmilter takes an accept that fails for want of descriptors as a reason to try again at once,
 * and after some such failures as one to give up. Connections can wait until others have ended. */
int
accept(int fd, __SOCKADDR_ARG address, socklen_t *length)
{
    for (gboolean told = FALSE;; g_usleep(ACCEPT_PAUSE)) {
        int accepted = accept4(fd, address, length, SOCK_CLOEXEC);
        if (accepted >= 0 && accepted < DESCRIPTORS) {
            Connection *connection = g_new(Connection, 1);
            connection->begin = connection->end = connection->kept = 0;
            connection->patience = -1;
            connection->due = TRUE;
            threads_due();
            g_atomic_pointer_set(&connections[accepted], connection);
        }
        if (accepted >= 0 ||
            (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM))
            return accepted;
        int number = errno;
        if (!told)
            log_error("connections wait for others to end: %s", g_strerror(number));
        told = TRUE;
    }
}

static Connection *
connection_of(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS ? g_atomic_pointer_get(&connections[fd]) : NULL;
}

static ssize_t
real_read(int fd, void *to, size_t length)
{
    return __interceptor_read ? __interceptor_read(fd, to, length)
                              : syscall(SYS_read, fd, to, length);
}

static int
real_poll(struct pollfd *set, nfds_t n, int milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    return ppoll(set, n, milliseconds < 0 ? NULL : &time, NULL);
}

/* libmilter learns of a failure as it does of any end: by reading. */
static void
send_answers(int fd, Connection *connection)
{
    for (gsize done = 0; done < connection->kept;) {
        ssize_t n = send(fd, connection->answers + done, connection->kept - done,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        struct pollfd set = {.fd = fd, .events = POLLOUT};
        if (n >= 0) {
            done += n;
            continue;
        }
        gboolean again = errno == EAGAIN || errno == EINTR;
        int ready = again ? real_poll(&set, 1, connection->patience) : 0;
        if (ready == 0 || (ready < 0 && errno != EINTR)) {
            shutdown(fd, SHUT_RDWR);
            break;
        }
    }
    connection->kept = 0;
}

/* May take less than all, as the real one. */
ssize_t
writev(int fd, const struct iovec *parts, int n)
{
    Connection *connection = connection_of(fd);
    if (!connection)
        return __interceptor_writev ? __interceptor_writev(fd, parts, n)
                                    : syscall(SYS_writev, fd, parts, n);
    if (connection->kept == ANSWERS_MAX)
        send_answers(fd, connection);
    gsize before = connection->kept;
    for (int i = 0; i < n; i++) {
        gsize length = MIN(parts[i].iov_len, ANSWERS_MAX - connection->kept);
        memcpy(connection->answers + connection->kept, parts[i].iov_base, length);
        connection->kept += length;
    }
    return connection->kept - before;
}

/* The next of a connection of which nothing is left; as read(2). */
static ssize_t
read_ahead(int fd, Connection *connection)
{
    ssize_t n = real_read(fd, connection->bytes, AHEAD_MAX);
    connection->begin = 0;
    connection->end = MAX(n, 0);
    return n;
}

ssize_t
read(int fd, void *to, size_t length)
{
    Connection *connection = connection_of(fd);
    gboolean empty = !connection || connection->begin == connection->end;
    if (connection)
        set_due(connection, FALSE);
    if (connection && empty)
        send_answers(fd, connection);
    if (empty && (!connection || length >= AHEAD_MAX))
        return real_read(fd, to, length);
    if (empty) {
        ssize_t n = read_ahead(fd, connection);
        if (n <= 0)
            return n;
    }
    gsize n = MIN(length, connection->end - connection->begin);
    memcpy(to, connection->bytes + connection->begin, n);
    connection->begin += n;
    return n;
}

/* For other than one connection alone: by the threads that look for new ones and for commands. */
static int
poll_for_threads(struct pollfd *set, nfds_t n, int milliseconds)
{
    int result;
    do {
        int patience = threads_patience(), wait = milliseconds;
        if (patience >= 0 && (milliseconds < 0 || milliseconds > patience))
            wait = patience;
        result = real_poll(set, n, wait);
        if (milliseconds > 0)
            milliseconds -= wait;
    } while (result == 0 && milliseconds != 0);
    for (nfds_t i = 0; i < n && result > 0; i++) {
        Connection *ready = set[i].revents ? connection_of(set[i].fd) : NULL;
        if (ready)
            set_due(ready, TRUE);
    }
    return result;
}

/* The C library's header says of poll that it only writes to the set, which gcc would hold us to.
 */
int poll_ahead(struct pollfd *set, nfds_t n, int milliseconds) __asm__("poll");

/* Before libmilter waits for many connections it asks each alone whether there is more of it. */
int
poll_ahead(struct pollfd *set, nfds_t n, int milliseconds)
{
    Connection *connection = n == 1 ? connection_of(set->fd) : NULL;
    if (connection && set->events == POLLOUT) {
        connection->patience = milliseconds;
        set->revents = POLLOUT;
        return 1;
    }
    for (nfds_t i = 0; i < n; i++) {
        Connection *asked = connection_of(set[i].fd);
        if (asked)
            send_answers(set[i].fd, asked);
    }
    if (!connection || !(set->events & POLLIN))
        return poll_for_threads(set, n, milliseconds);
    set_due(connection, FALSE);
    gboolean empty = connection->begin == connection->end;
    if (milliseconds > 0 && milliseconds < STAY && !threads_scarce())
        milliseconds = STAY;
    int result = empty ? real_poll(set, n, milliseconds) : 1;
    if (!empty)
        set->revents = POLLIN;
    else if (result > 0 && set->revents & POLLIN)
        read_ahead(set->fd, connection); /* it will be asked once more before it is read */
    return result;
}

/* What a libmilter that is built with -D_FORTIFY_SOURCE calls in their place where it knows how
 * much room there is. One that reads by both names would otherwise miss what has been read ahead.
 */
ssize_t read_checked(int fd, void *to, size_t length, size_t room) __asm__("__read_chk");
int poll_checked(struct pollfd *set, nfds_t n, int milliseconds, size_t room) __asm__("__poll_chk");

ssize_t
read_checked(int fd, void *to, size_t length, size_t room)
{
    if (length > room)
        abort();
    return read(fd, to, length);
}

int
poll_checked(struct pollfd *set, nfds_t n, int milliseconds, size_t room)
{
    if (n > room / sizeof *set)
        abort();
    return poll_ahead(set, n, milliseconds);
}

int
close(int fd)
{
    Connection *connection = connection_of(fd);
    if (connection) {
        set_due(connection, FALSE);
        send_answers(fd, connection);
        g_atomic_pointer_set(&connections[fd], NULL);
    }
    g_free(connection);
    return __interceptor_close ? __interceptor_close(fd) : syscall(SYS_close, fd);
}
