/* message-state: what one connection remembers, above all of the one message in progress.
 *
 * A message pins the snapshot at MAIL and gives everything back in message_state_reset, the one
 * place that ends a message: end of message, abort, close and the next MAIL all go through it.
 * Nothing of a message for others is kept but its sender.
 *
 * Limits: bytes up to limits.message of the configuration, LIMIT_RECIPIENTS of our recipients.
 * Ownership: message_state_free; what the getters return lives until the next reset.
 * Thread rule: one thread at a time (libmilter's pool never runs two for one connection).
 */
#ifndef LEAD_MILTER_MESSAGE_STATE_H
#define LEAD_MILTER_MESSAGE_STATE_H

#include "milter/service.h"
#include "rules/inquiry.h"

typedef struct MessageState MessageState;

/* `protocol`: the SMFIP_ flags agreed with the MTA; 0 when it never negotiated. */
MessageState *message_state_new(unsigned long protocol);
void message_state_free(MessageState *state); /* takes NULL */
gboolean message_state_agreed(const MessageState *state, unsigned long flag);

/* MAIL and RCPT; `recipient` counts only when one of our mailboxes takes it. */
void message_state_begin(MessageState *state, Service *service, const char *sender);
void message_state_recipient(MessageState *state, const char *recipient);

typedef enum {
    MESSAGE_FOREIGN, /* for others: of no concern to us */
    MESSAGE_OURS,
    MESSAGE_REFUSED, /* ours, but we are about to leave: the sender is to try again */
} MessageVerdict;

/* Judged at the first call, when the recipients are known; the same for the rest of the message. */
MessageVerdict message_state_verdict(MessageState *state);

/* A header field as the MTA gives it, and a chunk of the body. FALSE: the limit is reached, no
 * more bytes are kept. A forged X-Lead-Id is counted beyond the limit too. */
gboolean message_state_header(MessageState *state, const char *name, const char *value);
gboolean message_state_body(MessageState *state, const void *bytes, gsize length);

/* At end of message: the whole, borrowed from the state, which lets its bytes go once read. */
void message_state_mail(MessageState *state, const char *queue_id, InquiryMail *mail);
const Snapshot *message_state_snapshot(const MessageState *state); /* NULL between messages */
guint message_state_forged(const MessageState *state);             /* fields named X-Lead-Id */

void message_state_reset(MessageState *state); /* takes NULL */

#endif
