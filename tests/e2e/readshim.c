/* Preloaded: of the file that READ_FAILS names, every read but the first fails with EIO, as a disk's
 * broken block does. glibc's streams call read() within themselves: fopen is what can be caught. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    FILE *file;
    int reads;
} Spoilt;

static ssize_t
read_once(void *cookie, char *bytes, size_t length)
{
    Spoilt *spoilt = cookie;
    if (spoilt->reads++ > 0) {
        errno = EIO;
        return -1;
    }
    return (ssize_t)fread(bytes, 1, length, spoilt->file);
}

static int
end(void *cookie)
{
    Spoilt *spoilt = cookie;
    int result = fclose(spoilt->file);
    free(spoilt);
    return result;
}

FILE *
fopen(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *) =
        (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
    const char *fails = getenv("READ_FAILS");
    FILE *file = real(path, mode);
    Spoilt *spoilt = file && fails && strcmp(path, fails) == 0 ? calloc(1, sizeof *spoilt) : NULL;
    if (!spoilt)
        return file;
    spoilt->file = file;
    return fopencookie(spoilt, "r", (cookie_io_functions_t){.read = read_once, .close = end});
}

FILE *
fopen64(const char *path, const char *mode)
{
    return fopen(path, mode);
}
