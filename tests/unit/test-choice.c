/* Gates and the choice of sources change what is asked, never what is answered. */
#include <string.h>

#include "rules/ruleset-private.h"
#include "rulefolder.h"

static void
assert_same(const Ruleset *ruleset, const Message *message, const char *name)
{
    Gates *gates = gates_new(ruleset->gates, message);
    g_autofree gboolean *may = choice_may(ruleset->choice, gates);
    for (guint i = 0; i < ruleset->sources->len; i++) {
        const Source *source = g_ptr_array_index(ruleset->sources, i);
        PatternBudget budget;
        pattern_budget_begin(&budget, 60 * G_USEC_PER_SEC);
        WhenResult with = when_judge(source->when, message, gates, &budget);
        WhenResult without = when_judge(source->when, message, NULL, &budget);
        if (with.holds != without.holds || with.view != without.view ||
            with.unwanted != without.unwanted || with.line != without.line ||
            with.limit != without.limit || (without.holds && !may[i]))
            g_error("%s: %s is judged in another way", name, source->name);
    }
    gates_free(gates);
}

static void
check_folder(Ruleset *ruleset, const char *folder, guint least)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_assert_nonnull(dir);
    guint mails = 0;
    for (const char *name; (name = g_dir_read_name(dir));) {
        if (!g_str_has_suffix(name, ".eml"))
            continue;
        g_autofree char *file = g_build_filename(path, name, NULL), *bytes = NULL;
        gsize length;
        g_assert_true(g_file_get_contents(file, &bytes, &length, NULL));
        g_autoptr(Message) message = message_parse(bytes, length, NULL);
        assert_same(ruleset, message, name);
        const ExtractionOptions brief = {.brief = TRUE};
        g_autoptr(Extraction) some = extraction_run(ruleset, message, &brief);
        g_autoptr(Extraction) all = extraction_run(ruleset, message, NULL);
        g_assert_cmpstr(some->source, ==, all->source);
        g_assert_cmpstr(some->reason, ==, all->reason);
        g_assert_cmpuint(some->trust, ==, all->trust);
        mails++;
    }
    g_assert_cmpuint(mails, >, least);
}

static void
the_shipped_rules_judge_every_mail_alike(void)
{
    g_autofree char *rules = g_test_build_filename(G_TEST_DIST, "rules", NULL);
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Ruleset) ruleset = ruleset_load(rules, diags);
    g_assert_nonnull(ruleset);
    check_folder(ruleset, "rules/samples", 50);
    check_folder(ruleset, "tests/corpus/seen", 50);
    check_folder(ruleset, "tests/corpus/held", 5);
}

static const char *const whens[] = {
    "  from: '@(.+\\.)?(acme|kiosk)\\.example$'\n",
    "  from: ['@acme\\.example$', 'lead|form']\n  subject: 'new (lead|form)'\n",
    "  - from: '@acme\\.example$'\n  - subject: 'listing'\n",
    "  - from: '@acme\\.example$'\n  - subject: '\\w'\n",
    "  subject: 'lead'\n  not: {from: '@acme\\.example$'}\n",
    "  subject: '.'\n  not: {subject: ['spam', 'offer']}\n",
    "  not: {from: 'acme'}\n",
    "  header.X-Lead: 'acme lead'\n",
    "  header.x-lead: '\\S'\n",
    "  text: '(?x) a c m e'\n",
    "  text: '(?-i:Acme) listings'\n  body: 'lead(?! form)'\n",
    "  subject: '(?:new )?lead(?:er)?s'\n",
    "  from: '^((?!acme).)*$'\n",
    "  links: 'acme\\.example/lead'\n",
    "  subject: '(?=.*lead)(?=.*new)'\n",
    "  text: 'acme.*(?:lead|listing).*form'\n",
    "  from: '(?<=acme)\\.example'\n  body: ['acme.*lead', 'kiosk.*form']\n",
    "  header.X-Form: '.'\n",
    "  header.x-form: '^$'\n",
    "  header.x-FORM: '^\\s*$'\n  header.x-lead: 'acme'\n",
    "  header.x-form: ['^1$', '^2$', 'contact']\n",
    "  header.X-form: ['(?:contact)?', 'nothing']\n",
    "  header.x-form: '^2$'\n  header.x-lead: '\\w'\n",
    "  header.x-lead: '\\w'\n  not: {header.x-form: '\\S'}\n",
    "  header.x-lead: '\\w'\n  not: {header.x-form: '^$'}\n",
    "  - header.x-absent: '\\S'\n  - header.x-form: '1|2'\n",
    "  header.x-absent: '.*'\n",
    "  not: {header.x-absent: ['.*', 'word'], subject: 'new'}\n",
    "  header.x-form: '(?=\\d)|(?<!x)'\n",
    "  header.x-form: '(\\d)(?!\\1)'\n",
};

