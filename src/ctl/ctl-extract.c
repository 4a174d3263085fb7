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

static gboolean
extract_mail(const StoredMail *mail, gpointer data)
{
    Extract *extract = data;
    g_autoptr(Reading) reading =
        reading_of(extract->ctl, mail, &extract->envelope, &extract->status);
    if (reading)
        printf("%s\n", reading->payload ? reading->payload : "null");
    return reading != NULL;
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
                            ctl->config->limit_message, extract_mail, &extract);
    return extract.status != EX_OK ? extract.status : status;
}
