#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "queue/queue-private.h"

G_DEFINE_QUARK(lead - queue - error - quark, queue_error)

#define BUSY_WAIT 10000 /* milliseconds until a lock counts as held for too long */
#define BUSY_PAUSE 500  /* microseconds between two looks at it */
#define WAL_PAGES 8000  /* the log is worked off beyond so many pages */

const char *const state_names[] = {"pending", "sending", "done", "held", "dead", NULL};

/* migrations[n] leads from version n to n + 1. */
static const char *const migrations[QUEUE_VERSION] = {
    "CREATE TABLE leads ("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE,"
    "  account TEXT NOT NULL,"
    "  source TEXT NOT NULL,"
    "  state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'done', 'held', 'dead')),"
    "  reason TEXT,"
    "  payload TEXT NOT NULL,"
    "  message_key TEXT,"
    "  digest TEXT NOT NULL,"
    "  queue_id TEXT,"
    "  created INTEGER NOT NULL,"
    "  changed INTEGER NOT NULL,"
    "  not_before INTEGER NOT NULL DEFAULT 0,"
    "  attempts INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "CREATE UNIQUE INDEX leads_message ON leads (account, message_key)"
    "  WHERE message_key IS NOT NULL;"
    "CREATE INDEX leads_digest ON leads (account, digest, created);"
    "CREATE INDEX leads_due ON leads (account, not_before, seq)"
    "  WHERE state IN ('pending', 'sending');"
    "CREATE INDEX leads_ended ON leads (changed) WHERE state IN ('done', 'dead');"
    "CREATE TABLE changes ("
    "  lead INTEGER NOT NULL REFERENCES leads (seq) ON DELETE CASCADE,"
    "  time INTEGER NOT NULL,"
    "  before TEXT,"
    "  after TEXT NOT NULL,"
    "  reason TEXT,"
    "  PRIMARY KEY (lead, time, after)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE attempts ("
    "  lead INTEGER NOT NULL REFERENCES leads (seq) ON DELETE CASCADE,"
    "  started INTEGER NOT NULL,"
    "  ended INTEGER NOT NULL,"
    "  status INTEGER NOT NULL,"
    "  words TEXT,"
    "  PRIMARY KEY (lead, started)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE accounts ("
    "  name TEXT PRIMARY KEY,"
    "  stopped TEXT"
    ") STRICT;",
    /* Of a lead that is purged its message stays known, by a digest. */
    "CREATE TABLE purged ("
    "  account TEXT NOT NULL,"
    "  fingerprint TEXT NOT NULL,"
    "  id TEXT NOT NULL,"
    "  PRIMARY KEY (account, fingerprint)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX leads_unsent ON leads (account, state, changed)"
    "  WHERE state IN ('held', 'dead');"
    "ALTER TABLE accounts ADD COLUMN paused TEXT;"
    "CREATE TABLE alerts ("
    "  name TEXT PRIMARY KEY,"
    "  since INTEGER NOT NULL,"
    "  told INTEGER NOT NULL"
    ") STRICT;",
};

/* --- errors --- */

static gboolean G_GNUC_PRINTF(3, 4)
    fail(GError **error, QueueErrorCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (error && !*error)
        *error = g_error_new_valist(QUEUE_ERROR, code, format, args);
    va_end(args);
    return FALSE;
}

static gboolean
may_pass(int number)
{
    return number == EMFILE || number == ENFILE || number == ENOMEM;
}

/* By name, if it has one. */
static char *
user_name(uid_t uid)
{
    char room[4096];
    struct passwd user, *found = NULL;
    if (getpwuid_r(uid, &user, room, sizeof room, &found) == 0 && found)
        return g_strdup(found->pw_name);
    return g_strdup_printf("user %u", (guint)uid);
}

/* What to do about a file or folder that does not let us in; "" when it is not that. */
static char *
who_may(const char *path, int number)
{
    struct stat st;
    if ((number != EACCES && number != EPERM) || stat(path, &st) != 0)
        return g_strdup("");
    g_autofree char *owner = user_name(st.st_uid), *us = user_name(geteuid());
    return g_strdup_printf("; %s belongs to %s, and we run as %s", path, owner, us);
}

static gboolean
fail_full(const Queue *queue, const char *doing, GError **error)
{
    return fail(error, QUEUE_ERROR_FULL, "%s: %s: no space left; free some on its disk",
                queue->path, doing);
}

