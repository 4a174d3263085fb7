#include "submit/ledger.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>

typedef struct {
    char *folder;
    Queue *queue;
    Ledger *ledger;
} Place;

static void
set_up(Place *place, gconstpointer data)
{
    (void)data;
    place->folder = g_dir_make_tmp("test-ledger-XXXXXX", NULL);
    g_autofree char *url = g_strdup_printf("sqlite:%s/queue.db", place->folder);
    place->queue = queue_open(url, NULL);
    place->ledger = ledger_new(place->queue);
}

static void
tear_down(Place *place, gconstpointer data)
{
    (void)data;
    ledger_free(place->ledger);
    queue_close(place->queue);
    g_autoptr(GDir) dir = g_dir_open(place->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(place->folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(place->folder);
    g_free(place->folder);
}

/* A lead that is claimed; its id. */
static void
claimed(Place *place, char id[LEAD_ID_SIZE])
{
    static guint number;
    g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func((GDestroyNotify)record_free);
    char ids[1][LEAD_ID_SIZE];
    LeadRecord *record = g_new0(LeadRecord, 1);
    record->account = g_strdup("main");
    record->source = g_strdup("generic");
    record->payload = g_strdup("{\"data\":{}}");
    record->message_key = g_strdup_printf("%u", number);
    record->digest = g_strdup_printf("digest %u", number++);
    g_ptr_array_add(records, record);
    g_assert_cmpint(queue_commit(place->queue, records, ids, NULL), ==, COMMIT_NEW);
    g_autoptr(GPtrArray) leads = queue_claim(place->queue, "main", 10, 60, NULL);
    g_assert_cmpuint(leads->len, ==, 1);
    g_strlcpy(id, ids[0], LEAD_ID_SIZE);
    g_assert_true(ledger_claim(place->ledger, id));
}

static LeadState
state_of(Place *place, const char *id)
{
    g_autoptr(QueueItem) item = queue_show(place->queue, id, NULL);
    return item->state;
}

static void
test_outcomes_wait_for_others_only_while_more_is_on_the_wire(Place *place, gconstpointer data)
{
    (void)data;
    char id[LEAD_ID_SIZE];
    claimed(place, id);
    g_assert_cmpint(ledger_wait(place->ledger, TRUE), ==, G_MAXINT64);
    ledger_add(place->ledger, id, (QueueOutcome){.state = STATE_DONE, .status = 201});
    g_assert_cmpint(ledger_wait(place->ledger, FALSE), ==, 0);
    g_assert_cmpint(ledger_wait(place->ledger, TRUE), <=, 20000);
    g_usleep(20000);
    g_assert_cmpint(ledger_wait(place->ledger, TRUE), ==, 0);
}

static void
test_many_outcomes_do_not_wait(Place *place, gconstpointer data)
{
    (void)data;
    for (guint i = 0; i < 256; i++)
        ledger_add(place->ledger, "no such lead", (QueueOutcome){.state = STATE_DONE});
    g_assert_cmpint(ledger_wait(place->ledger, TRUE), ==, 0);
}

static void
test_what_is_settled_is_in_the_queue_and_may_be_claimed_again(Place *place, gconstpointer data)
{
    (void)data;
    char done[LEAD_ID_SIZE], again[LEAD_ID_SIZE];
    gboolean back = FALSE;
    claimed(place, done);
    claimed(place, again);
    g_assert_false(ledger_claim(place->ledger, again));
    ledger_add(place->ledger, done, (QueueOutcome){.state = STATE_DONE, .status = 201});
    g_assert_true(ledger_settle(place->ledger, FALSE, &back, NULL));
    g_assert_false(back);
    ledger_add(place->ledger, again, (QueueOutcome){.state = STATE_PENDING, .no_attempt = TRUE});
    g_assert_true(ledger_settle(place->ledger, FALSE, &back, NULL));
    g_assert_true(back);
    g_assert_true(ledger_is_settled(place->ledger));
    g_assert_cmpint(state_of(place, done), ==, STATE_DONE);
    g_assert_cmpint(state_of(place, again), ==, STATE_PENDING);
    g_assert_true(ledger_claim(place->ledger, again));
}

static void
test_the_disk_is_waited_for_when_nothing_else_is_or_after_200_ms(Place *place, gconstpointer data)
{
    (void)data;
    char id[LEAD_ID_SIZE];
    gboolean back;
    for (guint i = 0; i < 2; i++) {
        claimed(place, id);
        ledger_add(place->ledger, id, (QueueOutcome){.state = STATE_DONE, .status = 201});
        g_assert_true(ledger_settle(place->ledger, TRUE, &back, NULL));
        g_assert_cmpint(state_of(place, id), ==, STATE_DONE);
        g_assert_true(ledger_claim(place->ledger, id));
        g_assert_false(ledger_is_settled(place->ledger));
        g_assert_cmpint(ledger_wait(place->ledger, TRUE), <=, 200000);
        g_assert_cmpint(ledger_wait(place->ledger, FALSE), ==, 0);
        if (i > 0)
            g_usleep(200000);
        g_assert_true(ledger_settle(place->ledger, i > 0, &back, NULL));
        g_assert_true(ledger_is_settled(place->ledger));
        g_assert_cmpint(ledger_wait(place->ledger, TRUE), ==, G_MAXINT64);
    }
}

/* No file may grow, nor be written. */
static void
let_write(gboolean possible)
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

static void
test_what_cannot_be_written_fails_until_it_is(Place *place, gconstpointer data)
{
    (void)data;
    char id[LEAD_ID_SIZE];
    gboolean back;
    g_autoptr(GError) error = NULL;
    claimed(place, id);
    ledger_add(place->ledger, id, (QueueOutcome){.state = STATE_DONE, .status = 201});
    g_assert_false(ledger_fails(place->ledger));
    let_write(FALSE);
    gboolean good = ledger_settle(place->ledger, FALSE, &back, &error);
    let_write(TRUE);
    g_assert_false(good);
    g_assert_nonnull(error);
    g_assert_true(ledger_fails(place->ledger));
    g_assert_false(ledger_is_settled(place->ledger));
    g_assert_cmpint(state_of(place, id), ==, STATE_SENDING);
    g_assert_true(ledger_settle(place->ledger, FALSE, &back, NULL));
    g_assert_false(ledger_fails(place->ledger));
    g_assert_cmpint(state_of(place, id), ==, STATE_DONE);
}

static void
test_what_failed_waits_a_second_however_much_there_is(Place *place, gconstpointer data)
{
    (void)data;
    char id[LEAD_ID_SIZE];
    gboolean back;
    claimed(place, id);
    for (guint i = 0; i < 256; i++)
        ledger_add(place->ledger, id, (QueueOutcome){.state = STATE_DONE, .status = 201});
    let_write(FALSE);
    gint64 begun = g_get_monotonic_time();
    gboolean good = ledger_settle(place->ledger, FALSE, &back, NULL);
    gint64 wait = ledger_wait(place->ledger, FALSE);
    gint64 ended = g_get_monotonic_time();
    let_write(TRUE);
    g_assert_false(good);
    g_assert_cmpint(wait, <=, G_USEC_PER_SEC);
    g_assert_cmpint(wait + (ended - begun), >=, G_USEC_PER_SEC);
    while (ledger_wait(place->ledger, FALSE) > 0)
        g_usleep(10000);
    g_assert_true(ledger_settle(place->ledger, FALSE, &back, NULL));
    g_assert_cmpint(ledger_wait(place->ledger, FALSE), ==, G_MAXINT64);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add(name, Place, NULL, set_up, function, tear_down)
    TEST("/ledger/outcomes-wait-for-others-only-while-more-is-on-the-wire",
         test_outcomes_wait_for_others_only_while_more_is_on_the_wire);
    TEST("/ledger/many-outcomes-do-not-wait", test_many_outcomes_do_not_wait);
    TEST("/ledger/what-is-settled-is-in-the-queue-and-may-be-claimed-again",
         test_what_is_settled_is_in_the_queue_and_may_be_claimed_again);
    TEST("/ledger/the-disk-is-waited-for-when-nothing-else-is-or-after-200-ms",
         test_the_disk_is_waited_for_when_nothing_else_is_or_after_200_ms);
    TEST("/ledger/what-cannot-be-written-fails-until-it-is",
         test_what_cannot_be_written_fails_until_it_is);
    TEST("/ledger/what-failed-waits-a-second-however-much-there-is",
         test_what_failed_waits_a_second_however_much_there_is);
    return g_test_run();
}
