#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM_LEAST ((gsize)4096)

static void
failed(GError **error, int number)
{
    g_set_error_literal(error, G_IO_ERROR, g_io_error_from_errno(number), g_strerror(number));
}

static gboolean
is_regular(int fd, gsize *length, GError **error)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        failed(error, errno);
        return FALSE;
    }
    *length = (gsize)st.st_size;
    if (S_ISREG(st.st_mode))
        return TRUE;
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, "is no regular file");
    return FALSE;
}

/* There is room for a byte more than is expected, where the end shows, and for the NUL. A file of
 * the kernel's says to be empty, and may be read only at once. */
static char *
read_all(int fd, gsize expected, gsize limit, gsize *length, GError **error)
{
    gsize room = MIN(MAX(expected, ROOM_LEAST), limit) + 2, held = 0;
    g_autofree char *text = g_malloc(room);
    for (;;) {
        ssize_t n = read(fd, text + held, room - 1 - held);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            failed(error, errno);
            return NULL;
        }
        held += (gsize)n;
        if (n == 0 || held > limit)
            break;
        if (held == room - 1)
            text = g_realloc(text, room *= 2);
    }
    if (held > limit) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, "larger than %zu MiB",
                    limit >> 20);
        return NULL;
    }
    *length = held;
    text[held] = '\0';
    return g_steal_pointer(&text);
}

char *
file_read(const char *path, gsize limit, gsize *length, GError **error)
{
    /* O_NONBLOCK: to open a FIFO would wait for its writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        failed(error, errno);
        return NULL;
    }
    gsize expected;
    char *text =
        is_regular(fd, &expected, error) ? read_all(fd, expected, limit, length, error) : NULL;
    close(fd);
    return text;
}
