#include "rules/extraction.h"

#include <string.h>

#include "base/config.h"
#include "lead/lead.h"
#include "rules/inquiry.h"

#include "rulefolder.h"

static const char *const own_domains[] = {"example.com", NULL};

static Extraction *
extract(const char *rule, const char *mail, gboolean judge)
{
    g_autoptr(Ruleset) ruleset = rulefolder_load_one(rule);
    MessageOptions message_options = {.authserv_id = "mx.example.com"};
    g_autoptr(Message) message = message_parse(mail, strlen(mail), &message_options);
    ExtractionOptions options = {.own_domains = own_domains, .judge_authentication = judge};
    return extraction_run(ruleset, message, &options);
}

static void
assert_value(const char *fields, const char *mail, const char *name, const char *expected)
{
    g_autofree char *rule = g_strconcat("source: x\nfields:\n  ", fields, "\n", NULL);
    g_autoptr(Extraction) extraction = extract(rule, mail, FALSE);
    g_assert_cmpstr(lead_get(extraction->lead, name), ==, expected);
}

static void
test_the_first_value_that_passes_its_check_wins(void)
{
    static const char mail[] = "\nEmail: none\nE-mail: ada@lovelace.example\n";
    g_autoptr(Extraction) extraction =
        extract("source: x\nfields:\n"
                "  contact.email: [{label: Email}, {label: Mail}, {label: E-mail},"
                " {pattern: '(?&email)'}]\n",
                mail, FALSE);
    static const StepOutcome outcomes[] = {STEP_REJECTED, STEP_NOTHING, STEP_WON};
    g_assert_cmpuint(extraction->steps->len, ==, G_N_ELEMENTS(outcomes));
    for (guint i = 0; i < extraction->steps->len; i++)
        g_assert_cmpint(((Step *)g_ptr_array_index(extraction->steps, i))->outcome, ==,
                        outcomes[i]);
    const Step *rejected = g_ptr_array_index(extraction->steps, 0);
    g_assert_nonnull(rejected->why);
    const Step *won = g_ptr_array_index(extraction->steps, 2);
    g_assert_cmpstr(won->value, ==, "ada@lovelace.example");
    g_assert_cmpstr(won->view, ==, "body");
    g_assert_cmpuint(won->line, ==, 3);
    g_assert_cmpint(strncmp(strstr(mail, "ada@"), won->raw, won->length), ==, 0);
}

static void
test_patterns_give_their_group_and_look_where_they_are_told(void)
{
    static const char mail[] = "Subject: Job 4711 for Ada\nX-Job: 42\n\nJob 1 and 2\n";
    assert_value("property.externalId: {pattern: 'Job (\\d+)'}", mail, "property.externalId", "1");
    assert_value("property.externalId: {pattern: 'job (\\d+) (?<value>\\w+)', in: subject}", mail,
                 "property.externalId", "for");
    assert_value("property.externalId: {pattern: '\\d+', in: [to, header.x-job]}", mail,
                 "property.externalId", "42");
    assert_value("property.externalId: {pattern: 'Job (\\d+)', in: quoted}", mail,
                 "property.externalId", NULL);
}

static void
test_values_are_made_of_others(void)
{
    static const char mail[] = "From: Ada <ada@x.example>\nSubject: Roof\n\nFirst name: Ada\n"
                               "Last name: King\nCity: Ealing\n";
    assert_value("company.name: {value: '${contact.name} (${source}, ${subject})'}\n"
                 "  contact.name: {value: '${label.First name} ${label.Last name}'}",
                 mail, "company.name", "Ada King (x, Roof)");
    assert_value("contact.name: {value: '${from.name}'}", mail, "contact.name", "Ada");
    /* One part is empty, so the next extractor is tried. */
    assert_value("company.name: [{value: '${property.city} ${property.county}'}, {value: plain}]\n"
                 "  property.city: {label: City}",
                 mail, "company.name", "plain");
}

