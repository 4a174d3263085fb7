/* processor: time that a test's own thread has had, in microseconds, whatever else the machine does.
 * For telling what is linear from what is not: by bounds that only the latter reaches.
 */
#ifndef LEAD_TESTS_PROCESSOR_H
#define LEAD_TESTS_PROCESSOR_H

#include <glib.h>
#include <time.h>

static inline gint64
processor_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

#endif
