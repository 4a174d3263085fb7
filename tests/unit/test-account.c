/* What an extraction says of itself, and what it does at its limits. */
#include "rules/extraction.h"

#include <string.h>

#include "processor.h"
#include "rulefolder.h"

static Extraction *
extract_with(const char *rule, const char *mail, const MessageOptions *message_options,
             const ExtractionOptions *options)
{
    g_autoptr(Ruleset) ruleset = rulefolder_load_one(rule);
    g_autoptr(Message) message = message_parse(mail, strlen(mail), message_options);
    return extraction_run(ruleset, message, options);
}

static Extraction *
extract(const char *rule, const char *mail)
{
    return extract_with(rule, mail, NULL, NULL);
}

/* The value of one field of a source with these fields. */
static void
assert_field(const char *fields, const char *mail, const char *name, const char *expected)
{
    g_autofree char *rule = g_strconcat("source: acme\nfields:\n", fields, NULL);
    g_autoptr(Extraction) extraction = extract(rule, mail);
    g_assert_cmpstr(lead_get(extraction->lead, name), ==, expected);
}

static const Step *
step_at(const Extraction *extraction, guint i)
{
    g_assert_cmpuint(i, <, extraction->steps->len);
    return g_ptr_array_index(extraction->steps, i);
}

static const Trial *
trial_at(const Extraction *extraction, guint i)
{
    g_assert_cmpuint(i, <, extraction->trials->len);
    return g_ptr_array_index(extraction->trials, i);
}

/* --- which source --- */

static void
test_the_account_says_which_condition_failed(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-a.yaml",
                     "source: a\nwhen:\n  from: '@a\\.example$'\n  subject: lead\n");
    rulefolder_write(folder, "20-b.yaml",
                     "source: b\nwhen:\n  from: '@b\\.example$'\n  not: {subject: '^re:'}\n");
    rulefolder_write(folder, "30-c.yaml", "source: c\n");
    rulefolder_write(folder, "40-d.yaml", "source: d\n");
    g_autoptr(Ruleset) ruleset = rulefolder_load(folder);
    g_autoptr(Extraction) extraction =
        rulefolder_extract(ruleset, "From: x@b.example\nSubject: Re: lead\n\nText\n");
    g_assert_cmpstr(extraction->source, ==, "c");
    g_assert_cmpuint(extraction->trials->len, ==, 3);
    g_assert_cmpstr(trial_at(extraction, 0)->condition, ==, "from");
    g_assert_cmpuint(trial_at(extraction, 0)->line, ==, 3);
    g_assert_cmpuint(trial_at(extraction, 0)->column, ==, 3);
    g_assert_cmpstr(trial_at(extraction, 1)->condition, ==, "not.subject");
    g_assert_cmpuint(trial_at(extraction, 1)->line, ==, 4);
    g_assert_cmpuint(trial_at(extraction, 1)->column, ==, 9);
    g_assert_null(trial_at(extraction, 2)->condition);
    g_assert_true(trial_at(extraction, 2)->matched);
}

static void
test_mail_that_no_source_takes_makes_a_lead_all_the_same(void)
{
    g_autoptr(Extraction) extraction =
        extract("source: a\nwhen: {subject: never}\n",
                "From: Ada Lovelace <ada@lovelace.example>\nSubject: Roof\n\nIt leaks.\n");
    g_assert_null(extraction->source);
    g_assert_cmpint(extraction->action, ==, ACTION_SUBMIT);
    g_assert_nonnull(lead_get(extraction->lead, "company.name"));
    g_assert_nonnull(strstr(lead_get(extraction->lead, "opportunity.notes"), "It leaks."));
}

