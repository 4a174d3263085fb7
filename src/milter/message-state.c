#include "milter/message-state.h"

#include "base/limits.h"
#include "milter/drain.h"

#include <libmilter/mfapi.h>
#include <string.h>

/* Most inquiries fit: one allocation for a message. */
#define BYTES_AT_FIRST (16 << 10)

struct MessageState {
    unsigned long protocol;

    /* Of the message in progress. */
    Snapshot *snapshot;
    char *sender;
    GPtrArray *recipients; /* ours, always followed by NULL; NULL when there are none */
    GByteArray *bytes;     /* NULL unless ours */
    gboolean judged, in_body, truncated;
    MessageVerdict verdict;
    guint forged;
};

MessageState *
message_state_new(unsigned long protocol)
{
    MessageState *state = g_new0(MessageState, 1);
    state->protocol = protocol;
    return state;
}

void
message_state_free(MessageState *state)
{
    message_state_reset(state);
    g_free(state);
}

gboolean
message_state_agreed(const MessageState *state, unsigned long flag)
{
    return (state->protocol & flag) == flag;
}

void
message_state_reset(MessageState *state)
{
    if (!state)
        return;
    if (state->judged && state->verdict == MESSAGE_OURS)
        drain_leave();
    snapshot_unref(state->snapshot);
    g_free(state->sender);
    g_clear_pointer(&state->recipients, g_ptr_array_unref);
    g_clear_pointer(&state->bytes, g_byte_array_unref);
    *state = (MessageState){.protocol = state->protocol};
}

void
message_state_begin(MessageState *state, Service *service, const char *sender)
{
    message_state_reset(state);
    state->snapshot = service_pin(service);
    state->sender = g_strdup(sender);
}

void
message_state_recipient(MessageState *state, const char *recipient)
{
    if (!state->snapshot || config_mailbox(state->snapshot->config, recipient) < 0)
        return;
    if (!state->recipients) {
        state->recipients = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(state->recipients, NULL);
    }
    guint last = state->recipients->len - 1;
    if (last >= LIMIT_RECIPIENTS)
        return;
    state->recipients->pdata[last] = g_strdup(recipient);
    g_ptr_array_add(state->recipients, NULL);
}

MessageVerdict
message_state_verdict(MessageState *state)
{
    if (state->judged)
        return state->verdict;
    state->judged = TRUE;
    if (!state->recipients)
        state->verdict = MESSAGE_FOREIGN;
    else if (!drain_enter())
        state->verdict = MESSAGE_REFUSED;
    else
        state->verdict = MESSAGE_OURS;
    if (state->verdict == MESSAGE_OURS)
        state->bytes = g_byte_array_sized_new(BYTES_AT_FIRST);
    return state->verdict;
}

static gboolean
append(MessageState *state, const void *bytes, gsize length)
{
    gsize room = state->snapshot->config->limit_message - state->bytes->len;
    if (state->truncated)
        return FALSE;
    if (length > room) {
        state->truncated = TRUE;
        length = room;
    }
    g_byte_array_append(state->bytes, bytes, length);
    return !state->truncated;
}

/* Postfix and Sendmail take "X-Lead-Id : x" for the same field. */
static gboolean
is_lead_header(const char *name)
{
    gsize length = strlen(LEAD_HEADER);
    if (g_ascii_strncasecmp(name, LEAD_HEADER, length) != 0)
        return FALSE;
    return name[length + strspn(name + length, " \t")] == '\0';
}

gboolean
message_state_header(MessageState *state, const char *name, const char *value)
{
    if (is_lead_header(name))
        state->forged++;
    /* Without HDR_LEADSPC the MTA has taken the first space off the value. */
    const char *colon = message_state_agreed(state, SMFIP_HDR_LEADSPC) ? ":" : ": ";
    append(state, name, strlen(name));
    append(state, colon, strlen(colon));
    append(state, value, strlen(value));
    return append(state, "\r\n", 2);
}

/* The first of the body, or the end of a mail without one, is the sign. */
static void
end_header(MessageState *state)
{
    if (!state->in_body)
        append(state, "\r\n", 2);
    state->in_body = TRUE;
}

gboolean
message_state_body(MessageState *state, const void *bytes, gsize length)
{
    end_header(state);
    return append(state, bytes, length);
}

static void
drop_bytes(gpointer data)
{
    MessageState *state = data;
    g_clear_pointer(&state->bytes, g_byte_array_unref);
}

void
message_state_mail(MessageState *state, const char *queue_id, InquiryMail *mail)
{
    end_header(state);
    *mail = (InquiryMail){
        .bytes = (const char *)state->bytes->data,
        .length = state->bytes->len,
        .truncated = state->truncated,
        .sender = state->sender,
        .recipients = (const char *const *)state->recipients->pdata,
        .queue_id = queue_id,
        .bytes_read = drop_bytes,
        .data = state,
    };
}

const Snapshot *
message_state_snapshot(const MessageState *state)
{
    return state->snapshot;
}

guint
message_state_forged(const MessageState *state)
{
    return state->forged;
}
