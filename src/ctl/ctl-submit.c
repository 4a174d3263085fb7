/* leadctl submit: the leads of mails that were delivered without us, into the queue. */

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/reading.h"

static const CtlUsage usage = {
    "leadctl submit",
    "MAIL|MBOX|MAILDIR…",
    1,
    G_MAXUINT,
    "Makes leads of mails that came while lead-milter was away, or before it was there, and "
    "queues\n"
    "those that are not there yet: by Message-ID or X-Lead-Id, without a Message-ID by sender,\n"
    "subject and text too, also of leads that were purged. So it may be broken off and run again,\n"
    "over the same mails and more. A Maildir's subfolders are read only when they are named.\n"
    "SINCE is a date such as 2026-11-20, or a date and time, '2026-11-20 10:00' or as a mail has\n"
    "it; what came before is left out, by the time of its arrival. Mail that the rules ignore "
    "makes\n"
    "no lead here either; nor does what is no mail, which is told.",
};

/* What is told together, once it is on disk. */
#define GROUP_MOST 256
#define GROUP_TIME (G_USEC_PER_SEC / 2)

typedef struct {
    guint64 queued, held, known;
} Leads;

typedef struct {
    Ctl *ctl;
    Queue *queue;
    ReadingEnvelope envelope;
    gboolean dry_run;
    gint64 since; /* seconds since 1970; 0: all */
    gint64 pause; /* microseconds after each new lead */
    int status;
    guint64 mails, ignored, earlier, skipped;
    Leads told, group;  /* the group's are told once it is on disk */
    GString *lines;     /* of the group */
    char *group_begins; /* the mail that its first is of */
    gint64 group_since;
} Submit;

/* When a mail arrived: the first Received's date, else Date. 0 when neither tells. */
static gint64
arrival(const StoredMail *mail)
{
    g_autoptr(Message) message = message_parse(mail->bytes, mail->length, NULL);
    const char *received = message_header(message, "received");
    g_autofree char *first = received ? g_strndup(received, strcspn(received, "\n")) : NULL;
    const char *semicolon = first ? strrchr(first, ';') : NULL;
    time_t time = semicolon ? curl_getdate(semicolon + 1, NULL) : -1;
    const char *date = message_header(message, "date");
    if (time < 0 && date) {
        g_autofree char *line = g_strndup(date, strcspn(date, "\n"));
        time = curl_getdate(line, NULL);
    }
    return MAX(time, 0);
}

static gboolean
stop(Submit *submit, const char *mail, const GError *error)
{
    submit->status = ctl_queue_failed(error);
    ctl_error("stopped at %s; the same command goes on from there", mail);
    return FALSE;
}

static guint64
group_size(const Submit *submit)
{
    return submit->group.queued + submit->group.held + submit->group.known;
}

/* To wait for the disk costs more than all else; so what is known already, too, waits with the
 * others: its lead may be one of theirs. FALSE when the disk fails. */
static gboolean
end_group(Submit *submit)
{
    g_autoptr(GError) error = NULL;
    gboolean good =
        submit->dry_run || !group_size(submit) || queue_commit_sync(submit->queue, &error);
    if (good) {
        submit->told.queued += submit->group.queued;
        submit->told.held += submit->group.held;
        submit->told.known += submit->group.known;
        fputs(submit->lines->str, stdout);
    } else {
        stop(submit, submit->group_begins, error);
    }
    submit->group = (Leads){0};
    g_string_truncate(submit->lines, 0);
    return good;
}

static void
tell(Submit *submit, const StoredMail *mail, const LeadRecord *record, const char *id,
     gboolean known)
{
    Leads *group = &submit->group;
    const char *word = known ? "known" : record->held ? "held" : "new";
    if (!group_size(submit)) {
        g_free(submit->group_begins);
        submit->group_begins = g_strdup(mail->name);
        submit->group_since = g_get_monotonic_time();
    }
    ++*(known ? &group->known : record->held ? &group->held : &group->queued);
    if (!submit->ctl->json)
        g_string_append_printf(submit->lines, "%s: %s%s, source %s, lead %s\n", mail->name,
                               submit->dry_run && !known ? "would be " : "", word, record->source,
                               *id ? id : "-");
}

static gboolean
is_group_full(const Submit *submit)
{
    guint64 size = group_size(submit);
    return size >= GROUP_MOST ||
           (size > 0 && g_get_monotonic_time() - submit->group_since >= GROUP_TIME);
}

/* Queue, or only look. FALSE when the queue fails. */
static gboolean
take_record(Submit *submit, const StoredMail *mail, const Reading *reading, LeadRecord *record)
{
    char ids[1][LEAD_ID_SIZE] = {""};
    g_autoptr(GError) error = NULL;
    if (!record->message_key)
        record->same_within = RECORD_FOR_EVER;
    /* lead-milter has removed what a sender wrote there; of mail that has not passed it, an id
     * that is in the queue is one that was told by us. */
    record->lead_ids = g_strdup(message_header(reading->inquiry->message, LEAD_HEADER));
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_ptr_array_add(one, record);
    gboolean known = submit->dry_run ? queue_knows(submit->queue, record, ids[0], &error)
                                     : queue_commit_unsynced(submit->queue, one, ids, &error) ==
                                           COMMIT_DUPLICATE;
    if (error)
        return end_group(submit) && stop(submit, mail->name, error);
    tell(submit, mail, record, ids[0], known);
    if (known || submit->dry_run || !submit->pause)
        return TRUE;
    if (!end_group(submit))
        return FALSE;
    g_usleep(submit->pause);
    return TRUE;
}