static void
test_links_that_say_something_else_are_not_trusted(void)
{
#define HTML "Content-Type: text/html\n\n"
    assert_value("contact.office: {link: tel}", HTML "<a href='tel:+1-312-555-0142'>Call</a>",
                 "contact.office", "(312) 555-0142");
    assert_value("contact.office: {link: tel}", HTML "<a href='tel:+13125550142'>312 555 0142</a>",
                 "contact.office", "(312) 555-0142");
    assert_value("contact.office: {link: tel}", HTML "<a href='tel:+13125550142'>773-555-0199</a>",
                 "contact.office", NULL);
    assert_value("contact.email: {link: mailto}",
                 HTML "<a href='mailto:ada%40x.example?subject=x'>write</a>", "contact.email",
                 "ada@x.example");
    assert_value("contact.email: {link: mailto}",
                 HTML "<a href='mailto:evil@x.example'>ada@y.example</a>", "contact.email", NULL);
    assert_value("property.externalId: {link: 'example/p/(\\d+)'}",
                 HTML "<a href='https://site.example/p/77?x'>view</a>", "property.externalId",
                 "77");
}

static void
test_nobodys_addresses_are_never_the_leads(void)
{
    static const char *const nobody[] = {"noreply@site.example", "Office <office@example.com>",
                                         "\"Site\" <reply+77ab@messaging.site.example>"};
    for (guint i = 0; i < G_N_ELEMENTS(nobody); i++) {
        g_autofree char *mail = g_strconcat("From: ", nobody[i], "\n\nHello\n", NULL);
        assert_value("contact.email: {from: from}", mail, "contact.email", NULL);
        assert_value("contact.name: {from: from}", mail, "contact.name", NULL);
    }
    assert_value("contact.name: {from: reply_to}", "Reply-To: Ada King <a@x.example>\n\nx\n",
                 "contact.name", "Ada King");
    assert_value("contact.email: {label: Email}", "\nEmail: office@example.com\n", "contact.email",
                 NULL);
}

static void
test_a_cell_phone_is_mobile_wherever_it_stands(void)
{
    assert_value("contact.office: {label: Phone}", "\nPhone: 312-555-0142 (c)\n", "contact.mobile",
                 "(312) 555-0142");
    assert_value("contact.office: {label: Phone}", "\nPhone: 312-555-0142\n", "contact.mobile",
                 NULL);
}

static void
test_the_words_before_a_number_say_what_it_is(void)
{
#define PHONE "contact.office: {pattern: '(?&phone)'}"
    assert_value(PHONE, "\nMy cell is 312.555.0142, thanks\n", "contact.mobile", "(312) 555-0142");
    assert_value(PHONE, "\nCall 312.555.0142 (cell)\n", "contact.mobile", "(312) 555-0142");
    assert_value(PHONE, "\nF: 312-555-0101\n", "contact.office", NULL);
    assert_value(PHONE, "\nF: 312-555-0101 | O: 312-555-0102\n", "contact.office",
                 "(312) 555-0102");
    assert_value(PHONE, "\nMy cell phone is broken.\nCall 312-555-0102.\n", "contact.office",
                 "(312) 555-0102");
    /* A second number is taken when it is the office's, not when it is just there. */
    assert_value(PHONE, "\nMy cell 312-555-0142 or the office 312-555-0143 x 4\n", "contact.office",
                 "(312) 555-0143 x 4");
    assert_value(PHONE, "\nMy cell 312-555-0142\n\nThe Site, 800-555-0100\n", "contact.office",
                 NULL);
    assert_value(PHONE, "\nCafé 312-555-0102\n", "contact.office", "(312) 555-0102");
}

