#include "submit/alert.h"

#include <string.h>

#define SECOND G_USEC_PER_SEC
#define HOUR ((gint64)3600 * SECOND)
#define NOW (1800000000 * (gint64)SECOND)

/* The names of what these facts raise, with alert_after 1h. */
static char *
raised(const AlertFacts *facts)
{
    g_autoptr(GPtrArray) alerts = alert_find(facts, 1, 3600, NOW);
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < alerts->len; i++)
        g_string_append_printf(names, "%s%s", i ? " " : "",
                               ((Alert *)g_ptr_array_index(alerts, i))->name);
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static void
assert_raised(AlertFacts facts, const QueueDepth *depth, const char *expected)
{
    facts.account = "main";
    facts.depth = depth;
    g_autofree char *names = raised(&facts);
    g_assert_cmpstr(names, ==, expected);
}

static void
test_what_raises_an_alert_and_what_does_not(void)
{
    const AlertFacts well = {.token_expiry = NOW / SECOND + 25 * 3600};
    const QueueDepth young = {
        .waiting = 3, .held = 9, .oldest = NOW - HOUR + SECOND, .oldest_held = NOW - HOUR + SECOND};
    const QueueDepth held = {.held = 1, .oldest_held = NOW - HOUR};
    const QueueDepth old = {.waiting = 1, .oldest = NOW - HOUR};
    const QueueDepth dead = {.dead = 1, .last_dead = NOW};
    assert_raised(well, NULL, "");
    assert_raised((AlertFacts){0}, &young, "");
    assert_raised((AlertFacts){.paused = TRUE}, NULL, "");
    assert_raised(well, &old, "waiting:main");
    assert_raised(well, &dead, "dead:main");
    assert_raised(well, &held, "held:main");
    assert_raised((AlertFacts){.unknown = TRUE}, &young, "unknown:main");
    assert_raised((AlertFacts){.unknown = TRUE}, &old, "unknown:main");
    assert_raised((AlertFacts){.unknown = TRUE}, &dead, "dead:main");
    assert_raised((AlertFacts){.stopped = TRUE}, NULL, "stopped:main");
    assert_raised((AlertFacts){.token_expiry = NOW / SECOND + 23 * 3600}, NULL, "token:main");
    assert_raised((AlertFacts){.token_expiry = NOW / SECOND - 1, .stopped = TRUE}, &old,
                  "stopped:main token:main waiting:main");
}

static void
test_one_is_told_at_first_and_then_each_day(void)
{
    const Alert alert = {.name = (char *)"stopped:main"};
    QueueAlert state = {0, 0};
    g_assert_true(alert_is_due(&alert, &state, 3600, NOW));
    state = (QueueAlert){NOW, NOW};
    g_assert_false(alert_is_due(&alert, &state, 3600, NOW + 23 * HOUR));
    g_assert_true(alert_is_due(&alert, &state, 3600, NOW + 24 * HOUR));
    /* A clock that was ahead when it was told keeps nobody in the dark. */
    g_assert_true(alert_is_due(&alert, &state, 3600, NOW - HOUR));
}

static void
test_more_dead_leads_are_news_but_not_one_by_one(void)
{
    Alert alert = {.name = (char *)"dead:main", .news = NOW + SECOND};
    const QueueAlert state = {NOW, NOW};
    g_assert_false(alert_is_due(&alert, &state, 3600, NOW + 2 * SECOND));
    g_assert_true(alert_is_due(&alert, &state, 3600, NOW + HOUR));
    alert.news = NOW - SECOND; /* those that were told of */
    g_assert_false(alert_is_due(&alert, &state, 3600, NOW + HOUR));
}

static void
test_the_mail_names_what_to_do_and_starts_no_loop(void)
{
    const QueueDepth depth = {.waiting = 12, .oldest = NOW - 5 * HOUR, .dead = 2, .last_dead = NOW};
    const AlertFacts facts = {.account = "main", .paused = TRUE, .depth = &depth};
    char *to[] = {(char *)"ops@example.com", (char *)"boss@example.com", NULL};
    g_autoptr(GPtrArray) alerts = alert_find(&facts, 1, 3600, NOW);
    g_autofree char *mail = alert_mail(alerts, to, "mx.example.com", NOW);
    static const char *const parts[] = {
        "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n",
        "From: lead-submit <lead-submit@mx.example.com>\r\n",
        "To: ops@example.com, boss@example.com\r\n",
        "Subject: leads on mx.example.com need attention: 2\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "\r\n\r\n* account main: leads that the API refused or that were given up: 2; see",
        "leadctl queue list --state dead",
        "leads wait for 5 hours, 12 in all; the account is paused: leadctl account resume.\r\n",
    };
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (!strstr(mail, parts[i]))
            g_error("no \"%s\" in:\n%s", parts[i], mail);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/alert/find", test_what_raises_an_alert_and_what_does_not);
    g_test_add_func("/alert/due", test_one_is_told_at_first_and_then_each_day);
    g_test_add_func("/alert/dead", test_more_dead_leads_are_news_but_not_one_by_one);
    g_test_add_func("/alert/mail", test_the_mail_names_what_to_do_and_starts_no_loop);
    return g_test_run();
}
