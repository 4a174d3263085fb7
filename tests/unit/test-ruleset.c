#include "rules/ruleset.h"

#include <glib/gstdio.h>
#include <string.h>

#include "rulefolder.h"
#include "rules/ruletest.h"

static void
assert_errors(const RuleFolder *folder, const char *expected)
{
    g_autofree char *got = rulefolder_errors(folder);
    g_assert_cmpstr(got, ==, expected);
}

/* --- the folder --- */

static void
test_sources_are_asked_in_byte_order_of_their_files_names(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "9-last.yaml", "source: nine\n");
    rulefolder_write(folder, "10-first.yaml", "source: ten\nwhen: {subject: ten}\n");
    rulefolder_write(folder, "A-last.yaml", "source: never\n");
    rulefolder_write(folder, ".hidden.yaml", "no rule\n");
    rulefolder_write(folder, "notes.txt", "no rule\n");
    g_autoptr(Ruleset) ruleset = rulefolder_load(folder);
    g_assert_cmpuint(ruleset_sources(ruleset), ==, 3);
    g_autoptr(Extraction) ten = rulefolder_extract(ruleset, "Subject: ten\n\nText\n");
    g_assert_cmpstr(ten->source, ==, "ten");
    g_autoptr(Extraction) other = rulefolder_extract(ruleset, "Subject: eleven\n\nText\n");
    g_assert_cmpstr(other->source, ==, "nine");
}

static void
test_a_source_can_use_patterns_of_a_file_behind_its_own(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-acme.yaml",
                     "source: acme\nfields: {company.externalId: {pattern: '(?&acme_id)'}}\n");
    rulefolder_write(folder, "zz-own-patterns.yaml",
                     "patterns: {acme_id: '(?&acme_letter)-\\d{4}\\b', acme_letter: '\\b[AX]'}\n");
    g_autoptr(Ruleset) ruleset = rulefolder_load(folder);
    g_autoptr(Extraction) extraction = rulefolder_extract(ruleset, "Subject: s\n\nSee X-2040.\n");
    g_assert_cmpstr(lead_get(extraction->lead, "company.externalId"), ==, "X-2040");
}

static void
test_a_folder_that_cannot_be_read_is_an_error(void)
{
    g_autoptr(Diags) diags = diags_new();
    g_assert_null(ruleset_load("/nowhere/rules", diags));
    g_assert_cmpuint(diags_errors(diags), ==, 1);
    g_assert_cmpstr(diags_at(diags, 0)->file, ==, "/nowhere/rules");
}

static void
test_a_folder_without_rules_is_an_error(void)
{
    g_autofree char *path = g_dir_make_tmp("rules-XXXXXX", NULL);
    g_autoptr(Diags) diags = diags_new();
    g_assert_null(ruleset_load(path, diags));
    g_assert_cmpuint(diags_errors(diags), ==, 1);
    g_assert_cmpstr(diags_at(diags, 0)->text, ==, "no rules here: there is no *.yaml file");
    g_assert_cmpint(g_rmdir(path), ==, 0);
}

static void
test_two_sources_of_one_name_are_an_error(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-a.yaml", "source: acme\n");
    rulefolder_write(folder, "20-b.yaml", "# Copied.\nsource: acme\n");
    g_autofree char *got = rulefolder_errors(folder);
    g_assert_true(
        g_str_has_prefix(got, "20-b.yaml:2:9: error: a second source \"acme\"; the first is in "));
    g_assert_true(g_str_has_suffix(got, "10-a.yaml\n"));
}

static void
test_a_second_wire_table_is_an_error(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-a.yaml", "source: acme\n");
    g_autofree char *table = g_build_filename(folder->path, "centerpoint.yaml", NULL);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(table, &text, NULL, NULL));
    const char *wire = strstr(text, "wire:\n");
    g_assert_nonnull(wire);
    rulefolder_write(folder, "own.yaml", wire);
    assert_errors(folder, "own.yaml:2:3: error: a second wire table\n");
}

static void
test_two_patterns_of_one_name_are_an_error(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-a.yaml", "source: acme\n");
    rulefolder_write(folder, "zz-own.yaml", "patterns:\n  phone: '\\d{10}'\n");
    assert_errors(folder, "zz-own.yaml:2:3: error: a second pattern \"phone\"\n");
}

static void
test_an_empty_file_is_an_error(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-a.yaml", "# Nothing yet.\n");
    assert_errors(folder, "10-a.yaml: error: expected a rule file with \"source\", \"patterns\" or "
                          "\"wire\"\n");
}