gboolean
queue_fail(Queue *queue, const char *doing, GError **error)
{
    const char *path = queue->path, *why = sqlite3_errmsg(queue->db);
    int number = sqlite3_system_errno(queue->db), code = sqlite3_errcode(queue->db);
    if ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && (number == ENOSPC || number == EDQUOT))
        code = SQLITE_FULL; /* of the files beside the queue's own */
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail(error, QUEUE_ERROR_BUSY,
                    "%s: %s: another program has held the queue's lock"
                    " for over %d s",
                    path, doing, (int)(queue->busy_wait / 1000));
    case SQLITE_FULL:
        return fail_full(queue, doing, error);
    case SQLITE_NOTADB:
        return fail(error, QUEUE_ERROR_NOT_A_QUEUE,
                    "%s: is not an SQLite database; move it away"
                    " or name another file in the configuration's queue:",
                    path);
    case SQLITE_CORRUPT:
        return fail(error, QUEUE_ERROR_NOT_A_QUEUE,
                    "%s: is damaged (%s); move it away and save"
                    " what can be read by: sqlite3 %s .recover",
                    path, why, path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return fail(error, QUEUE_ERROR_PERMISSION,
                    "%s: %s: it cannot be written (%s); the file"
                    " and its folder must belong to the user that we run as",
                    path, doing, why);
    case SQLITE_CANTOPEN: {
        g_autofree char *whose = who_may(path, number);
        return fail(error, may_pass(number) ? QUEUE_ERROR_IO : QUEUE_ERROR_PERMISSION,
                    "%s: cannot be opened: %s%s", path, number ? g_strerror(number) : why, whose);
    }
    default:
        return fail(error, QUEUE_ERROR_IO, "%s: %s: %s%s%s", path, doing, why, number ? ": " : "",
                    number ? g_strerror(number) : "");
    }
}

/* --- statements --- */

