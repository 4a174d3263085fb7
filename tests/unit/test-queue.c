#include <config.h>

#include "queueplace.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int synced; /* how often, by us or SQLite; atomic */

/* Instead of the C library's. */
int
fdatasync(int fd)
{
    g_atomic_int_inc(&synced);
    return (int)syscall(SYS_fdatasync, fd);
}

static gboolean
any_file_has(const Place *place, const char *text)
{
    g_autoptr(GDir) dir = g_dir_open(place->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(place->folder, name, NULL);
        g_autofree char *bytes = NULL;
        gsize length;
        if (g_file_get_contents(path, &bytes, &length, NULL) &&
            memmem(bytes, length, text, strlen(text)))
            return TRUE;
    }
    return FALSE;
}

static void
test_nothing_of_a_purged_lead_stays_on_disk(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    LeadRecord *lead = queueplace_record("a", "<secret-key@x>", "d1");
    guint purged;
    g_free(lead->payload);
    lead->payload = g_strdup("{\"data\": \"Ada Lovelace\"}");
    queueplace_commit(queue, lead, NULL);
    g_assert_true(any_file_has(place, "Ada Lovelace"));
    queueplace_sql(place, "UPDATE leads SET state = 'done', changed = 1");
    g_assert_true(queue_purge(queue, 60, &purged, NULL));
    g_assert_false(any_file_has(place, "Ada Lovelace"));
    g_assert_false(any_file_has(place, "secret-key"));
}

static GPtrArray *
claim(Queue *queue, guint most)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *leads = queue_claim(queue, "a", most, 60, &error);
    g_assert_no_error(error);
    return leads;
}

static void
settle(Queue *queue, const char *id, LeadState state, gint64 not_before)
{
    g_autoptr(GError) error = NULL;
    QueueOutcome outcome = {.state = state,
                            .not_before = not_before,
                            .status = 503,
                            .words = (char *)"Service Unavailable"};
    g_strlcpy(outcome.id, id, LEAD_ID_SIZE);
    g_assert_true(queue_settle(queue, &outcome, 1, TRUE, &error));
    g_assert_no_error(error);
}

static void
test_a_lead_goes_from_pending_over_sending_to_done(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    char first[LEAD_ID_SIZE], second[LEAD_ID_SIZE];
    queueplace_commit(queue, queueplace_record("a", "1", "d1"), first);
    queueplace_commit(queue, queueplace_record("a", "2", "d2"), second);
    LeadRecord *held = queueplace_record("a", "3", "d3");
    held->held = TRUE;
    held->reason = g_strdup("not authenticated");
    queueplace_commit(queue, held, NULL);

    g_autoptr(GPtrArray) one = claim(queue, 1);
    g_assert_cmpuint(one->len, ==, 1);
    g_assert_cmpstr(((QueuedLead *)one->pdata[0])->id, ==, first); /* the oldest first */
    g_autoptr(GPtrArray) rest = claim(queue, 10);
    g_assert_cmpuint(rest->len, ==, 1); /* neither the claimed nor the held one */
    settle(queue, first, STATE_DONE, 0);
    settle(queue, second, STATE_PENDING, g_get_real_time() + (gint64)3600 * G_USEC_PER_SEC);
    g_autoptr(GPtrArray) none = claim(queue, 10);
    g_assert_cmpuint(none->len, ==, 0); /* not due for an hour */

    g_autoptr(QueueItem) item = queue_show(queue, second, NULL);
    g_assert_cmpint(item->state, ==, STATE_PENDING);
    g_assert_cmpuint(item->lead.attempts, ==, 1);
    g_assert_cmpuint(item->changes->len, ==, 3);
    const QueueChange *begin = g_ptr_array_index(item->changes, 0);
    g_assert_null(begin->from);
    g_assert_cmpstr(begin->to, ==, "pending");
    g_assert_cmpint(begin->time, ==, item->lead.created);
    const QueueAttempt *attempt = g_ptr_array_index(item->attempts_list, 0);
    g_assert_cmpint(attempt->status, ==, 503);
    g_assert_cmpstr(attempt->words, ==, "Service Unavailable");
}

