/* lineup: mails read by all processors at once, and seen in the order in which they came.
 *
 * `work` is called in threads of the lineup, for several mails at the same time; `seen` in the
 * thread that owns the lineup, mail by mail. What is on its way between the two is bounded: so many
 * mails for each processor and so many bytes, whichever is reached first.
 * Ownership: a mail given is the lineup's; a result is freed by it after `seen`, or unseen.
 * Thread rule: one thread owns it; what `work` shares with it must bear that.
 * Failure: lineup_new without threads to be had gives NULL and an error.
 */
#ifndef LEAD_CTL_LINEUP_H
#define LEAD_CTL_LINEUP_H

#include <glib.h>

typedef struct {
    const char *name;   /* the file, of an mbox "FILE:LINE" where its "From " stands */
    const char *sender; /* of an mbox, the address in that line; else NULL */
    const char *bytes;
    gsize length;
    gboolean truncated;
} StoredMail;

typedef struct {
    gpointer (*work)(const StoredMail *mail, gpointer data);
    /* FALSE to stop: nothing more is seen. The mail and the result are valid during the call. */
    gboolean (*seen)(const StoredMail *mail, gpointer result, gpointer data);
    GDestroyNotify free_result; /* must take NULL */
} LineupSteps;

typedef struct Lineup Lineup;

Lineup *lineup_new(const LineupSteps *steps, gpointer data, GError **error);
/* Take the name, the sender (or NULL) and the bytes, of which the mail is the first `limit`. May
 * call `seen`, for mails before. FALSE when it was told to stop. */
gboolean lineup_add(Lineup *lineup, char *name, char *sender, GByteArray *bytes, gsize limit);
/* Wait until all are seen; the same answer. */
gboolean lineup_finish(Lineup *lineup);
void lineup_free(Lineup *lineup); /* takes NULL; what was not seen never is */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lineup, lineup_free)

#endif