static sqlite3_stmt *
bind(Queue *queue, GError **error, const char *sql, const char *types, va_list args)
{
    sqlite3_stmt *statement = g_hash_table_lookup(queue->statements, sql);
    if (!statement) {
        if (sqlite3_prepare_v3(queue->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
            SQLITE_OK) {
            queue_fail(queue, "preparing", error);
            return NULL;
        }
        g_hash_table_insert(queue->statements, (gpointer)sql, statement);
    }
    sqlite3_reset(statement);
    for (int i = 0; types[i]; i++) {
        int result = types[i] == 'i'
                         ? sqlite3_bind_int64(statement, i + 1, va_arg(args, gint64))
                         : sqlite3_bind_text(statement, i + 1, va_arg(args, const char *), -1,
                                             SQLITE_STATIC);
        if (result != SQLITE_OK) {
            queue_fail(queue, "preparing", error);
            return NULL;
        }
    }
    return statement;
}

sqlite3_stmt *
queue_statement(Queue *queue, GError **error, const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *statement = bind(queue, error, sql, types, args);
    va_end(args);
    return statement;
}

gboolean
queue_run(Queue *queue, GError **error, const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *statement = bind(queue, error, sql, types, args);
    va_end(args);
    if (!statement)
        return FALSE;
    int result = sqlite3_step(statement);
    gboolean good =
        result == SQLITE_DONE || result == SQLITE_ROW || queue_fail(queue, "writing", error);
    sqlite3_reset(statement);
    return good;
}

gint64
queue_integer(Queue *queue, gint64 fallback, GError **error, const char *sql, const char *types,
              ...)
{
    va_list args;
    va_start(args, types);
    sqlite3_stmt *statement = bind(queue, error, sql, types, args);
    va_end(args);
    if (!statement)
        return -1;
    int result = sqlite3_step(statement);
    gint64 value = fallback;
    if (result == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        value = sqlite3_column_int64(statement, 0);
    else if (result != SQLITE_ROW && result != SQLITE_DONE) {
        queue_fail(queue, "reading", error);
        value = -1;
    }
    sqlite3_reset(statement);
    return value;
}

/* Prepared when the queue is opened: to roll back must not fail for want of memory. */
static const char roll_back[] = "ROLLBACK";

static gboolean
sync_again(Queue *queue, GError **error)
{
    if (queue->unsynced &&
        sqlite3_exec(queue->db, "PRAGMA synchronous = FULL", NULL, NULL, NULL) != SQLITE_OK)
        return queue_fail(queue, "asking for synchronous commits", error);
    queue->unsynced = FALSE;
    return TRUE;
}

gboolean
queue_begin(Queue *queue, GError **error)
{
    return queue_make_sure(queue, error) && sync_again(queue, error) &&
           queue_run(queue, error, "BEGIN IMMEDIATE", "");
}

gboolean
queue_begin_unsynced(Queue *queue, GError **error)
{
    if (!queue_make_sure(queue, error))
        return FALSE;
    if (!queue->unsynced)
        sqlite3_exec(queue->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    queue->unsynced = TRUE;
    return queue_run(queue, error, "BEGIN IMMEDIATE", "");
}

gboolean
queue_end(Queue *queue, gboolean good, GError **error)
{
    good = good && queue_run(queue, error, "COMMIT", "");
    if (!sqlite3_get_autocommit(queue->db))
        queue_run(queue, NULL, roll_back, "");
    return good;
}

gboolean
queue_sync(Queue *queue, GError **error)
{
    int number = g_atomic_int_get(&queue->unsure);
    if (!number && fdatasync(queue->log) == 0)
        return TRUE;
    if (!number)
        number = errno;
    g_atomic_int_set(&queue->unsure, number);
    return number == ENOSPC || number == EDQUOT
               ? fail_full(queue, "writing", error)
               : fail(error, QUEUE_ERROR_IO, "%s: its log does not reach the disk: %s", queue->path,
                      g_strerror(number));
}

gboolean
queue_make_sure(Queue *queue, GError **error)
{
    if (!g_atomic_int_get(&queue->unsure))
        return TRUE;
    gint64 until = g_get_monotonic_time() + (gint64)queue->busy_wait * 1000;
    int result;
    /* SQLite does not wait for another that works it off. */
    while ((result = sqlite3_wal_checkpoint_v2(queue->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                               NULL)) == SQLITE_BUSY &&
           g_get_monotonic_time() < until)
        g_usleep(BUSY_PAUSE);
    if (result != SQLITE_OK)
        return queue_fail(queue, "working off its log", error);
    g_atomic_int_set(&queue->unsure, 0);
    return TRUE;
}

gboolean
queue_record(Queue *queue, gint64 seq, gint64 time, const char *from, const char *to,
             const char *reason, GError **error)
{
    return queue_run(queue, error,
                     "INSERT OR REPLACE INTO changes (lead, time, before, after, reason)"
                     " VALUES (?, ?, ?, ?, ?)",
                     "iisss", seq, time, from, to, reason);
}

gboolean
queue_move(Queue *queue, gint64 seq, const char *from, LeadState to, gint64 not_before,
           const char *reason, GError **error)
{
    gint64 now = g_get_real_time();
    return queue_run(queue, error,
                     "UPDATE leads SET state = ?, reason = ?, changed = ?, not_before = ?"
                     " WHERE seq = ?",
                     "ssiii", state_names[to], reason, now, not_before, seq) &&
           queue_record(queue, seq, now, from, state_names[to], reason, error);
}

/* SQLite answers NULL too when it has no memory, and a lead without its text is no lead. */
const char *
queue_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    if (!text && sqlite3_errcode(sqlite3_db_handle(statement)) == SQLITE_NOMEM)
        memory_out("SQLite");
    return text;
}

char *
queue_column(sqlite3_stmt *statement, int column)
{
    return g_strdup(queue_text(statement, column));
}

LeadState
queue_state(const char *name)
{
    for (LeadState state = 0; state < STATE_N; state++)
        if (g_strcmp0(state_names[state], name) == 0)
            return state;
    return STATE_DEAD; /* the table's CHECK leaves no other */
}

/* --- opening --- */

/* Short pauses: SQLite's own handler sleeps up to 100 ms, longer than a commit takes. */
static int
on_busy(void *data, int count)
{
    Queue *queue = data;
    gint64 now = g_get_monotonic_time();
    if (count == 0)
        queue->busy_since = now;
    g_usleep(BUSY_PAUSE);
    return now - queue->busy_since < (gint64)queue->busy_wait * 1000;
}

static const char *
path_of(const char *url, GError **error)
{
    if (g_str_has_prefix(url, "sqlite:") && url[7])
        return url + 7;
    fail(error, QUEUE_ERROR_IO, "%s: expected sqlite:/PATH", url);
    return NULL;
}

/* Why there is no file and none could be made. */
static gboolean
fail_missing(const char *path, int number, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path), *link = g_file_read_link(path, NULL);
    if (link && (number == ENOENT || number == EEXIST))
        return fail(error, QUEUE_ERROR_PERMISSION, "%s: is a link to %s, which is missing", path,
                    link);
    if (number == ENOENT && access(folder, F_OK) != 0)
        return fail(error, QUEUE_ERROR_PERMISSION, "%s: the folder %s is missing", path, folder);
    if (number == ENOENT)
        return fail(error, QUEUE_ERROR_PERMISSION,
                    "%s: there is no queue yet; lead-milter"
                    " or lead-submit makes it",
                    path);
    if (number == ENOSPC || number == EDQUOT)
        return fail(error, QUEUE_ERROR_FULL,
                    "%s: cannot be made: no space left; free some on its disk", path);
    g_autofree char *whose = who_may(folder, number);
    return fail(error, QUEUE_ERROR_PERMISSION, "%s: cannot be made: %s%s", path, g_strerror(number),
                whose);
}

/* Make the file with the right mode, or see that it has it. */
static gboolean
check_file(const char *path, gboolean readonly, GError **error)
{
    int fd = readonly ? -1 : open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd); /* nobody has it open yet */
        return TRUE;
    }
    int number = errno;
    struct stat st;
    if (stat(path, &st) != 0)
        return fail_missing(path, readonly || errno != ENOENT ? errno : number, error);
    if (!S_ISREG(st.st_mode))
        return fail(error, QUEUE_ERROR_NOT_A_QUEUE, "%s: is no regular file", path);
    if (st.st_mode & 077)
        return fail(error, QUEUE_ERROR_PERMISSION,
                    "%s: has mode %04o, so others can read the"
                    " leads: chmod 600 %s",
                    path, st.st_mode & 07777, path);
    return TRUE;
}

