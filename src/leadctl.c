/* leadctl(1): checks and tries out rules, shows and repairs the queue. */

#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/memory.h"
#include "ctl/ctl.h"

static const CtlCommand commands[] = {
    {"check", NULL, "say what is wrong with the configuration and the rules", ctl_check},
    {"extract", "[MAIL…]", "print the lead that a mail becomes, as JSON", ctl_extract},
    {"explain", "FILE", "tell where each value of a lead comes from", ctl_explain},
    {"test", "[DIR]", "run the rules' own tests", ctl_test},
    {"compare", "RULES_A RULES_B MAIL…", "tell what other rules would make of the same mails",
     ctl_compare},
    {"hits", "RULES MAIL…", "count how often each rule found something and won", ctl_hits},
    {"new-source", "MAIL", "write a rule file from one sample mail", ctl_new_source},
    {"queue", "list|show|retry|…", "show and repair the queue", ctl_queue},
    {"submit", "MAIL|MBOX|MAILDIR…", "queue the leads of mails that came without us", ctl_submit},
    {"account", "list|pause|resume", "the accounts, and whether they send", ctl_account},
    {"api", "names|check", "the API's names; is it there and the token good", ctl_api},
    {"stats", NULL, "count the queue's leads", ctl_stats},
    {"status", NULL, "one line for monitoring: is all well", ctl_status},
    {0},
};

static int write_error; /* why not all that was printed has arrived, an errno; 0: it has */

/* Of stdio's own nobody learns why it failed but from errno, at once. */
static ssize_t
write_output(void *unused, const char *bytes, size_t length)
{
    (void)unused;
    size_t done = 0;
    while (done < length) {
        ssize_t n = write(STDOUT_FILENO, bytes + done, length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            write_error = errno;
            break;
        }
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static void
set_up_output(void)
{
    FILE *output = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_output});
    if (!output)
        memory_out("standard output");
    setvbuf(output, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
    stdout = output;
}

int
main(int argc, char **argv)
{
    Ctl ctl = {0};
    /* A reader that has seen enough (head) ends us by an error of writing, not by a signal. */
    signal(SIGPIPE, SIG_IGN);
    set_up_output();
    int status = ctl_dispatch(&ctl, "leadctl", commands, argv);
    ctl_clear(&ctl);
    fflush(stdout);
    if (write_error && write_error != EPIPE)
        ctl_error("standard output: %s", g_strerror(write_error));
    return write_error ? EX_IOERR : status;
}
