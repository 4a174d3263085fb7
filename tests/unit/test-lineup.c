#include "ctl/lineup.h"

#include <string.h>

#define MAILS 500

typedef struct {
    GMutex lock;
    GCond changed;
    gint worked, seen, most_ahead, freed;
    gboolean last_worked;
    gint stop_after;
    GString *order;
} Report;

static Report *
report_new(void)
{
    Report *report = g_new0(Report, 1);
    g_mutex_init(&report->lock);
    g_cond_init(&report->changed);
    report->order = g_string_new(NULL);
    report->stop_after = G_MAXINT;
    return report;
}

static void
report_free(Report *report)
{
    g_mutex_clear(&report->lock);
    g_cond_clear(&report->changed);
    g_string_free(report->order, TRUE);
    g_free(report);
}

static gint *results_alive;

static void
free_result(gpointer result)
{
    if (result)
        g_atomic_int_add(results_alive, -1);
    g_free(result);
}

static gpointer
shout(const StoredMail *mail, gpointer data)
{
    Report *report = data;
    char *result = g_ascii_strup(mail->bytes, (gssize)mail->length);
    g_mutex_lock(&report->lock);
    report->worked++;
    report->most_ahead = MAX(report->most_ahead, report->worked - report->seen);
    g_mutex_unlock(&report->lock);
    g_atomic_int_add(results_alive, 1);
    return result;
}

static gboolean
note(const StoredMail *mail, gpointer result, gpointer data)
{
    Report *report = data;
    g_mutex_lock(&report->lock);
    report->seen++;
    g_mutex_unlock(&report->lock);
    g_string_append_printf(report->order, "%s=%s%s\n", mail->name, (const char *)result,
                           mail->truncated ? "…" : "");
    return report->seen < report->stop_after;
}

static gboolean
add(Lineup *lineup, int number, gsize limit)
{
    g_autofree char *text = g_strdup_printf("mail %d", number);
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
    return lineup_add(lineup, g_strdup_printf("%d", number), NULL, bytes, limit);
}

static const LineupSteps steps = {shout, note, free_result};

static void
test_what_is_seen_keeps_the_order(void)
{
    gint alive = 0;
    results_alive = &alive;
    Report *report = report_new();
    g_autoptr(GError) error = NULL;
    Lineup *lineup = lineup_new(&steps, report, &error);
    g_assert_no_error(error);
    g_autoptr(GString) expected = g_string_new(NULL);
    for (int i = 0; i < MAILS; i++) {
        g_assert_true(add(lineup, i, 100));
        g_string_append_printf(expected, "%d=MAIL %d\n", i, i);
    }
    g_assert_true(lineup_finish(lineup));
    g_assert_cmpstr(report->order->str, ==, expected->str);
    lineup_free(lineup);
    g_assert_cmpint(alive, ==, 0);
    report_free(report);
}

/* The first mail waits until another one, behind it, has been worked on. */
static gpointer
first_waits(const StoredMail *mail, gpointer data)
{
    Report *report = data;
    g_mutex_lock(&report->lock);
    while (strcmp(mail->name, "0") == 0 && !report->last_worked)
        g_cond_wait(&report->changed, &report->lock);
    if (strcmp(mail->name, "1") == 0)
        report->last_worked = TRUE;
    g_cond_broadcast(&report->changed);
    g_mutex_unlock(&report->lock);
    return shout(mail, data);
}

static void
test_one_that_finishes_first_waits_for_its_turn(void)
{
    static const LineupSteps waiting = {first_waits, note, free_result};
    gint alive = 0;
    results_alive = &alive;
    if (g_get_num_processors() < 2) {
        g_test_skip("one processor");
        return;
    }
    Report *report = report_new();
    Lineup *lineup = lineup_new(&waiting, report, NULL);
    g_assert_true(add(lineup, 0, 100) && add(lineup, 1, 100) && lineup_finish(lineup));
    g_assert_cmpstr(report->order->str, ==, "0=MAIL 0\n1=MAIL 1\n");
    lineup_free(lineup);
    report_free(report);
}

static void
test_no_more_are_on_their_way_than_the_window_holds(void)
{
    gint alive = 0;
    results_alive = &alive;
    Report *report = report_new();
    Lineup *lineup = lineup_new(&steps, report, NULL);
    for (int i = 0; i < MAILS; i++)
        add(lineup, i, 100);
    g_assert_cmpint(report->most_ahead, <=, (gint)g_get_num_processors() * 8 + 1);
    g_assert_cmpint(report->seen, >=, MAILS - ((gint)g_get_num_processors() * 8 + 1));
    lineup_free(lineup);
    g_assert_cmpint(alive, ==, 0);
    report_free(report);
}

static void
test_nothing_is_seen_after_the_stop(void)
{
    gint alive = 0;
    results_alive = &alive;
    Report *report = report_new();
    report->stop_after = 2;
    Lineup *lineup = lineup_new(&steps, report, NULL);
    for (int i = 0; i < MAILS && add(lineup, i, 100); i++)
        ;
    g_assert_false(lineup_finish(lineup));
    g_assert_cmpint(report->seen, ==, 2);
    g_assert_cmpstr(report->order->str, ==, "0=MAIL 0\n1=MAIL 1\n");
    lineup_free(lineup);
    g_assert_cmpint(alive, ==, 0);
    report_free(report);
}

static void
test_a_long_mail_is_cut_and_says_so(void)
{
    gint alive = 0;
    results_alive = &alive;
    Report *report = report_new();
    Lineup *lineup = lineup_new(&steps, report, NULL);
    add(lineup, 77, 4);
    lineup_finish(lineup);
    g_assert_cmpstr(report->order->str, ==, "77=MAIL…\n");
    lineup_free(lineup);
    report_free(report);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lineup/what-is-seen-keeps-the-order", test_what_is_seen_keeps_the_order);
    g_test_add_func("/lineup/one-that-finishes-first-waits-for-its-turn",
                    test_one_that_finishes_first_waits_for_its_turn);
    g_test_add_func("/lineup/no-more-are-on-their-way-than-the-window-holds",
                    test_no_more_are_on_their_way_than_the_window_holds);
    g_test_add_func("/lineup/nothing-is-seen-after-the-stop", test_nothing_is_seen_after_the_stop);
    g_test_add_func("/lineup/a-long-mail-is-cut-and-says-so", test_a_long_mail_is_cut_and_says_so);
    return g_test_run();
}