static void
test_what_a_dead_lead_submit_was_sending_is_sent_again(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    Queue *queue = queue_open(place->url, NULL);
    g_assert_true(queue_take_over(queue, &error));
    queueplace_commit(queue, queueplace_record("a", "1", "d1"), NULL);
    g_ptr_array_unref(claim(queue, 1));
    g_autoptr(Queue) other = queue_open(place->url, NULL);
    g_assert_false(queue_take_over(other, &error)); /* one at a time */
    g_assert_error(error, QUEUE_ERROR, QUEUE_ERROR_BUSY);
    g_clear_error(&error);
    queue_close(queue);

    g_autoptr(Queue) next = queue_open(place->url, NULL);
    g_assert_true(queue_take_over(next, &error));
    g_autoptr(GPtrArray) again = claim(next, 1);
    g_assert_cmpuint(again->len, ==, 1);
}

static void
test_a_lease_that_ran_out_gives_the_lead_back(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    queueplace_commit(queue, queueplace_record("a", "1", "d1"), NULL);
    g_autoptr(GPtrArray) leads = queue_claim(queue, "a", 1, 0, NULL);
    g_assert_cmpuint(leads->len, ==, 1);
    g_autoptr(GPtrArray) again = claim(queue, 1);
    g_assert_cmpuint(again->len, ==, 1);
}

#define THREADS 16
#define COMMITS 25

static gpointer
commit_some(gpointer data)
{
    for (int i = 0; i < COMMITS; i++) {
        g_autofree char *key = g_strdup_printf("%p-%d", (void *)g_thread_self(), i);
        g_assert_cmpint(queueplace_commit(data, queueplace_record("a", key, key), NULL), ==,
                        COMMIT_NEW);
    }
    return NULL;
}

/* One lead, and how often the disk was waited for. */
static void
claim_synced(Queue *queue, int times)
{
    int before = g_atomic_int_get(&synced);
    g_autoptr(GPtrArray) leads = claim(queue, 1);
    g_assert_cmpuint(leads->len, ==, 1);
    g_assert_cmpint(g_atomic_int_get(&synced) - before, ==, times);
}

static void
test_what_is_claimed_is_on_disk(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    queueplace_commit(queue, queueplace_record("a", "1", "d1"), NULL);
    queueplace_commit(queue, queueplace_record("a", "2", "d2"), NULL);
    claim_synced(queue, 1);
    claim_synced(queue, 0); /* none is new */
    queueplace_commit(queue, queueplace_record("a", "3", "d3"), NULL);
    claim_synced(queue, 1);
    /* As an admin does who puts an older content back in place. */
    static const char put_back[] = "DELETE FROM leads; DELETE FROM sqlite_sequence";
    queueplace_sql(place, put_back);
    queueplace_commit(queue, queueplace_record("a", "4", "d4"), NULL);
    claim_synced(queue, 1);
    queueplace_sql(place, put_back);
    queueplace_commit(queue, queueplace_record("a", "5", "d5"), NULL); /* by the same number */
    claim_synced(queue, 1);
}

static CommitResult
commit_unsynced(Queue *queue, const char *key, char *id)
{
    g_autoptr(LeadRecord) one = queueplace_record("a", key, key);
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    char ids[1][LEAD_ID_SIZE];
    g_ptr_array_add(records, one);
    CommitResult result = queue_commit_unsynced(queue, records, ids, &error);
    g_assert_no_error(error);
    g_strlcpy(id, ids[0], LEAD_ID_SIZE);
    return result;
}

static void
test_many_threads_commit_at_once(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    GThread *threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("commit", commit_some, queue);
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    QueueFilter all = {.state = -1};
    g_autoptr(GPtrArray) items = queue_list(queue, &all, NULL);
    g_assert_cmpuint(items->len, ==, THREADS * COMMITS);
}

static gsize
size_of_log(const Place *place)
{
    g_autofree char *path = g_strconcat(place->path, "-wal", NULL);
    struct stat st;
    return stat(path, &st) == 0 ? (gsize)st.st_size : 0;
}

/* Whoever wrote it may have been told that it failed to reach the disk; the next is not. */
static void
test_who_opens_a_queue_works_its_log_off_before_a_lead_is_taken(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) first = queue_open(place->url, NULL), second = queue_open(place->url, NULL);
    for (guint i = 0; i < 50; i++)
        queueplace_put(first, NULL);
    gsize before = size_of_log(place);
    queueplace_put(second, NULL);
    g_assert_cmpuint(size_of_log(place), <, before);
    queueplace_put(first, NULL);
    queueplace_put(second, NULL);
}

