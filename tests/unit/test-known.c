/* Which lead a mail already has. */
#include "queueplace.h"

#include <string.h>

static void
test_one_message_of_an_account_is_one_lead(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    char first[LEAD_ID_SIZE], again[LEAD_ID_SIZE];
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", "<1@x>", "d1"), first), ==,
                    COMMIT_NEW);
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", "<1@x>", "other"), again), ==,
                    COMMIT_DUPLICATE);
    g_assert_cmpstr(again, ==, first);
    /* Another Message-ID or none, the same sender, subject and text. */
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", "<2@x>", "d1"), again), ==,
                    COMMIT_DUPLICATE);
    g_assert_cmpstr(again, ==, first);
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", NULL, "d1"), again), ==,
                    COMMIT_DUPLICATE);
    /* Another account, another message. */
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("b", "<1@x>", "d1"), again), ==,
                    COMMIT_NEW);
    g_assert_cmpstr(again, !=, first);
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", "<3@x>", "d3"), NULL), ==,
                    COMMIT_NEW);
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", NULL, "d4"), NULL), ==,
                    COMMIT_NEW);
}

static void
test_the_digest_counts_for_a_day_the_message_id_for_ever(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    queueplace_commit(queue, queueplace_record("a", "<1@x>", "d1"), NULL);
    queueplace_sql(place, "UPDATE leads SET created = created - 86401000000");
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", "<1@x>", "d2"), NULL), ==,
                    COMMIT_DUPLICATE);
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", "<2@x>", "d1"), NULL), ==,
                    COMMIT_NEW);
}

static LeadRecord *
within(LeadRecord *record, guint64 seconds)
{
    record->same_within = seconds;
    return record;
}

static LeadRecord *
of(LeadRecord *record, const char *contact)
{
    g_free(record->payload);
    record->payload = g_strdup_printf("{\"data\":{\"contact\":{%s}}}", contact);
    return record;
}

#define ADA "\"name\":\"Ada\",\"email\":\"ada@lovelace.example\",\"office\":\"(312) 555-0142\""
#define ADA_AGAIN "\"name\":\"Ada L.\",\"email\":\"ADA@lovelace.example\""
#define GRACE "\"name\":\"Grace\",\"email\":\"grace@hopper.example\""

/* A form that gives one Message-ID to all it sends. */
static void
test_of_one_message_id_another_person_is_another_inquiry(Place *place, gconstpointer data)
{
    (void)data;
    char ada[LEAD_ID_SIZE], grace[LEAD_ID_SIZE], id[LEAD_ID_SIZE];
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    g_assert_cmpint(queueplace_commit(queue, of(queueplace_record("a", "<1@x>", "d1"), ADA), ada),
                    ==, COMMIT_NEW);
    g_assert_cmpint(
        queueplace_commit(queue, of(queueplace_record("a", "<1@x>", "d2"), GRACE), grace), ==,
        COMMIT_NEW);
    /* Changed on its way, or with less in it, it is the same. */
    g_assert_cmpint(
        queueplace_commit(queue, of(queueplace_record("a", "<1@x>", "d3"), ADA_AGAIN), id), ==,
        COMMIT_DUPLICATE);
    g_assert_cmpstr(id, ==, ada);
    g_assert_cmpint(queueplace_commit(
                        queue, of(queueplace_record("a", "<1@x>", "d4"), "\"name\":\"Grace\""), id),
                    ==, COMMIT_DUPLICATE);
    /* And offered again, a year later too. */
    queueplace_sql(place, "UPDATE leads SET created = 1");
    g_assert_cmpint(queueplace_commit(queue, of(queueplace_record("a", "<1@x>", "d2"), GRACE), id),
                    ==, COMMIT_DUPLICATE);
    g_assert_cmpstr(id, ==, grace);
    g_assert_cmpint(
        queueplace_commit(queue, within(of(queueplace_record("a", "<1@x>", "d2"), GRACE), 0), id),
        ==, COMMIT_DUPLICATE);
    /* Nor is it when the rules have changed, and make somebody else of the same words. */
    g_assert_cmpint(queueplace_commit(queue, of(queueplace_record("a", "<1@x>", "d1"), GRACE), id),
                    ==, COMMIT_DUPLICATE);
    g_assert_cmpstr(id, ==, ada);
    g_assert_cmpint(queueplace_commit(
                        queue, of(queueplace_record("a", "<1@x>", "d2"), "\"name\":\"Alan\""), id),
                    ==, COMMIT_DUPLICATE);
    g_assert_cmpstr(id, ==, grace);
}

