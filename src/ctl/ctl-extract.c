/* leadctl extract: the lead that each mail becomes. */

#include <stdio.h>
#include <sysexits.h>

#include "ctl/reading.h"

static const CtlUsage usage = {
    "leadctl extract",
    "[MAIL|MBOX|MAILDIR…]",
    0,
    G_MAXUINT,
    "Prints one line for each mail (standard input without any): the body of the request that\n"
    "the API would get, as JSON, or null for a mail that the rules ignore.\n"
    "Nothing is queued, nothing is sent.",
};

typedef struct {
    Ctl *ctl;
    ReadingEnvelope envelope;
    int status;
} Extract;

/* In any thread. Only the payload is kept of what is read. */
static gpointer
extract_mail(const StoredMail *mail, gpointer data)
{
    const Extract *extract = data;
    g_autoptr(Reading) whole = reading_of(extract->ctl, mail, &extract->envelope);
    Reading *reading = g_new0(Reading, 1);
    reading->refused = g_steal_pointer(&whole->refused);
    reading->payload = g_steal_pointer(&whole->payload);
    return reading;
}

static gboolean
print_lead(const StoredMail *mail, gpointer result, gpointer data)
{
    (void)mail;
    Extract *extract = data;
    const Reading *reading = result;
    extract->status = reading_status(reading);
    if (extract->status == EX_OK)
        printf("%s\n", reading->payload ? reading->payload : "null");
    return extract->status == EX_OK && !ferror(stdout);
}

int
ctl_extract(Ctl *ctl, char **argv)
{
    g_autofree char *recipient = NULL, *sender = NULL;
    const GOptionEntry entries[] = {
        {"recipient", 't', 0, G_OPTION_ARG_FILENAME, &recipient,
         "the mailbox it came to (else by its header, else the first)", "ADDRESS"},
        {"sender", 'f', 0, G_OPTION_ARG_FILENAME, &sender, "the envelope sender (else Return-Path)",
         "ADDRESS"},
        G_OPTION_ENTRY_NULL,
    };
    static const LineupSteps steps = {extract_mail, print_lead, (GDestroyNotify)reading_free};
    static const char *const standard_input[] = {"-", NULL};
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, entries, &operands);
    if (status >= 0)
        return status;
    status = ctl_ruleset(ctl);
    if (status != EX_OK)
        return status;
    Extract extract = {ctl, {recipient, sender, FALSE}, EX_OK};
    status = mailstore_each(*operands ? (const char *const *)operands : standard_input,
                            ctl->config->limit_message, &steps, &extract);
    return extract.status != EX_OK ? extract.status : status;
}
