/* queue: durable leads between the daemons; the whole interface between them (DESIGN section 4).
 *
 * States: pending → sending → done; held ⇄ pending; dead. Each change has its time (UTC) and
 * reason. One interface; queue-sqlite.c stands behind "sqlite:PATH": WAL, synchronous=FULL (for
 * leads NORMAL and a sync of the log, which is the same), STRICT tables, migrations by
 * user_version, files 0600 (refused when others may read them).
 *
 * Durability: queue_commit returns when the lead is on disk. Commits of several threads share one
 * transaction and one fsync (group commit), and while the disk works the next are written. So a
 * lead can be seen before it is on disk; queue_claim gives none that is not.
 * Errors: QUEUE_ERROR_*; the message says what is wrong with which file and what to do. BUSY, FULL
 * and IO may pass; NOT_A_QUEUE, NEWER and PERMISSION will not.
 * Thread rule: queue_commit from any thread; everything else from one thread at a time.
 * Ownership: structs and arrays returned are the caller's; strings are newly allocated.
 */
#ifndef LEAD_QUEUE_QUEUE_H
#define LEAD_QUEUE_QUEUE_H

#include "lead/record.h"

typedef enum {
    QUEUE_ERROR_BUSY,        /* another program holds the lock for too long */
    QUEUE_ERROR_FULL,        /* no space */
    QUEUE_ERROR_IO,          /* reading or writing failed */
    QUEUE_ERROR_PERMISSION,  /* not readable or writable by us, or readable by others */
    QUEUE_ERROR_NOT_A_QUEUE, /* not SQLite, not ours, or damaged */
    QUEUE_ERROR_NEWER,       /* written by a newer version */
    QUEUE_ERROR_OLDER,       /* by an older one; queue_open brings it up to date */
    QUEUE_ERROR_NOT_FOUND,   /* no lead with that id, or not in a state that allows it */
} QueueErrorCode;
#define QUEUE_ERROR queue_error_quark()
GQuark queue_error_quark(void);

typedef enum {
    STATE_PENDING,
    STATE_SENDING,
    STATE_DONE,
    STATE_HELD,
    STATE_DEAD,
    STATE_N
} LeadState;
extern const char *const state_names[]; /* pending sending done held dead, NULL */

#define LEAD_ID_SIZE 37 /* a UUID as text and its final 0 */

typedef struct Queue Queue;

/* Open, creating the file (0600) and migrating the schema as needed. */
Queue *queue_open(const char *url, GError **error);
/* The same for reading alone: an older or newer schema or a missing file is an error. */
Queue *queue_open_readonly(const char *url, GError **error);
/* Another connection to the same queue, for another thread; not queue_live. */
Queue *queue_dup(const Queue *queue, GError **error);
void queue_close(Queue *queue); /* takes NULL; waits for commits under way */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Queue, queue_close)

/* --- lead-milter's side --- */

typedef enum { COMMIT_NEW, COMMIT_DUPLICATE, COMMIT_FAILED } CommitResult;

/* Commit all records of one mail, all or none, durable on return. ids[i] gets the id of record i:
 * the new one, or the one that the same message already has in that account: by message_key with
 * the same digest, also when the lead is purged, or of the same person; else by digest, of the same
 * person, within the record's same_within; else by one of its lead_ids.
 * COMMIT_DUPLICATE when none was new. */
CommitResult queue_commit(Queue *queue, const GPtrArray *records, char (*ids)[LEAD_ID_SIZE],
                          GError **error);

/* The same for many mails, one after another: what it has answered of all of them is durable when
 * queue_commit_sync returns TRUE; lead-submit is woken then. When that fails or is never called,
 * some of the leads may stay all the same, and are found when they are committed again. */
CommitResult queue_commit_unsynced(Queue *queue, const GPtrArray *records,
                                   char (*ids)[LEAD_ID_SIZE], GError **error);
gboolean queue_commit_sync(Queue *queue, GError **error);

/* Whether queue_commit would find it a duplicate: then of which lead. FALSE also on error. */
gboolean queue_knows(Queue *queue, const LeadRecord *record, char id[LEAD_ID_SIZE], GError **error);

/* --- lead-submit's side --- */

typedef struct {
    char id[LEAD_ID_SIZE]; /* also the Idempotency-Key */
    char *account, *source, *payload, *queue_id;
    gint64 created; /* microseconds since 1970, UTC */
    guint attempts; /* POSTs begun before this one */
} QueuedLead;
void queued_lead_free(QueuedLead *lead); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QueuedLead, queued_lead_free)

/* Become the queue's one lead-submit (queue_live) until queue_close: QUEUE_ERROR_BUSY when another
 * one runs.
 * Leads that a dead one left `sending` are pending again at once. */
gboolean queue_take_over(Queue *queue, GError **error);

/* Claim up to `most` due leads of an account, new ones in their order, then those tried before by
 * when they came due: they are `sending` for `lease` seconds, after which they count as pending
 * again, for a caller that lost one (see queue_take_over). An empty array when nothing is due. */
GPtrArray *queue_claim(Queue *queue, const char *account, guint most, guint lease, GError **error);

typedef struct {
    char id[LEAD_ID_SIZE];
    LeadState state;       /* DONE, DEAD, or PENDING (try again) */
    gint64 not_before;     /* for PENDING: not before this time, microseconds */
    int status;            /* HTTP status, 0 when there was no answer */
    char *words;           /* the API's own words or the transport error, valid UTF-8; borrowed */
    gint64 started, ended; /* microseconds, of the attempt */
    gboolean no_attempt;   /* given back unsent: count and record no attempt */
} QueueOutcome;
/* All of them in one transaction; one that is no longer `sending` is left as it is. Unless `synced`
 * a power failure, but nothing less, may undo it until one has been; that may be one of nothing. */
