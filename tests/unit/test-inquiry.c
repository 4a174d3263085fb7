#include "rules/inquiry.h"

#include <string.h>

#include "rulefolder.h"

#define MAIL                                                                                       \
    "From: Ada Lovelace <ada@lovelace.example>\nMessage-ID: <7@lovelace.example>\n"                \
    "Subject: Roof\n\nPhone: (312) 555-0142\nThe roof leaks.\n"

static const char configuration[] =
    "listen: fd:3\nqueue: sqlite:/queue.db\nown_domains: [example.com]\n"
    "accounts:\n"
    "  - {name: east, endpoint: 'https://east.example/a/leads', token_file: /east}\n"
    "  - {name: west, endpoint: 'https://west.example/a/leads', token_file: /west,\n"
    "     envelope: relationships}\n"
    "mailboxes:\n"
    "  - {recipient: first@example.com, account: east,\n"
    "     defaults: {opportunity.leadType: First, contact.office: (773) 555-0100}}\n"
    "  - {recipient: '@west.example.com', account: west}\n"
    "  - {recipient: second@example.com, account: east,\n"
    "     defaults: {opportunity.leadType: Second, opportunity.product: Roof}}\n";

static const char rules[] = "source: acme\n"
                            "fields:\n"
                            "  contact.name: {from: from}\n"
                            "  contact.office: {label: Phone}\n";

static Inquiry *
read_with(const char *rule, const char *bytes, const char *const *recipients, gboolean truncated)
{
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Config) config = config_parse("test.yaml", configuration, diags);
    g_assert_nonnull(config);
    g_autoptr(Ruleset) ruleset = rulefolder_load_one(rule);
    InquiryMail mail = {.bytes = bytes,
                        .length = strlen(bytes),
                        .truncated = truncated,
                        .sender = "<ada@lovelace.example>",
                        .recipients = recipients,
                        .queue_id = "4F2A"};
    return inquiry_read(config, ruleset, &mail);
}

static Inquiry *
read_mail(const char *first, const char *second)
{
    const char *const recipients[] = {first, second, NULL};
    return read_with(rules, MAIL, recipients, FALSE);
}

static const LeadRecord *
record_at(const Inquiry *inquiry, guint i)
{
    g_assert_cmpuint(i, <, inquiry->records->len);
    return g_ptr_array_index(inquiry->records, i);
}

static void
assert_has(const LeadRecord *record, const char *text)
{
    if (!strstr(record->payload, text))
        g_error("no %s in %s", text, record->payload);
}

static void
test_one_recipient_makes_one_record(void)
{
    g_autoptr(Inquiry) inquiry = read_mail("<First@Example.com>", NULL);
    g_assert_cmpuint(inquiry->records->len, ==, 1);
    const LeadRecord *record = record_at(inquiry, 0);
    g_assert_cmpstr(record->account, ==, "east");
    g_assert_cmpstr(record->source, ==, "acme");
    g_assert_cmpstr(record->message_key, ==, "7@lovelace.example");
    g_assert_cmpstr(record->queue_id, ==, "4F2A");
    g_assert_false(record->held);
    g_assert_null(record->reason);
    assert_has(record, "\"Ada Lovelace\"");
}

static void
test_a_default_fills_only_what_the_mail_left_open(void)
{
    g_autoptr(Inquiry) inquiry = read_mail("<first@example.com>", NULL);
    assert_has(record_at(inquiry, 0), "\"First\"");
    assert_has(record_at(inquiry, 0), "\"(312) 555-0142\"");
    g_assert_null(strstr(record_at(inquiry, 0)->payload, "555-0100"));
    /* The extraction itself is of the mail alone. */
    g_assert_null(lead_get(inquiry->extraction->lead, "opportunity.leadType"));
}

static void
test_two_mailboxes_of_one_account_make_one_lead_by_the_first_in_the_configuration(void)
{
    g_autoptr(Inquiry) inquiry = read_mail("<second@example.com>", "<first@example.com>");
    g_assert_cmpuint(inquiry->records->len, ==, 1);
    assert_has(record_at(inquiry, 0), "\"First\"");
    g_assert_null(strstr(record_at(inquiry, 0)->payload, "Second"));
}