static Ruleset *
many_sources(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    for (guint i = 0; i < G_N_ELEMENTS(whens); i++) {
        g_autofree char *name = g_strdup_printf("%02u-s.yaml", i);
        g_autofree char *text = g_strdup_printf("source: s%u\nwhen:\n%s", i, whens[i]);
        rulefolder_write(folder, name, text);
    }
    return rulefolder_load(folder);
}

/* Present, absent, empty, repeated, in capitals or not. */
static const char *const fields[] = {
    "",
    "X-Form: 1\n",
    "x-form: 2\n",
    "X-FORM:\n",
    "X-Form:  \n \n",
    "X-Form: contact\nx-FORM: 2\n",
    "X-Form:\nX-Form: 1\n",
    "X-Form: =?utf-8?q?_?=\n",
    "X-Form : 2\nX-Absent-Not: 1\n",
};

static void
conditions_of_header_fields_judge_alike(void)
{
    g_autoptr(Ruleset) ruleset = many_sources();
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        for (guint k = 0; k < 3; k++) {
            static const char *const leads[] = {"", "X-LEAD: ACME lead\n", "x-lead: lead\n"};
            g_autofree char *mail =
                g_strdup_printf("From: a@b.test\nSubject: new\n%s%s\nHi\n", fields[i], leads[k]);
            g_autoptr(Message) message = message_parse(mail, strlen(mail), NULL);
            assert_same(ruleset, message, mail);
        }
}

static void
hand_made_conditions_judge_alike(void)
{
    static const char *const froms[] = {"leads@acme.example", "x@\u212Aiosk.example", "a@b.test",
                                        "LEAD@sub.ACME.example", "form@x.example"};
    static const char *const subjects[] = {"new lead",  "New Form", "li\u017Fting", "",
                                           "spam lead", "leaders",  "Acme offer"};
    static const char *const bodies[] = {"", "Acme listings: a lead", "acme listings, lead form",
                                         "http://acme.example/lead"};
    g_autoptr(Ruleset) ruleset = many_sources();
    for (guint i = 0; i < G_N_ELEMENTS(froms); i++)
        for (guint k = 0; k < G_N_ELEMENTS(subjects); k++)
            for (guint n = 0; n < G_N_ELEMENTS(bodies); n++) {
                g_autofree char *mail = g_strdup_printf(
                    "From: %s\nSubject: %s\n%sContent-Type: text/plain; charset=utf-8\n\n%s\n",
                    froms[i], subjects[k], (i + k) % 2 ? "X-LEAD: ACME lead\n" : "", bodies[n]);
                g_autoptr(Message) message = message_parse(mail, strlen(mail), NULL);
                assert_same(ruleset, message, mail);
            }
}

/* What the index is for. */
static void
most_sources_are_not_asked(void)
{
    static const char mail[] = "From: a@b.test\nSubject: roof\n\nIt leaks.\n";
    g_autoptr(RuleFolder) folder = rulefolder_new();
    for (guint i = 0; i < 200; i++) {
        g_autofree char *name = g_strdup_printf("%03u-s.yaml", i);
        g_autofree char *text = g_strdup_printf(
            "source: s%u\nwhen:\n  from: '@(.+\\.)?site%u\\.example$'\n  subject: 'roof'\n", i, i);
        rulefolder_write(folder, name, text);
    }
    g_autoptr(Ruleset) ruleset = rulefolder_load(folder);
    g_autoptr(Message) message = message_parse(mail, strlen(mail), NULL);
    Gates *gates = gates_new(ruleset->gates, message);
    g_autofree gboolean *may = choice_may(ruleset->choice, gates);
    for (guint i = 0; i < 200; i++)
        g_assert_false(may[i]);
    gates_free(gates);

    static const char site[] = "From: a@www.SITE17.example\nSubject: roof\n\nIt leaks.\n";
    g_autoptr(Message) other = message_parse(site, strlen(site), NULL);
    g_autoptr(Extraction) extraction = extraction_run(ruleset, other, NULL);
    g_assert_cmpstr(extraction->source, ==, "s17");
    g_assert_cmpuint(extraction->trials->len, ==, 18); /* the account tells of all */
}