static gpointer
put_one(gpointer queue)
{
    queueplace_put(queue, NULL);
    return NULL;
}

static void
test_daemons_that_start_at_once_work_it_off_by_turns(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) writer = queue_open(place->url, NULL);
    for (guint round = 0; round < 10; round++) {
        for (guint i = 0; i < 20; i++)
            queueplace_put(writer, NULL);
        Queue *queues[4];
        GThread *threads[4];
        for (guint i = 0; i < 4; i++)
            queues[i] = queue_open(place->url, NULL);
        for (guint i = 0; i < 4; i++)
            threads[i] = g_thread_new("put", put_one, queues[i]);
        for (guint i = 0; i < 4; i++)
            g_thread_join(threads[i]);
        for (guint i = 0; i < 4; i++)
            queue_close(queues[i]);
    }
}

static void
test_a_queue_behind_a_link_has_its_log_beside_the_file(Place *place, gconstpointer data)
{
    (void)data;
    g_autofree char *real = g_build_filename(place->folder, "real.db", NULL);
    g_autofree char *log = g_strconcat(real, "-wal", NULL),
                    *other = g_strconcat(place->path, "-wal", NULL);
    g_autofree char *url = g_strconcat("sqlite:", real, NULL);
    queue_close(queue_open(url, NULL));
    g_assert_cmpint(symlink(real, place->path), ==, 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(Queue) queue = queue_open(place->url, &error);
    g_assert_no_error(error);
    queueplace_put(queue, NULL);
    g_assert_true(g_file_test(log, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(other, G_FILE_TEST_EXISTS));
}

static void
test_a_queue_that_was_copied_without_a_log_opens(Place *place, gconstpointer data)
{
    (void)data;
    g_autofree char *copy = g_build_filename(place->folder, "copy.db", NULL);
    g_autofree char *url = g_strconcat("sqlite:", copy, NULL);
    g_autofree char *sql = g_strdup_printf("VACUUM INTO '%s'", copy);
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    queueplace_put(queue, NULL);
    queueplace_sql(place, sql);
    g_chmod(copy, 0600);
    g_autoptr(GError) error = NULL;
    g_autoptr(Queue) copied = queue_open(url, &error);
    g_assert_no_error(error);
    queueplace_put(copied, NULL);
}

static int
take_over_and_watch(Queue *queue)
{
    g_assert_true(queue_take_over(queue, NULL));
    int watch = queue_watch(queue, NULL);
    g_assert_cmpint(watch, >=, 0);
    return watch;
}

static void
test_many_mails_wait_for_the_disk_once(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    g_autoptr(Queue) watcher = queue_open(place->url, NULL);
    char first[LEAD_ID_SIZE], id[LEAD_ID_SIZE];
    take_over_and_watch(watcher);
    g_assert_cmpint(commit_unsynced(queue, "1", first), ==, COMMIT_NEW);
    int before = g_atomic_int_get(&synced);
    g_assert_cmpint(commit_unsynced(queue, "2", id), ==, COMMIT_NEW);
    g_assert_cmpint(commit_unsynced(queue, "1", id), ==, COMMIT_DUPLICATE);
    g_assert_cmpstr(id, ==, first);
    g_assert_cmpint(g_atomic_int_get(&synced), ==, before);
    g_assert_false(queue_changed(watcher));
    g_assert_true(queue_commit_sync(queue, NULL));
    g_assert_cmpint(g_atomic_int_get(&synced), ==, before + 1);
    g_assert_true(queue_changed(watcher));
    queueplace_commit(queue, queueplace_record("a", "3", "3"), NULL);
    g_assert_cmpint(g_atomic_int_get(&synced), ==, before + 2);
}

static void
test_a_commit_of_another_connection_wakes_the_watcher(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    g_autoptr(Queue) watcher = queue_open(place->url, NULL);
    struct pollfd fd = {take_over_and_watch(watcher), POLLIN, 0};
    g_assert_cmpint(poll(&fd, 1, 0), ==, 0);
    queueplace_commit(queue, queueplace_record("a", "1", "d1"), NULL);
    g_assert_cmpint(poll(&fd, 1, 5000), ==, 1);
    g_assert_true(queue_changed(watcher));
    g_assert_false(queue_changed(watcher));
    g_autoptr(GPtrArray) leads = claim(watcher, 1);
    g_assert_cmpuint(leads->len, ==, 1);
}

/* A new time would be an inode to write, for which ext4 without a journal makes the next commit
 * wait. */
static void
test_a_commit_gives_the_queue_s_file_no_new_time(Place *place, gconstpointer data)
{
    (void)data;
    struct stat before, after;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    const struct timespec long_ago[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    queueplace_commit(queue, queueplace_record("a", "1", "d1"), NULL); /* works off the log */
    g_assert_cmpint(utimensat(AT_FDCWD, place->path, long_ago, 0), ==, 0);
    g_assert_cmpint(stat(place->path, &before), ==, 0);
    queueplace_commit(queue, queueplace_record("a", "2", "d2"), NULL);
    g_assert_cmpint(stat(place->path, &after), ==, 0);
    g_assert_cmpint(after.st_mtim.tv_sec, ==, before.st_mtim.tv_sec);
    g_assert_cmpint(after.st_ctim.tv_nsec, ==, before.st_ctim.tv_nsec);
}

static void
test_a_commit_without_a_descriptor_left_wakes_the_watcher(Place *place, gconstpointer data)
{
    (void)data;
    struct rlimit limit, none;
    g_autoptr(Queue) queue = queue_open(place->url, NULL), watcher = queue_open(place->url, NULL);
    take_over_and_watch(watcher);
    queueplace_commit(queue, queueplace_record("a", "1", "d1"), NULL);
    g_assert_true(queue_changed(watcher));
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
    queueplace_commit(queue, queueplace_record("a", "2", "d2"), NULL);
    g_assert_cmpint(open("/", O_RDONLY), <, 0);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
    g_assert_true(queue_changed(watcher));
}

static guint
repair(Queue *queue, QueueRepair what, const char *id, int expected_code)
{
    g_autoptr(GError) error = NULL;
    guint changed = 0;
    gboolean good = queue_repair(queue, what, id, "by hand", &changed, &error);
    if (expected_code < 0)
        g_assert_no_error(error);
    else
        g_assert_error(error, QUEUE_ERROR, expected_code);
    g_assert_cmpint(good, ==, expected_code < 0);
    return changed;
}

static void
test_repairs_change_only_what_they_apply_to(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    char first[LEAD_ID_SIZE], second[LEAD_ID_SIZE];
    queueplace_commit(queue, queueplace_record("a", "1", "d1"), first);
    queueplace_commit(queue, queueplace_record("a", "2", "d2"), second);
    g_ptr_array_unref(claim(queue, 1));
    settle(queue, first, STATE_DEAD, 0);

    repair(queue, REPAIR_RELEASE, first, QUEUE_ERROR_NOT_FOUND); /* dead, not held */
    first[8] = '\0';
    g_assert_cmpuint(repair(queue, REPAIR_RETRY, first, -1), ==, 1); /* by its beginning */
    g_assert_cmpuint(repair(queue, REPAIR_HOLD, second, -1), ==, 1);
    g_assert_cmpuint(repair(queue, REPAIR_RELEASE, "all", -1), ==, 1);
    g_assert_cmpuint(repair(queue, REPAIR_DROP, "all", -1), ==, 2);
    g_assert_cmpuint(repair(queue, REPAIR_DROP, "all", -1), ==, 0);
    repair(queue, REPAIR_DROP, second, QUEUE_ERROR_NOT_FOUND);
    repair(queue, REPAIR_DROP, "ab", QUEUE_ERROR_NOT_FOUND);
    repair(queue, REPAIR_DROP, "a%b_", QUEUE_ERROR_NOT_FOUND);
}

static void
test_old_done_and_dead_leads_are_purged(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    char id[LEAD_ID_SIZE];
    queueplace_commit(queue, queueplace_record("a", "1", "d1"), id);
    queueplace_commit(queue, queueplace_record("a", "2", "d2"), NULL);
    g_ptr_array_unref(claim(queue, 1));
    settle(queue, id, STATE_DONE, 0);
    guint purged = 7;
    g_assert_true(queue_purge(queue, 3600, &purged, NULL));
    g_assert_cmpuint(purged, ==, 0);
    g_usleep(2000);
    g_assert_true(queue_purge(queue, 0, &purged, NULL));
    g_assert_cmpuint(purged, ==, 1); /* the pending one stays however old */
    g_autoptr(GPtrArray) counts = queue_stats(queue, NULL);
    const QueueCount *count = g_ptr_array_index(counts, 0);
    g_assert_cmpuint(count->by_state[STATE_PENDING], ==, 1);
    g_assert_cmpuint(count->by_state[STATE_DONE], ==, 0);
    g_assert_cmpint(count->oldest_pending, >, 0);
}

static void
assert_refused(const Place *place, int code, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(queue_open(place->url, &error));
    g_assert_error(error, QUEUE_ERROR, code);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, words));
    g_assert_nonnull(strstr(error->message, place->path));
}

static void
test_a_file_that_is_no_queue_is_refused_and_left_alone(Place *place, gconstpointer data)
{
    (void)data;
    g_autofree char *garbage = g_strnfill(10000, 'x');
    g_file_set_contents(place->path, garbage, -1, NULL);
    g_chmod(place->path, 0600);
    assert_refused(place, QUEUE_ERROR_NOT_A_QUEUE, "not an SQLite database");
    g_autofree char *after = NULL;
    g_file_get_contents(place->path, &after, NULL, NULL);
    g_assert_cmpstr(after, ==, garbage);
}

static void
test_another_programs_database_is_refused(Place *place, gconstpointer data)
{
    (void)data;
    queueplace_sql(place, "CREATE TABLE recipes (name TEXT)");
    assert_refused(place, QUEUE_ERROR_NOT_A_QUEUE, "another program");
}

static void
test_a_newer_queue_is_refused(Place *place, gconstpointer data)
{
    (void)data;
    queue_close(queue_open(place->url, NULL));
    queueplace_sql(place, "PRAGMA user_version = 99");
    assert_refused(place, QUEUE_ERROR_NEWER, "newer version");
}

static void
test_a_queue_that_others_can_read_is_refused(Place *place, gconstpointer data)
{
    (void)data;
    queue_close(queue_open(place->url, NULL));
    struct stat st;
    g_assert_cmpint(stat(place->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600); /* as it was made */
    g_chmod(place->path, 0640);
    assert_refused(place, QUEUE_ERROR_PERMISSION, "chmod 600");
}

static void
test_a_missing_folder_is_named(Place *place, gconstpointer data)
{
    (void)data;
    g_free(place->url);
    g_free(place->path);
    place->path = g_strdup("/nowhere/at/all/queue.db");
    place->url = g_strconcat("sqlite:", place->path, NULL);
    assert_refused(place, QUEUE_ERROR_PERMISSION, "/nowhere/at/all is missing");
}

static void
test_a_link_to_nowhere_is_named(Place *place, gconstpointer data)
{
    (void)data;
    g_assert_cmpint(symlink("/nowhere/queue.db", place->path), ==, 0);
    for (guint readonly = 0; readonly < 2; readonly++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(readonly ? queue_open_readonly(place->url, &error)
                               : queue_open(place->url, &error));
        g_assert_error(error, QUEUE_ERROR, QUEUE_ERROR_PERMISSION);
        g_assert_nonnull(
            strstr(error->message, "is a link to /nowhere/queue.db, which is missing"));
    }
}

static void
test_reading_alone_makes_no_queue(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_assert_null(queue_open_readonly(place->url, &error));
    g_assert_error(error, QUEUE_ERROR, QUEUE_ERROR_PERMISSION);
    g_assert_false(g_file_test(place->path, G_FILE_TEST_EXISTS));
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    queueplace_commit(queue, queueplace_record("a", "1", "d1"), NULL);
    g_autoptr(Queue) reader = queue_open_readonly(place->url, NULL);
    g_autoptr(GPtrArray) counts = queue_stats(reader, NULL);
    g_assert_cmpuint(counts->len, ==, 1);
}

static void
test_a_stopped_account_stays_so_until_it_runs_again(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    g_assert_null(queue_account_stopped(queue, "a"));
    g_assert_true(queue_account_stop(queue, "a", "401 Unauthorized", NULL));
    g_autofree char *reason = queue_account_stopped(queue, "a");
    g_assert_cmpstr(reason, ==, "401 Unauthorized");
    g_assert_null(queue_account_stopped(queue, "b"));
    g_assert_true(queue_account_stop(queue, "a", NULL, NULL));
    g_assert_null(queue_account_stopped(queue, "a"));
}

static void
test_a_paused_account_is_one_until_it_is_resumed(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    g_assert_true(queue_account_pause(queue, "a", "new price list", NULL));
    g_assert_true(queue_account_stop(queue, "a", NULL, NULL)); /* another thing */
    g_autofree char *reason = queue_account_paused(queue, "a", NULL);
    g_assert_cmpstr(reason, ==, "new price list");
    g_assert_true(queue_account_pause(queue, "a", NULL, NULL));
    g_assert_null(queue_account_paused(queue, "a", NULL));
}

static void
test_a_lead_submit_that_knows_only_flock_is_not_joined(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strconcat(place->path, ".submit-lock", NULL);
    int old = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    g_assert_cmpint(flock(old, LOCK_EX | LOCK_NB), ==, 0);
    Queue *queue = queue_open(place->url, NULL);
    g_assert_false(queue_take_over(queue, &error));
    g_assert_error(error, QUEUE_ERROR, QUEUE_ERROR_BUSY);
    queue_close(queue);
    close(old);

    g_autoptr(Queue) next = queue_open(place->url, NULL);
    g_assert_true(queue_take_over(next, NULL));
    old = open(path, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(flock(old, LOCK_EX | LOCK_NB), ==, -1); /* nor does it join */
    close(old);
}

static void
test_a_daemon_is_seen_while_it_lives(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL), other = queue_open(place->url, NULL);
    g_autoptr(Queue) reader = queue_open_readonly(place->url, NULL);
    g_assert_false(queue_life(reader, QUEUE_MILTER).runs);
    g_assert_true(queue_live(queue, QUEUE_MILTER, NULL));
    g_assert_true(queue_live(other, QUEUE_MILTER, NULL)); /* several may */
    QueueLife life = queue_life(reader, QUEUE_MILTER);
    g_assert_true(life.runs && !life.stuck && !life.fails);
    g_assert_false(queue_life(reader, QUEUE_SUBMIT).runs);
    queue_beat(queue, FALSE);
    g_assert_true(queue_life(reader, QUEUE_MILTER).fails);
    queue_beat(queue, TRUE);
    g_assert_false(queue_life(reader, QUEUE_MILTER).fails);
    queue_close(g_steal_pointer(&queue));
    g_assert_true(queue_life(reader, QUEUE_MILTER).runs);
    queue_close(g_steal_pointer(&other));
    g_assert_false(queue_life(reader, QUEUE_MILTER).runs);
}

static void
test_a_probe_writes_and_changes_nothing(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL), other = queue_open(place->url, NULL);
    g_autoptr(GError) error = NULL;
    take_over_and_watch(other);
    for (guint i = 0; i < 3; i++)
        g_assert_true(queue_probe(queue, NULL));
    g_assert_false(queue_changed(other)); /* nobody is woken */
    queueplace_commit(queue, queueplace_record("a", "1", "d1"), NULL);
    g_assert_true(queue_changed(other));
    queueplace_sql(place,
                   "PRAGMA user_version = 99"); /* a newer daemon that starts beside this one */
    g_assert_true(queue_probe(queue, NULL));
    g_assert_null(queue_open(place->url, &error));
    g_assert_error(error, QUEUE_ERROR, QUEUE_ERROR_NEWER);
    g_clear_error(&error);
    g_assert_cmpint(g_unlink(place->path), ==, 0);
    g_assert_false(queue_probe(queue, &error));
    g_assert_error(error, QUEUE_ERROR, QUEUE_ERROR_PERMISSION);
}

static void
test_the_depth_counts_what_is_not_sent(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    char ids[4][LEAD_ID_SIZE];
    g_autoptr(GPtrArray) none = queue_depths(queue, NULL);
    g_assert_cmpuint(none->len, ==, 0);
    for (guint i = 0; i < 4; i++) {
        g_autofree char *key = g_strdup_printf("%u", i);
        queueplace_commit(queue, queueplace_record("a", key, key), ids[i]);
    }
    LeadRecord *held = queueplace_record("b", "5", "5");
    held->held = TRUE;
    queueplace_commit(queue, held, NULL);
    g_ptr_array_unref(claim(queue, 3));
    settle(queue, ids[0], STATE_DONE, 0);
    settle(queue, ids[1], STATE_DEAD, 0);
    g_autoptr(GPtrArray) depths = queue_depths(queue, NULL);
    g_assert_cmpuint(depths->len, ==, 2);
    const QueueDepth *a = g_ptr_array_index(depths, 0), *b = g_ptr_array_index(depths, 1);
    g_assert_cmpstr(a->account, ==, "a");
    g_assert_cmpuint(a->waiting, ==, 2); /* one pending, one sending */
    g_assert_cmpuint(a->dead, ==, 1);
    g_assert_cmpint(a->last_dead, >, a->oldest);
    g_assert_cmpint(a->oldest, >, 0);
    g_assert_cmpuint(b->held, ==, 1);
    g_assert_cmpint(b->oldest, ==, 0);
}

static void
test_an_alert_is_remembered_until_it_is_over(Place *place, gconstpointer data)
{
    (void)data;
    QueueAlert alert = {1, 1};
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    g_assert_true(queue_alert_get(queue, "dead:a", &alert, NULL));
    g_assert_cmpint(alert.since, ==, 0);
    g_assert_true(queue_alert_set(queue, "dead:a", &(QueueAlert){5, 7}, NULL));
    g_autoptr(Queue) again = queue_open(place->url, NULL);
    g_assert_true(queue_alert_get(again, "dead:a", &alert, NULL));
    g_assert_cmpint(alert.since, ==, 5);
    g_assert_cmpint(alert.told, ==, 7);
    g_assert_true(queue_alert_set(queue, "dead:a", &(QueueAlert){0, 0}, NULL));
    g_assert_true(queue_alert_get(again, "dead:a", &alert, NULL));
    g_assert_cmpint(alert.since, ==, 0);
}

static void
test_a_wait_beyond_any_wait_is_a_clock_s_mistake(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    char id[LEAD_ID_SIZE];
    gint64 now = g_get_real_time(), hour = (gint64)3600 * G_USEC_PER_SEC;
    queueplace_commit(queue, queueplace_record("a", "1", "1"), id);
    g_ptr_array_unref(claim(queue, 1));
    settle(queue, id, STATE_PENDING, now + 24 * hour); /* the longest that a Retry-After may ask */
    g_assert_cmpint(queue_next_due(queue, "a", NULL), ==, now + 24 * hour);
    g_autoptr(GPtrArray) nothing = claim(queue, 1);
    g_assert_cmpuint(nothing->len, ==, 0);
    queueplace_sql(place, "UPDATE leads SET not_before = not_before + 365 * 86400000000");
    g_assert_cmpint(queue_next_due(queue, "a", NULL), ==, 0);
    g_autoptr(GPtrArray) due = claim(queue, 1);
    g_assert_cmpuint(due->len, ==, 1);
}

/* tests/queue/schema-N.sql: a queue of that schema with a lead in each state. */
static void
test_a_queue_of_each_earlier_schema_opens_and_keeps_all(Place *place, gconstpointer data)
{
    (void)data;
    g_autofree char *dump =
        g_test_build_filename(G_TEST_DIST, "tests", "queue", "schema-1.sql", NULL);
    g_autofree char *sql = NULL;
    g_assert_true(g_file_get_contents(dump, &sql, NULL, NULL));
    queueplace_sql(place, sql);
    g_autoptr(GError) error = NULL;
    g_assert_null(queue_open_readonly(place->url, &error)); /* reading alone changes nothing */
    g_assert_nonnull(strstr(error->message, "has schema 1"));
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    g_assert_nonnull(queue);
    const QueueFilter all = {.state = -1};
    g_autoptr(GPtrArray) items = queue_list(queue, &all, NULL);
    static const LeadState states[] = {STATE_PENDING, STATE_HELD, STATE_DONE, STATE_DEAD,
                                       STATE_SENDING};
    g_assert_cmpuint(items->len, ==, G_N_ELEMENTS(states));
    for (guint i = 0; i < items->len; i++) {
        const QueueItem *item = g_ptr_array_index(items, i);
        g_assert_cmpint(item->state, ==, states[i]);
        g_assert_nonnull(strstr(item->lead.payload, "Analytical Engines"));
        LeadRecord *same = queueplace_record(item->lead.account, item->message_key, "x");
        char id[LEAD_ID_SIZE];
        g_assert_cmpint(queueplace_commit(queue, same, id), ==, COMMIT_DUPLICATE);
        g_assert_cmpstr(id, ==, item->lead.id);
    }
    g_autofree char *stopped = queue_account_stopped(queue, "main");
    g_assert_cmpstr(stopped, ==, "401 Unauthorized");
    g_assert_null(queue_account_paused(queue, "main", NULL));
    g_autoptr(QueueItem) dead =
        queue_show(queue, ((QueueItem *)g_ptr_array_index(items, 3))->lead.id, NULL);
    g_assert_cmpuint(dead->attempts_list->len, ==, 1);
    g_assert_cmpuint(dead->changes->len, ==, 2);
    g_assert_true(queue_take_over(queue, NULL));
    g_autoptr(GPtrArray) due = queue_claim(queue, "main", 9, 60, NULL);
    g_assert_cmpuint(due->len, ==, 2); /* the pending one, and what was on its way */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
    g_test_add("/queue/" name, Place, NULL, queueplace_set_up, function, queueplace_tear_down)
    ADD("link-to-nowhere", test_a_link_to_nowhere_is_named);
    ADD("secure-delete", test_nothing_of_a_purged_lead_stays_on_disk);
    ADD("states", test_a_lead_goes_from_pending_over_sending_to_done);
    ADD("take-over", test_what_a_dead_lead_submit_was_sending_is_sent_again);
    ADD("lease", test_a_lease_that_ran_out_gives_the_lead_back);
    ADD("on-disk", test_what_is_claimed_is_on_disk);
    ADD("unsynced", test_many_mails_wait_for_the_disk_once);
    ADD("threads", test_many_threads_commit_at_once);
    ADD("opened-anew", test_who_opens_a_queue_works_its_log_off_before_a_lead_is_taken);
    ADD("opened-at-once", test_daemons_that_start_at_once_work_it_off_by_turns);
    ADD("behind-a-link", test_a_queue_behind_a_link_has_its_log_beside_the_file);
    ADD("copied", test_a_queue_that_was_copied_without_a_log_opens);
    ADD("watch", test_a_commit_of_another_connection_wakes_the_watcher);
    ADD("watch-times", test_a_commit_gives_the_queue_s_file_no_new_time);
    ADD("watch-no-descriptor", test_a_commit_without_a_descriptor_left_wakes_the_watcher);
    ADD("repairs", test_repairs_change_only_what_they_apply_to);
    ADD("purge", test_old_done_and_dead_leads_are_purged);
    ADD("garbage", test_a_file_that_is_no_queue_is_refused_and_left_alone);
    ADD("foreign", test_another_programs_database_is_refused);
    ADD("newer", test_a_newer_queue_is_refused);
    ADD("mode", test_a_queue_that_others_can_read_is_refused);
    ADD("folder", test_a_missing_folder_is_named);
    ADD("readonly", test_reading_alone_makes_no_queue);
    ADD("account", test_a_stopped_account_stays_so_until_it_runs_again);
    ADD("pause", test_a_paused_account_is_one_until_it_is_resumed);
    ADD("life", test_a_daemon_is_seen_while_it_lives);
    ADD("life-flock", test_a_lead_submit_that_knows_only_flock_is_not_joined);
    ADD("probe", test_a_probe_writes_and_changes_nothing);
    ADD("depth", test_the_depth_counts_what_is_not_sent);
    ADD("alert", test_an_alert_is_remembered_until_it_is_over);
    ADD("clock", test_a_wait_beyond_any_wait_is_a_clock_s_mistake);
    ADD("upgrade", test_a_queue_of_each_earlier_schema_opens_and_keeps_all);
    return g_test_run();
}
