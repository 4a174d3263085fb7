/* The wire table as shipped, and an admin's mistakes in it. */
#include "lead/wire.h"

#include <string.h>

static char *
shipped(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "rules", "centerpoint.yaml", NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static Wire *
parse(const char *text, Diags *diags)
{
    g_autoptr(YamlFile) file = yaml_parse("w.yaml", text, strlen(text), diags);
    return file ? wire_new(file, diags) : NULL;
}

static void
the_shipped_table_has_all_35(void)
{
    g_autofree char *text = shipped();
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Wire) wire = parse(text, diags);
    diags_print(diags, stderr);
    g_assert_nonnull(wire);
    WireRow row;
    guint n = 0, documented = 0, required = 0;
    for (; wire_row(wire, n, &row); n++) {
        g_assert_nonnull(row.wire);
        documented += strcmp(row.known, "documented") == 0;
        required += row.required;
    }
    g_assert_cmpuint(n, ==, 35);
    g_assert_cmpuint(documented, ==, 5);
    g_assert_cmpuint(required, ==, 3);
    g_assert_true(wire_row(wire, 0, &row));
    g_assert_cmpstr(row.attribute, ==, "company.name");
    g_assert_cmpstr(row.wire, ==, "name");
    g_assert_true(wire_row(wire, 34, &row));
    g_assert_cmpstr(row.attribute, ==, "opportunity.custom");
    g_assert_cmpstr(row.type, ==, "fields");
}

static const struct {
    const char *from, *to, *message; /* the shipped text with one change */
} mistakes[] = {
    {"company.postalCode:", "company.postalCod:",
     "unknown attribute \"company.postalCod\"; did you mean \"company.postalCode\"?"},
    {"company.postalCode:", "company.postalCod:", "the wire table lacks \"company.postalCode\""},
    {"wire: mobile,", "wyre: mobile,", "unknown key \"wyre\"; did you mean \"wire\"?"},
    {"wire: mobile,", "", "\"contact.mobile\" needs a `wire` name"},
    {"wire: mobile,", "wire: 'mobile phone',", "a wire name has 1 to 64 characters"},
    {"wire: mobile,", "wire: '',", "expected a text"},
    {"wire: mobile,", "wire: office,",
     "\"contact.office\" has the wire name of \"contact.mobile\""},
    {"type: boolean", "type: text", "\"company.residential\" is of type boolean"},
    {"type: boolean, ", "", "\"company.residential\" needs its `type`: boolean"},
    {"required: true", "required: false", "\"company.name\" is required"},
    {"required: true", "required: perhaps", "error: "},
    {"wire: price,", "wire: price, required: true,", "\"opportunity.price\" cannot be required"},
    {"name: vendor", "name: guessed", "error: "},
    {", name: vendor", "", "needs `name`: documented, vendor or assumed"},
    {"\nwire:", "\nwires:", "the wire table has no `wire` key"},
};

static char *
change(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    g_assert_nonnull(at);
    return g_strdup_printf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void
mistakes_are_named(void)
{
    g_autofree char *text = shipped();
    for (guint i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autofree char *changed = change(text, mistakes[i].from, mistakes[i].to);
        g_autoptr(Diags) diags = diags_new();
        g_autoptr(Wire) wire = parse(changed, diags);
        g_assert_null(wire);
        gboolean said = FALSE;
        for (guint k = 0; k < diags_length(diags); k++) {
            g_autofree char *line = diag_format(diags_at(diags, k));
            g_test_message("%s", line);
            g_assert_true(g_str_has_prefix(line, "w.yaml:"));
            said |= strstr(line, mistakes[i].message) != NULL;
        }
        if (!said)
            g_test_message("nobody said \"%s\"", mistakes[i].message);
        g_assert_true(said);
    }
}

static void
other_shapes_are_refused(void)
{
    static const char *const texts[] = {"wire: 5\n",
                                        "wire: []\n",
                                        "wire: {}\n",
                                        "a: b\n",
                                        "- x\n",
                                        "",
                                        "wire: {company.name: x}\n"};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(Diags) diags = diags_new();
        g_autoptr(Wire) wire = parse(texts[i], diags);
        g_assert_null(wire);
        g_assert_cmpuint(diags_errors(diags), >, 0);
    }
}

