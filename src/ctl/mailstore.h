/* mailstore: the mails in files, mboxes (RFC 4155, with mboxrd's ">From ") and Maildirs, one after
 * the other, for the commands that read many.
 *
 * A directory with cur/ or new/ is a Maildir; of any other every regular file is a mail. A file
 * that begins with "From " is an mbox. "-" is standard input. Maildirs and folders are read in the
 * order of names. A mail is cut at `limit` bytes; of an mbox no more than one mail is held in
 * memory. Long work shows its progress on standard error when that is a terminal. Thread rule: one
 * thread.
 */
#ifndef LEAD_CTL_MAILSTORE_H
#define LEAD_CTL_MAILSTORE_H

#include <glib.h>

typedef struct {
    const char *name; /* the file, of an mbox "FILE:LINE" where its "From " stands */
    const char *bytes;
    gsize length;
    gboolean truncated;
} StoredMail;

/* FALSE to stop. Everything is valid during the call only. */
typedef gboolean (*MailstoreSeen)(const StoredMail *mail, gpointer data);

/* EX_OK; EX_NOINPUT when a path could not be read, which is printed: the others are read all the
 * same. `paths` ends in NULL. */
int mailstore_each(const char *const *paths, gsize limit, MailstoreSeen seen, gpointer data);

#endif
