/* record: a finished lead on its way from a mail into the queue.
 *
 * Ownership: record_free frees it with all its strings.
 */
#ifndef LEAD_LEAD_RECORD_H
#define LEAD_LEAD_RECORD_H

#include <glib.h>

/* The field in which a mail says which leads were made of it. */
#define LEAD_HEADER "X-Lead-Id"
#define RECORD_FOR_EVER G_MAXUINT64 /* of same_within */

typedef struct {
    char *account;
    char *source;        /* the rule source's name */
    gboolean held;       /* to `held` instead of `pending` */
    char *reason;        /* why it is held; NULL otherwise */
    char *payload;       /* the request's body, one line of JSON */
    char *message_key;   /* Message-ID, or NULL */
    char *digest;        /* hex SHA-256 of sender, subject and body text */
    char *queue_id;      /* the MTA's, or NULL */
    char *lead_ids;      /* of leads that this mail has made before, by its own word; one a line */
    guint64 same_within; /* seconds in which the same digest is the same mail; 0: never */
} LeadRecord;

void record_free(LeadRecord *record); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LeadRecord, record_free)

/* Whether two payloads are of two people: their contacts' e-mail addresses differ, where both have
 * some; else their phones; else their names, or without a contact the companies'. */
gboolean record_of_another(const char *payload, const char *other);

#endif
