/* What libmilter, and the rest of lead-milter, finds under the names of some functions of the C
 * library. Linked into lead-milter alone, not into liblead.a.
 *
 * sigwait            is for nobody: signals are the main thread's.
 * accept             waits while there are no descriptors.
 * read, poll, close  read a connection ahead, what there is of it at once. For each packet
 *                    libmilter calls poll three times and read twice, and each header field and
 *                    each set of macros is a packet: that is two thirds of all system calls that
 *                    a lead takes. Each of read and poll has two names.
 *
 * Thread rule: a connection is one thread's at a time; libmilter hands it on under its own lock,
 * and with it what has been read ahead.
 * Limits: AHEAD_MAX bytes of a connection; descriptors from DESCRIPTORS on are not read ahead.
 */
#include <config.h>

#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ACCEPT_PAUSE 50000 /* microseconds */
#define AHEAD_MAX (16 << 10)
#define DESCRIPTORS 4096

typedef struct {
    gsize begin, end; /* of what is still to be handed out */
    char bytes[AHEAD_MAX];
} Ahead;

static Ahead *connections[DESCRIPTORS]; /* by descriptor; NULL: is none of libmilter's */

/* A sanitizer's, in a program that is built with one: it must know of all descriptors. */
extern ssize_t __interceptor_read(int fd, void *to, size_t length);
extern int __interceptor_close(int fd);
#pragma weak __interceptor_read
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

/* libmilter takes an accept that fails for want of descriptors as a reason to try again at once,
 * and after some such failures as one to give up. Connections can wait until others have ended. */
int
accept(int fd, __SOCKADDR_ARG address, socklen_t *length)
{
    for (gboolean told = FALSE;; g_usleep(ACCEPT_PAUSE)) {
        int connection = accept4(fd, address, length, SOCK_CLOEXEC);
        if (connection >= 0 && connection < DESCRIPTORS) {
            Ahead *ahead = g_new(Ahead, 1);
            ahead->begin = ahead->end = 0;
            g_atomic_pointer_set(&connections[connection], ahead);
        }
        if (connection >= 0 ||
            (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM))
            return connection;
        int number = errno;
        if (!told)
            log_error("connections wait for others to end: %s", g_strerror(number));
        told = TRUE;
    }
}

static Ahead *
ahead_of(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS ? g_atomic_pointer_get(&connections[fd]) : NULL;
}

static ssize_t
real_read(int fd, void *to, size_t length)
{
    return __interceptor_read ? __interceptor_read(fd, to, length)
                              : syscall(SYS_read, fd, to, length);
}

ssize_t
read(int fd, void *to, size_t length)
{
    Ahead *ahead = ahead_of(fd);
    gboolean empty = !ahead || ahead->begin == ahead->end;
    if (empty && (!ahead || length >= AHEAD_MAX))
        return real_read(fd, to, length);
    if (empty) {
        ssize_t n = real_read(fd, ahead->bytes, AHEAD_MAX);
        if (n <= 0)
            return n;
        ahead->begin = 0;
        ahead->end = n;
    }
    gsize n = MIN(length, ahead->end - ahead->begin);
    memcpy(to, ahead->bytes + ahead->begin, n);
    ahead->begin += n;
    return n;
}

/* The C library's header says of poll that it only writes to the set, which gcc would hold us to.
 */
int poll_ahead(struct pollfd *set, nfds_t n, int milliseconds) __asm__("poll");

/* Before libmilter waits for many connections it asks each alone whether there is more of it. */
int
poll_ahead(struct pollfd *set, nfds_t n, int milliseconds)
{
    const Ahead *ahead = n == 1 && set->events & POLLIN ? ahead_of(set->fd) : NULL;
    if (ahead && ahead->begin < ahead->end) {
        set->revents = POLLIN;
        return 1;
    }
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    return ppoll(set, n, milliseconds < 0 ? NULL : &time, NULL);
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
    Ahead *ahead = ahead_of(fd);
    if (ahead)
        g_atomic_pointer_set(&connections[fd], NULL);
    g_free(ahead);
    return __interceptor_close ? __interceptor_close(fd) : syscall(SYS_close, fd);
}