static void
test_an_address_takes_the_lines_it_needs(void)
{
    static const char mail[] = "\nAddress: 12 Elm St\nElgin, IL 60120\nThanks, Sam\n";
    assert_value("property.address: {label: Address}", mail, "property.postalCode", "60120");
    assert_value("property.address: {label: Address}", mail, "property.street", "12 Elm St");
    /* A part with an extractor of its own wins. */
    assert_value("property.address: {label: Address}\n  property.city: {value: Chicago}", mail,
                 "property.city", "Elgin");
    assert_value("property.address: {label: Address}\n  property.city: {label: Town}",
                 "\nTown: Oak Park\nAddress: 12 Elm St, Elgin, IL 60120\n", "property.city",
                 "Oak Park");
}

static void
test_a_pattern_at_its_limit_is_named_and_the_next_is_tried(void)
{
    g_autoptr(GString) mail = g_string_new("\n");
    for (int i = 0; i < 5000; i++)
        g_string_append_c(mail, 'a');
    g_string_append(mail, "!\nName: Ada King\n");
    g_autoptr(Extraction) extraction =
        extract("source: x\nfields:\n  contact.name: [{pattern: '(a+)+$'}, {label: Name}]\n",
                mail->str, FALSE);
    const Step *limit = g_ptr_array_index(extraction->steps, 0);
    g_assert_cmpint(limit->outcome, ==, STEP_LIMIT);
    g_assert_nonnull(limit->why);
    g_assert_cmpuint(limit->line, ==, 3);
    g_assert_cmpstr(lead_get(extraction->lead, "contact.name"), ==, "Ada King");
}

#define ANGI "source: angi\nwhen: {from: '@angi\\.com$'}\nauthenticate: angi.com\n"

static void
assert_action(const char *results, gboolean judge, Action expected)
{
    g_autofree char *mail = g_strconcat(
        "From: new@angi.com\nAuthentication-Results: mx.example.com; ", results, "\n\nx\n", NULL);
    g_autoptr(Extraction) extraction = extract(ANGI, mail, judge);
    g_assert_cmpstr(extraction->source, ==, "angi");
    g_assert_cmpint(extraction->action, ==, expected);
    g_assert_cmpint(extraction->reason != NULL, ==, expected == ACTION_HOLD);
}

static void
test_what_is_not_authenticated_is_held(void)
{
    assert_action("dkim=pass header.d=angi.com", TRUE, ACTION_SUBMIT);
    assert_action("dmarc=pass header.from=mail.angi.com", TRUE, ACTION_SUBMIT);
    assert_action("dkim=fail header.d=angi.com", TRUE, ACTION_HOLD);
    assert_action("dkim=pass header.d=notangi.com", TRUE, ACTION_HOLD);
    assert_action("spf=pass smtp.mailfrom=angi.com", TRUE, ACTION_HOLD);
    assert_action("dkim=fail header.d=angi.com", FALSE, ACTION_SUBMIT); /* not judged */
}

static void
test_what_we_forward_ourselves_is_authenticated_by_our_own_domain(void)
{
    static const struct {
        const char *results;
        Action action;
    } cases[] = {
        {"dkim=pass header.d=example.com", ACTION_SUBMIT},
        {"dkim=pass header.d=elsewhere.example", ACTION_HOLD},
        {"dkim=fail header.d=example.com", ACTION_HOLD},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *mail =
            g_strconcat("From: Dana <dana@example.com>\nSubject: Fwd: lead\n"
                        "Authentication-Results: mx.example.com; ",
                        cases[i].results,
                        "\n\n---------- Forwarded message ---------\nFrom: <new@angi.com>\n"
                        "Subject: lead\nDate: Monday\n\nName: Ada\n",
                        NULL);
        g_autoptr(Extraction) extraction = extract(ANGI, mail, TRUE);
        g_assert_cmpstr(extraction->source, ==, "angi");
        g_assert_cmpint(extraction->action, ==, cases[i].action);
    }
}

