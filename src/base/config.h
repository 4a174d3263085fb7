/* config: lead-milter.yaml, checked and immutable (DESIGN section 5, lead-milter.yaml(5)).
 *
 * Knows the file's words, not what a lead is: `defaults` keep their text and place, and
 * lead/defaults.h checks them. Addresses are lower-cased when read.
 * Ownership: reference counted and atomic; a reload makes a new one, whoever still works keeps
 * the old. Thread rule: immutable once loaded.
 */
#ifndef LEAD_BASE_CONFIG_H
#define LEAD_BASE_CONFIG_H

#include "base/yaml.h"

typedef enum { ON_ERROR_TEMPFAIL, ON_ERROR_ACCEPT } OnError;

typedef struct {
    char *name;
    char *endpoint;      /* https URL, or http to a loopback address */
    char *token_file;    /* path */
    gboolean auth_query; /* ?token= instead of the Authorization header */
    char *ca_file;
    gboolean relationships; /* the envelope's other form, DESIGN section 3 */
    guint concurrency;      /* POSTs at once */
    guint timeout;          /* seconds for one POST */
    guint64 give_up_after;  /* seconds */
    guint per_minute;       /* POSTs begun in a minute at most; 0: no limit */
} ConfigAccount;

typedef struct {
    char *attribute; /* as written: "opportunity.leadType" */
    char *value;
    guint line, column; /* of the key */
} ConfigDefault;

typedef struct {
    char **recipients;   /* lower case: "leads@example.com" or "@inquiries.example.com" */
    guint account;       /* index into accounts */
    GPtrArray *defaults; /* ConfigDefault */
} ConfigMailbox;

typedef struct {
    char *file;         /* its path, for diagnostics */
    char *listen;       /* unix:PATH, inet:PORT, inet:PORT@HOST or fd:N */
    char *rules;        /* folder */
    char *queue;        /* sqlite:PATH */
    char *authserv_id;  /* or NULL */
    char **own_domains; /* lower case, ends in NULL, never NULL itself */
    char *recipient_delimiter; /* the signs that begin an address's extension, or NULL */
    OnError on_error;
    guint hold_below;         /* percent of trust, 0 to 100; leads with less are held */
    GPtrArray *accounts;      /* ConfigAccount, at least one */
    GPtrArray *mailboxes;     /* ConfigMailbox, in the file's order */
    guint64 duplicate_window; /* seconds in which the same content is the same mail; 0: never */
    char *metrics;            /* folder for the daemons' files of metrics, or NULL */
    guint64 alert_after;      /* seconds that a lead may wait before somebody is told */
    char **alert_to;          /* addresses, ends in NULL, never NULL itself */
    char *alert_smtp;         /* HOST[:PORT] that takes the mail to them */
    guint64 retention;        /* seconds that done and dead leads are kept */
    guint64 limit_message;    /* bytes of a message that are read */
    GHashTable *by_recipient; /* private to config.c */
} Config;

/* Read and check a file. NULL on any error; all of them are then in `diags`. Does not open what
 * the file names: folders, sockets, queue and token are their owners' to check. */
Config *config_load(const char *path, Diags *diags);
/* The same from memory; `name` stands in diagnostics. */
Config *config_parse(const char *name, const char *text, Diags *diags);
/* What holds with no file at all (leadctl): no accounts, no mailboxes, the installed rules. */
Config *config_builtin(void);
Config *config_ref(Config *config);
void config_unref(Config *config); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_unref)

/* The index of the first mailbox in the configuration that takes this recipient ("<a@b>", "a@b" or
 * "\"a\"@b", any case), or -1. A full address, one without its extension and a "@domain" entry are
 * equal: the order decides. */
int config_mailbox(const Config *config, const char *recipient);

const ConfigAccount *config_account(const Config *config, guint index);
const ConfigAccount *config_account_named(const Config *config, const char *name); /* or NULL */

#endif
