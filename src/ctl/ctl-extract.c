/* leadctl extract: the lead that each mail becomes. */

#include <stdio.h>
#include <sysexits.h>

#include "ctl/reading.h"

static const CtlUsage usage = {
    "leadctl extract",
    "[FILE…]",
    0,
    G_MAXUINT,
    "Prints one line for each mail (standard input without FILE): the body of the request that\n"
    "the API would get, as JSON, or null for a mail that the rules ignore.\n"
    "Nothing is queued, nothing is sent.",
};

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
    const ReadingEnvelope envelope = {recipient, sender};
    int worst = EX_OK;
    const char *const *file = *operands ? (const char *const *)operands : standard_input;
    for (; *file; file++) {
        g_autoptr(Reading) reading = reading_new(ctl, *file, &envelope, &status);
        if (reading)
            printf("%s\n", reading->payload ? reading->payload : "null");
        else if (status != EX_NOINPUT)
            return status;
        else
            worst = status;
    }
    return worst;
}
