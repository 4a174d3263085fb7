#include "base/config.h"

#include <string.h>

#define LINE_LISTEN "listen: unix:/run/lead-milter/lead-milter.sock\n"
#define LINE_QUEUE "queue: sqlite:/var/lib/lead-milter/queue.db\n"
#define ACCOUNTS                                                                                   \
    "accounts:\n"                                                                                  \
    "  - {name: main, endpoint: 'https://api.example/a/leads', token_file: /token}\n"              \
    "  - {name: west, endpoint: 'http://127.0.0.1:8080/a', token_file: /west, auth: query,\n"      \
    "     envelope: relationships, ca_file: /ca.pem}\n"
#define MAILBOXES                                                                                  \
    "mailboxes:\n"                                                                                 \
    "  - recipient: [Leads@Example.com, '@inquiries.example.com']\n"                               \
    "    account: main\n"                                                                          \
    "    defaults: {opportunity.leadType: Email}\n"                                                \
    "  - {recipient: '@example.com', account: west}\n"                                             \
    "  - {recipient: sales@example.com, account: main}\n"

static Config *
parse_good(const char *text)
{
    g_autoptr(Diags) diags = diags_new();
    Config *config = config_parse("test.yaml", text, diags);
    for (guint i = 0; i < diags_length(diags); i++) {
        g_autofree char *line = diag_format(diags_at(diags, i));
        g_test_message("%s", line);
    }
    g_assert_nonnull(config);
    g_assert_cmpuint(diags_errors(diags), ==, 0);
    return config;
}

static void
test_what_is_not_given_has_the_documented_default(void)
{
    g_autoptr(Config) config = parse_good(LINE_LISTEN LINE_QUEUE ACCOUNTS MAILBOXES);
    g_assert_cmpint(config->on_error, ==, ON_ERROR_TEMPFAIL);
    g_assert_cmpuint(config_account(config, 0)->concurrency, ==, 4);
    g_assert_cmpuint(config_account(config, 0)->timeout, ==, 30);
    g_assert_cmpuint(config_account(config, 0)->give_up_after, ==, 5 * 86400);
    g_assert_cmpuint(config->retention, ==, 30 * 86400);
    g_assert_cmpuint(config->limit_message, ==, 10 << 20);
    g_assert_null(config->authserv_id);
    g_assert_null(config->own_domains[0]);
    const ConfigAccount *account = config_account(config, 0);
    g_assert_false(account->auth_query);
    g_assert_false(account->relationships);
    g_assert_cmpstr(account->ca_file, ==, "/etc/ssl/certs/ca-certificates.crt");
}

static void
test_every_key_is_read(void)
{
    g_autoptr(Config) config = parse_good(
        LINE_LISTEN LINE_QUEUE ACCOUNTS MAILBOXES
        "rules: /rules\nauthserv_id: mx.example.com\nown_domains: [Example.com, example.net]\n"
        "on_error: accept\nretention: 12h\nlimits: {message: 512K}\n"
        "submit: {concurrency: 2, timeout: 5s, give_up_after: 90m}\n");
    g_assert_cmpstr(config->listen, ==, "unix:/run/lead-milter/lead-milter.sock");
    g_assert_cmpstr(config->queue, ==, "sqlite:/var/lib/lead-milter/queue.db");
    g_assert_cmpstr(config->rules, ==, "/rules");
    g_assert_cmpstr(config->authserv_id, ==, "mx.example.com");
    g_assert_cmpstr(config->own_domains[0], ==, "example.com");
    g_assert_cmpstr(config->own_domains[1], ==, "example.net");
    g_assert_cmpint(config->on_error, ==, ON_ERROR_ACCEPT);
    g_assert_cmpuint(config->retention, ==, 12 * 3600);
    g_assert_cmpuint(config->limit_message, ==, 512 << 10);
    g_assert_cmpuint(config_account(config, 0)->concurrency, ==, 2);
    g_assert_cmpuint(config_account(config, 0)->timeout, ==, 5);
    g_assert_cmpuint(config_account(config, 0)->give_up_after, ==, 90 * 60);
    const ConfigAccount *account = config_account_named(config, "west");
    g_assert_true(account->auth_query);
    g_assert_true(account->relationships);
    g_assert_cmpstr(account->ca_file, ==, "/ca.pem");
    const ConfigMailbox *mailbox = g_ptr_array_index(config->mailboxes, 0);
    const ConfigDefault *value = g_ptr_array_index(mailbox->defaults, 0);
    g_assert_cmpstr(value->attribute, ==, "opportunity.leadType");
    g_assert_cmpstr(value->value, ==, "Email");
    g_assert_cmpuint(value->line, ==, 10);
}

