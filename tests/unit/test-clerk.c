#include "submit/clerk.h"

#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

typedef struct {
    char *folder;
    Queue *queue;
    Clerk *clerk;
} Place;

static int account; /* what its address stands for */

static void
set_up(Place *place, gconstpointer data)
{
    (void)data;
    place->folder = g_dir_make_tmp("test-ledger-XXXXXX", NULL);
    g_autofree char *url = g_strdup_printf("sqlite:%s/queue.db", place->folder);
    place->queue = queue_open(url, NULL);
    place->clerk = clerk_new(place->queue, NULL);
    g_assert_nonnull(place->clerk);
}

static void
tear_down(Place *place, gconstpointer data)
{
    (void)data;
    clerk_free(place->clerk);
    queue_close(place->queue);
    g_autoptr(GDir) dir = g_dir_open(place->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(place->folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(place->folder);
    g_free(place->folder);
}

static void
put(Place *place, guint n)
{
    static guint number;
    for (guint i = 0; i < n; i++) {
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
    }
}

static guint
count(Place *place, LeadState state)
{
    g_autoptr(GPtrArray) items = queue_list(place->queue, &(QueueFilter){.state = state}, NULL);
    guint n = items->len;
    g_ptr_array_set_free_func(items, (GDestroyNotify)queue_item_free);
    return n;
}

static void
wait_for(Place *place, LeadState state, guint n)
{
    for (guint i = 0; count(place, state) != n; i++) {
        g_assert_cmpuint(i, <, 1000);
        g_usleep(10000);
    }
}

static ClerkNews *
next_news(Place *place)
{
    struct pollfd wait = {.fd = clerk_watch(place->clerk), .events = POLLIN};
    g_assert_cmpint(poll(&wait, 1, 10000), ==, 1);
    ClerkNews *news = clerk_news(place->clerk);
    g_assert_nonnull(news);
    return news;
}

static gboolean
is_quiet(Place *place)
{
    struct pollfd wait = {.fd = clerk_watch(place->clerk), .events = POLLIN};
    return poll(&wait, 1, 0) == 0 && !clerk_news(place->clerk);
}

/* Claims so many of those that there are. */
static GPtrArray *
claimed(Place *place, guint most, guint wanted)
{
    clerk_claim(place->clerk, &account, "main", most, 60);
    g_autoptr(ClerkNews) news = next_news(place);
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
tell(Place *place, const GPtrArray *leads, QueueOutcome outcome)
{
    for (guint i = 0; i < leads->len; i++)
        clerk_tell(place->clerk, ((const QueuedLead *)g_ptr_array_index(leads, i))->id, outcome);
}

static void
test_leads_are_claimed_and_what_came_of_them_is_written(Place *place, gconstpointer data)
{
    (void)data;
    put(place, 5);
    g_autoptr(GPtrArray) first = claimed(place, 3, 3), rest = claimed(place, 3, 2);
    g_assert_cmpuint(count(place, STATE_SENDING), ==, 5);
    clerk_expect(place->clerk, TRUE);
    tell(place, first, (QueueOutcome){.state = STATE_DONE, .status = 201});
    wait_for(place, STATE_DONE, 3);
    tell(place, rest, (QueueOutcome){.state = STATE_DEAD, .status = 422, .words = NULL});
    clerk_expect(place->clerk, FALSE);
    wait_for(place, STATE_DEAD, 2);
    g_assert_true(is_quiet(place));
}

static void
test_there_are_news_of_what_is_due_again(Place *place, gconstpointer data)
{
    (void)data;
    put(place, 1);
    g_autoptr(GPtrArray) leads = claimed(place, 1, 1);
    tell(place, leads, (QueueOutcome){.state = STATE_PENDING, .no_attempt = TRUE});
    g_autoptr(ClerkNews) news = next_news(place);
    g_assert_null(news->account);
    g_assert_no_error(news->error);
    g_ptr_array_unref(claimed(place, 1, 1));
    g_assert_true(is_quiet(place));
}

static void
test_a_lead_whose_lease_has_ended_is_not_claimed_twice(Place *place, gconstpointer data)
{
    (void)data;
    put(place, 1);
    clerk_claim(place->clerk, &account, "main", 1, 0);
    g_autoptr(ClerkNews) news = next_news(place);
    g_assert_cmpuint(news->leads->len, ==, 1);
    g_usleep(1000);
    g_ptr_array_unref(claimed(place, 2, 0));
}

static void
test_what_was_claimed_and_not_taken_goes_back(Place *place, gconstpointer data)
{
    (void)data;
    put(place, 3);
    g_autoptr(GPtrArray) leads = claimed(place, 1, 1);
    clerk_claim(place->clerk, &account, "main", 2, 60);
    wait_for(place, STATE_SENDING, 3);
    clerk_expect(place->clerk, TRUE);
    tell(place, leads, (QueueOutcome){.state = STATE_DONE, .status = 201});
    g_assert_true(clerk_end(place->clerk, NULL));
    g_assert_cmpuint(count(place, STATE_DONE), ==, 1);
    g_assert_cmpuint(count(place, STATE_PENDING), ==, 2);
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
    put(place, 1);
    g_autoptr(GPtrArray) leads = claimed(place, 1, 1);
    g_assert_false(clerk_fails(place->clerk));
    let_write(FALSE);
    tell(place, leads, (QueueOutcome){.state = STATE_DONE, .status = 201});
    g_autoptr(ClerkNews) bad = next_news(place);
    let_write(TRUE);
    g_assert_null(bad->account);
    g_assert_nonnull(bad->error);
    g_assert_true(clerk_fails(place->clerk));
    g_autoptr(ClerkNews) good = next_news(place);
    g_assert_null(good->account);
    g_assert_no_error(good->error);
    g_assert_false(clerk_fails(place->clerk));
    g_assert_cmpuint(count(place, STATE_DONE), ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name, function) g_test_add(name, Place, NULL, set_up, function, tear_down)
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
