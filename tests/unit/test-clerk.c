#include "submit/clerk.h"

#include <poll.h>

#include "queueplace.h"

typedef struct {
    Place place;
    Queue *queue;
    Clerk *clerk;
} Fixture;

static int account; /* what its address stands for */

static void
set_up(Fixture *fixture, gconstpointer data)
{
    queueplace_set_up(&fixture->place, data);
    fixture->queue = queue_open(fixture->place.url, NULL);
    fixture->clerk = clerk_new(fixture->queue, NULL);
    g_assert_nonnull(fixture->clerk);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    clerk_free(fixture->clerk);
    queue_close(fixture->queue);
    queueplace_tear_down(&fixture->place, data);
}

static void
put(Fixture *fixture, guint n)
{
    for (guint i = 0; i < n; i++)
        queueplace_put(fixture->queue, NULL);
}

static guint
count(Fixture *fixture, LeadState state)
{
    g_autoptr(GPtrArray) items = queue_list(fixture->queue, &(QueueFilter){.state = state}, NULL);
    guint n = items->len;
    g_ptr_array_set_free_func(items, (GDestroyNotify)queue_item_free);
    return n;
}

static void
wait_for(Fixture *fixture, LeadState state, guint n)
{
    for (guint i = 0; count(fixture, state) != n; i++) {
        g_assert_cmpuint(i, <, 1000);
        g_usleep(10000);
    }
}

static ClerkNews *
next_news(Fixture *fixture)
{
    struct pollfd wait = {.fd = clerk_watch(fixture->clerk), .events = POLLIN};
    g_assert_cmpint(poll(&wait, 1, 10000), ==, 1);
    ClerkNews *news = clerk_news(fixture->clerk);
    g_assert_nonnull(news);
    return news;
}

static gboolean
is_quiet(Fixture *fixture)
{
    struct pollfd wait = {.fd = clerk_watch(fixture->clerk), .events = POLLIN};
    return poll(&wait, 1, 0) == 0 && !clerk_news(fixture->clerk);
}

/* Claims so many of those that there are. */
static GPtrArray *
claimed(Fixture *fixture, guint most, guint wanted)
{
    clerk_claim(fixture->clerk, &account, "main", most, 60);
    g_autoptr(ClerkNews) news = next_news(fixture);
    g_assert_true(news->account == &account);
    g_assert_no_error(news->error);
    g_assert_cmpuint(news->leads->len, ==, wanted);
    if (wanted == most)
        g_assert_cmpint(news->next_due, ==, 0);
    else
        g_assert_cmpint(news->next_due, >, g_get_real_time());
    return g_steal_pointer(&news->leads);
}

static void
tell(Fixture *fixture, const GPtrArray *leads, QueueOutcome outcome)
{
    for (guint i = 0; i < leads->len; i++)
        clerk_tell(fixture->clerk, ((const QueuedLead *)g_ptr_array_index(leads, i))->id, outcome);
}

static void
test_leads_are_claimed_and_what_came_of_them_is_written(Fixture *fixture, gconstpointer data)
{
    (void)data;
    put(fixture, 5);
    g_autoptr(GPtrArray) first = claimed(fixture, 3, 3), rest = claimed(fixture, 3, 2);
    g_assert_cmpuint(count(fixture, STATE_SENDING), ==, 5);
    clerk_expect(fixture->clerk, TRUE);
    tell(fixture, first, (QueueOutcome){.state = STATE_DONE, .status = 201});
    wait_for(fixture, STATE_DONE, 3);
    tell(fixture, rest, (QueueOutcome){.state = STATE_DEAD, .status = 422, .words = NULL});
    clerk_expect(fixture->clerk, FALSE);
    wait_for(fixture, STATE_DEAD, 2);
    g_assert_true(is_quiet(fixture));
}

static void
test_there_are_news_of_what_is_due_again(Fixture *fixture, gconstpointer data)
{
    (void)data;
    put(fixture, 1);
    g_autoptr(GPtrArray) leads = claimed(fixture, 1, 1);
    tell(fixture, leads, (QueueOutcome){.state = STATE_PENDING, .no_attempt = TRUE});
    g_autoptr(ClerkNews) news = next_news(fixture);
    g_assert_null(news->account);
    g_assert_no_error(news->error);
    g_ptr_array_unref(claimed(fixture, 1, 1));
    g_assert_true(is_quiet(fixture));
}

static void
test_a_lead_whose_lease_has_ended_is_not_claimed_twice(Fixture *fixture, gconstpointer data)
{
    (void)data;
    put(fixture, 1);
    clerk_claim(fixture->clerk, &account, "main", 1, 0);
    g_autoptr(ClerkNews) news = next_news(fixture);
    g_assert_cmpuint(news->leads->len, ==, 1);
    g_usleep(1000);
    g_ptr_array_unref(claimed(fixture, 2, 0));
}

static void
test_what_was_claimed_and_not_taken_goes_back(Fixture *fixture, gconstpointer data)
{
    (void)data;
    put(fixture, 3);
    g_autoptr(GPtrArray) leads = claimed(fixture, 1, 1);
    clerk_claim(fixture->clerk, &account, "main", 2, 60);
    wait_for(fixture, STATE_SENDING, 3);
    clerk_expect(fixture->clerk, TRUE);
    tell(fixture, leads, (QueueOutcome){.state = STATE_DONE, .status = 201});
    g_assert_true(clerk_end(fixture->clerk, NULL));
    g_assert_cmpuint(count(fixture, STATE_DONE), ==, 1);
    g_assert_cmpuint(count(fixture, STATE_PENDING), ==, 2);
}

static void
test_what_cannot_be_written_fails_until_it_is(Fixture *fixture, gconstpointer data)
{
    (void)data;
    put(fixture, 1);
    g_autoptr(GPtrArray) leads = claimed(fixture, 1, 1);
    g_assert_false(clerk_fails(fixture->clerk));
    queueplace_let_write(FALSE);
    tell(fixture, leads, (QueueOutcome){.state = STATE_DONE, .status = 201});
    g_autoptr(ClerkNews) bad = next_news(fixture);
    queueplace_let_write(TRUE);
    g_assert_null(bad->account);
    g_assert_nonnull(bad->error);
    g_assert_true(clerk_fails(fixture->clerk));
    g_autoptr(ClerkNews) good = next_news(fixture);
    g_assert_null(good->account);
    g_assert_no_error(good->error);
    g_assert_false(clerk_fails(fixture->clerk));
    g_assert_cmpuint(count(fixture, STATE_DONE), ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)
    TEST("/clerk/leads-are-claimed-and-what-came-of-them-is-written",
         test_leads_are_claimed_and_what_came_of_them_is_written);
    TEST("/clerk/there-are-news-of-what-is-due-again", test_there_are_news_of_what_is_due_again);
    TEST("/clerk/a-lead-whose-lease-has-ended-is-not-claimed-twice",
         test_a_lead_whose_lease_has_ended_is_not_claimed_twice);
    TEST("/clerk/what-was-claimed-and-not-taken-goes-back",
         test_what_was_claimed_and_not_taken_goes_back);
    TEST("/clerk/what-cannot-be-written-fails-until-it-is",
         test_what_cannot_be_written_fails_until_it_is);
    return g_test_run();
}