static void
test_the_first_mailbox_that_matches_takes_a_recipient(void)
{
    g_autoptr(Config) config = parse_good(LINE_LISTEN LINE_QUEUE ACCOUNTS MAILBOXES);
    g_assert_cmpint(config_mailbox(config, "<leads@example.com>"), ==, 0);
    g_assert_cmpint(config_mailbox(config, "LEADS@EXAMPLE.COM"), ==, 0);
    g_assert_cmpint(config_mailbox(config, "<anyone@inquiries.example.com>"), ==, 0);
    /* A domain that stands above a whole address takes its mail. */
    g_assert_cmpint(config_mailbox(config, "<sales@example.com>"), ==, 1);
    g_assert_cmpint(config_mailbox(config, "<leads@example.net>"), ==, -1);
    g_assert_cmpint(config_mailbox(config, "<a@sub.inquiries.example.com>"), ==, -1);
    g_assert_cmpint(config_mailbox(config, "<leads>"), ==, -1);
    g_assert_cmpint(config_mailbox(config, ""), ==, -1);
    g_assert_cmpint(config_mailbox(config, "<\xFF@\xFE>"), ==, -1);
}

/* All that one reading warns of, one a line. */
static char *
warnings_of(const char *mailboxes)
{
    g_autofree char *text =
        g_strconcat(LINE_LISTEN LINE_QUEUE ACCOUNTS "mailboxes:\n", mailboxes, NULL);
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Config) config = config_parse("FILE", text, diags);
    g_assert_nonnull(config);
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < diags_length(diags); i++) {
        g_autofree char *line = diag_format(diags_at(diags, i));
        g_string_append_printf(all, "%s\n", line);
    }
    return g_strdup(all->str);
}

static void
test_a_mailbox_that_never_gets_mail_is_warned_of(void)
{
    g_autofree char *twice =
        warnings_of("  - {recipient: leads@example.com, account: main}\n"
                    "  - {recipient: [a@example.com, Leads@Example.com], account: west}\n");
    g_assert_cmpstr(twice, ==,
                    "FILE:9:33: warning: \"leads@example.com\" is never reached: mailbox 1 of the"
                    " list takes its mail\n");
    g_autofree char *domain = warnings_of("  - {recipient: '@example.com', account: main}\n"
                                          "  - {recipient: leads@example.com, account: west}\n");
    g_assert_cmpstr(domain, ==,
                    "FILE:9:17: warning: \"leads@example.com\" is never reached: mailbox 1 of the"
                    " list takes its mail\n");
    g_autofree char *extension = warnings_of("  - {recipient: leads@example.com, account: main}\n"
                                             "  - {recipient: leads+x@example.com, account: west}\n"
                                             "recipient_delimiter: +\n");
    g_assert_nonnull(strstr(extension, "\"leads+x@example.com\" is never reached"));
}

static void
test_a_mailbox_that_gets_mail_is_not_warned_of(void)
{
    g_autofree char *narrow = warnings_of("  - {recipient: leads@example.com, account: main}\n"
                                          "  - {recipient: '@example.com', account: west}\n");
    g_assert_cmpstr(narrow, ==, "");
    g_autofree char *one =
        warnings_of("  - {recipient: ['@example.com', leads@example.com], account: main}\n"
                    "  - {recipient: leads+x@example.net, account: west}\n"
                    "  - {recipient: leads@example.net, account: west}\n");
    g_assert_cmpstr(one, ==, "");
}