static void
another_name_is_taken(void)
{
    g_autofree char *text = shipped();
    g_autofree char *changed = change(text, "wire: mobile,", "wire: cellPhone,");
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Wire) wire = parse(changed, diags);
    g_assert_nonnull(wire);
    g_autoptr(Lead) lead = lead_new();
    lead_set(lead, "contact.mobile", "312-555-0142", NULL, NULL);
    const LeadFallback mail = {0};
    lead_complete(lead, &mail);
    g_autofree char *payload = payload_build(lead, wire, FALSE);
    g_assert_nonnull(strstr(payload, "\"cellPhone\":\"(312) 555-0142\""));
}

static void
payload_of(gboolean relationships, gboolean all, const char *expected)
{
    g_autofree char *text = shipped();
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Wire) wire = parse(text, diags);
    g_autoptr(Lead) lead = lead_new();
    lead_set(lead, "company.name", "Acme \"B\"", NULL, NULL);
    if (all) {
        lead_set(lead, "company.custom.Roof age", "12", NULL, NULL);
        lead_set(lead, "company.custom.Roof \"type\"", "flat", NULL, NULL);
        lead_set(lead, "property.street", "1 Main St", NULL, NULL);
        lead_set(lead, "contact.name", "Jane Doe", NULL, NULL);
        lead_set(lead, "opportunity.price", "$2,000.50", NULL, NULL);
        lead_set(lead, "opportunity.forecasted", "yes", NULL, NULL);
    }
    const LeadFallback mail = {.text = "a\nb"};
    lead_complete(lead, &mail);
    g_autofree char *payload = payload_build(lead, wire, relationships);
    g_assert_cmpstr(payload, ==, expected);
}

static void
payload_is_the_example(void)
{
    payload_of(FALSE, FALSE,
               "{\"data\":{\"type\":\"leads\",\"company\":{\"name\":\"Acme \\\"B\\\"\","
               "\"isResidential\":false},\"opportunity\":{\"price\":0,\"notes\":\"a\\nb\"}}}");
}

static void
payload_has_all_objects(void)
{
    payload_of(FALSE, TRUE,
               "{\"data\":{\"type\":\"leads\",\"company\":{\"name\":\"Acme \\\"B\\\"\","
               "\"isResidential\":false,\"customFields\":{\"Roof age\":\"12\","
               "\"Roof \\\"type\\\"\":\"flat\"}},\"property\":{\"name\":\"1 Main St\","
               "\"streetAddress\":\"1 Main St\"},\"contact\":{\"name\":\"Jane Doe\"},"
               "\"opportunity\":{\"price\":2000.5,\"isForecasted\":true,\"notes\":\"a\\nb\"}}}");
}

static void
payload_has_relationships_if_asked(void)
{
    payload_of(TRUE, FALSE,
               "{\"data\":{\"type\":\"leads\",\"relationships\":{\"company\":{\"name\":"
               "\"Acme \\\"B\\\"\",\"isResidential\":false},\"opportunity\":{\"price\":0,"
               "\"notes\":\"a\\nb\"}}}}");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/shipped", the_shipped_table_has_all_35);
    g_test_add_func("/wire/mistakes", mistakes_are_named);
    g_test_add_func("/wire/shapes", other_shapes_are_refused);
    g_test_add_func("/wire/renamed", another_name_is_taken);
    g_test_add_func("/payload/flat", payload_is_the_example);
    g_test_add_func("/payload/all", payload_has_all_objects);
    g_test_add_func("/payload/relationships", payload_has_relationships_if_asked);
    return g_test_run();
}
