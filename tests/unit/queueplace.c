#include "queueplace.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

void
queueplace_set_up(Place *place, gconstpointer data)
{
    (void)data;
    place->folder = g_dir_make_tmp("test-queue-XXXXXX", NULL);
    place->path = g_build_filename(place->folder, "queue.db", NULL);
    place->url = g_strconcat("sqlite:", place->path, NULL);
}

void
queueplace_tear_down(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(GDir) dir = g_dir_open(place->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(place->folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(place->folder);
    g_free(place->folder);
    g_free(place->path);
    g_free(place->url);
}

void
queueplace_sql(const Place *place, const char *sql)
{
    sqlite3 *db;
    sqlite3_open(place->path, &db);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
    g_chmod(place->path, 0600);
}

LeadRecord *
queueplace_record(const char *account, const char *key, const char *digest)
{
    LeadRecord *record = g_new0(LeadRecord, 1);
    record->account = g_strdup(account);
    record->source = g_strdup("generic");
    record->payload = g_strdup("{\"data\":{}}");
    record->message_key = g_strdup(key);
    record->digest = g_strdup(digest);
    record->queue_id = g_strdup("4bW0kS1z2nz9vLd");
    record->same_within = 24 * 60 * 60;
    return record;
}

CommitResult
queueplace_commit(Queue *queue, LeadRecord *one, char *id)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func((GDestroyNotify)record_free);
    g_autoptr(GError) error = NULL;
    char ids[1][LEAD_ID_SIZE];
    g_ptr_array_add(records, one);
    CommitResult result = queue_commit(queue, records, ids, &error);
    g_assert_no_error(error);
    if (id)
        g_strlcpy(id, ids[0], LEAD_ID_SIZE);
    return result;
}

void
queueplace_put(Queue *queue, char *id)
{
    static gint number; /* atomic: threads call this, too */
    g_autofree char *key = g_strdup_printf("%d", g_atomic_int_add(&number, 1));
    CommitResult result = queueplace_commit(queue, queueplace_record("main", key, key), id);
    g_assert_cmpint(result, ==, COMMIT_NEW);
}

void
queueplace_let_write(gboolean possible)
{
    static struct rlimit before;
    if (possible) {
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
        return;
    }
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, before.rlim_max}), ==, 0);
}