/* What they have in common tells nothing, however long it is. */
static void
sources_are_told_apart_by_any_of_their_words(void)
{
    static const char *const patterns[] = {"\\bforwarded by our portal, site \\#?%03u\\b",
                                           "(?=.*\\bour portal\\b)(?=.*\\bsite %03u\\b)"};
    static const char mail[] = "From: a@b.test\nSubject: forwarded by our portal, site 017\n\nHi\n";
    g_autoptr(Message) message = message_parse(mail, strlen(mail), NULL);
    for (guint k = 0; k < G_N_ELEMENTS(patterns); k++) {
        g_autoptr(RuleFolder) folder = rulefolder_new();
        for (guint i = 0; i < 200; i++) {
            g_autofree char *name = g_strdup_printf("%03u-s.yaml", i);
            g_autoptr(GString) text = g_string_new(NULL);
            g_string_printf(text, "source: s%u\nwhen: {subject: '%s'}\n", i, patterns[k]);
            g_autofree char *number = g_strdup_printf("%03u", i);
            g_string_replace(text, "%03u", number, 0);
            rulefolder_write(folder, name, text->str);
        }
        g_autoptr(Ruleset) ruleset = rulefolder_load(folder);
        Gates *gates = gates_new(ruleset->gates, message);
        g_autofree gboolean *may = choice_may(ruleset->choice, gates);
        for (guint i = 0; i < 200; i++)
            g_assert_cmpint(may[i], ==, i == 17);
        gates_free(gates);
    }
}

/* Which of 200 sources, s0 to s199, may take a mail with these header fields; "%u" in `when`. */
static void
assert_asked(const char *when, const char *header, guint asked)
{
    g_autofree char *mail = g_strdup_printf("From: a@b.test\n%s\nHi\n", header);
    g_autoptr(RuleFolder) folder = rulefolder_new();
    for (guint i = 0; i < 200; i++) {
        g_autofree char *name = g_strdup_printf("%03u-s.yaml", i);
        g_autofree char *number = g_strdup_printf("%u", i);
        g_autoptr(GString) text = g_string_new(NULL);
        g_string_printf(text, "source: s%u\nwhen: %s\n", i, when);
        g_string_replace(text, "%u", number, 0);
        rulefolder_write(folder, name, text->str);
    }
    g_autoptr(Ruleset) ruleset = rulefolder_load(folder);
    g_autoptr(Message) message = message_parse(mail, strlen(mail), NULL);
    Gates *gates = gates_new(ruleset->gates, message);
    g_autofree gboolean *may = choice_may(ruleset->choice, gates);
    for (guint i = 0; i < 200; i++)
        g_assert_cmpint(may[i], ==, i == asked);
    gates_free(gates);
}

static void
a_field_that_is_not_there_is_not_asked_for(void)
{
    static const char *const own[] = {
        "{header.X-Site-%u: 'yes'}",
        "{header.x-site-%u: '\\S'}",
        "{header.x-site-%u: '.'}",
        "{header.x-site-%u: ['^1$', 'yes', '^on$']}",
        "{from: '@b\\.test', header.x-site-%u: '.'}",
        "[{header.x-site-%u: '^yes'}, {from: 'site%u'}, {header.x-list-%u: '.'}]",
        "{header.x-site-%u: '.', not: {header.x-list-%u: '.', subject: '.'}}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(own); i++) {
        assert_asked(own[i], "", 200);
        assert_asked(own[i], "X-Site: yes\nX-Site-017:\nX-Site-18:\nX-SITE-17: yes\n", 17);
    }
}

