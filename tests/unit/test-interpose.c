/* A connection of libmilter's: its answers are sent in time, and it is read and asked by whichever
 * of the C library's names: a build of libmilter that is hardened calls those which also check the
 * room. */
#include <config.h>

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define BYTES 60

ssize_t read_checked(int fd, void *to, size_t length, size_t room) __asm__("__read_chk");
int poll_checked(struct pollfd *set, nfds_t n, int milliseconds, size_t room) __asm__("__poll_chk");

/* Both ends of a connection that was accepted as libmilter does it. */
static int
connection(int *peer)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t length = sizeof name;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* No path: the kernel gives it a name. */
    g_assert_cmpint(bind(listener, (struct sockaddr *)&name, sizeof name.sun_family), ==, 0);
    g_assert_cmpint(listen(listener, 1), ==, 0);
    g_assert_cmpint(getsockname(listener, (struct sockaddr *)&name, &length), ==, 0);
    *peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(connect(*peer, (struct sockaddr *)&name, length), ==, 0);
    int fd = accept(listener, NULL, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(fcntl(fd, F_SETFL, O_NONBLOCK), ==, 0);
    close(listener);
    return fd;
}

static gboolean
is_readable(int fd, gboolean checked)
{
    struct pollfd set = {.fd = fd, .events = POLLIN};
    int n = checked ? poll_checked(&set, 1, 0, sizeof set) : poll(&set, 1, 0);
    g_assert_cmpint(n, ==, set.revents & POLLIN ? 1 : 0);
    return n == 1;
}

static void
no_byte_is_lost_between_the_names(void)
{
    guint8 sent[BYTES], byte;
    int peer, fd = connection(&peer);
    for (guint i = 0; i < BYTES; i++)
        sent[i] = (guint8)i;
    g_assert_false(is_readable(fd, FALSE));
    g_assert_false(is_readable(fd, TRUE));
    g_assert_cmpint(write(peer, sent, BYTES), ==, BYTES);
    for (guint i = 0; i < BYTES; i++) {
        g_assert_true(is_readable(fd, FALSE));
        g_assert_true(is_readable(fd, TRUE));
        ssize_t n = i % 3 == 1 ? read_checked(fd, &byte, 1, sizeof byte) : read(fd, &byte, 1);
        g_assert_cmpint(n, ==, 1);
        g_assert_cmpuint(byte, ==, i);
    }
    g_assert_false(is_readable(fd, FALSE));
    g_assert_false(is_readable(fd, TRUE));
    close(peer);
    g_assert_cmpint(read_checked(fd, &byte, 1, sizeof byte), ==, 0);
    close(fd);
}