gboolean
queue_may_write(Queue *queue, GError **error)
{
    if (access(queue->path, W_OK) == 0)
        return TRUE;
    return fail(error, QUEUE_ERROR_PERMISSION, "%s: cannot be written: %s%s", queue->path,
                g_strerror(errno),
                errno == EACCES ? "; it must belong to the user that we run as, with mode 0600"
                                : "");
}

static gboolean
execute(Queue *queue, const char *sql, const char *doing, GError **error)
{
    return sqlite3_exec(queue->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           queue_fail(queue, doing, error);
}

/* Whether the file is ours and which version; an empty one is version 0 and ours. */
static gboolean
identify(Queue *queue, gint64 *version, GError **error)
{
    GError *problem = NULL;
    gint64 id = queue_integer(queue, 0, &problem, "PRAGMA application_id", "");
    *version = problem ? -1 : queue_integer(queue, 0, &problem, "PRAGMA user_version", "");
    gint64 tables =
        problem ? -1 : queue_integer(queue, 0, &problem, "SELECT count(*) FROM sqlite_schema", "");
    if (problem) {
        g_propagate_error(error, problem);
        return FALSE;
    }
    if (id != APPLICATION_ID && (id != 0 || *version != 0 || tables != 0))
        return fail(error, QUEUE_ERROR_NOT_A_QUEUE,
                    "%s: is an SQLite database of another"
                    " program; name another file in the configuration's queue:",
                    queue->path);
    if (*version > QUEUE_VERSION)
        return fail(error, QUEUE_ERROR_NEWER,
                    "%s: was written by a newer version of lead-milter"
                    " (schema %d, this one knows %d); install that version again",
                    queue->path, (int)*version, QUEUE_VERSION);
    return TRUE;
}

/* Another daemon may be doing the same: look again under the lock. */
static gboolean
migrate(Queue *queue, GError **error)
{
    gint64 version;
    if (!execute(queue, "BEGIN IMMEDIATE", "preparing the schema", error))
        return FALSE;
    gboolean good = identify(queue, &version, error);
    for (; good && version < QUEUE_VERSION; version++)
        good = execute(queue, migrations[version], "preparing the schema", error);
    g_autofree char *marks = g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %d",
                                             APPLICATION_ID, QUEUE_VERSION);
    good = good && execute(queue, marks, "preparing the schema", error);
    return queue_end(queue, good, error);
}

/* SQL's fingerprint(text): hex SHA-256. */
static void
fingerprint(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    const char *text = (const char *)sqlite3_value_text(values[0]);
    if (text)
        sqlite3_result_text(context, g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1), -1,
                            g_free);
    else if (sqlite3_value_type(values[0]) != SQLITE_NULL)
        sqlite3_result_error_nomem(context);
}

/* SQLite makes it at the first look into the database, and removes it when nobody has that open. It
 * has no locks that closing it would drop. Whether all of it reached the disk only those know who
 * wrote it: a descriptor is not told of what failed before it was opened. */