/* Names alone tell people apart as well, and all of it holds when the first lead has been purged.
 */
static void
test_one_message_id_for_all_loses_nobody(Place *place, gconstpointer data)
{
    (void)data;
    static const char *const people[] = {"\"name\":\"Ada\"", GRACE, "\"name\":\"Alan\"",
                                         "\"name\":\"Mary\",\"email\":\"mary@x.example\""};
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    guint purged;
    for (guint round = 0; round < 2; round++) {
        for (guint i = 0; i < G_N_ELEMENTS(people); i++) {
            g_autofree char *digest = g_strdup_printf("d%u", i);
            g_assert_cmpint(queueplace_commit(
                                queue, of(queueplace_record("a", "<@x>", digest), people[i]), NULL),
                            ==, round ? COMMIT_DUPLICATE : COMMIT_NEW);
            if (i % 2 || round)
                continue;
            queueplace_sql(place, "UPDATE leads SET state = 'done', changed = 1");
            g_assert_true(queue_purge(queue, 60, &purged, NULL));
        }
    }
}

static void
test_the_same_words_of_two_people_are_two_leads(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    g_assert_cmpint(queueplace_commit(queue, of(queueplace_record("a", NULL, "d1"), ADA), NULL), ==,
                    COMMIT_NEW);
    g_assert_cmpint(
        queueplace_commit(queue, of(queueplace_record("a", "<2@x>", "d1"), GRACE), NULL), ==,
        COMMIT_NEW);
    g_assert_cmpint(
        queueplace_commit(queue, of(queueplace_record("a", "<3@x>", "d1"), ADA_AGAIN), NULL), ==,
        COMMIT_DUPLICATE);
    g_assert_cmpint(queueplace_commit(queue, of(queueplace_record("a", NULL, "d1"), GRACE), NULL),
                    ==, COMMIT_DUPLICATE);
}

static void
test_how_long_the_content_counts_is_the_record_s_to_say(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    queueplace_commit(queue, queueplace_record("a", "<1@x>", "d1"), NULL);
    g_assert_cmpint(
        queueplace_commit(queue, within(queueplace_record("a", "<2@x>", "d1"), 0), NULL), ==,
        COMMIT_NEW);
    g_assert_cmpint(queueplace_commit(queue, within(queueplace_record("a", NULL, "d1"), 0), NULL),
                    ==, COMMIT_NEW);
    g_assert_cmpint(
        queueplace_commit(queue, within(queueplace_record("a", "<1@x>", "d1"), 0), NULL), ==,
        COMMIT_DUPLICATE);
    queueplace_sql(place, "UPDATE leads SET created = 1");
    g_assert_cmpint(
        queueplace_commit(queue, within(queueplace_record("a", NULL, "d1"), RECORD_FOR_EVER), NULL),
        ==, COMMIT_DUPLICATE);
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", NULL, "d1"), NULL), ==,
                    COMMIT_NEW);
}