static void
test_all_mistakes_of_all_files_are_told_in_one_run(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-a.yaml",
                     "source: a\naction: drop\nfields:\n"
                     "  contact.nme: {label: Name}\n"
                     "  contact.name: {pattern: '(', in: bdy}\n");
    rulefolder_write(folder, "20-b.yaml", "source: b\nfields: [\n");
    rulefolder_write(folder, "30-c.yaml", "source: c\nfields: {contact.name: {fron: from}}\n");
    rulefolder_write(folder, "40-d.yaml", "patterns: {own: '[a-'}\n");
    assert_errors(
        folder,
        "20-b.yaml:3:1: error: not YAML: did not find expected node content, while parsing a flow "
        "node that began in line 3\n"
        "40-d.yaml:1:21: error: pattern: does not compile: missing terminating ] for character "
        "class\n"
        "10-a.yaml:2:9: error: expected one of submit, hold, ignore\n"
        "10-a.yaml:4:3: error: unknown field \"contact.nme\"; did you mean \"contact.name\"?\n"
        "10-a.yaml:5:36: error: unknown view \"bdy\"; did you mean \"body\"?\n"
        "10-a.yaml:5:29: error: pattern: does not compile: missing closing parenthesis\n"
        "30-c.yaml:2:25: error: unknown extractor \"fron\"; did you mean \"from\"?\n");
}

/* --- extends --- */

static void
test_a_circle_of_extends_is_an_error_of_each_in_it(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-a.yaml", "source: a\nextends: b\n");
    rulefolder_write(folder, "20-b.yaml", "source: b\nextends: c\n");
    rulefolder_write(folder, "30-c.yaml", "source: c\nextends: a\n");
    g_autofree char *got = rulefolder_errors(folder);
    g_assert_nonnull(strstr(got, "10-a.yaml:2:10: error: \"extends\" goes in a circle: "));
    g_assert_nonnull(strstr(got, "20-b.yaml:2:10: error: \"extends\" goes in a circle: "));
    g_assert_nonnull(strstr(got, "30-c.yaml:2:10: error: \"extends\" goes in a circle: "));
}

static void
test_a_broken_base_does_not_make_those_that_extend_it_wrong(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-a.yaml", "source: a\nextends: b\n");
    rulefolder_write(folder, "20-b.yaml", "source: b\naction: drop\n");
    assert_errors(folder, "20-b.yaml:2:9: error: expected one of submit, hold, ignore\n");
}

static void
test_values_that_meet_by_extends_may_not_go_in_a_circle(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-a.yaml",
                     "source: a\nextends: b\nfields:\n"
                     "  company.name: {value: 'The ${property.name}'}\n");
    rulefolder_write(folder, "20-b.yaml",
                     "source: b\nfields:\n  property.name: {value: '${company.name}'}\n");
    assert_errors(folder, "10-a.yaml:4:17: error: \"company.name\" is made of itself\n");
}

static void
test_fields_alone_are_inherited_own_extractors_first(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-a.yaml",
                     "source: a\nextends: b\nwhen: {subject: ' a$'}\n"
                     "fields: {contact.name: {label: Guest}}\n");
    rulefolder_write(folder, "20-b.yaml",
                     "source: b\nextends: c\naction: hold\nwhen: {subject: ' b$'}\n"
                     "fields: {contact.name: {label: Name}}\n");
    rulefolder_write(folder, "30-c.yaml",
                     "source: c\naction: ignore\nwhen: {subject: ' c$'}\n"
                     "tests: []\n");
    rulefolder_write(folder, "40-d.yaml",
                     "source: d\nextends: a\nfields: {contact.email: {label: Mail}}\n");
    g_autoptr(Ruleset) ruleset = rulefolder_load(folder);
    g_autoptr(Extraction) own =
        rulefolder_extract(ruleset, "Subject: mail a\n\nName: Ada Lovelace\nGuest: Bo Diddley\n");
    g_assert_cmpstr(own->source, ==, "a");
    g_assert_cmpint(own->action, ==, ACTION_SUBMIT);
    g_assert_cmpstr(lead_get(own->lead, "contact.name"), ==, "Bo Diddley");
    g_autoptr(Extraction) fallen_through =
        rulefolder_extract(ruleset, "Subject: mail a\n\nName: Ada Lovelace\n");
    g_assert_cmpstr(lead_get(fallen_through->lead, "contact.name"), ==, "Ada Lovelace");
    g_autoptr(Extraction) twice_removed =
        rulefolder_extract(ruleset, "Subject: mail\n\nName: Ada\nMail: ada@acme.example\n");
    g_assert_cmpstr(twice_removed->source, ==, "d");
    g_assert_cmpstr(lead_get(twice_removed->lead, "contact.name"), ==, "Ada");
    g_assert_cmpstr(lead_get(twice_removed->lead, "contact.email"), ==, "ada@acme.example");
}