static void
test_conditions(void)
{
    static const char mail[] = "From: Ada <a@x.example>\nSubject: new lead\n\nHello\n";
    static const struct {
        const char *when, *failed;
    } expected[] = {
        {"{subject: lead, from: '@x\\.example$'}", NULL},
        {"{subject: [bill, LEAD]}", NULL},
        {"{subject: bill, from: x}", "subject"},
        {"{subject: lead, not: {from: '@y'}}", NULL},
        {"{subject: lead, not: {to: '@y', from: ['@y', '@x']}}", "not.from"},
        {"[{subject: bill}, {from: '@x'}]", NULL},
        {"[{subject: bill}, {from: '@y'}]", "subject"},
        {"{header.x-none: .}", "header.x-none"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *rule = g_strconcat("source: x\nwhen: ", expected[i].when, "\n", NULL);
        g_autoptr(Extraction) extraction = extract(rule, mail, FALSE);
        const Trial *trial = g_ptr_array_index(extraction->trials, 0);
        g_test_message("%s", expected[i].when);
        g_assert_cmpstr(trial->condition, ==, expected[i].failed);
        g_assert_cmpint(trial->matched, ==, !expected[i].failed);
        g_assert_nonnull(extraction->lead); /* with a rule or without */
    }
}

static void
test_ignored_mail_makes_no_lead(void)
{
    g_autoptr(Extraction) extraction = extract("source: x\naction: ignore\n", "\nx\n", FALSE);
    g_assert_cmpint(extraction->action, ==, ACTION_IGNORE);
    g_assert_null(extraction->lead);
}

static void
test_each_account_has_one_record_with_its_first_mailboxs_defaults(void)
{
    static const char configuration[] =
        "listen: fd:3\nqueue: sqlite:/q\naccounts:\n"
        "  - {name: a, endpoint: 'https://a.example/', token_file: /a}\n"
        "  - {name: b, endpoint: 'https://b.example/', token_file: /b}\n"
        "mailboxes:\n"
        "  - {recipient: one@x.example, account: a, defaults: {opportunity.leadType: One}}\n"
        "  - {recipient: two@x.example, account: a, defaults: {opportunity.leadType: Two}}\n"
        "  - {recipient: '@y.example', account: b}\n";
    static const char bytes[] = "From: Ada <ada@l.example>\nMessage-ID: <1@l>\n\nHello\n";
    static const char *const recipients[] = {"<x@y.example>", "<two@x.example>", "<ONE@x.example>",
                                             "<else@z.example>", NULL};
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Config) config = config_parse("test", configuration, diags);
    g_autoptr(Ruleset) ruleset = rulefolder_load_one("source: x\n");
    InquiryMail mail = {.bytes = bytes,
                        .length = sizeof bytes - 1,
                        .sender = "<ada@l.example>",
                        .recipients = recipients,
                        .queue_id = "4bW"};
    g_autoptr(Inquiry) inquiry = inquiry_read(config, ruleset, &mail);
    g_assert_cmpuint(inquiry->records->len, ==, 2);
    const LeadRecord *first = g_ptr_array_index(inquiry->records, 0);
    g_assert_cmpstr(first->account, ==, "a");
    g_assert_cmpstr(first->message_key, ==, "1@l");
    g_assert_cmpstr(first->queue_id, ==, "4bW");
    g_assert_nonnull(strstr(first->payload, "\"One\""));
    const LeadRecord *second = g_ptr_array_index(inquiry->records, 1);
    g_assert_cmpstr(second->account, ==, "b");
    g_assert_null(strstr(second->payload, "leadType"));

    mail.recipients = recipients + 3;
    g_autoptr(Inquiry) foreign = inquiry_read(config, ruleset, &mail);
    g_assert_cmpuint(foreign->records->len, ==, 0);
}

