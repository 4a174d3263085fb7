/* queue-private: what the files of the SQLite queue share.
 *
 * Statements are prepared once and kept, by the address of their SQL, which is a literal.
 */
#ifndef LEAD_QUEUE_PRIVATE_H
#define LEAD_QUEUE_PRIVATE_H

#include <sqlite3.h>

#include "queue/queue.h"

#define APPLICATION_ID 0x4C656164 /* "Lead" */
#define QUEUE_VERSION 2           /* of the schema */
#define DAY ((gint64)24 * 60 * 60 * G_USEC_PER_SEC)

struct Queue {
    sqlite3 *db;
    char *path;
    GHashTable *statements; /* SQL literal → sqlite3_stmt */
    gboolean readonly;
    gboolean unsynced;          /* commits do not wait for the disk now */
    guint busy_wait;            /* milliseconds until a lock counts as held for too long */
    gint64 busy_since;          /* monotonic */
    int watch;                  /* inotify, -1 */
    int lock;                   /* of queue_live, -1 */
    int log;                    /* SQLite's, for queue_sync; -1 */
    char on_disk[LEAD_ID_SIZE]; /* the newest lead when a claim last waited for the disk */
    int unsure;                 /* why the log may not have reached the disk, an errno; atomic */

    /* Group commit: whoever has the turn writes all that wait. */
    GMutex disk;        /* of who waits for it; taken before the next, never after */
    GMutex mutex;       /* of what follows */
    GCond idle;         /* nobody writes, none waits: for queue_close */
    GPtrArray *waiting; /* Job */
    gboolean writing;
};

/* *error from the connection's last failure: which file, what is wrong, what to do. FALSE. */
gboolean queue_fail(Queue *queue, const char *doing, GError **error);

/* Whether the file's mode and its file system let us. */
gboolean queue_may_write(Queue *queue, GError **error);

/* A statement ready to be stepped, its parameters bound by `types`: s text or NULL (borrowed
 * until the next use), i gint64. NULL on error. Reset it with sqlite3_reset when done. */
sqlite3_stmt *queue_statement(Queue *queue, GError **error, const char *sql, const char *types,
                              ...);
/* Run a statement without results. */
gboolean queue_run(Queue *queue, GError **error, const char *sql, const char *types, ...);
/* One integer, `fallback` when there is no row; -1 on error. */
gint64 queue_integer(Queue *queue, gint64 fallback, GError **error, const char *sql,
                     const char *types, ...);

/* Whether a record's mail has a lead already: its id. Else *key, newly allocated, is what to keep
 * as the lead's message_key, NULL for none. FALSE with *error, which must be there, too. */
gboolean queue_find_known(Queue *queue, const LeadRecord *record, gint64 now, char *id, char **key,
                          GError **error);

/* Both make sure of the log first (queue_make_sure). */
gboolean queue_begin(Queue *queue, GError **error);
/* For a change that may be undone by a power failure, but by nothing less, until queue_sync or
 * another one that has been committed with the disk's word: it costs no fsync. So are statements
 * without a transaction that follow it. */
gboolean queue_begin_unsynced(Queue *queue, GError **error);
/* All that has been committed, by any program, goes to disk. Beside a thread that writes, too. */
gboolean queue_sync(Queue *queue, GError **error);
/* What the kernel failed to write it takes for written from then on: after a queue_sync that
 * failed, and once after the queue is opened, as others may have failed before, all of the log is
 * worked off: written anew, into the database. FALSE: it is not. Not within a transaction. Of a
 * power failure between the two no more is promised than SQLite does. */
gboolean queue_make_sure(Queue *queue, GError **error);
/* Write a page as it was, so that a transaction has something to commit. */
gboolean queue_rewrite(Queue *queue, GError **error);
/* Commit when `good`, roll back otherwise; TRUE when committed. */
gboolean queue_end(Queue *queue, gboolean good, GError **error);

/* Move a lead, by its number, and record it. */
gboolean queue_move(Queue *queue, gint64 seq, const char *from, LeadState to, gint64 not_before,
                    const char *reason, GError **error);
/* Record a change alone. */
gboolean queue_record(Queue *queue, gint64 seq, gint64 time, const char *from, const char *to,
                      const char *reason, GError **error);
/* Wake lead-submit. */
void queue_wake(Queue *queue);

/* A column's text, SQLite's until the next step, or NULL where the row has none; and a copy. */
const char *queue_text(sqlite3_stmt *statement, int column);
char *queue_column(sqlite3_stmt *statement, int column);
LeadState queue_state(const char *name);

#endif