static void
test_ignored_mail_makes_no_lead_and_held_mail_says_why(void)
{
    g_autoptr(Extraction) ignored = extract("source: spam\naction: ignore\n", "\nText\n");
    g_assert_cmpint(ignored->action, ==, ACTION_IGNORE);
    g_assert_null(ignored->lead);
    g_assert_cmpstr(ignored->reason, ==, "the rule spam ignores it");
    g_autoptr(Extraction) held = extract("source: odd\naction: hold\n", "\nText\n");
    g_assert_cmpint(held->action, ==, ACTION_HOLD);
    g_assert_nonnull(held->lead);
    g_assert_cmpstr(held->reason, ==, "the rule odd holds its leads");
}

/* --- the account of a field --- */

static void
test_a_step_knows_where_its_text_stands(void)
{
    static const char rule[] = "source: acme\nfields:\n"
                               "  contact.name: {label: Name}\n"
                               "  contact.office: {pattern: 'call ((?&phone))', in: text}\n";
    static const char mail[] =
        "Subject: s\n\nHi,\nname:  Ada Lovelace\nPlease call 312.555.0142!\n";
    g_autoptr(Ruleset) ruleset = rulefolder_load_one(rule);
    g_autoptr(Message) message = message_parse(mail, strlen(mail), NULL);
    g_autoptr(Extraction) extraction = extraction_run(ruleset, message, NULL);
    static const View views[] = {VIEW_BODY, VIEW_TEXT};
    for (guint i = 0; i < 2; i++) {
        const Step *step = step_at(extraction, i);
        g_assert_cmpint(step->outcome, ==, STEP_WON);
        g_assert_cmpstr(step->view, ==, view_names[views[i]]);
        g_assert_cmpuint(step->length, ==, strlen(step->raw));
        g_assert_cmpmem(message_view(message, views[i]) + step->offset, step->length, step->raw,
                        strlen(step->raw));
    }
    g_assert_cmpstr(step_at(extraction, 0)->raw, ==, "Ada Lovelace");
    g_assert_cmpstr(step_at(extraction, 1)->raw, ==, "312.555.0142");
}

static void
test_an_account_outlives_the_message(void)
{
    g_autoptr(Extraction) extraction =
        extract("source: acme\nfields: {contact.custom.Pet: {label: Pet}}\n", "\nPet: cat\n");
    g_assert_cmpstr(step_at(extraction, 0)->set, ==, "contact.custom.Pet");
    g_assert_cmpstr(extraction->source, ==, "acme");
    g_assert_cmpuint(ruleset_sources(extraction->ruleset), ==, 1);
}

static void
test_only_so_many_matches_are_tried(void)
{
    g_autoptr(GString) mail = g_string_new("Subject: s\n\n");
    for (guint i = 0; i < 5000; i++)
        g_string_append(mail, "no phone\n");
    g_string_append(mail, "(312) 555-0142\n");
    g_autoptr(Extraction) extraction = extract(
        "source: acme\nfields: {contact.office: [{pattern: '^.+$'}, {pattern: '(?&phone)'}]}\n",
        mail->str);
    g_assert_cmpstr(lead_get(extraction->lead, "contact.office"), ==, "(312) 555-0142");
    g_assert_cmpuint(extraction->steps->len, <, 10);
}

/* --- limits --- */

/* Subject and body on which the pattern below does not end. */
static char *
endless_mail(void)
{
    g_autofree char *letters = g_strnfill(60, 'a');
    return g_strdup_printf("From: ada@lovelace.example\nSubject: %s!\n\n%s!\nName: Ada\n", letters,
                           letters);
}

static void
test_a_condition_that_reaches_a_limit_takes_no_mail(void)
{
    g_autofree char *mail = endless_mail();
    g_autoptr(Extraction) missed = extract("source: acme\nwhen: {subject: '^(a+)+$'}\n", mail);
    g_assert_null(missed->source);
    g_assert_true(trial_at(missed, 0)->limit);
    g_assert_cmpstr(trial_at(missed, 0)->condition, ==, "subject");
    /* Nor below `not`: an `ignore` must not swallow what it could not judge. */
    g_autoptr(Extraction) doubtful =
        extract("source: acme\nwhen: {from: lovelace, not: {subject: '^(a+)+$'}}\n", mail);
    g_assert_null(doubtful->source);
    g_assert_true(trial_at(doubtful, 0)->limit);
    g_assert_cmpstr(trial_at(doubtful, 0)->condition, ==, "not.subject");
}

