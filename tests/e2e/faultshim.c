/* Preloaded into a daemon: the Nth system call that writes, syncs or sends, counted from when the
 * file FAULT_ARM is there, fails with FAULT_ERRNO, or ends the process as kill -9 does (FAULT_ERRNO
 * 0). FAULT_AT 0: all of them do. FAULT_CALL: only those of that name count. The number of calls
 * seen so far is kept in FAULT_ARM, which is 8 bytes long. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static uint64_t *counter;

/* Whether this call is the one; errno is set then. */
static int
is_hit(const char *call)
{
    const char *path = getenv("FAULT_ARM"), *at = getenv("FAULT_AT"),
               *number = getenv("FAULT_ERRNO"), *only = getenv("FAULT_CALL");
    if (!path || !at || !number || (only && strcmp(only, call) != 0))
        return 0;
    if (!counter) {
        int saved = errno, fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0) {
            errno = saved;
            return 0;
        }
        void *memory = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if (memory == MAP_FAILED)
            return 0;
        counter = memory;
    }
    uint64_t seen = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
    if (atoll(at) != 0 && (uint64_t)atoll(at) != seen)
        return 0;
    if (atoi(number) == 0)
        kill(getpid(), SIGKILL);
    errno = atoi(number);
    return 1;
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

ssize_t
pwrite64(int fd, const void *bytes, size_t length, off64_t at)
{
    return is_hit(__func__) ? -1
                            : REAL(ssize_t, "pwrite64", int, const void *, size_t,
                                   off64_t)(fd, bytes, length, at);
}

ssize_t
pwrite(int fd, const void *bytes, size_t length, off_t at)
{
    return is_hit(__func__)
               ? -1
               : REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)(fd, bytes, length, at);
}

ssize_t
write(int fd, const void *bytes, size_t length)
{
    struct stat st;
    /* Neither the log nor what a signal handler tells the loop by: those do not fail. */
    if (fd <= 2 || fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode)))
        return REAL(ssize_t, "write", int, const void *, size_t)(fd, bytes, length);
    return is_hit(__func__) ? -1
                            : REAL(ssize_t, "write", int, const void *, size_t)(fd, bytes, length);
}

ssize_t
writev(int fd, const struct iovec *parts, int n)
{
    return is_hit(__func__) ? -1
                            : REAL(ssize_t, "writev", int, const struct iovec *, int)(fd, parts, n);
}

ssize_t
send(int fd, const void *bytes, size_t length, int flags)
{
    return is_hit(__func__)
               ? -1
               : REAL(ssize_t, "send", int, const void *, size_t, int)(fd, bytes, length, flags);
}

int
fdatasync(int fd)
{
    return is_hit(__func__) ? -1 : REAL(int, "fdatasync", int)(fd);
}

int
fsync(int fd)
{
    return is_hit(__func__) ? -1 : REAL(int, "fsync", int)(fd);
}

int
ftruncate64(int fd, off64_t length)
{
    return is_hit(__func__) ? -1 : REAL(int, "ftruncate64", int, off64_t)(fd, length);
}

/* Of lead-submit's file, to wake it. */
int
open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    const char *end = strstr(path, ".submit-lock");
    return end && (flags & O_ACCMODE) == O_RDONLY && is_hit(__func__)
               ? -1
               : REAL(int, "open", const char *, int, ...)(path, flags, mode);
}

int
utimensat(int folder, const char *path, const struct timespec times[2], int flags)
{
    return is_hit(__func__) ? -1
                            : REAL(int, "utimensat", int, const char *, const struct timespec *,
                                   int)(folder, path, times, flags);
}
