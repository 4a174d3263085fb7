/* flowed: text/plain with format=flowed, its soft line breaks undone (RFC 3676).
 *
 * Pure and linear. Takes and gives valid UTF-8 with \n line ends; the result is newly allocated.
 */
#ifndef LEAD_MAIL_FLOWED_H
#define LEAD_MAIL_FLOWED_H

#include <glib.h>

/* Lines that end in a space are joined with the next one of the same quote depth; `delsp`: without
 * that space. Space-stuffing is undone, quotes get "> " for each level, "-- " is never joined. */
char *flowed_unwrap(const char *text, gboolean delsp);

#endif
