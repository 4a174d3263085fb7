/* client: POSTs over libcurl's multi interface, many at once in one thread.
 *
 * Keep-alive, HTTP/2 where offered, TLS verified against the account's CA file, no redirects
 * followed, http only where the configuration allowed it (loopback). An answer's body is kept up
 * to LIMIT_RESPONSE; the token is blanked out wherever an answer repeats it.
 * Ownership: client_free ends what is on the wire without a word. Thread rule: one thread.
 */
#ifndef LEAD_SUBMIT_CLIENT_H
#define LEAD_SUBMIT_CLIENT_H

#include "base/config.h"
#include "queue/queue.h"

typedef struct Client Client;

typedef struct {
    QueuedLead *lead;  /* as it was given; the callback's to keep or free */
    gpointer account;  /* as it was given */
    const char *token; /* the one that it was posted with */
    int status;        /* HTTP, 0: none came */
    const char *error; /* the transport's words, NULL when all went well */
    const char *content_type, *body;
    guint64 retry_after;   /* seconds, 0: none */
    gint64 started, ended; /* microseconds since 1970 */
} ClientAnswer;

/* The texts are the client's, and gone after it. */
typedef void (*ClientDone)(const ClientAnswer *answer, gpointer data);

Client *client_new(ClientDone done, gpointer data);
void client_free(Client *client); /* takes NULL */
/* The longest timeout of all that are to POST: a connection, which they share, is given up when its
 * peer has not confirmed for so many seconds what was sent. */
void client_set_patience(Client *client, guint seconds);
/* To be told when the configuration or a token is another one: nothing of the last is kept, but by
 * the POSTs that are on the wire, as long as they are. */
void client_forget(Client *client);

/* Prepare a POST, which client_send puts on the wire with others. Takes the lead. */
void client_post(Client *client, const ConfigAccount *config, const char *token, QueuedLead *lead,
                 gpointer account);
guint client_busy(const Client *client); /* POSTs on the wire */
void client_send(Client *client); /* `done` may be called from here, too */
/* Wait for the network, the descriptors or `timeout` milliseconds; `done` is called from here. */
void client_wait(Client *client, const int *fds, guint n, int timeout);

#endif
