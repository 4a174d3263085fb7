/* mailstore: the mails in files, mboxes (RFC 4155, with mboxrd's ">From ") and Maildirs, for the
 * commands that read many: by all processors at once, and seen one after the other (ctl/lineup.h).
 *
 * A directory with cur/ or new/ is a Maildir, whose files are a mail each and whose subfolders
 * (.Sent, .Junk: "Maildir++") are not read. Of any other directory every regular file is read as if
 * it had been named; again not what is in folders below. A file that begins with "From " is an
 * mbox: in it a mail begins at a line "From SENDER … 10:00:00 2026" below an empty one, which is
 * not the mail's. "-" is standard input. Maildirs and folders are read in the order of names; a
 * file whose name begins with a dot is left out. A mail is cut at `limit` bytes. No more mails are
 * held in memory than a lineup has on its way, also of an mbox. Long work shows its progress on
 * standard error when that is a terminal. Thread rule: one thread.
 */
#ifndef LEAD_CTL_MAILSTORE_H
#define LEAD_CTL_MAILSTORE_H

#include "ctl/lineup.h"

/* EX_OK; EX_NOINPUT when a path, or a file or folder below it, could not be read, which is printed
 * when all mails before it have been seen: the others are read all the same. Of a file that cannot
 * be read to its end, the mail that breaks off is not seen. EX_OSERR without threads. `paths` ends
 * in NULL. */
int mailstore_each(const char *const *paths, gsize limit, const LineupSteps *steps, gpointer data);

/* The address in an mbox's line that begins with "From "; newly allocated. NULL for names such as
 * MAILER-DAEMON and "-". */
char *mailstore_sender(const char *line);

#endif
