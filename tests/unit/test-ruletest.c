#include "rules/ruletest.h"

#include <string.h>

#include "rulefolder.h"

#define MAIL "From: ada@lovelace.example\nSubject: Lead 7\n\nName: Ada Lovelace\n"

/* Run a rule with these tests on samples/lead.eml, and a generic one behind it. */
static RuleTestReport *
run(const char *tests)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    g_autofree char *rule = g_strconcat("source: acme\nwhen: {subject: lead}\n"
                                        "fields:\n"
                                        "  contact.name: {label: Name}\n"
                                        "  contact.office: {label: Phone}\n"
                                        "tests:\n",
                                        tests, NULL);
    rulefolder_write(folder, "10-acme.yaml", rule);
    rulefolder_write(folder, "90-generic.yaml", "source: generic\nwhen: {subject: '\\S'}\n");
    rulefolder_write(folder, "samples/lead.eml", MAIL);
    rulefolder_write(folder, "samples/other.eml", "Subject: Invoice\n\nPay!\n");
    rulefolder_write(folder, "samples/empty.eml", "\n");
    g_autoptr(Ruleset) ruleset = rulefolder_load(folder);
    RuleTestReport *report = ruletest_run(ruleset, TRUE);
    g_assert_cmpuint(report->passed + report->failed, ==, report->tests->len);
    /* Files and names are the ruleset's. */
    for (guint i = 0; i < report->tests->len; i++) {
        RuleTest *test = g_ptr_array_index(report->tests, i);
        g_assert_true(g_str_has_suffix(test->file, "/10-acme.yaml"));
        g_assert_cmpuint(test->line, ==, 7 + i);
        g_assert_cmpuint(test->column, ==, 5);
        g_assert_cmpint(test->passed, ==, test->difference == NULL);
        test->file = test->mail = NULL;
    }
    return report;
}

static void
test_what_is_as_expected_passes(void)
{
    g_autoptr(RuleTestReport) report =
        run("  - {mail: samples/lead.eml, expect: {contact.name: Ada Lovelace}}\n"
            "  - {mail: samples/lead.eml, expect: {contact.office: null, contact.mobile: }}\n"
            "  - {mail: samples/lead.eml, action: submit, source: acme}\n"
            "  - {mail: samples/lead.eml}\n"
            "  - {mail: samples/other.eml, not: true}\n"
            "  - {mail: samples/other.eml, source: generic}\n"
            "  - {mail: samples/empty.eml, source: none}\n");
    g_assert_cmpuint(report->passed, ==, 7);
    g_assert_cmpuint(report->failed, ==, 0);
}

static void
assert_difference(const char *test, const char *expected)
{
    g_autofree char *line = g_strdup_printf("  - {%s}\n", test);
    g_autoptr(RuleTestReport) report = run(line);
    const RuleTest *got = g_ptr_array_index(report->tests, 0);
    g_assert_cmpstr(got->difference, ==, expected);
}

static void
test_what_is_not_as_expected_says_the_difference(void)
{
    assert_difference("mail: samples/lead.eml, expect: {contact.name: Ada}",
                      "contact.name: expected \"Ada\", got \"Ada Lovelace\"");
    assert_difference("mail: samples/lead.eml, expect: {contact.name: null}",
                      "contact.name: expected none, got \"Ada Lovelace\"");
    assert_difference("mail: samples/lead.eml, expect: {contact.office: (312) 555-0142}",
                      "contact.office: expected \"(312) 555-0142\", got none");
    assert_difference("mail: samples/lead.eml, expect: {contact.name: 'null', contact.office: x}",
                      "contact.name: expected \"null\", got \"Ada Lovelace\"\n"
                      "contact.office: expected \"x\", got none");
    assert_difference("mail: samples/lead.eml, action: ignore",
                      "action: expected ignore, got submit");
    assert_difference("mail: samples/lead.eml, source: generic",
                      "source: expected generic, got acme");
    assert_difference("mail: samples/other.eml", "source: expected acme, got generic");
    assert_difference("mail: samples/lead.eml, not: true",
                      "source: expected another one, got acme");
}

static void
test_a_mail_that_is_not_there_fails(void)
{
    g_autoptr(RuleTestReport) report = run("  - {mail: samples/gone.eml, not: true}\n");
    const RuleTest *test = g_ptr_array_index(report->tests, 0);
    g_assert_false(test->passed);
    g_assert_true(g_str_has_prefix(test->difference, "mail: "));
    g_assert_nonnull(strstr(test->difference, "gone.eml"));
}

static void
test_a_mail_that_is_no_regular_file_fails(void)
{
    g_autoptr(RuleTestReport) report = run("  - {mail: samples, not: true}\n");
    const RuleTest *test = g_ptr_array_index(report->tests, 0);
    g_assert_true(g_str_has_suffix(test->difference, "samples: is no regular file"));
}

static gboolean
is_unreached(const RuleTestReport *report, const char *ending)
{
    for (guint i = 0; i < report->unreached->len; i++)
        if (g_str_has_suffix(g_ptr_array_index(report->unreached, i), ending))
            return TRUE;
    return FALSE;
}

static void
test_what_no_test_reached_is_listed(void)
{
    g_autoptr(RuleTestReport) none = run("  - {mail: samples/empty.eml, not: true}\n");
    g_assert_cmpuint(none->unreached->len, ==, 4);
    g_assert_true(is_unreached(none, "/10-acme.yaml: source acme"));
    g_assert_true(is_unreached(none, "/90-generic.yaml: source generic"));
    g_assert_true(is_unreached(none, "/10-acme.yaml:4:17: contact.name: label"));
    g_assert_true(is_unreached(none, "/10-acme.yaml:5:19: contact.office: label"));
    g_autoptr(RuleTestReport) some = run("  - {mail: samples/lead.eml}\n");
    g_assert_cmpuint(some->unreached->len, ==, 2);
    g_assert_true(is_unreached(some, "/90-generic.yaml: source generic"));
    g_assert_true(is_unreached(some, "/10-acme.yaml:5:19: contact.office: label"));
}

static void
test_the_shipped_rules_pass_their_tests(void)
{
    g_autofree char *rules = g_test_build_filename(G_TEST_DIST, "rules", NULL);
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Ruleset) ruleset = ruleset_load(rules, diags);
    g_assert_nonnull(ruleset);
    g_autoptr(RuleTestReport) report = ruletest_run(ruleset, TRUE);
    g_assert_cmpuint(report->passed, >, 20);
    g_assert_cmpuint(report->failed, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ruletest/mail-no-file", test_a_mail_that_is_no_regular_file_fails);
    g_test_add_func("/ruletest/passes", test_what_is_as_expected_passes);
    g_test_add_func("/ruletest/difference", test_what_is_not_as_expected_says_the_difference);
    g_test_add_func("/ruletest/no-mail", test_a_mail_that_is_not_there_fails);
    g_test_add_func("/ruletest/unreached", test_what_no_test_reached_is_listed);
    g_test_add_func("/ruletest/shipped", test_the_shipped_rules_pass_their_tests);
    return g_test_run();
}