gboolean queue_settle(Queue *queue, const QueueOutcome *outcomes, guint n, gboolean synced,
                      GError **error);

/* When the next lead of the account comes due (pending's not_before or sending's lease end), in
 * microseconds; G_MAXINT64 when there is none; -1 on error. */
gint64 queue_next_due(Queue *queue, const char *account, GError **error);

/* A descriptor that becomes readable, within milliseconds, when a program has committed leads or
 * repaired some, and now and then for nothing; poll it, then call queue_changed, which empties it.
 * For the one that has taken over: writers open its file after their commit, so what woke it is
 * there to be claimed. -1 on error. */
int queue_watch(Queue *queue, GError **error);
gboolean queue_changed(Queue *queue);

/* Purge done and dead leads whose last change is older than `age` seconds: nothing stays but a
 * digest of the Message-ID and the content, by which the mail is known again. */
gboolean queue_purge(Queue *queue, guint64 age, guint *purged, GError **error);

/* --- accounts, and how all stands --- */

/* An account that was stopped (401, 403), with the reason; NULL reason: it runs again. Kept in
 * the queue so that leadctl and a restarted daemon see it. */
gboolean queue_account_stop(Queue *queue, const char *account, const char *reason, GError **error);
char *queue_account_stopped(Queue *queue, const char *account); /* the reason, or NULL */
/* The same of one that an admin has paused; wakes lead-submit. */
gboolean queue_account_pause(Queue *queue, const char *account, const char *reason, GError **error);
/* The reason, or NULL: it is not, or *error says why nobody knows. */
char *queue_account_paused(Queue *queue, const char *account, GError **error);

typedef struct {
    char *account;
    guint64 waiting, held, dead; /* waiting: pending and sending */
    gint64 oldest_held;          /* since when the first is held, microseconds; 0 without any */
    gint64 oldest;               /* of those waiting: created, microseconds; 0 when none waits */
    gint64 last_dead;            /* when the last one died, microseconds; 0 without any */
} QueueDepth;
void queue_depth_free(gpointer depth);
/* QueueDepth per account that has any such lead; cheap however many are done. */
GPtrArray *queue_depths(Queue *queue, GError **error);

/* Alerts outlive a restart: `since` when it began, `told` when somebody was last told,
 * microseconds; both 0 when it is not on. */
typedef struct {
    gint64 since, told;
} QueueAlert;
gboolean queue_alert_get(Queue *queue, const char *name, QueueAlert *alert, GError **error);
/* The names of those that are on; ends in NULL. */
char **queue_alert_names(Queue *queue, GError **error);
/* since 0: it is over. */
gboolean queue_alert_set(Queue *queue, const char *name, const QueueAlert *alert, GError **error);

/* --- the daemons, as others see them --- */

typedef enum { QUEUE_MILTER, QUEUE_SUBMIT } QueueDaemon;

/* Be seen as this daemon until queue_close, or the process's end. Several lead-milters may work on
 * a queue; of a second lead-submit it is QUEUE_ERROR_BUSY. */
gboolean queue_live(Queue *queue, QueueDaemon daemon, GError **error);
/* Renew the sign of life, every METRICS_EVERY seconds or so, and say whether the queue can be
 * written. Nothing without queue_live. */
void queue_beat(Queue *queue, gboolean writable);
/* Whether a lead could be committed now: writes, and waits for the disk behind others alone, or
 * after it has failed. Any thread. */
gboolean queue_probe(Queue *queue, GError **error);

typedef struct {
    gboolean runs;
    gboolean stuck; /* it runs, but has given no sign of life for half a minute */
    gboolean fails; /* it cannot write the queue */
    gint64 silent;  /* seconds since its last sign of life */
} QueueLife;
QueueLife queue_life(Queue *queue, QueueDaemon daemon);

/* --- leadctl's side --- */

typedef struct {
    gint64 time;     /* microseconds, UTC */
    char *from, *to; /* states; from is NULL for the first */
    char *reason;
} QueueChange;

typedef struct {
    gint64 started, ended;
    int status;
    char *words;
} QueueAttempt;

typedef struct {
    QueuedLead lead;
    LeadState state;
    char *reason; /* of the last change */
    gint64 changed, not_before;
    char *message_key;
    GPtrArray *changes;       /* QueueChange; queue_show only */
    GPtrArray *attempts_list; /* QueueAttempt; queue_show only */
} QueueItem;
void queue_item_free(QueueItem *item); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QueueItem, queue_item_free)

typedef struct {
    int state;           /* LeadState or -1 for all */
    const char *account; /* or NULL */
    guint most;          /* 0: all */
} QueueFilter;

GPtrArray *queue_list(Queue *queue, const QueueFilter *filter, GError **error); /* newest last */
/* `id` may be cut short, to 4 characters at least, when that is unambiguous. */
QueueItem *queue_show(Queue *queue, const char *id, GError **error);

typedef enum {
    REPAIR_RETRY,   /* dead, or pending with a wait → pending now */
    REPAIR_RELEASE, /* held → pending */
    REPAIR_HOLD,    /* pending → held */
    REPAIR_DROP,    /* anything but done → gone, with its payload */
} QueueRepair;
/* `id`, or "all" for every lead in a state that the repair applies to; *changed counts. */
gboolean queue_repair(Queue *queue, QueueRepair repair, const char *id, const char *reason,
                      guint *changed, GError **error);

typedef struct {
    char *account, *source;
    guint64 by_state[STATE_N];
    gint64 oldest_pending; /* created, microseconds; 0 when none waits */
} QueueCount;
void queue_count_free(gpointer count);
GPtrArray *queue_stats(Queue *queue, GError **error); /* QueueCount per account and source */

#endif