static void
a_list_is_asked_for_what_the_mail_has(void)
{
    assert_asked("{from: ['@site%u\\.test', '@s%u\\.example', '@page%u\\.test']}", "", 200);
    assert_asked("{header.x-site: ['no: %u of', '^number %u$', 'site %u;']}",
                 "X-Site: site 17; 18 of\n", 17);
}

/* What is passed over would not have found anything, and nothing else is. */
static void
extractors_find_what_is_there(void)
{
    static const char rule[] =
        "source: a\n"
        "fields:\n"
        "  contact.name: [{label: Who, in: [header.x-none, header.x-empty]},\n"
        "    {label: Who, in: [header.x-empty, header.X-Form]}]\n"
        "  contact.email: [{pattern: '(.+)', in: header.x-none}, {pattern: '\\S+@\\S+', in: "
        "header.x-FORM}]\n"
        "  contact.office: [{pattern: 'tel=(.*)', in: header.x-none}, {pattern: 'tel=(.*)', in: "
        "[header.x-empty, header.x-form]}]\n"
        "  contact.custom.A: [{pattern: '.*', in: header.x-none}, {pattern: '^$', in: "
        "header.x-empty}, {pattern: 'leak(s|ed)', in: [header.x-none, notes]}]\n"
        "  contact.custom.B: [{pattern: 'what: (.*)', in: notes}, {pattern: 'w\\w+f', in: notes}]\n"
        "  contact.custom.C: [{link: 'site=(\\d+)'}, {link: '\\?id=(\\d+)'}]\n"
        "  contact.custom.D: {link: '(\\d)\\b'}\n"
        "  opportunity.notes: {label: What}\n";
    static const char mail[] =
        "From: a@b.test\nX-Empty:\nX-Form: Who: Rosa Quill\nx-form: tel=312-555-0117\n"
        "X-FORM: rosa@quill.example\n\n"
        "What: the roof leaked\n\nSee http://b.test/?id=42\n";
    static const struct {
        const char *field, *value;
    } expected[] = {
        {"contact.name", "Rosa Quill"},
        {"contact.email", "rosa@quill.example"},
        {"contact.office", "(312) 555-0117"},
        {"contact.custom.A", "ed"},
        {"contact.custom.B", NULL},
        {"contact.custom.C", "42"},
        {"contact.custom.D", "2"},
    };
    g_autoptr(Ruleset) ruleset = rulefolder_load_one(rule);
    g_autoptr(Extraction) extraction = rulefolder_extract(ruleset, mail);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_cmpstr(lead_get(extraction->lead, expected[i].field), ==, expected[i].value);
}

/* Notes made of a field that looked in what were the notes till then. */
static void
the_notes_may_change(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-base.yaml",
                     "source: base\nwhen: {from: nobody}\n"
                     "fields:\n  opportunity.notes: {value: 'Of ${contact.name}'}\n");
    rulefolder_write(folder, "20-a.yaml",
                     "source: a\nextends: base\nfields:\n"
                     "  opportunity.notes: [{label: Nothing}, inherited]\n"
                     "  contact.name: {pattern: 'my name is (\\w+ \\w+)', in: notes}\n"
                     "  contact.custom.A: {pattern: 'Of (Rosa)', in: notes}\n"
                     "  contact.custom.B: {pattern: 'damage (.*)', in: notes}\n");
    g_autoptr(Ruleset) ruleset = rulefolder_load(folder);
    g_autoptr(Extraction) extraction =
        rulefolder_extract(ruleset, "From: a@b.test\n\nmy name is Rosa Quill\nstorm damage here\n");
    g_assert_cmpstr(lead_get(extraction->lead, "opportunity.notes"), ==, "Of Rosa Quill");
    g_assert_cmpstr(lead_get(extraction->lead, "contact.custom.A"), ==, "Rosa");
    g_assert_null(lead_get(extraction->lead, "contact.custom.B"));
}

