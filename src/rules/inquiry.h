/* inquiry: the whole way of one mail, bytes and envelope in, records for the queue out.
 *
 * The same code for lead-milter and for leadctl. One record for each account that a recipient
 * belongs to, with the defaults of the first mailbox in the configuration that matched; none for
 * ignored mail or when no recipient is ours. For each account the rules are asked anew, and see the
 * recipients of that account alone.
 */
#ifndef LEAD_RULES_INQUIRY_H
#define LEAD_RULES_INQUIRY_H

#include "base/config.h"
#include "lead/record.h"
#include "rules/extraction.h"

typedef struct {
    const char *bytes;
    gsize length;
    gboolean truncated;
    const char *sender;            /* envelope */
    const char *const *recipients; /* ends in NULL */
    const char *queue_id;          /* or NULL */
    gboolean explain;              /* judge all that lowers the trust, and keep the whole account */
    GDestroyNotify bytes_read;     /* or NULL; called once, when the bytes may go */
    gpointer data;                 /* for it */
} InquiryMail;

typedef struct {
    GPtrArray *records;     /* LeadRecord, in the order of accounts in the configuration */
    Extraction *extraction; /* its lead is the extracted one, without defaults */
    Message *message;       /* both of the first account that has a record, or the last */
} Inquiry;

Inquiry *inquiry_read(const Config *config, Ruleset *ruleset, const InquiryMail *mail);
void inquiry_free(Inquiry *inquiry); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inquiry, inquiry_free)

#endif
