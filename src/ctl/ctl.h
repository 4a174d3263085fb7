/* ctl: what leadctl's subcommands share.
 *
 * Each subcommand is one file with one function; it returns the exit status: 0 done, 1 found
 * something wrong, 64–78 as in sysexits. It prints results to standard output, everything else to
 * standard error.
 */
#ifndef LEAD_CTL_CTL_H
#define LEAD_CTL_CTL_H

#include "base/config.h"
#include "rules/ruleset.h"

typedef struct {
    const char *config_file; /* -c, or NULL: the built-in configuration */
    const char *rules;       /* --rules, or NULL: the configuration's */
    gboolean json;           /* --json */
    Config *config;          /* loaded by ctl_config */
    Ruleset *ruleset;        /* loaded by ctl_ruleset */
} Ctl;

/* Load on first use; errors are printed. 0, or the exit status to leave with. */
int ctl_config(Ctl *ctl);
int ctl_ruleset(Ctl *ctl);

/* argv[0] is the subcommand's name. */
int ctl_check(Ctl *ctl, int argc, char **argv);
int ctl_extract(Ctl *ctl, int argc, char **argv);
int ctl_explain(Ctl *ctl, int argc, char **argv);
int ctl_test(Ctl *ctl, int argc, char **argv);
int ctl_queue(Ctl *ctl, int argc, char **argv);
int ctl_api(Ctl *ctl, int argc, char **argv);
int ctl_stats(Ctl *ctl, int argc, char **argv);

#endif
