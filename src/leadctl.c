/* leadctl(1): checks and tries out rules, shows and repairs the queue. */

#include <config.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

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

/* 0, or why not all that was printed has arrived. */
static int
output_error(void)
{
    if (fflush(stdout) != 0)
        return errno;
    if (!ferror(stdout))
        return 0;
    /* It failed some while ago, and errno tells of something else by now. */
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) == 1 && output.revents & POLLERR ? EPIPE : EIO;
}

int
main(int argc, char **argv)
{
    Ctl ctl = {0};
    /* A reader that has seen enough (head) ends us by an error of writing, not by a signal. */
    signal(SIGPIPE, SIG_IGN);
    int status = ctl_dispatch(&ctl, "leadctl", commands, argv);
    ctl_clear(&ctl);
    int error = output_error();
    if (error && error != EPIPE)
        ctl_error("standard output: %s", g_strerror(error));
    return error ? EX_IOERR : status;
}