/* RFC 5321 section 4.1.2: quotes that need not be there change nothing. */
static void
test_a_quoted_local_part_is_the_same_address(void)
{
    g_autoptr(Config) config = parse_good(LINE_LISTEN LINE_QUEUE ACCOUNTS MAILBOXES);
    g_assert_cmpint(config_mailbox(config, "<\"leads\"@example.com>"), ==, 0);
    g_assert_cmpint(config_mailbox(config, "<\"Lea\\ds\"@Example.com>"), ==, 0);
    g_assert_cmpint(config_mailbox(config, "<\"any one\"@inquiries.example.com>"), ==, 0);
    g_assert_cmpint(config_mailbox(config, "<\"le@ds\"@inquiries.example.com>"), ==, 0);
    static const char *const others[] = {"<\"leads@example.com>",
                                         "<leads\"@example.com>",
                                         "<\"\"@example.net>",
                                         "<\"leads\"@example.net>",
                                         "\"leads@example.com\"",
                                         "\"@",
                                         "\"\"",
                                         "<\"leads@example.com\"@x>",
                                         "<\"\\\"@>"};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_cmpint(config_mailbox(config, others[i]), !=, 0);
}

static void
test_an_extension_counts_only_with_its_delimiter(void)
{
    g_autoptr(Config) without = parse_good(LINE_LISTEN LINE_QUEUE ACCOUNTS MAILBOXES);
    g_assert_cmpint(config_mailbox(without, "<leads+x@example.com>"), ==, 1);
    g_autoptr(Config) with =
        parse_good(LINE_LISTEN LINE_QUEUE ACCOUNTS MAILBOXES "recipient_delimiter: +-\n");
    g_assert_cmpint(config_mailbox(with, "<leads+x@example.com>"), ==, 0);
    g_assert_cmpint(config_mailbox(with, "<Leads-x+y@example.com>"), ==, 0);
    g_assert_cmpint(config_mailbox(with, "<\"leads+x\"@example.com>"), ==, 0);
    g_assert_cmpint(config_mailbox(with, "<+leads@example.com>"), ==, 1);
    g_assert_cmpint(config_mailbox(with, "<leads+x@example.net>"), ==, -1);
    g_assert_cmpint(config_mailbox(with, "<leads@example+x>"), ==, -1);
    g_assert_cmpint(config_mailbox(with, "+"), ==, -1);
    g_assert_cmpint(config_mailbox(with, "@"), ==, -1);
}

static void
test_all_mistakes_are_told_in_one_run(void)
{
    g_autoptr(Diags) diags = diags_new();
    g_assert_null(config_parse("test.yaml", "listen: nowhere\nqueu: x\nretention: soon\n", diags));
    g_assert_cmpuint(diags_errors(diags), ==, 6);
}

/* A file of tests/mistakes/config; its first line is "# expect: LINE:COL: error: …". */
static void
test_mistake(gconstpointer path)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_autofree char *expected = g_strndup(text, strcspn(text, "\n"));
    g_assert_true(g_str_has_prefix(expected, "# expect: "));

    g_autoptr(Diags) diags = diags_new();
    g_assert_null(config_parse("FILE", text, diags));
    g_assert_cmpuint(diags_errors(diags), ==, 1);
    g_autofree char *got = diag_format(diags_at(diags, 0));
    g_assert_true(g_str_has_prefix(got, "FILE:"));
    g_assert_cmpstr(got + strlen("FILE:"), ==, expected + strlen("# expect: "));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/defaults", test_what_is_not_given_has_the_documented_default);
    g_test_add_func("/config/keys", test_every_key_is_read);
    g_test_add_func("/config/mailbox", test_the_first_mailbox_that_matches_takes_a_recipient);
    g_test_add_func("/config/shadowed", test_a_mailbox_that_never_gets_mail_is_warned_of);
    g_test_add_func("/config/not-shadowed", test_a_mailbox_that_gets_mail_is_not_warned_of);
    g_test_add_func("/config/quoted", test_a_quoted_local_part_is_the_same_address);
    g_test_add_func("/config/extension", test_an_extension_counts_only_with_its_delimiter);
    g_test_add_func("/config/all-at-once", test_all_mistakes_are_told_in_one_run);

    g_autofree char *folder =
        g_test_build_filename(G_TEST_DIST, "tests", "mistakes", "config", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_assert_nonnull(dir);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *test = g_strconcat("/config/mistakes/", name, NULL);
        g_test_add_data_func_full(test, g_build_filename(folder, name, NULL), test_mistake, g_free);
    }
    return g_test_run();
}