/* --- warnings and questions --- */

static void
test_fields_of_an_ignoring_source_are_warned_of(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "10-a.yaml",
                     "source: a\naction: ignore\nfields: {contact.name: {label: Name}}\n");
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Ruleset) ruleset = ruleset_load(folder->path, diags);
    g_assert_nonnull(ruleset);
    g_assert_cmpuint(diags_warnings(diags), ==, 1);
    g_assert_cmpuint(diags_at(diags, 0)->line, ==, 3);
}

static void
test_it_knows_whether_a_source_asks_for_authentication(void)
{
    g_autoptr(Ruleset) without = rulefolder_load_one("source: a\n");
    g_assert_false(ruleset_wants_authentication(without));
    g_autoptr(Ruleset) with = rulefolder_load_one("source: a\nauthenticate: acme.example\n");
    g_assert_true(ruleset_wants_authentication(with));
}

/* --- lead-rules(5) --- */

/* A literal block of the page as its reader sees it. */
static char *
unroff(const char *block, gsize length)
{
    static const char *const escapes[][2] = {
        {"\\(aq", "'"}, {"\\(ha", "^"}, {"\\(ti", "~"}, {"\\&", ""}, {"\\e", "\\"}};
    g_autoptr(GString) text = g_string_new_len(block, length);
    for (guint i = 0; i < G_N_ELEMENTS(escapes); i++)
        g_string_replace(text, escapes[i][0], escapes[i][1], 0);
    return g_strdup(text->str);
}

/* The page's literal blocks. */
static GPtrArray *
manual_blocks(void)
{
    static const char begin[] = ".Bd -literal -offset indent\n";
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "src", "lead-rules.5", NULL);
    g_autofree char *page = NULL;
    g_assert_true(g_file_get_contents(path, &page, NULL, NULL));
    GPtrArray *blocks = g_ptr_array_new_with_free_func(g_free);
    for (const char *at = page; (at = strstr(at, begin));) {
        at += strlen(begin);
        const char *end = strstr(at, ".Ed\n");
        g_assert_nonnull(end);
        g_ptr_array_add(blocks, unroff(at, end - at));
    }
    return blocks;
}

static char *
manual_block(const char *prefix)
{
    g_autoptr(GPtrArray) blocks = manual_blocks();
    for (guint i = 0; i < blocks->len; i++)
        if (g_str_has_prefix(g_ptr_array_index(blocks, i), prefix))
            return g_strdup(g_ptr_array_index(blocks, i));
    g_error("no block %s", prefix);
}

/* Whole rules, and parts that begin with a key of a rule. */
static void
test_every_rule_in_the_manual_page_loads(void)
{
    static const char *const starts[] = {"source:", "when:", "fields:", "tests:", "patterns:"};
    g_autoptr(GPtrArray) blocks = manual_blocks();
    guint n = 0;
    for (guint i = 0; i < blocks->len; i++) {
        const char *block = g_ptr_array_index(blocks, i);
        guint start = 0;
        while (start < G_N_ELEMENTS(starts) && !g_str_has_prefix(block, starts[start]))
            start++;
        if (start == G_N_ELEMENTS(starts))
            continue;
        gboolean part = start > 0 && start < 4;
        g_autofree char *rule = g_strconcat(part ? "source: example\n" : "", block, NULL);
        g_autoptr(RuleFolder) folder = rulefolder_new();
        rulefolder_write(folder, "50-example.yaml", rule);
        rulefolder_write(folder, "90-generic.yaml", "source: generic\n");
        ruleset_unref(rulefolder_load(folder));
        n++;
    }
    g_assert_cmpuint(n, ==, 7);
}

static void
test_the_rule_in_the_manual_page_passes_its_test(void)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    g_autofree char *rule = manual_block("source: "), *mail = manual_block("From: ");
    rulefolder_write(folder, "50-example.yaml", rule);
    rulefolder_write(folder, "samples/acme-listings-1.eml", mail);
    g_autoptr(Ruleset) ruleset = rulefolder_load(folder);
    g_autoptr(RuleTestReport) report = ruletest_run(ruleset, FALSE);
    g_assert_cmpuint(report->tests->len, ==, 1);
    const RuleTest *test = g_ptr_array_index(report->tests, 0);
    g_assert_cmpstr(test->difference, ==, NULL);
}