static gboolean
open_log(Queue *queue, GError **error)
{
    if (queue_integer(queue, -1, error, "PRAGMA user_version", "") < 0)
        return FALSE;
    const char *path = sqlite3_filename_wal(sqlite3_db_filename(queue->db, "main"));
    queue->log = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    queue->unsure = EIO;
    return queue->log >= 0 ||
           fail(error, QUEUE_ERROR_IO, "%s: cannot be opened: %s", path, g_strerror(errno));
}

static gboolean
prepare(Queue *queue, GError **error)
{
    gint64 version;
    sqlite3_extended_result_codes(queue->db, 0);
    sqlite3_busy_handler(queue->db, on_busy, queue);
    sqlite3_create_function(queue->db, "fingerprint", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                            fingerprint, NULL, NULL);
    if (!identify(queue, &version, error))
        return FALSE;
    if (queue->readonly)
        return version == QUEUE_VERSION ||
               fail(error, QUEUE_ERROR_OLDER,
                    "%s: has schema %d, expected %d; start"
                    " lead-milter or lead-submit, which bring it up to date",
                    queue->path, (int)version, QUEUE_VERSION);
    /* The check of `state` is for other programs: SQLite builds a table of its five words for each
     * statement that writes a lead, more work than the writing. */
    g_autofree char *pragmas = g_strdup_printf(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON;"
        "PRAGMA ignore_check_constraints = ON;"
        "PRAGMA wal_autocheckpoint = %d",
        WAL_PAGES);
    return execute(queue, pragmas, "opening", error) &&
           queue_statement(queue, error, roll_back, "") &&
           (version == QUEUE_VERSION || migrate(queue, error)) && open_log(queue, error);
}

/* SQLite counts its memory under a lock, for a figure that nobody asks for. */
static void
set_up_library(void)
{
    static gsize once;
    if (g_once_init_enter(&once)) {
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        g_once_init_leave(&once, 1);
    }
}

static Queue *
open_queue(const char *path, gboolean readonly, GError **error)
{
    set_up_library();
    if (!path || !check_file(path, readonly, error))
        return NULL;
    g_autoptr(Queue) queue = g_new0(Queue, 1);
    queue->path = g_strdup(path);
    queue->readonly = readonly;
    queue->watch = queue->lock = queue->log = -1;
    queue->busy_wait = BUSY_WAIT;
    queue->statements = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL,
                                              (GDestroyNotify)(void (*)(void))sqlite3_finalize);
    queue->waiting = g_ptr_array_new();
    g_mutex_init(&queue->mutex);
    g_mutex_init(&queue->disk);
    g_cond_init(&queue->idle);
    int flags = (readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_FULLMUTEX;
    if (sqlite3_open_v2(path, &queue->db, flags, NULL) != SQLITE_OK) {
        queue_fail(queue, "opening", error);
        return NULL;
    }
    /* SQLite opens for reading what it may not write, and fails at the first lead. */
    if (!readonly && !queue_may_write(queue, error))
        return NULL;
    return prepare(queue, error) ? g_steal_pointer(&queue) : NULL;
}

Queue *
queue_open(const char *url, GError **error)
{
    return open_queue(path_of(url, error), FALSE, error);
}

Queue *
queue_open_readonly(const char *url, GError **error)
{
    return open_queue(path_of(url, error), TRUE, error);
}

Queue *
queue_dup(const Queue *queue, GError **error)
{
    Queue *dup = open_queue(queue->path, queue->readonly, error);
    if (dup)
        dup->busy_wait = queue->busy_wait;
    return dup;
}

void
queue_close(Queue *queue)
{
    if (!queue)
        return;
    g_mutex_lock(&queue->mutex);
    while (queue->writing || queue->waiting->len > 0)
        g_cond_wait(&queue->idle, &queue->mutex);
    g_mutex_unlock(&queue->mutex);
    g_mutex_lock(&queue->disk); /* the last ones go there */
    g_mutex_unlock(&queue->disk);
    g_hash_table_unref(queue->statements);
    sqlite3_close(queue->db);
    if (queue->watch >= 0)
        close(queue->watch);
    if (queue->lock >= 0)
        close(queue->lock);
    if (queue->log >= 0)
        close(queue->log);
    g_ptr_array_unref(queue->waiting);
    g_mutex_clear(&queue->mutex);
    g_mutex_clear(&queue->disk);
    g_cond_clear(&queue->idle);
    g_free(queue->path);
    g_free(queue);
}
