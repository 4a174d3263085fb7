/* file: a small file of the admin's, read whole.
 *
 * Only a regular file, and no more than `limit` bytes of it: a name that leads to a FIFO or a
 * device (a slip of `ln -s`) neither hangs the reader nor fills its memory.
 * Ownership: the text is the caller's. Thread rule: any.
 */
#ifndef LEAD_BASE_FILE_H
#define LEAD_BASE_FILE_H

#include <glib.h>

/* The bytes and a NUL behind them. NULL with *error, which does not name the file, when it cannot
 * be read, is none, or is larger. */
char *file_read(const char *path, gsize limit, gsize *length, GError **error);

#endif
