#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP ((gsize)64 << 10)

static void
failed(GError **error, int number)
{
    g_set_error_literal(error, G_IO_ERROR, g_io_error_from_errno(number), g_strerror(number));
}

static gboolean
is_regular(int fd, GError **error)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        failed(error, errno);
        return FALSE;
    }
    if (S_ISREG(st.st_mode))
        return TRUE;
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, "is no regular file");
    return FALSE;
}

static char *
read_all(int fd, gsize limit, gsize *length, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    ssize_t n;
    do {
        guint held = bytes->len;
        g_byte_array_set_size(bytes, held + STEP);
        while ((n = read(fd, bytes->data + held, STEP)) < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            failed(error, errno);
            return NULL;
        }
        g_byte_array_set_size(bytes, held + (guint)n);
    } while (n > 0 && bytes->len <= limit);
    if (bytes->len > limit) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, "larger than %zu MiB",
                    limit >> 20);
        return NULL;
    }
    *length = bytes->len;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
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
    char *text = is_regular(fd, error) ? read_all(fd, limit, length, error) : NULL;
    close(fd);
    return text;
}
