/* headerblock: the header lines that a mail program puts above what it forwards or quotes, as
 * text: "From: …", "Sent: …", "*To:* …", "Subject:\t…"; a line each, or run together in one.
 *
 * The labels are wording.c's. Pure; linear in the block.
 */
#ifndef LEAD_MAIL_HEADERBLOCK_H
#define LEAD_MAIL_HEADERBLOCK_H

#include <glib.h>

typedef struct {
    char *from, *reply_to, *to, *subject, *date; /* as written, NULL when absent */
    const char *end;                             /* behind the block and the empty lines below it */
} HeaderBlock;

/* Read a block that begins at this line. FALSE, with nothing to clear, when there is none: it
 * needs From, and a date, a recipient or a subject; with `strict` From, a date, and one of the
 * other two (a web form's first lines are no block). */
gboolean headerblock_read(const char *text, gboolean strict, HeaderBlock *block);
/* Whether a line is a From, in any language: most lines are told in no time to be none. */
gboolean headerblock_may_begin(const char *line, const char *end);
void headerblock_clear(HeaderBlock *block);

#endif