static void
more_than_there_is_room_for_ends_the_program(void)
{
    if (g_test_subprocess()) {
        guint8 bytes[2];
        int peer, fd = connection(&peer);
        read_checked(fd, bytes, 3, sizeof bytes);
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed();
}

/* As libmilter answers: whether it can is asked first, and what was not taken comes again. */
static void
answer(int fd, const void *bytes, gsize length)
{
    for (gsize done = 0; done < length;) {
        struct pollfd set = {.fd = fd, .events = POLLOUT};
        gsize half = (length - done) / 2;
        guint8 *rest = (guint8 *)bytes + done;
        struct iovec parts[] = {{rest, half}, {rest + half, length - done - half}};
        g_assert_cmpint(poll(&set, 1, 1000), ==, 1);
        g_assert_cmpint(set.revents, ==, POLLOUT);
        ssize_t n = writev(fd, parts, G_N_ELEMENTS(parts));
        g_assert_cmpint(n, >, 0);
        done += n;
    }
}

static void
assert_takes(int peer, const char *expected)
{
    char taken[BYTES];
    ssize_t n = recv(peer, taken, sizeof taken, MSG_DONTWAIT);
    g_assert_cmpint(n, ==, strlen(expected));
    g_assert_cmpmem(taken, n, expected, strlen(expected));
}

static void
answers_are_sent_when_the_next_command_is_looked_for(void)
{
    char byte;
    int peer, fd = connection(&peer);
    answer(fd, "header", 6);
    answer(fd, "verdict", 7);
    g_assert_cmpint(recv(peer, &byte, 1, MSG_DONTWAIT), ==, -1);
    g_assert_false(is_readable(fd, FALSE));
    assert_takes(peer, "headerverdict");

    answer(fd, "read", 4);
    g_assert_cmpint(read(fd, &byte, 1), ==, -1);
    assert_takes(peer, "read");

    struct pollfd both[] = {{.fd = peer, .events = 0}, {.fd = fd, .events = POLLIN}};
    answer(fd, "among others", 12);
    g_assert_cmpint(poll(both, G_N_ELEMENTS(both), 0), ==, 0);
    assert_takes(peer, "among others");

    answer(fd, "last", 4);
    close(fd);
    assert_takes(peer, "last");
    close(peer);
}

/* libmilter would take the connection from its thread after a millisecond. */
static void
a_thread_waits_longer_for_its_connection_than_it_is_told_to(void)
{
    int peer, fd = connection(&peer);
    struct pollfd set = {.fd = fd, .events = POLLIN};
    gint64 begin = g_get_monotonic_time();
    g_assert_cmpint(poll(&set, 1, 1), ==, 0);
    g_assert_cmpint(g_get_monotonic_time() - begin, >=, 50000);
    g_assert_cmpint(write(peer, "x", 1), ==, 1);
    g_assert_cmpint(poll(&set, 1, 1), ==, 1);
    close(fd);
    close(peer);
}

static void
many_answers_and_long_ones_come_in_their_order(void)
{
    enum { ROUNDS = 40, MOST = 5000 };
    g_autoptr(GByteArray) sent = g_byte_array_new();
    int peer, fd = connection(&peer);
    for (guint i = 0; i < ROUNDS; i++) {
        guint8 bytes[MOST];
        gsize length = i % 10 == 9 ? MOST : 10 * i;
        memset(bytes, 'a' + (int)(i % 26), length);
        answer(fd, bytes, length);
        g_byte_array_append(sent, bytes, length);
    }
    close(fd);
    g_autofree guint8 *taken = g_malloc(sent->len);
    g_assert_cmpint(recv(peer, taken, sent->len, MSG_WAITALL), ==, sent->len);
    g_assert_cmpmem(taken, sent->len, sent->data, sent->len);
    close(peer);
}

static void
a_peer_that_takes_no_answers_is_left(void)
{
    guint8 bytes[4000] = {0}, byte;
    int peer, fd = connection(&peer);
    struct pollfd set = {.fd = fd, .events = POLLOUT};
    while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
    answer(fd, bytes, sizeof bytes);
    g_assert_cmpint(poll(&set, 1, 10), ==, 1);
    g_assert_true(is_readable(fd, FALSE));
    g_assert_cmpint(read(fd, &byte, 1), ==, 0);
    close(fd);
    close(peer);
}

static void
a_peer_that_is_gone_is_an_end(void)
{
    char byte;
    int peer, fd = connection(&peer);
    close(peer);
    answer(fd, "verdict", 7);
    g_assert_true(is_readable(fd, FALSE));
    g_assert_cmpint(read(fd, &byte, 1), ==, 0);
    close(fd);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/interpose/no-byte-is-lost-between-the-names",
                    no_byte_is_lost_between_the_names);
    g_test_add_func("/interpose/more-than-there-is-room-for-ends-the-program",
                    more_than_there_is_room_for_ends_the_program);
    g_test_add_func("/interpose/answers-are-sent-when-the-next-command-is-looked-for",
                    answers_are_sent_when_the_next_command_is_looked_for);
    g_test_add_func("/interpose/a-thread-waits-longer-for-its-connection-than-it-is-told-to",
                    a_thread_waits_longer_for_its_connection_than_it_is_told_to);
    g_test_add_func("/interpose/many-answers-and-long-ones-come-in-their-order",
                    many_answers_and_long_ones_come_in_their_order);
    g_test_add_func("/interpose/a-peer-that-takes-no-answers-is-left",
                    a_peer_that_takes_no_answers_is_left);
    g_test_add_func("/interpose/a-peer-that-is-gone-is-an-end", a_peer_that_is_gone_is_an_end);
    return g_test_run();
}
