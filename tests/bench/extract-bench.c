/* extract-bench: the way of a mail from its bytes to the lead's payload, in process.
 *
 * Prints one line of JSON like milter-load's; the time is the thread's own, of a processor.
 *
 * usage: extract-bench [-n MESSAGES] RULES MAIL
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "rules/inquiry.h"

static const char configuration[] = "listen: unix:/nowhere\n"
                                    "queue: sqlite:/nowhere\n"
                                    "accounts:\n"
                                    "  - name: main\n"
                                    "    endpoint: https://api.example/a/leads\n"
                                    "    token_file: /nowhere\n"
                                    "mailboxes:\n"
                                    "  - recipient: leads@example.com\n"
                                    "    account: main\n";

static int
by_value(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

/* Microseconds. */
static gint64
processor_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static gboolean
measure(const Config *config, Ruleset *ruleset, const InquiryMail *mail, guint messages)
{
    g_autofree gint64 *times = g_new(gint64, messages);
    guint leads = 0;
    inquiry_free(inquiry_read(config, ruleset, mail)); /* what is set up once is not counted */
    gint64 begun = processor_time();
    for (guint i = 0; i < messages; i++) {
        gint64 start = processor_time();
        g_autoptr(Inquiry) inquiry = inquiry_read(config, ruleset, mail);
        leads += inquiry->records->len;
        times[i] = processor_time() - start;
    }
    double seconds = (processor_time() - begun) / 1e6;
    qsort(times, messages, sizeof *times, by_value);
    printf("{\"messages\": %u, \"seconds\": %.3f, \"rate\": %.1f, \"p50\": %" G_GINT64_FORMAT
           ", \"p95\": %" G_GINT64_FORMAT ", \"p99\": %" G_GINT64_FORMAT ", \"leads\": %u}\n",
           messages, seconds, messages / seconds, times[(messages - 1) * 50 / 100],
           times[(messages - 1) * 95 / 100], times[(messages - 1) * 99 / 100], leads);
    return leads == messages;
}

int
main(int argc, char **argv)
{
    int messages = 2000;
    for (int option; (option = getopt(argc, argv, "n:")) != -1;) {
        if (option != 'n')
            return 64;
        messages = MAX(atoi(optarg), 1);
    }
    if (argc - optind != 2) {
        fprintf(stderr, "usage: extract-bench [-n MESSAGES] RULES MAIL\n");
        return 64;
    }
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Config) config = config_parse("bench", configuration, diags);
    g_autoptr(Ruleset) ruleset = ruleset_load(argv[optind], diags);
    diags_print(diags, stderr);
    if (!config || !ruleset)
        return 78;
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    const char *const recipients[] = {"leads@example.com", NULL};
    InquiryMail mail = {.sender = "someone@example.net", .recipients = recipients};
    if (!g_file_get_contents(argv[optind + 1], &bytes, &mail.length, &error)) {
        fprintf(stderr, "extract-bench: %s\n", error->message);
        return 66;
    }
    mail.bytes = bytes;
    return measure(config, ruleset, &mail, messages) ? 0 : 1;
}