static void
test_two_accounts_make_two_leads_each_in_its_envelope(void)
{
    g_autoptr(Inquiry) inquiry = read_mail("<x@west.example.com>", "<second@example.com>");
    g_assert_cmpuint(inquiry->records->len, ==, 2);
    g_assert_cmpstr(record_at(inquiry, 0)->account, ==, "east");
    g_assert_cmpstr(record_at(inquiry, 1)->account, ==, "west");
    assert_has(record_at(inquiry, 0), "\"Second\"");
    g_assert_null(strstr(record_at(inquiry, 0)->payload, "relationships"));
    assert_has(record_at(inquiry, 1), "\"relationships\"");
    g_assert_null(strstr(record_at(inquiry, 1)->payload, "Second"));
}

/* Employees forward with the same words; who asks stands in Reply-To alone. */
static void
test_the_same_words_of_two_people_are_two_inquiries(void)
{
    static const char rule[] = "source: acme\nfields:\n  contact.email: {from: reply_to}\n";
    static const char form[] = "From: Form <form@example.com>\nReply-To: %s@lovelace.example\n"
                               "Subject: Request\n\nPlease call me.\n";
    const char *const recipients[] = {"first@example.com", NULL};
    g_autofree char *ada = g_strdup_printf(form, "ada"), *grace = g_strdup_printf(form, "grace");
    g_autoptr(Inquiry) one = read_with(rule, ada, recipients, FALSE);
    g_autoptr(Inquiry) again = read_with(rule, ada, recipients, FALSE);
    g_autoptr(Inquiry) other = read_with(rule, grace, recipients, FALSE);
    g_assert_cmpstr(record_at(one, 0)->digest, ==, record_at(again, 0)->digest);
    g_assert_false(record_of_another(record_at(one, 0)->payload, record_at(again, 0)->payload));
    g_assert_true(record_of_another(record_at(one, 0)->payload, record_at(other, 0)->payload));
}

static void
test_a_rule_may_be_for_one_mailbox(void)
{
    static const char rule[] = "source: acme\nwhen: {recipient: '^second@example\\.com$'}\n"
                               "fields: {contact.name: {from: from}}\n";
    const char *const first[] = {"<first@example.com>", NULL};
    const char *const second[] = {"<second@example.com>", NULL};
    g_autoptr(Inquiry) other = read_with(rule, MAIL, first, FALSE);
    g_autoptr(Inquiry) its = read_with(rule, MAIL, second, FALSE);
    g_assert_cmpstr(record_at(other, 0)->source, ==, "none");
    g_assert_cmpstr(record_at(its, 0)->source, ==, "acme");
}

static void
test_each_account_has_the_rules_of_its_own_mailbox(void)
{
    static const char rule[] = "source: acme\nwhen: {recipient: '^second@example\\.com$'}\n"
                               "fields: {contact.position: {value: Owner}}\n";
    static const char no[] = "source: acme\nwhen: {recipient: '^second@'}\naction: ignore\n";
    const char *const both[] = {"<x@west.example.com>", "<second@example.com>", NULL};
    g_autoptr(Inquiry) inquiry = read_with(rule, MAIL, both, FALSE);
    g_assert_cmpuint(inquiry->records->len, ==, 2);
    g_assert_cmpstr(record_at(inquiry, 0)->source, ==, "acme");
    assert_has(record_at(inquiry, 0), "Owner");
    g_assert_cmpstr(record_at(inquiry, 1)->source, ==, "none");
    g_assert_null(strstr(record_at(inquiry, 1)->payload, "Owner"));
    /* What one ignores, the other takes. */
    g_autoptr(Inquiry) other = read_with(no, MAIL, both, FALSE);
    g_assert_cmpuint(other->records->len, ==, 1);
    g_assert_cmpstr(record_at(other, 0)->account, ==, "west");
    g_assert_cmpstr(other->extraction->source, ==, NULL);
}