/* In any thread. NULL: it is no mail, or it came too early. */
static gpointer
read_mail(const StoredMail *mail, gpointer data)
{
    const Submit *submit = data;
    gint64 time = submit->since ? arrival(mail) : 0;
    if (reading_no_mail(mail) || (time && time < submit->since))
        return NULL;
    return reading_of(submit->ctl, mail, &submit->envelope);
}

static gboolean
submit_mail(const StoredMail *mail, gpointer result, gpointer data)
{
    const Reading *reading = result;
    Submit *submit = data;
    if (is_group_full(submit) && !end_group(submit))
        return FALSE;
    submit->mails++;
    const char *why = reading_no_mail(mail);
    if (why) {
        ctl_error("%s: skipped, this is no mail: %s", mail->name, why);
        submit->skipped++;
        return TRUE;
    }
    if (!reading) {
        submit->earlier++;
        return TRUE;
    }
    submit->status = reading_status(reading);
    if (submit->status != EX_OK)
        return FALSE;
    const GPtrArray *records = reading->inquiry->records;
    submit->ignored += records->len == 0;
    gboolean good = TRUE;
    for (guint i = 0; i < records->len && good; i++)
        good = take_record(submit, mail, reading, g_ptr_array_index(records, i));
    return good;
}

static void
print_sum(const Submit *submit)
{
    static const char text[] =
        "%" G_GUINT64_FORMAT " mails: %" G_GUINT64_FORMAT " new leads, %" G_GUINT64_FORMAT
        " held, %" G_GUINT64_FORMAT " known already, %" G_GUINT64_FORMAT
        " ignored, %" G_GUINT64_FORMAT " too old, %" G_GUINT64_FORMAT " skipped%s\n";
    static const char json[] =
        "{\"mails\": %" G_GUINT64_FORMAT ", \"new\": %" G_GUINT64_FORMAT
        ", \"held\": %" G_GUINT64_FORMAT ", \"known\": %" G_GUINT64_FORMAT
        ", \"ignored\": %" G_GUINT64_FORMAT ", \"earlier\": %" G_GUINT64_FORMAT
        ", \"skipped\": %" G_GUINT64_FORMAT ", \"dry_run\": %s}\n";
    gboolean as_json = submit->ctl->json;
    const char *end = as_json ? (submit->dry_run ? "true" : "false")
                              : (submit->dry_run ? "; nothing was queued" : "");
    /* Both are literals with the same arguments. */
    if (as_json)
        printf(json, submit->mails, submit->told.queued, submit->told.held, submit->told.known,
               submit->ignored, submit->earlier, submit->skipped, end);
    else
        printf(text, submit->mails, submit->told.queued, submit->told.held, submit->told.known,
               submit->ignored, submit->earlier, submit->skipped, end);
}

/* A day, a time of a day with or without seconds, by the local clock unless it names a zone; or as
 * a mail has it. FALSE, and said, when it is none. */
static gboolean
parse_since(const char *text, gint64 *since)
{
    static const char *const rests[] = {"", ":00", "T00:00:00"};
    g_autoptr(GTimeZone) local = g_time_zone_new_local();
    *since = 0;
    for (guint i = 0; i < G_N_ELEMENTS(rests) && *since <= 0; i++) {
        g_autofree char *whole = g_strconcat(text, rests[i], NULL);
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(whole, local);
        *since = time ? g_date_time_to_unix(time) : 0;
    }
    if (*since <= 0)
        *since = curl_getdate(text, NULL);
    if (*since > 0)
        return TRUE;
    ctl_error(
        "--since %s: expected a date, 2026-11-20, or a date and time, '2026-11-20 10:00' or as a"
        " mail has it",
        text);
    return FALSE;
}

int
ctl_submit(Ctl *ctl, char **argv)
{
    g_autofree char *recipient = NULL, *sender = NULL, *since = NULL;
    Submit submit = {.ctl = ctl};
    int rate = G_MAXINT; /* no limit */
    const GOptionEntry entries[] = {
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &submit.dry_run, "say what would be queued", NULL},
        {"since", 's', 0, G_OPTION_ARG_FILENAME, &since, "only what came since then", "SINCE"},
        {"rate", 'R', 0, G_OPTION_ARG_INT, &rate, "so many new leads a minute at most", "N"},
        {"recipient", 't', 0, G_OPTION_ARG_FILENAME, &recipient,
         "the mailbox they came to (else by their headers, else the first)", "ADDRESS"},
        {"sender", 'f', 0, G_OPTION_ARG_FILENAME, &sender, "the envelope sender (else Return-Path)",
         "ADDRESS"},
        G_OPTION_ENTRY_NULL,
    };
    static const LineupSteps steps = {read_mail, submit_mail, (GDestroyNotify)reading_free};
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, entries, &operands);
    if (status >= 0)
        return status;
    if (since && !parse_since(since, &submit.since))
        return EX_USAGE;
    if (rate < 1) {
        ctl_error("--rate %d: expected a number of leads a minute, 1 or more", rate);
        return EX_USAGE;
    }
    status = ctl_ruleset(ctl);
    if (status != EX_OK)
        return status;
    submit.queue = ctl_queue_open(ctl, submit.dry_run, &status);
    if (!submit.queue)
        return status;
    submit.envelope = (ReadingEnvelope){recipient, sender, FALSE};
    submit.pause = (gint64)60 * G_USEC_PER_SEC / rate;
    submit.lines = g_string_new(NULL);
    status =
        mailstore_each((const char *const *)operands, ctl->config->limit_message, &steps, &submit);
    end_group(&submit);
    g_string_free(submit.lines, TRUE);
    g_free(submit.group_begins);
    print_sum(&submit);
    queue_close(submit.queue);
    if (submit.status != EX_OK)
        return submit.status;
    return status == EX_OK && submit.skipped ? EX_DATAERR : status;
}