static void
test_many_slow_patterns_share_the_time_of_one_mail(void)
{
    g_autoptr(GString) mail = g_string_new("Subject: s\n\nName: Ada\n");
    g_autoptr(GString) rule = g_string_new("source: acme\nfields:\n  contact.name:\n");
    while (mail->len < 1 << 20)
        g_string_append(mail, "aaaa aaaa ");
    for (guint i = 0; i < 60; i++)
        g_string_append_printf(rule, "    - {pattern: '.*.*.*=[%u]'}\n", i + 100);
    g_string_append(rule, "    - {label: Name}\n");
    gint64 began = processor_time();
    g_autoptr(Extraction) extraction = extract(rule->str, mail->str);
    g_assert_cmpint(processor_time() - began, <, 20 * G_USEC_PER_SEC);
    g_assert_cmpstr(lead_get(extraction->lead, "contact.name"), ==, "Ada");
    g_assert_cmpint(step_at(extraction, 59)->outcome, ==, STEP_LIMIT);
}

/* --- extractors --- */

static void
test_views_are_looked_in_one_after_the_other(void)
{
    static const char mail[] = "Subject: roof 2\nX-Form: roof 3\n\nroof 1\n";
    assert_field(
        "  company.externalId: {pattern: 'roof (\\d)', in: [links, header.x-form, body]}\n", mail,
        "company.externalId", "3");
    assert_field("  company.externalId: {label: roof, in: [subject, body]}\n",
                 "Subject: Roof: 2\n\nRoof: 1\n", "company.externalId", "2");
}

static void
test_labels_are_looked_for_in_body_and_signature_only(void)
{
    assert_field("  contact.name: {label: Name}\n",
                 "Subject: s\n\nHello\n\n-- \nName: Ada Lovelace\n", "contact.name",
                 "Ada Lovelace");
    assert_field("  contact.custom.Pet: {label: Pet}\n", "Subject: s\n\nHello\n\n> Pet: cat\n",
                 "contact.custom.Pet", NULL);
}

static void
test_a_value_is_made_of_fields_whatever_their_order(void)
{
    static const char mail[] =
        "From: Ada <ada@lovelace.example>\nSubject: Roof\n\nName: Ada Lovelace\nCity: Chicago\n";
    assert_field("  company.name: {value: 'House of ${property.name}'}\n"
                 "  property.name: {value: '${contact.name}, ${property.city}'}\n"
                 "  contact.name: {label: Name}\n"
                 "  property.city: {label: City}\n",
                 mail, "company.name", "House of Ada Lovelace, Chicago");
    assert_field("  opportunity.product: {value: '${source}/${subject}/${from.address}'}\n", mail,
                 "opportunity.product", "acme/Roof/ada@lovelace.example");
    assert_field("  opportunity.product: {value: 'Roof'}\n", mail, "opportunity.product", "Roof");
    assert_field("  opportunity.product: {value: '${label.City}: ${from.name}'}\n", mail,
                 "opportunity.product", "Chicago: Ada");
}

static void
test_a_value_with_an_empty_reference_gives_nothing(void)
{
    static const char mail[] = "Subject: s\n\nFirst: Ada\n";
    assert_field("  contact.name: [{value: '${label.First} ${label.Last}'}, {label: First}]\n",
                 mail, "contact.name", "Ada");
    assert_field("  opportunity.product: {value: 'Lead of ${property.city}'}\n", mail,
                 "opportunity.product", NULL);
}

