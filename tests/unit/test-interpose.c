/* A connection of libmilter's, whichever of the C library's names it is read and asked by: a build
 * of libmilter that is hardened calls those which also check the room. */
#include <config.h>

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <sys/socket.h>
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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/interpose/no-byte-is-lost-between-the-names",
                    no_byte_is_lost_between_the_names);
    g_test_add_func("/interpose/more-than-there-is-room-for-ends-the-program",
                    more_than_there_is_room_for_ends_the_program);
    return g_test_run();
}
