/* mailstore: the mails in files, mboxes (RFC 4155, with mboxrd's ">From ") and Maildirs, for the
 * commands that read many: by all processors at once, and seen one after the other (ctl/lineup.h).
 *
 * A directory with cur/ or new/ is a Maildir; of any other every regular file is a mail. A file
 * that begins with "From " is an mbox. "-" is standard input. Maildirs and folders are read in the
 * order of names. A mail is cut at `limit` bytes. No more mails are held in memory than a lineup
 * has on its way, also of an mbox. Long work shows its progress on standard error when that is a
 * terminal. Thread rule: one thread.
 */
#ifndef LEAD_CTL_MAILSTORE_H
#define LEAD_CTL_MAILSTORE_H

#include "ctl/lineup.h"

/* EX_OK; EX_NOINPUT when a path could not be read, which is printed when all mails before it have
 * been seen: the others are read all the same. EX_OSERR without threads. `paths` ends in NULL. */
int mailstore_each(const char *const *paths, gsize limit, const LineupSteps *steps, gpointer data);

#endif