static void
test_a_purged_lead_s_mail_is_known_again(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    char first[LEAD_ID_SIZE], again[LEAD_ID_SIZE];
    guint purged;
    queueplace_commit(queue, queueplace_record("a", "<1@x>", "d1"), first);
    queueplace_commit(queue, queueplace_record("a", NULL, "d2"), NULL);
    queueplace_sql(place, "UPDATE leads SET state = 'done', changed = 1");
    g_assert_true(queue_purge(queue, 60, &purged, NULL));
    g_assert_cmpuint(purged, ==, 2);
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", "<1@x>", "d1"), again), ==,
                    COMMIT_DUPLICATE);
    g_assert_cmpstr(again, ==, first);
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", "<1@x>", "other"), NULL), ==,
                    COMMIT_NEW);
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("b", "<1@x>", "d1"), NULL), ==,
                    COMMIT_NEW);
    /* One without a Message-ID is known to a replay only: a form may be sent twice in a year. */
    g_assert_cmpint(
        queueplace_commit(queue, within(queueplace_record("a", NULL, "d2"), RECORD_FOR_EVER), NULL),
        ==, COMMIT_DUPLICATE);
    g_assert_cmpint(queueplace_commit(queue, queueplace_record("a", NULL, "d2"), NULL), ==,
                    COMMIT_NEW);
}

static LeadRecord *
saying(LeadRecord *record, const char *lead_ids)
{
    record->lead_ids = g_strdup(lead_ids);
    return record;
}

static void
test_a_mail_is_known_by_the_id_that_it_has(Place *place, gconstpointer data)
{
    (void)data;
    g_autoptr(Queue) queue = queue_open(place->url, NULL);
    char first[LEAD_ID_SIZE], again[LEAD_ID_SIZE];
    guint purged;
    queueplace_commit(queue, queueplace_record("a", NULL, "d1"), first);
    g_autofree char *ids = g_strdup_printf("' OR 1\n%s\n%s", place->folder, first);
    g_assert_cmpint(
        queueplace_commit(queue, saying(queueplace_record("a", NULL, "d2"), ids), again), ==,
        COMMIT_DUPLICATE);
    g_assert_cmpstr(again, ==, first);
    g_assert_cmpint(queueplace_commit(queue, saying(queueplace_record("b", NULL, "d2"), ids), NULL),
                    ==, COMMIT_NEW);
    g_assert_cmpint(queueplace_commit(queue, saying(queueplace_record("a", NULL, "d3"), ""), NULL),
                    ==, COMMIT_NEW);
    g_autofree char *other = g_uuid_string_random();
    g_assert_cmpint(
        queueplace_commit(queue, saying(queueplace_record("a", NULL, "d4"), other), NULL), ==,
        COMMIT_NEW);
    queueplace_sql(place, "UPDATE leads SET state = 'done', changed = 1 WHERE digest = 'd1'");
    g_assert_true(queue_purge(queue, 60, &purged, NULL));
    g_assert_cmpuint(purged, ==, 1);
    g_assert_cmpint(queueplace_commit(queue, saying(queueplace_record("a", NULL, "d5"), ids), NULL),
                    ==, COMMIT_DUPLICATE);
    g_assert_cmpint(queueplace_commit(queue, saying(queueplace_record("b", NULL, "d5"), ids), NULL),
                    ==, COMMIT_NEW);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
    g_test_add("/known/" name, Place, NULL, queueplace_set_up, function, queueplace_tear_down)
    ADD("people", test_of_one_message_id_another_person_is_another_inquiry);
    ADD("people/all", test_one_message_id_for_all_loses_nobody);
    ADD("people/words", test_the_same_words_of_two_people_are_two_leads);
    ADD("dedup", test_one_message_of_an_account_is_one_lead);
    ADD("dedup-window", test_the_digest_counts_for_a_day_the_message_id_for_ever);
    ADD("dedup-configured", test_how_long_the_content_counts_is_the_record_s_to_say);
    ADD("dedup-purged", test_a_purged_lead_s_mail_is_known_again);
    ADD("dedup-lead-id", test_a_mail_is_known_by_the_id_that_it_has);
    return g_test_run();
}
