/* metrics: what a daemon has counted since its start, for Prometheus (text format 0.0.4).
 *
 * Each family has a fixed set of labels, whose values are given in that order. Values are names of
 * sources, accounts and fields, never anything of a mail. metrics_write replaces FOLDER/NAME.prom
 * as a whole, for the node exporter's textfile collector. Thread rule: any thread.
 */
#ifndef LEAD_BASE_METRICS_H
#define LEAD_BASE_METRICS_H

#include <glib.h>

#define METRICS_EVERY 10 /* seconds between two writings of a file */

typedef enum {
    /* lead-milter */
    METRIC_MAILS,        /* source, result: new duplicate held ignored failed */
    METRIC_FOREIGN,      /* mails for nobody of ours */
    METRIC_FIELDS,       /* source, field */
    METRIC_LIMITS,       /* limit: message, pattern */
    METRIC_READ_SECONDS, /* from the end of a message until its lead is known */
    METRIC_COMMIT_SECONDS,
    METRIC_RELOADS,  /* program, result: done refused */
    METRIC_FILES,    /* descriptors open */
    METRIC_WRITABLE, /* 1 while the queue can be written */
    /* lead-submit */
    METRIC_POSTS,        /* account, result: done retry stopped dead */
    METRIC_POST_SECONDS, /* account */
    METRIC_LEAD_SECONDS, /* account; from the commit to the API's word that it has the lead */
    METRIC_LEADS,        /* account, state: waiting held dead */
    METRIC_OLDEST,       /* account; seconds */
    METRIC_STOPPED,      /* account */
    METRIC_PAUSED,       /* account */
    METRIC_TOKEN_EXPIRY, /* account; seconds since 1970 */
    METRIC_ALERT,        /* alert, account; 1 while it is on */
    METRIC_N
} Metric;

/* The values of the family's labels, ended by NULL; any may be "". */
void metrics_add(Metric metric, double n, ...) G_GNUC_NULL_TERMINATED;           /* a counter */
void metrics_set(Metric metric, double value, ...) G_GNUC_NULL_TERMINATED;       /* a gauge */
void metrics_observe(Metric metric, double seconds, ...) G_GNUC_NULL_TERMINATED; /* a histogram */
void metrics_forget(Metric metric); /* all values of a family, before they are set anew */

char *metrics_text(void);
gboolean metrics_write(const char *folder, const char *name, GError **error);

/* A label's value in quotes, escaped. */
char *metrics_label(const char *value);

#endif