static void
test_the_labels_in_the_manual_page_are_found(void)
{
    g_autofree char *block = manual_block("Phone number: ");
    g_autoptr(GString) text = g_string_new(block);
    g_string_replace(text, " TAB ", "\t", 0);
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    g_autoptr(Ruleset) ruleset =
        rulefolder_load_one("source: a\nfields:\n  contact.office: {label: Phone number}\n"
                            "  contact.name: {label: Name}\n");
    guint n = 0;
    for (guint i = 0; lines[i]; i++) {
        if (!*lines[i])
            continue;
        /* A label alone goes with the lines below it. */
        g_autoptr(GString) mail = g_string_new("Subject: s\n\n");
        for (; lines[i] && *lines[i]; i++) {
            g_string_append_printf(mail, "%s\n", lines[i]);
            if (strstr(lines[i], "0142"))
                break;
        }
        g_autoptr(Extraction) extraction = rulefolder_extract(ruleset, mail->str);
        g_assert_cmpstr(lead_get(extraction->lead, "contact.office"), ==, "(312) 555-0142");
        n++;
    }
    g_assert_cmpuint(n, ==, 9);
}

/* --- mistakes --- */

/* A file of tests/mistakes/rules; it begins with lines "# expect: LINE:COL: error: …", one for
 * each error. */
static void
test_mistake(gconstpointer path)
{
    g_autofree char *text = NULL;
    g_autoptr(GString) expected = g_string_new(NULL);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_autoptr(RuleFolder) folder = rulefolder_new();
    g_autofree char *name = g_path_get_basename(path);
    for (const char *line = text; g_str_has_prefix(line, "# expect: ");) {
        line += strlen("# expect: ");
        gsize length = strcspn(line, "\n") + 1;
        g_string_append_printf(expected, "%s:%.*s", name, (int)length, line);
        line += length;
    }
    g_assert_cmpuint(expected->len, >, 0);
    rulefolder_write(folder, name, text);
    rulefolder_write(folder, "90-generic.yaml", "source: generic\n");
    assert_errors(folder, expected->str);
}

static void
add_mistakes(void)
{
    g_autofree char *folder =
        g_test_build_filename(G_TEST_DIST, "tests", "mistakes", "rules", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_assert_nonnull(dir);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *test = g_strconcat("/ruleset/mistakes/", name, NULL);
        g_test_add_data_func_full(test, g_build_filename(folder, name, NULL), test_mistake, g_free);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ruleset/order", test_sources_are_asked_in_byte_order_of_their_files_names);
    g_test_add_func("/ruleset/patterns", test_a_source_can_use_patterns_of_a_file_behind_its_own);
    g_test_add_func("/ruleset/unreadable", test_a_folder_that_cannot_be_read_is_an_error);
    g_test_add_func("/ruleset/empty", test_a_folder_without_rules_is_an_error);
    g_test_add_func("/ruleset/same-name", test_two_sources_of_one_name_are_an_error);
    g_test_add_func("/ruleset/second-wire", test_a_second_wire_table_is_an_error);
    g_test_add_func("/ruleset/second-pattern", test_two_patterns_of_one_name_are_an_error);
    g_test_add_func("/ruleset/empty-file", test_an_empty_file_is_an_error);
    g_test_add_func("/ruleset/all-at-once", test_all_mistakes_of_all_files_are_told_in_one_run);
    g_test_add_func("/ruleset/extends/circle", test_a_circle_of_extends_is_an_error_of_each_in_it);
    g_test_add_func("/ruleset/extends/broken-base",
                    test_a_broken_base_does_not_make_those_that_extend_it_wrong);
    g_test_add_func("/ruleset/extends/values",
                    test_values_that_meet_by_extends_may_not_go_in_a_circle);
    g_test_add_func("/ruleset/extends/fields",
                    test_fields_alone_are_inherited_own_extractors_first);
    g_test_add_func("/ruleset/ignored-fields", test_fields_of_an_ignoring_source_are_warned_of);
    g_test_add_func("/ruleset/authentication",
                    test_it_knows_whether_a_source_asks_for_authentication);
    g_test_add_func("/ruleset/manual/loads", test_every_rule_in_the_manual_page_loads);
    g_test_add_func("/ruleset/manual/test", test_the_rule_in_the_manual_page_passes_its_test);
    g_test_add_func("/ruleset/manual/labels", test_the_labels_in_the_manual_page_are_found);
    add_mistakes();
    return g_test_run();
}
