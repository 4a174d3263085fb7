/* threads: what becomes of a connection when there is no thread for it.
 *
 * libmilter's pool starts a thread for a command that finds none idle, and when that cannot be made
 * it forgets the connection: it is neither served nor closed, for ever. The program that links this
 * has a pthread_create of its own, which then makes libmilter queue the connection for the threads
 * that there are, two at least: slower, but served.
 */
#ifndef LEAD_MILTER_THREADS_H
#define LEAD_MILTER_THREADS_H

#include <glib.h>

/* Connections that had to wait for another's thread, since the start. Any thread. */
guint threads_short(void);

#endif
