/* memory: allocators for the libraries that would go on with less when memory runs out.
 *
 * GLib ends the program then, and so do these: a lead that lacks what could not be allocated would
 * be taken for the whole. An end loses nothing (queue.h); the MTA asks its sender to try again.
 * And how a secret leaves it.
 * Thread rule: any thread.
 */
#ifndef LEAD_BASE_MEMORY_H
#define LEAD_BASE_MEMORY_H

#include <glib.h>

G_BEGIN_DECLS

/* Like malloc, calloc and realloc, but never NULL: nor for size 0, which those libraries take for a
 * failure. To be freed with g_free. */
void *memory_new(gsize size);
void *memory_new_n(gsize n, gsize size);
void *memory_resize(void *memory, gsize size);

/* Overwrite a text and free it; takes NULL. */
void memory_wipe(char *text);

/* What a library that says that it had no memory is answered with. */
G_NORETURN void memory_out(const char *what);

G_END_DECLS

#endif