static void
test_what_a_value_stands_for_is_not_looked_into_again(void)
{
    assert_field("  opportunity.product: {value: '${subject}'}\n",
                 "Subject: ${source} $(id) ${label.X}\n\nX: y\n", "opportunity.product",
                 "${source} $(id) ${label.X}");
}

#define HTML "Subject: s\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"

static void
test_a_card_is_a_value(void)
{
    static const char mail[] =
        HTML "<html><head><meta name=\"lead_information_version\" content=\"1.0\">"
             "<meta name=\"lead_first_name\" content=\"Ada\">"
             "<meta name=\"lead_last_name\" content=\"Lovelace\">"
             "<meta name=\"lead_email\" content=\"ada@lovelace.example\"></head>"
             "<body>See the site</body></html>";
    assert_field("  contact.name: {card: name}\n", mail, "contact.name", "Ada Lovelace");
    assert_field("  contact.email: {card: email}\n", mail, "contact.email", "ada@lovelace.example");
    assert_field("  opportunity.product: {value: '${card.last_name}'}\n", mail,
                 "opportunity.product", "Lovelace");
    assert_field("  contact.office: {card: phone}\n", mail, "contact.office", NULL);
}

static void
test_the_envelopes_sender_is_an_address(void)
{
    MessageOptions options = {.sender = "<ada@lovelace.example>"};
    g_autoptr(Extraction) extraction = extract_with(
        "source: acme\nfields: {contact.email: {from: sender}}\n", "\nText\n", &options, NULL);
    g_assert_cmpstr(lead_get(extraction->lead, "contact.email"), ==, "ada@lovelace.example");
}

static void
test_a_mail_that_was_cut_says_so_in_the_notes(void)
{
    MessageOptions options = {.truncated = TRUE};
    g_autoptr(Extraction) extraction =
        extract_with("source: acme\nfields: {opportunity.notes: {label: Message}}\n",
                     "Subject: s\n\nMessage: The roof leaks.\n", &options, NULL);
    const char *notes = lead_get(extraction->lead, "opportunity.notes");
    g_assert_true(g_str_has_prefix(notes, "The roof leaks."));
    g_assert_nonnull(strstr(notes, "limits.message"));
}

static void
test_a_lead_can_be_left_open_for_defaults(void)
{
    ExtractionOptions options = {.keep_lead_open = TRUE};
    g_autoptr(Extraction) extraction =
        extract_with("source: acme\n", "From: ada@lovelace.example\n\nText\n", NULL, &options);
    g_assert_null(lead_get(extraction->lead, "company.name"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(path, name) g_test_add_func("/account/" path, test_##name)
    TEST("source/account", the_account_says_which_condition_failed);
    TEST("source/none", mail_that_no_source_takes_makes_a_lead_all_the_same);
    TEST("source/action", ignored_mail_makes_no_lead_and_held_mail_says_why);
    TEST("step/place", a_step_knows_where_its_text_stands);
    TEST("step/outlives", an_account_outlives_the_message);
    TEST("step/candidates", only_so_many_matches_are_tried);
    TEST("limit/condition", a_condition_that_reaches_a_limit_takes_no_mail);
    TEST("limit/mail", many_slow_patterns_share_the_time_of_one_mail);
    TEST("pattern/views", views_are_looked_in_one_after_the_other);
    TEST("label/views", labels_are_looked_for_in_body_and_signature_only);
    TEST("value/fields", a_value_is_made_of_fields_whatever_their_order);
    TEST("value/empty", a_value_with_an_empty_reference_gives_nothing);
    TEST("value/once", what_a_value_stands_for_is_not_looked_into_again);
    TEST("card", a_card_is_a_value);
    TEST("from/sender", the_envelopes_sender_is_an_address);
    TEST("lead/cut", a_mail_that_was_cut_says_so_in_the_notes);
    TEST("lead/open", a_lead_can_be_left_open_for_defaults);
    return g_test_run();
}
