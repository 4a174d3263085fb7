#include "milter/callbacks.h"

#include "base/metrics.h"
#include "milter/intake.h"
#include "milter/message-state.h"

static Service *service;

/* Steps that we never need, and answers that we never give, where the MTA can do without. Not
 * NR_BODY: of a last chunk that comes in the end-of-message command libmilter takes NOREPLY as the
 * final answer, which then never comes, and nothing tells on_body that it is there. */
#define WANTED                                                                                     \
    (SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NR_MAIL | SMFIP_NR_RCPT |            \
     SMFIP_NR_EOH | SMFIP_SKIP | SMFIP_HDR_LEADSPC)

/* An offer of NODATA is how an MTA says that it knows the DATA step (protocol 4 and later). Without
 * it the verdict is given at the first header, which then needs its replies. libmilter plays the
 * NR_ flags that the MTA lacks; the others are taken as offered. */
static sfsistat
on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long protocol, unsigned long f2,
             unsigned long f3, unsigned long *want_actions, unsigned long *want_protocol,
             unsigned long *want_f2, unsigned long *want_f3)
{
    unsigned long flags = WANTED;
    if (protocol & SMFIP_NODATA)
        flags |= SMFIP_NR_HDR;
    *want_actions = actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_SETSYMLIST);
    *want_protocol = protocol & flags;
    *want_f2 = *want_f3 = 0;
    if (actions & SMFIF_SETSYMLIST) {
        /* {i} exists from DATA on; no other macro need be sent. */
        smfi_setsymlist(ctx, SMFIM_ENVFROM, (char *)"");
        smfi_setsymlist(ctx, SMFIM_ENVRCPT, (char *)"");
        smfi_setsymlist(ctx, SMFIM_DATA, (char *)"");
        smfi_setsymlist(ctx, SMFIM_EOM, (char *)"i");
    }
    message_state_free(smfi_getpriv(ctx));
    smfi_setpriv(ctx, message_state_new(*want_protocol));
    return SMFIS_CONTINUE;
}

/* The connection's state. Made here for a peer that sends commands without having negotiated, and
 * after SMFIC_QUIT_NC, which closes and goes on. */
static MessageState *
state_of(SMFICTX *ctx)
{
    MessageState *state = smfi_getpriv(ctx);
    if (!state) {
        state = message_state_new(0);
        smfi_setpriv(ctx, state);
    }
    return state;
}

static sfsistat
go_on(const MessageState *state, unsigned long no_reply)
{
    return message_state_agreed(state, no_reply) ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat
on_mail(SMFICTX *ctx, char **arguments)
{
    MessageState *state = state_of(ctx);
    message_state_begin(state, service, arguments[0]);
    return go_on(state, SMFIP_NR_MAIL);
}

static sfsistat
on_recipient(SMFICTX *ctx, char **arguments)
{
    MessageState *state = state_of(ctx);
    message_state_recipient(state, arguments[0]);
    return go_on(state, SMFIP_NR_RCPT);
}

/* CONTINUE for a message of ours, else the answer that ends it here. */
static sfsistat
judge(SMFICTX *ctx, MessageState *state)
{
    switch (message_state_verdict(state)) {
    case MESSAGE_OURS:
        return SMFIS_CONTINUE;
    case MESSAGE_REFUSED:
        smfi_setreply(ctx, (char *)"451", (char *)"4.3.2",
                      (char *)"Lead service is shutting down, please try again");
        message_state_reset(state);
        return SMFIS_TEMPFAIL;
    case MESSAGE_FOREIGN:
        metrics_add(METRIC_FOREIGN, 1, NULL);
        break;
    }
    message_state_reset(state);
    return SMFIS_ACCEPT;
}

static sfsistat
on_data(SMFICTX *ctx)
{
    return judge(ctx, state_of(ctx));
}

static sfsistat
on_header(SMFICTX *ctx, char *name, char *value)
{
    MessageState *state = state_of(ctx);
    sfsistat answer = judge(ctx, state);
    if (answer != SMFIS_CONTINUE)
        return answer;
    message_state_header(state, name, value);
    return go_on(state, SMFIP_NR_HDR);
}

/* Asked for although the body's first chunk says the same: of a mail without a header field
 * libmilter would not take the body, and leave the MTA without an answer. */
static sfsistat
on_end_of_header(SMFICTX *ctx)
{
    return go_on(state_of(ctx), SMFIP_NR_EOH);
}

/* A chunk that is cut is answered with SKIP only when it is a full one: some MTAs put the last
 * chunk into the end-of-message command, where libmilter would take SKIP as the final answer. */
static sfsistat
on_body(SMFICTX *ctx, unsigned char *bytes, size_t length)
{
    MessageState *state = state_of(ctx);
    sfsistat answer = judge(ctx, state);
    if (answer != SMFIS_CONTINUE)
        return answer;
    gboolean more = message_state_body(state, bytes, length);
    if (!more && length >= MILTER_CHUNK_SIZE && message_state_agreed(state, SMFIP_SKIP))
        return SMFIS_SKIP;
    return SMFIS_CONTINUE;
}

static sfsistat
on_end_of_message(SMFICTX *ctx)
{
    MessageState *state = state_of(ctx);
    sfsistat answer = judge(ctx, state);
    if (answer == SMFIS_CONTINUE) {
        answer = intake_message(ctx, state, service_queue(service));
        message_state_reset(state);
    }
    return answer;
}

static sfsistat
on_abort(SMFICTX *ctx)
{
    message_state_reset(smfi_getpriv(ctx));
    return SMFIS_CONTINUE;
}

/* Called for a peer that never said a word too, and twice after SMFIC_QUIT_NC. */
static sfsistat
on_close(SMFICTX *ctx)
{
    message_state_free(smfi_getpriv(ctx));
    smfi_setpriv(ctx, NULL);
    return SMFIS_CONTINUE;
}

gboolean
callbacks_register(Service *used)
{
    service = used;
    struct smfiDesc description = {
        .xxfi_name = (char *)"lead-milter",
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS,
        .xxfi_envfrom = on_mail,
        .xxfi_envrcpt = on_recipient,
        .xxfi_header = on_header,
        .xxfi_eoh = on_end_of_header,
        .xxfi_body = on_body,
        .xxfi_eom = on_end_of_message,
        .xxfi_abort = on_abort,
        .xxfi_close = on_close,
        .xxfi_data = on_data,
        .xxfi_negotiate = on_negotiate,
    };
    return smfi_register(description) == MI_SUCCESS;
}
