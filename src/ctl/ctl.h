/* ctl: what leadctl's subcommands share.
 *
 * Each subcommand is one file with one function; it returns the exit status: 0 done, 1 found
 * something wrong, 64–78 as in sysexits. It prints results to standard output, everything else to
 * standard error.
 * Ownership: ctl_clear frees what a Ctl holds. Thread rule: one thread.
 */
#ifndef LEAD_CTL_CTL_H
#define LEAD_CTL_CTL_H

#include "base/config.h"
#include "queue/queue.h"
#include "rules/ruleset.h"

#define CTL_CONFIG_FILE SYSCONFDIR "/lead-milter/lead-milter.yaml"

typedef struct {
    char *config_file; /* -c, or NULL: CTL_CONFIG_FILE if it is there and no --rules were given,
                          else the built-in configuration */
    char *rules;       /* --rules, or NULL: the configuration's */
    gboolean json;     /* --json */
    Config *config;    /* loaded by ctl_config */
    Ruleset *ruleset;  /* loaded by ctl_ruleset */
} Ctl;

void ctl_clear(Ctl *ctl);

/* The configuration's path, or NULL for the built-in one. */
const char *ctl_config_path(const Ctl *ctl);

/* Load on first use; errors are printed. 0, or the exit status to leave with. */
int ctl_config(Ctl *ctl);
int ctl_ruleset(Ctl *ctl);

/* Open the configuration's queue, which must be there. NULL: *status is what to leave with. */
Queue *ctl_queue_open(Ctl *ctl, gboolean readonly, int *status);
/* Print the error; the exit status that tells of it. */
int ctl_queue_failed(const GError *error);

/* "leadctl: …" to standard error. */
void ctl_error(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* One row of a table of commands; the table ends with an empty one. */
typedef struct {
    const char *name;
    const char *operands; /* "[FILE…]", or NULL */
    const char *summary;  /* one line */
    int (*run)(Ctl *ctl, char **argv);
} CtlCommand;

/* Read the options before a command's name, find it in the table and run it. `path` is what
 * stands before it: "leadctl queue". */
int ctl_dispatch(Ctl *ctl, const char *path, const CtlCommand *commands, char **argv);

typedef struct {
    const char *name;     /* "leadctl extract" */
    const char *operands; /* "[FILE…]", or NULL */
    guint least, most;    /* how many operands */
    const char *about;    /* what --help says under the options */
} CtlUsage;

/* Read a command's options, the global ones among them. -1 to go on, with the operands (ends in
 * NULL, the caller's); else the exit status, --help and mistakes have been answered. Texts are
 * options of G_OPTION_ARG_FILENAME: bytes, whatever the locale. */
int ctl_parse(Ctl *ctl, char **argv, const CtlUsage *usage, const GOptionEntry *entries,
              char ***operands);

/* argv[0] is the subcommand's name; it ends in NULL. */
int ctl_check(Ctl *ctl, char **argv);
int ctl_extract(Ctl *ctl, char **argv);
int ctl_explain(Ctl *ctl, char **argv);
int ctl_compare(Ctl *ctl, char **argv);
int ctl_hits(Ctl *ctl, char **argv);
int ctl_new_source(Ctl *ctl, char **argv);
int ctl_test(Ctl *ctl, char **argv);
int ctl_queue(Ctl *ctl, char **argv);
int ctl_api(Ctl *ctl, char **argv);
int ctl_stats(Ctl *ctl, char **argv);
int ctl_status(Ctl *ctl, char **argv);
int ctl_submit(Ctl *ctl, char **argv);
int ctl_account(Ctl *ctl, char **argv);

/* What of check is not the configuration's text or the rules, in ctl-check-places.c. */
void ctl_check_places(const Config *config, Diags *diags);

/* What of a queue's commands changes it, in ctl-queue-repair.c. */
int ctl_queue_retry(Ctl *ctl, char **argv);
int ctl_queue_release(Ctl *ctl, char **argv);
int ctl_queue_hold(Ctl *ctl, char **argv);
int ctl_queue_drop(Ctl *ctl, char **argv);
int ctl_queue_purge(Ctl *ctl, char **argv);
int ctl_api_check(Ctl *ctl, char **argv);

#endif