static void
assert_trust(const char *rule, const char *mail, guint trust, const char *doubt)
{
    g_autoptr(Ruleset) ruleset = rulefolder_load_one(rule);
    g_autoptr(Message) message = message_parse(mail, strlen(mail), NULL);
    ExtractionOptions options = {.hold_below = 60, .judge_links = TRUE};
    g_autoptr(Extraction) extraction = extraction_run(ruleset, message, &options);
    g_assert_cmpuint(extraction->trust, ==, trust);
    if (doubt)
        g_assert_nonnull(strstr(extraction->doubt, doubt));
    g_assert_cmpint(extraction->action, ==, trust < 60 ? ACTION_HOLD : ACTION_SUBMIT);
    g_assert_true((extraction->reason != NULL) == (trust < 60));
}

static void
test_trust_says_how_a_value_was_found_and_what_contradicts_it(void)
{
    static const char site[] = "source: x\nwhen: {subject: Roof}\nfields:\n"
                               "  contact.name: {label: Name}\n  contact.email: {label: Email}\n";
    static const char any[] = "source: x\nfields:\n"
                              "  contact.name: [{label: Name}, {pattern: 'I am (\\w+)'}]\n"
                              "  contact.email: {label: Email}\n  contact.office: {label: Phone}\n";
    assert_trust(site, "Subject: Roof\n\nName: Ada\nEmail: ada@x.example\n", 95, NULL);
    assert_trust(any, "Subject: Roof\n\nName: Ada\nEmail: ada@x.example\n", 88, NULL);
    assert_trust(any, "Subject: Roof\n\nI am Ada\nEmail: ada@x.example\n", 65, "contact.name");
    assert_trust(any, "Subject: Roof\n\nEmail: ada@x.example\n", 50, "no name");
    assert_trust(any, "Subject: Roof\n\nName: Ada\n", 20, "neither an email nor a phone");
    assert_trust(any,
                 "Subject: Roof\n\nName: Ada\nPhone: 312-555-0142\nOf the office\n"
                 "Phone: 312-555-0199\n",
                 58, "the same label");
    assert_trust(any,
                 "Subject: Roof\nContent-Type: text/html\n\n<p>Name: Ada</p>"
                 "<p>Email: <a href='mailto:eve@y.example'>ada@x.example</a></p>",
                 48, "leads elsewhere");
    assert_trust(any,
                 "Subject: Roof\nContent-Type: text/html\n\n<p>Name: Ada</p>"
                 "<p>Email: <a href='mailto:ada@x.example'>ada@x.example</a></p>",
                 88, NULL);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/extraction/order", test_the_first_value_that_passes_its_check_wins);
    g_test_add_func("/extraction/pattern",
                    test_patterns_give_their_group_and_look_where_they_are_told);
    g_test_add_func("/extraction/value", test_values_are_made_of_others);
    g_test_add_func("/extraction/link", test_links_that_say_something_else_are_not_trusted);
    g_test_add_func("/extraction/nobody", test_nobodys_addresses_are_never_the_leads);
    g_test_add_func("/extraction/cell", test_a_cell_phone_is_mobile_wherever_it_stands);
    g_test_add_func("/extraction/phone", test_the_words_before_a_number_say_what_it_is);
    g_test_add_func("/extraction/address", test_an_address_takes_the_lines_it_needs);
    g_test_add_func("/extraction/limit",
                    test_a_pattern_at_its_limit_is_named_and_the_next_is_tried);
    g_test_add_func("/extraction/forwarded-by-us",
                    test_what_we_forward_ourselves_is_authenticated_by_our_own_domain);
    g_test_add_func("/extraction/authenticate", test_what_is_not_authenticated_is_held);
    g_test_add_func("/extraction/when", test_conditions);
    g_test_add_func("/extraction/ignore", test_ignored_mail_makes_no_lead);
    g_test_add_func("/extraction/accounts",
                    test_each_account_has_one_record_with_its_first_mailboxs_defaults);
    g_test_add_func("/extraction/trust-says-how-a-value-was-found-and-what-contradicts-it",
                    test_trust_says_how_a_value_was_found_and_what_contradicts_it);
    return g_test_run();
}
