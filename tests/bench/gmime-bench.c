/* gmime-bench: what a small filter costs, see gmime-mail.h. The measure of extract-bench; both
 * print the same line of JSON.
 *
 * usage: gmime-bench [-d] [-n MESSAGES] MAIL
 *   -d  decode what is attached as well
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "gmime-mail.h"

static guint
read_mail(const char *bytes, gsize length, gboolean decode)
{
    g_autoptr(GMimeMail) mail = gmime_mail_read(bytes, length, decode);
    return mail->found;
}

/* Microseconds of this thread on a processor. */
static gint64
processor_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

int
main(int argc, char **argv)
{
    int messages = 2000;
    gboolean decode = FALSE;
    for (int option; (option = getopt(argc, argv, "dn:")) != -1;) {
        if (option == 'd')
            decode = TRUE;
        else if (option == 'n')
            messages = MAX(atoi(optarg), 1);
        else
            return 64;
    }
    if (argc - optind != 1) {
        fprintf(stderr, "usage: gmime-bench [-d] [-n MESSAGES] MAIL\n");
        return 64;
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize length;
    if (!g_file_get_contents(argv[optind], &bytes, &length, &error)) {
        fprintf(stderr, "gmime-bench: %s\n", error->message);
        return 66;
    }
    gmime_mail_init();
    guint found = read_mail(bytes, length, decode); /* what is set up once is not counted */
    gint64 begun = processor_time();
    for (int i = 0; i < messages; i++)
        found = read_mail(bytes, length, decode);
    double seconds = (processor_time() - begun) / 1e6;
    printf("{\"messages\": %d, \"seconds\": %.3f, \"rate\": %.1f, \"found\": %u}\n", messages,
           seconds, messages / seconds, found);
    return 0;
}
