/* reading: one mail from a file through the very code that lead-milter runs, for extract and
 * explain.
 *
 * The envelope, which a file does not have, is taken from what the delivering MTA wrote into the
 * header (Return-Path, Delivered-To, X-Original-To), else from an mbox's "From " line and from To
 * and Cc; or is given. Ownership: reading_free; it borrows the Ctl's configuration and rules.
 * Thread rule: one thread for each; reading_of runs in any number of them, over one Ctl. Limit: the
 * configuration's limits.message; a longer mail is cut there, as lead-milter does.
 */
#ifndef LEAD_CTL_READING_H
#define LEAD_CTL_READING_H

#include "ctl/ctl.h"
#include "ctl/mailstore.h"
#include "rules/inquiry.h"

typedef struct {
    const char *recipient; /* --recipient, or NULL */
    const char *sender;    /* --sender, or NULL */
    gboolean explain;      /* judge all that lowers the trust */
} ReadingEnvelope;

typedef struct {
    char *refused; /* why there is nothing else: no mailbox takes its recipient; else NULL */
    Inquiry *inquiry;
    const ConfigMailbox *mailbox; /* whose defaults it has; NULL without any in the configuration */
    Lead *defaulted;              /* extracted, with the mailbox's defaults; NULL when ignored */
    Lead *lead;                   /* the same, completed; NULL when ignored */
    char *payload;                /* NULL when ignored */
} Reading;

/* Why this is plainly no mail: it is empty, binary, or no line above the first empty one is a
 * header field. NULL: it may be one, however broken. A milter is never given such bytes, a folder
 * holds them. */
const char *reading_no_mail(const StoredMail *mail);
/* Of a mail in memory; ctl's configuration and rules must be loaded. Prints nothing. */
Reading *reading_of(const Ctl *ctl, const StoredMail *mail, const ReadingEnvelope *envelope);
/* EX_OK, or what to leave with: why it was refused is printed. */
int reading_status(const Reading *reading);
/* "-" is standard input. NULL: *status is what to leave with, the error is printed. */
Reading *reading_new(Ctl *ctl, const char *file, const ReadingEnvelope *envelope, int *status);
void reading_free(Reading *reading); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Reading, reading_free)

#endif
