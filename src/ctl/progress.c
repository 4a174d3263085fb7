#include "ctl/progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EVERY (G_USEC_PER_SEC / 10)
#define ERASE_REST "\033[K"
#define ERASE "\r" ERASE_REST

static gboolean terminal;
static gint64 next;
static volatile sig_atomic_t shown;

static void
erase_and_end(int number)
{
    ssize_t written = shown ? write(STDERR_FILENO, ERASE, strlen(ERASE)) : 0;
    (void)written;
    raise(number); /* by its default now */
}

void
progress_begin(void)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    const struct sigaction action = {.sa_handler = erase_and_end, .sa_flags = (int)SA_RESETHAND};
    terminal = isatty(STDERR_FILENO);
    next = g_get_monotonic_time() + EVERY;
    for (guint i = 0; i < G_N_ELEMENTS(numbers) && terminal; i++) {
        struct sigaction before; /* who ignores them still does */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(numbers[i], &action, NULL);
    }
}

void
progress_show(guint mails, guint64 done, guint64 total)
{
    gint64 now = terminal ? g_get_monotonic_time() : 0;
    if (!terminal || now < next)
        return;
    next = now + EVERY;
    shown = TRUE;
    if (total)
        fprintf(stderr, "\r%u mails, %u %%" ERASE_REST, mails, (guint)MIN(done * 100 / total, 100));
    else
        fprintf(stderr, "\r%u mails" ERASE_REST, mails);
}

void
progress_clear(void)
{
    if (shown)
        fprintf(stderr, ERASE);
    shown = FALSE;
}
