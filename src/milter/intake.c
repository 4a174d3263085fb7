#include "milter/intake.h"

#include "base/log.h"
#include "base/metrics.h"

#include <string.h>

#define QUEUE_ID_MAX 64
/* X-Lead-Id fields that are removed: Postfix searches from the top for each, and gives up on a mail
 * with tens of thousands of changes. */
#define FORGED_MAX 200
#define LIMIT_LINES_MAX 20 /* lines logged about patterns that reached a limit, of one message */

/* The MTA's id of the message, as far as it is fit for a log; "-" when it gave none. */
static void
queue_id_of(SMFICTX *ctx, char id[QUEUE_ID_MAX + 1])
{
    const char *given = smfi_getsymval(ctx, (char *)"i");
    gsize n = 0;
    for (; given && given[n] && n < QUEUE_ID_MAX; n++)
        id[n] = g_ascii_isgraph(given[n]) ? given[n] : '?';
    if (n == 0)
        id[n++] = '-';
    id[n] = '\0';
}

static void
log_limits(const char *id, const Inquiry *inquiry)
{
    const char *reached = inquiry->message ? message_limits_reached(inquiry->message) : NULL;
    if (reached) {
        metrics_add(METRIC_LIMITS, 1, "message", NULL);
        log_warning("%s: limit reached, the lead is made of what was read: %s", id, reached);
    }
    const Extraction *extraction = inquiry->extraction;
    if (!extraction)
        return;
    guint lines = 0;
    for (guint i = 0; i < extraction->trials->len && lines < LIMIT_LINES_MAX; i++) {
        const Trial *trial = g_ptr_array_index(extraction->trials, i);
        if (!trial->limit)
            continue;
        lines++;
        metrics_add(METRIC_LIMITS, 1, "pattern", NULL);
        log_warning("%s: %s:%u:%u: %s: a pattern reached its limit; taken as not matching", id,
                    trial->file, trial->line, trial->column,
                    trial->condition ? trial->condition : "when");
    }
    for (guint i = 0; i < extraction->steps->len && lines < LIMIT_LINES_MAX; i++) {
        const Step *step = g_ptr_array_index(extraction->steps, i);
        if (step->outcome != STEP_LIMIT)
            continue;
        lines++;
        metrics_add(METRIC_LIMITS, 1, "pattern", NULL);
        log_warning("%s: %s:%u:%u: %s: %s", id, step->file, step->line, step->column, step->field,
                    step->why ? step->why : "a pattern reached its limit");
    }
}

static void
log_leads(const char *id, const GPtrArray *records, char (*ids)[LEAD_ID_SIZE], gboolean new,
          gint64 started)
{
    double ms = (g_get_monotonic_time() - started) / 1000.0;
    for (guint i = 0; i < records->len; i++) {
        const LeadRecord *record = g_ptr_array_index(records, i);
        const char *word = !new ? "duplicate" : record->held ? "held" : "new";
        log_info("%s: source=%s account=%s lead=%s %s ms=%.1f%s%s", id, record->source,
                 record->account, ids[i], word, ms, record->held ? " reason=" : "",
                 record->held && record->reason ? record->reason : "");
    }
}

/* What came of a mail: once for each account that it belongs to. */
static void
count_mail(const Inquiry *inquiry, const char *result)
{
    const Extraction *extraction = inquiry->extraction;
    const char *source = extraction && extraction->source ? extraction->source : "none";
    for (guint i = 0; i < MAX(inquiry->records->len, 1); i++) {
        const LeadRecord *record =
            inquiry->records->len ? g_ptr_array_index(inquiry->records, i) : NULL;
        const char *shown = result ? result : record && record->held ? "held" : "new";
        metrics_add(METRIC_MAILS, 1, record ? record->source : source, shown, NULL);
    }
    if (result) /* fields are those of new leads */
        return;
    for (guint i = 0; i < extraction->steps->len; i++) {
        const Step *step = g_ptr_array_index(extraction->steps, i);
        if (step->outcome == STEP_WON)
            metrics_add(METRIC_FIELDS, 1, source, step->set ? step->set : step->field, NULL);
    }
}

/* From last to first, so that the numbers of those still to go stay true in any MTA. */
static void
remove_forged(SMFICTX *ctx, const MessageState *state, const char *id)
{
    guint forged = message_state_forged(state);
    if (forged > FORGED_MAX)
        log_warning("%s: %s fields: %u; the first %d are removed", id, LEAD_HEADER, forged,
                    FORGED_MAX);
    for (guint i = MIN(forged, FORGED_MAX); i > 0; i--)
        smfi_chgheader(ctx, (char *)LEAD_HEADER, i, NULL);
}