static void
a_brief_account_has_what_won_and_the_limits(void)
{
    static const char rule[] = "source: a\n"
                               "fields:\n"
                               "  contact.email: [{label: Nothing}, {label: Write}]\n"
                               "  contact.name: [{label: Write}, {pattern: '(a+)+$', in: body}]\n";
    static const char mail[] =
        "From: a@b.test\n\nWrite: ada@lovelace.example\n"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n";
    g_autoptr(Ruleset) ruleset = rulefolder_load_one(rule);
    g_autoptr(Message) message = message_parse(mail, strlen(mail), NULL);
    const ExtractionOptions brief = {.brief = TRUE};
    g_autoptr(Extraction) extraction = extraction_run(ruleset, message, &brief);
    guint limits = 0, won = 0;
    for (guint i = 0; i < extraction->steps->len; i++) {
        const Step *step = g_ptr_array_index(extraction->steps, i);
        limits += step->outcome == STEP_LIMIT;
        won += step->outcome == STEP_WON;
    }
    g_assert_cmpuint(won, ==, 1);
    g_assert_cmpuint(limits, ==, 1);
    g_assert_cmpuint(extraction->steps->len, ==, 2);
    g_assert_cmpuint(extraction->trials->len, ==, 0);
}

/* A brief account is made where values matter: each label is looked for where its own list of
 * views says, whoever was before it. */
static void
labels_are_found_in_their_own_views(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-base.yaml",
                     "source: base\nwhen: {from: nobody}\nfields:\n"
                     "  contact.custom.A: {label: Alpha}\n"
                     "  contact.custom.B: {label: Beta, in: header.x-form}\n");
    rulefolder_write(folder, "20-a.yaml",
                     "source: a\nextends: base\nfields:\n"
                     "  contact.name: {label: Name}\n"
                     "  contact.position: {label: Role, in: header.x-form}\n"
                     "  opportunity.product: {label: Product}\n"
                     "  company.name: {label: Company, in: [quoted, header.x-form]}\n");
    static const char mail[] = "From: a@b.test\nX-Form: Role: Owner\nX-Other: Beta: no\n\n"
                               "Name: Ada Lovelace\nProduct: Roof\nAlpha: one\nBeta: two\n";
    g_autoptr(Ruleset) ruleset = rulefolder_load(folder);
    g_autoptr(Message) message = message_parse(mail, strlen(mail), NULL);
    const ExtractionOptions brief = {.brief = TRUE};
    g_autoptr(Extraction) extraction = extraction_run(ruleset, message, &brief);
    const Lead *lead = extraction->lead;
    g_assert_cmpstr(lead_get(lead, "contact.name"), ==, "Ada Lovelace");
    g_assert_cmpstr(lead_get(lead, "contact.position"), ==, "Owner");
    g_assert_cmpstr(lead_get(lead, "opportunity.product"), ==, "Roof");
    g_assert_cmpstr(lead_get(lead, "contact.custom.A"), ==, "one");
    g_assert_null(lead_get(lead, "contact.custom.B"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/choice/the-shipped-rules-judge-every-mail-alike",
                    the_shipped_rules_judge_every_mail_alike);
    g_test_add_func("/choice/hand-made-conditions-judge-alike", hand_made_conditions_judge_alike);
    g_test_add_func("/choice/conditions-of-header-fields-judge-alike",
                    conditions_of_header_fields_judge_alike);
    g_test_add_func("/choice/most-sources-are-not-asked", most_sources_are_not_asked);
    g_test_add_func("/choice/a-field-that-is-not-there-is-not-asked-for",
                    a_field_that_is_not_there_is_not_asked_for);
    g_test_add_func("/choice/a-list-is-asked-for-what-the-mail-has",
                    a_list_is_asked_for_what_the_mail_has);
    g_test_add_func("/choice/sources-are-told-apart-by-any-of-their-words",
                    sources_are_told_apart_by_any_of_their_words);
    g_test_add_func("/choice/extractors-find-what-is-there", extractors_find_what_is_there);
    g_test_add_func("/choice/the-notes-may-change", the_notes_may_change);
    g_test_add_func("/choice/a-brief-account-has-what-won-and-the-limits",
                    a_brief_account_has_what_won_and_the_limits);
    g_test_add_func("/choice/labels-are-found-in-their-own-views",
                    labels_are_found_in_their_own_views);
    return g_test_run();
}
