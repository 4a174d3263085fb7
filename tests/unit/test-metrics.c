#include "base/metrics.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

static void
assert_has(const char *line)
{
    g_autofree char *text = metrics_text();
    g_autofree char *whole = g_strconcat(line, "\n", NULL);
    if (!strstr(text, whole))
        g_error("no line \"%s\" in:\n%s", line, text);
}

static void
test_counters_add_up_by_their_labels(void)
{
    metrics_add(METRIC_MAILS, 1, "angi", "new", NULL);
    metrics_add(METRIC_MAILS, 2, "angi", "new", NULL);
    metrics_add(METRIC_MAILS, 1, "angi", "held", NULL);
    metrics_add(METRIC_FOREIGN, 5, NULL);
    assert_has("# TYPE lead_milter_mails_total counter");
    assert_has("lead_milter_mails_total{source=\"angi\",result=\"new\"} 3");
    assert_has("lead_milter_mails_total{source=\"angi\",result=\"held\"} 1");
    assert_has("lead_milter_foreign_mails_total 5");
}

static void
test_a_gauge_is_what_was_set_last_until_it_is_forgotten(void)
{
    metrics_set(METRIC_OLDEST, 7, "main", NULL);
    metrics_set(METRIC_OLDEST, 2.5, "main", NULL);
    assert_has("lead_submit_oldest_seconds{account=\"main\"} 2.5");
    metrics_forget(METRIC_OLDEST);
    g_autofree char *text = metrics_text();
    g_assert_null(strstr(text, "lead_submit_oldest_seconds"));
}

static void
test_a_histogram_counts_upwards(void)
{
    metrics_observe(METRIC_READ_SECONDS, 0.0007, NULL);
    metrics_observe(METRIC_READ_SECONDS, 0.3, NULL);
    metrics_observe(METRIC_READ_SECONDS, 1e6, NULL);
    assert_has("lead_milter_read_seconds_bucket{le=\"0.0005\"} 0");
    assert_has("lead_milter_read_seconds_bucket{le=\"0.001\"} 1");
    assert_has("lead_milter_read_seconds_bucket{le=\"0.5\"} 2");
    assert_has("lead_milter_read_seconds_bucket{le=\"+Inf\"} 3");
    assert_has("lead_milter_read_seconds_count 3");
}

static void
test_a_label_cannot_break_out_of_its_quotes(void)
{
    metrics_set(METRIC_STOPPED, 1, "a\"b\\c\nd", NULL);
    assert_has("lead_submit_account_stopped{account=\"a\\\"b\\\\c\\nd\"} 1");
}

static void
test_the_file_is_replaced_whole_and_others_may_read_it(void)
{
    g_autofree char *folder = g_dir_make_tmp("test-metrics-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "lead-milter.prom", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    struct stat st;
    g_assert_true(metrics_write(folder, "lead-milter", &error));
    g_assert_no_error(error);
    g_assert_true(metrics_write(folder, "lead-milter", &error));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "lead_milter_foreign_mails_total 5\n"));
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0644);
    g_unlink(path);
    g_rmdir(folder);
    g_assert_false(metrics_write(folder, "lead-milter", &error));
    g_assert_nonnull(strstr(error->message, folder));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metrics/counter", test_counters_add_up_by_their_labels);
    g_test_add_func("/metrics/gauge", test_a_gauge_is_what_was_set_last_until_it_is_forgotten);
    g_test_add_func("/metrics/histogram", test_a_histogram_counts_upwards);
    g_test_add_func("/metrics/escape", test_a_label_cannot_break_out_of_its_quotes);
    g_test_add_func("/metrics/file", test_the_file_is_replaced_whole_and_others_may_read_it);
    return g_test_run();
}