static void
add_headers(SMFICTX *ctx, const MessageState *state, const char *id, guint n,
            char (*ids)[LEAD_ID_SIZE])
{
    /* With HDR_LEADSPC the MTA adds no space after the colon. */
    const char *space = message_state_agreed(state, SMFIP_HDR_LEADSPC) ? " " : "";
    for (guint i = 0; i < n; i++) {
        g_autofree char *value = g_strconcat(space, ids[i], NULL);
        if (smfi_addheader(ctx, (char *)LEAD_HEADER, value) != MI_SUCCESS)
            log_warning("%s: the MTA took no %s header for lead=%s", id, LEAD_HEADER, ids[i]);
    }
}

static sfsistat
failed(SMFICTX *ctx, const MessageState *state, const char *id, const GError *error)
{
    /* What a stranger may know of it. */
    static const char *const texts[] = {
        [QUEUE_ERROR_BUSY] = "Lead queue is busy, please try again",
        [QUEUE_ERROR_FULL] = "Lead queue has no space, please try again later",
        [QUEUE_ERROR_IO] = "Lead queue cannot be written, please try again later",
    };
    const char *text = NULL;
    if (error && error->domain == QUEUE_ERROR && error->code < (int)G_N_ELEMENTS(texts))
        text = texts[error->code];
    const char *why = error ? error->message : "no reason given";
    if (message_state_snapshot(state)->config->on_error == ON_ERROR_ACCEPT) {
        log_error("%s: LEAD LOST, mail accepted (on_error: accept): %s", id, why);
        return SMFIS_CONTINUE;
    }
    log_error("%s: lead not queued, sender asked to try again (on_error: tempfail): %s", id, why);
    smfi_setreply(ctx, (char *)"451", (char *)"4.3.0",
                  (char *)(text ? text : "Lead queue is unavailable, please try again later"));
    return SMFIS_TEMPFAIL;
}

static double
seconds_since(gint64 time)
{
    return (double)(g_get_monotonic_time() - time) / G_USEC_PER_SEC;
}

sfsistat
intake_message(SMFICTX *ctx, MessageState *state, Queue *queue)
{
    gint64 started = g_get_monotonic_time();
    char id[QUEUE_ID_MAX + 1];
    queue_id_of(ctx, id);

    const Snapshot *snapshot = message_state_snapshot(state);
    InquiryMail mail;
    message_state_mail(state, strcmp(id, "-") == 0 ? NULL : id, &mail);
    if (mail.truncated)
        log_warning("%s: message is over limits.message, read up to %" G_GSIZE_FORMAT " bytes", id,
                    mail.length);
    g_autoptr(Inquiry) inquiry = inquiry_read(snapshot->config, snapshot->ruleset, &mail);
    log_limits(id, inquiry);
    metrics_observe(METRIC_READ_SECONDS, seconds_since(started), NULL);

    guint n = inquiry->records->len;
    if (n == 0) {
        const Extraction *extraction = inquiry->extraction;
        log_info("%s: source=%s ignored ms=%.1f", id,
                 extraction && extraction->source ? extraction->source : "-",
                 (g_get_monotonic_time() - started) / 1000.0);
        count_mail(inquiry, "ignored");
        remove_forged(ctx, state, id);
        return SMFIS_CONTINUE;
    }

    g_autofree char(*ids)[LEAD_ID_SIZE] = g_malloc0_n(n, LEAD_ID_SIZE);
    g_autoptr(GError) error = NULL;
    gint64 read = g_get_monotonic_time();
    CommitResult result = queue_commit(queue, inquiry->records, ids, &error);
    metrics_observe(METRIC_COMMIT_SECONDS, seconds_since(read), NULL);
    count_mail(inquiry, result == COMMIT_FAILED      ? "failed"
                        : result == COMMIT_DUPLICATE ? "duplicate"
                                                     : NULL);
    if (result == COMMIT_FAILED) {
        sfsistat answer = failed(ctx, state, id, error);
        if (answer == SMFIS_CONTINUE)
            remove_forged(ctx, state, id);
        return answer;
    }
    remove_forged(ctx, state, id);
    add_headers(ctx, state, id, n, ids);
    log_leads(id, inquiry->records, ids, result == COMMIT_NEW, started);
    return SMFIS_CONTINUE;
}
