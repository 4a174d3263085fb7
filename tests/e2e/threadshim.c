/* Preloaded into a daemon: while the file THREADS_GONE is there, no thread can be made; a thread
 * begins THREADS_SLOW microseconds after it was. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

typedef int (*Create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

typedef struct {
    void *(*start)(void *);
    void *argument;
} Work;

static void *
begin_late(void *data)
{
    Work work = *(Work *)data;
    free(data);
    usleep(atoi(getenv("THREADS_SLOW")));
    return work.start(work.argument);
}

int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
               void *argument)
{
    Create next = (Create)dlsym(RTLD_NEXT, "pthread_create");
    const char *gone = getenv("THREADS_GONE");
    if (gone && access(gone, F_OK) == 0)
        return EAGAIN;
    if (!getenv("THREADS_SLOW"))
        return next(thread, attributes, start, argument);
    Work *work = malloc(sizeof *work);
    *work = (Work){start, argument};
    return next(thread, attributes, begin_late, work);
}
