#include "submit/ledger.h"

#include "queueplace.h"

typedef struct {
    Place place;
    Queue *queue;
    Ledger *ledger;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    queueplace_set_up(&fixture->place, data);
    fixture->queue = queue_open(fixture->place.url, NULL);
    fixture->ledger = ledger_new(fixture->queue);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    ledger_free(fixture->ledger);
    queue_close(fixture->queue);
    queueplace_tear_down(&fixture->place, data);
}

/* A lead that is claimed; its id. */
static void
claimed(Fixture *fixture, char id[LEAD_ID_SIZE])
{
    queueplace_put(fixture->queue, id);
    g_autoptr(GPtrArray) leads = queue_claim(fixture->queue, "main", 10, 60, NULL);
    g_assert_cmpuint(leads->len, ==, 1);
    g_assert_true(ledger_claim(fixture->ledger, id));
}

static LeadState
state_of(Fixture *fixture, const char *id)
{
    g_autoptr(QueueItem) item = queue_show(fixture->queue, id, NULL);
    return item->state;
}

static void
test_outcomes_wait_for_others_only_while_more_is_on_the_wire(Fixture *fixture, gconstpointer data)
{
    (void)data;
    char id[LEAD_ID_SIZE];
    claimed(fixture, id);
    g_assert_cmpint(ledger_wait(fixture->ledger, TRUE), ==, G_MAXINT64);
    ledger_add(fixture->ledger, id, (QueueOutcome){.state = STATE_DONE, .status = 201});
    g_assert_cmpint(ledger_wait(fixture->ledger, FALSE), ==, 0);
    g_assert_cmpint(ledger_wait(fixture->ledger, TRUE), <=, 20000);
    g_usleep(20000);
    g_assert_cmpint(ledger_wait(fixture->ledger, TRUE), ==, 0);
}

static void
test_many_outcomes_do_not_wait(Fixture *fixture, gconstpointer data)
{
    (void)data;
    for (guint i = 0; i < 256; i++)
        ledger_add(fixture->ledger, "no such lead", (QueueOutcome){.state = STATE_DONE});
    g_assert_cmpint(ledger_wait(fixture->ledger, TRUE), ==, 0);
}

static void
test_what_is_settled_is_in_the_queue_and_may_be_claimed_again(Fixture *fixture, gconstpointer data)
{
    (void)data;
    char done[LEAD_ID_SIZE], again[LEAD_ID_SIZE];
    gboolean back = FALSE;
    claimed(fixture, done);
    claimed(fixture, again);
    g_assert_false(ledger_claim(fixture->ledger, again));
    ledger_add(fixture->ledger, done, (QueueOutcome){.state = STATE_DONE, .status = 201});
    g_assert_true(ledger_settle(fixture->ledger, FALSE, &back, NULL));
    g_assert_false(back);
    ledger_add(fixture->ledger, again, (QueueOutcome){.state = STATE_PENDING, .no_attempt = TRUE});
    g_assert_true(ledger_settle(fixture->ledger, FALSE, &back, NULL));
    g_assert_true(back);
    g_assert_true(ledger_is_settled(fixture->ledger));
    g_assert_cmpint(state_of(fixture, done), ==, STATE_DONE);
    g_assert_cmpint(state_of(fixture, again), ==, STATE_PENDING);
    g_assert_true(ledger_claim(fixture->ledger, again));
}

static void
test_the_disk_is_waited_for_when_nothing_else_is_or_after_200_ms(Fixture *fixture,
                                                                 gconstpointer data)
{
    (void)data;
    char id[LEAD_ID_SIZE];
    gboolean back;
    for (guint i = 0; i < 2; i++) {
        claimed(fixture, id);
        ledger_add(fixture->ledger, id, (QueueOutcome){.state = STATE_DONE, .status = 201});
        g_assert_true(ledger_settle(fixture->ledger, TRUE, &back, NULL));
        g_assert_cmpint(state_of(fixture, id), ==, STATE_DONE);
        g_assert_true(ledger_claim(fixture->ledger, id));
        g_assert_false(ledger_is_settled(fixture->ledger));
        g_assert_cmpint(ledger_wait(fixture->ledger, TRUE), <=, 200000);
        g_assert_cmpint(ledger_wait(fixture->ledger, FALSE), ==, 0);
        if (i > 0)
            g_usleep(200000);
        g_assert_true(ledger_settle(fixture->ledger, i > 0, &back, NULL));
        g_assert_true(ledger_is_settled(fixture->ledger));
        g_assert_cmpint(ledger_wait(fixture->ledger, TRUE), ==, G_MAXINT64);
    }
}

static void
test_what_cannot_be_written_fails_until_it_is(Fixture *fixture, gconstpointer data)
{
    (void)data;
    char id[LEAD_ID_SIZE];
    gboolean back;
    g_autoptr(GError) error = NULL;
    claimed(fixture, id);
    ledger_add(fixture->ledger, id, (QueueOutcome){.state = STATE_DONE, .status = 201});
    g_assert_false(ledger_fails(fixture->ledger));
    queueplace_let_write(FALSE);
    gboolean good = ledger_settle(fixture->ledger, FALSE, &back, &error);
    queueplace_let_write(TRUE);
    g_assert_false(good);
    g_assert_nonnull(error);
    g_assert_true(ledger_fails(fixture->ledger));
    g_assert_false(ledger_is_settled(fixture->ledger));
    g_assert_cmpint(state_of(fixture, id), ==, STATE_SENDING);
    g_assert_true(ledger_settle(fixture->ledger, FALSE, &back, NULL));
    g_assert_false(ledger_fails(fixture->ledger));
    g_assert_cmpint(state_of(fixture, id), ==, STATE_DONE);
}

static void
test_what_failed_waits_a_second_however_much_there_is(Fixture *fixture, gconstpointer data)
{
    (void)data;
    char id[LEAD_ID_SIZE];
    gboolean back;
    claimed(fixture, id);
    for (guint i = 0; i < 256; i++)
        ledger_add(fixture->ledger, id, (QueueOutcome){.state = STATE_DONE, .status = 201});
    queueplace_let_write(FALSE);
    gint64 begun = g_get_monotonic_time();
    gboolean good = ledger_settle(fixture->ledger, FALSE, &back, NULL);
    gint64 wait = ledger_wait(fixture->ledger, FALSE);
    gint64 ended = g_get_monotonic_time();
    queueplace_let_write(TRUE);
    g_assert_false(good);
    g_assert_cmpint(wait, <=, G_USEC_PER_SEC);
    g_assert_cmpint(wait + (ended - begun), >=, G_USEC_PER_SEC);
    while (ledger_wait(fixture->ledger, FALSE) > 0)
        g_usleep(10000);
    g_assert_true(ledger_settle(fixture->ledger, FALSE, &back, NULL));
    g_assert_cmpint(ledger_wait(fixture->ledger, FALSE), ==, G_MAXINT64);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)
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