static void
test_mail_for_others_and_ignored_mail_make_no_record(void)
{
    g_autoptr(Inquiry) others = read_mail("<someone@example.com>", "<first@example.net>");
    g_assert_cmpuint(others->records->len, ==, 0);
    g_autoptr(Inquiry) nobody = read_mail(NULL, NULL);
    g_assert_cmpuint(nobody->records->len, ==, 0);
    const char *const ours[] = {"<first@example.com>", NULL};
    g_autoptr(Inquiry) ignored = read_with("source: a\naction: ignore\n", MAIL, ours, FALSE);
    g_assert_cmpuint(ignored->records->len, ==, 0);
    g_assert_cmpint(ignored->extraction->action, ==, ACTION_IGNORE);
}

static void
test_a_held_lead_says_why(void)
{
    const char *const ours[] = {"<first@example.com>", NULL};
    g_autoptr(Inquiry) inquiry = read_with("source: a\naction: hold\n", MAIL, ours, FALSE);
    g_assert_true(record_at(inquiry, 0)->held);
    g_assert_cmpstr(record_at(inquiry, 0)->reason, ==, "the rule a holds its leads");
}

static void
test_the_digest_is_of_sender_subject_and_body(void)
{
    static const char *const mails[] = {MAIL,
                                        "Received: again\n" MAIL,
                                        MAIL "\n \n",
                                        "X-Spam: no\nFrom: a@b.example\nSubject: Roof\n\nLeaks\n",
                                        "From: a@b.example\nSubject: Roof\n\nLeaks",
                                        "From: a@b.example\nSubject: Roof\n\nLeaks.\n",
                                        "From: a@b.example\n\nRoof\n\nLeaks\n"};
    const char *const ours[] = {"<first@example.com>", NULL};
    g_autoptr(GHashTable) digests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(mails); i++) {
        g_autoptr(Inquiry) inquiry = read_with(rules, mails[i], ours, FALSE);
        g_assert_cmpuint(strlen(record_at(inquiry, 0)->digest), ==, 64);
        g_hash_table_add(digests, g_strdup(record_at(inquiry, 0)->digest));
    }
    g_assert_cmpuint(g_hash_table_size(digests), ==, 4);
}

static void
test_of_any_mail_there_is_a_valid_lead(void)
{
    static const char *const mails[] = {"",
                                        "\n",
                                        "garbage",
                                        "From: <\n\n",
                                        "Subject: =?x?y?z?=\n",
                                        "Content-Type: multipart/mixed\n\n--\n",
                                        "\xFF\xFE: \x80"};
    const char *const ours[] = {"<first@example.com>", NULL};
    for (guint i = 0; i < G_N_ELEMENTS(mails); i++) {
        g_autoptr(Inquiry) inquiry = read_with(rules, mails[i], ours, TRUE);
        assert_has(record_at(inquiry, 0), "\"company\"");
        assert_has(record_at(inquiry, 0), "lovelace.example");
        g_assert_true(g_utf8_validate(record_at(inquiry, 0)->payload, -1, NULL));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(path, name) g_test_add_func("/inquiry/" path, test_##name)
    TEST("one", one_recipient_makes_one_record);
    TEST("defaults", a_default_fills_only_what_the_mail_left_open);
    TEST("one-account",
         two_mailboxes_of_one_account_make_one_lead_by_the_first_in_the_configuration);
    TEST("two-accounts", two_accounts_make_two_leads_each_in_its_envelope);
    TEST("none", mail_for_others_and_ignored_mail_make_no_record);
    TEST("held", a_held_lead_says_why);
    TEST("digest", the_digest_is_of_sender_subject_and_body);
    TEST("any-mail", of_any_mail_there_is_a_valid_lead);
    g_test_add_func("/inquiry/people", test_the_same_words_of_two_people_are_two_inquiries);
    g_test_add_func("/inquiry/recipient", test_a_rule_may_be_for_one_mailbox);
    g_test_add_func("/inquiry/recipients", test_each_account_has_the_rules_of_its_own_mailbox);
    return g_test_run();
}
