/* once: what is made when it is first needed, and stays as long as the process lives.
 *
 * GLib's g_once reads its flag without a barrier where the processor needs none; this is the same
 * with one that the compiler and ThreadSanitizer know as well.
 * Thread rule: any thread; what is made must not change.
 */
#ifndef LEAD_BASE_ONCE_H
#define LEAD_BASE_ONCE_H

#include <glib.h>

/* `place` is static and NULL at first; `make` is called once, with `data`, and does not return
 * NULL.
 */
static inline gpointer
once_get(gpointer *place, GThreadFunc make, gpointer data)
{
    if (g_once_init_enter(place))
        g_once_init_leave(place, make(data));
    return g_atomic_pointer_get(place);
}

#endif
