/* threads: the threads in which libmilter serves connections.
 *
 * libmilter's pool starts a thread for a command that finds none idle, and ends it when there are
 * more than two idle ones: at an MTA that connects for each session, a thread a mail. The program
 * that links this has a pthread_create of its own, by which an ended one is used again, with all
 * that it keeps (parser, matcher, allocator's caches), the last one first. One that is not for
 * SPARE_FOR seconds ends.
 *
 * When a thread cannot be made libmilter forgets the connection: it is neither served nor closed,
 * for ever. Here it is then queued for the threads that there are, two at least: slower, but
 * served.
 *
 * libmilter makes no thread while one is idle, be it for many connections that come at once; the
 * others would wait until one of those before them ends or is silent. So who looks for connections
 * tells of those that are due, and sees to it that each has a thread soon.
 */
#ifndef LEAD_MILTER_THREADS_H
#define LEAD_MILTER_THREADS_H

#include <glib.h>

/* Connections that had to wait for another's thread, since the start. Any thread. */
guint threads_short(void);
/* Whether one had to a second or two ago: a thread should not wait for the next command of its
 * connection. Any thread. */
gboolean threads_scarce(void);

/* libmilter looks for a thread for a connection; the connection has one, or has ended. Any thread.
 */
void threads_due(void);
void threads_taken(void);
/* For how many milliseconds at most one may wait for connections before this is asked again; -1:
 * for ever. Makes the threads that are due and have not come. */
int threads_patience(void);

#endif
