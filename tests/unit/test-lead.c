/* A lead as it is built, completed, and given a mailbox's defaults. */
#include "lead/defaults.h"

#include <string.h>

#include "base/limits.h"

static void
set(Lead *lead, const char *name, const char *value)
{
    g_autofree char *why = NULL;
    if (!lead_set(lead, name, value, NULL, &why))
        g_error("%s %s", name, why);
}

static void
keeps_what_passes_its_check(void)
{
    g_autoptr(Lead) lead = lead_new();
    const char *name = NULL;
    g_autofree char *why = NULL;
    g_assert_true(lead_set(lead, "company.state", "Illinois", &name, NULL));
    g_assert_cmpstr(name, ==, "company.state");
    g_assert_cmpstr(lead_get(lead, "company.state"), ==, "IL");
    g_assert_false(lead_set(lead, "company.state", "Bavaria", NULL, &why));
    g_assert_nonnull(why);
    g_assert_null(strstr(why, "Bavaria"));
    g_assert_cmpstr(lead_get(lead, "company.state"), ==, "IL");
    lead_unset(lead, "company.state");
    g_assert_null(lead_get(lead, "company.state"));
    g_assert_null(lead_get(lead, "company.custom.x"));
}

static void
a_cell_goes_to_mobile_and_a_fax_nowhere(void)
{
    g_autoptr(Lead) lead = lead_new();
    const char *name = NULL;
    g_assert_true(lead_set(lead, "contact.office", "312-555-0142 (c)", &name, NULL));
    g_assert_cmpstr(name, ==, "contact.mobile");
    g_assert_cmpstr(lead_get(lead, "contact.mobile"), ==, "(312) 555-0142");
    g_assert_false(lead_set(lead, "contact.office", "cell 312-555-0143", NULL, NULL));
    g_assert_false(lead_set(lead, "contact.office", "312-555-0142", NULL, NULL));
    g_assert_false(lead_set(lead, "contact.mobile", "Fax 312-555-0144", NULL, NULL));
    g_assert_false(lead_set(lead, "contact.office", "Fax 312-555-0144", NULL, NULL));
    g_assert_true(lead_set(lead, "contact.office", "312-555-0143 x 5", &name, NULL));
    g_assert_cmpstr(name, ==, "contact.office");
    g_assert_cmpstr(lead_get(lead, "contact.office"), ==, "(312) 555-0143 x 5");
    g_assert_cmpstr(lead_get(lead, "contact.mobile"), ==, "(312) 555-0142");
}

static void
a_robot_is_no_contact(void)
{
    g_autoptr(Lead) lead = lead_new();
    g_assert_false(lead_set(lead, "contact.email", "noreply@site.example", NULL, NULL));
    g_assert_true(lead_set(lead, "contact.email", "ada@site.example", NULL, NULL));
}

static void
an_address_fills_only_the_parts_not_set(void)
{
    g_autoptr(Lead) lead = lead_new();
    set(lead, "property.city", "Evanston");
    set(lead, "property.address", "1 Main St\nChicago, IL 60607");
    g_assert_cmpstr(lead_get(lead, "property.city"), ==, "Evanston");
    g_assert_cmpstr(lead_get(lead, "property.postalCode"), ==, "60607");
    g_assert_cmpstr(lead_get(lead, "property.address"), ==, "1 Main St, Evanston, IL 60607");
    g_assert_null(lead_get(lead, "company.address"));
    g_assert_false(lead_set(lead, "company.address", "our place", NULL, NULL));
    lead_unset(lead, "property.address");
    g_assert_null(lead_get(lead, "property.street"));
    g_assert_null(lead_get(lead, "property.address"));
}

static void
count(const char *name, const char *value, gpointer data)
{
    ++*(guint *)data;
}

static void
custom_fields_are_kept_up_to_their_limit(void)
{
    g_autoptr(Lead) lead = lead_new();
    set(lead, "contact.custom.Roof age", "12");
    set(lead, "contact.custom.Roof age", "13");
    g_assert_cmpstr(lead_get(lead, "contact.custom.Roof age"), ==, "13");
    for (guint i = 1; i < LIMIT_CUSTOM; i++) {
        g_autofree char *name = g_strdup_printf("company.custom.%u", i);
        set(lead, name, "x");
    }
    g_assert_false(lead_set(lead, "company.custom.more", "x", NULL, NULL));
    g_assert_true(lead_set(lead, "company.custom.1", "y", NULL, NULL));
    guint n = 0;
    g_autoptr(Lead) copy = lead_copy(lead);
    lead_foreach(copy, count, &n);
    g_assert_cmpuint(n, ==, LIMIT_CUSTOM);
    g_autofree char *label = g_strnfill(1000, 'l');
    g_autofree char *name = g_strconcat("contact.custom.", label, NULL);
    lead_unset(lead, "company.custom.1");
    g_assert_false(lead_set(lead, name, "x", NULL, NULL));
}

typedef struct {
    const char *what;
    const char *company, *contact, *email, *phone; /* what the lead has */
    LeadFallback mail;
    const char *company_then, *contact_then;
} Completion;

static const char *const own[] = {"example.com", NULL};

static const Completion completions[] = {
    {"its own", "Acme", "Jane Doe", NULL, NULL, {.sender = "a@b.example"}, "Acme", "Jane Doe"},
    {"the person", NULL, "Jane Doe", "jane@acme.example", NULL, {0}, "Jane Doe", "Jane Doe"},
    {"the sender's name",
     NULL,
     NULL,
     "ada@acme.example",
     NULL,
     {.from_name = "Ada Lovelace", .from_address = "ada@acme.example"},
     "Ada Lovelace",
     "Ada Lovelace"},
    {"the domain", NULL, NULL, "jane.doe@acme.example", NULL, {0}, "acme.example", "Jane Doe"},
    {"a free mail address",
     NULL,
     NULL,
     "info@gmail.com",
     NULL,
     {0},
     "info@gmail.com",
     "info@gmail.com"},
    {"yahoo elsewhere",
     NULL,
     NULL,
     "jd@yahoo.co.uk",
     NULL,
     {0},
     "jd@yahoo.co.uk",
     "jd@yahoo.co.uk"},
    {"a domain that only looks free",
     NULL,
     NULL,
     "x@live.acme.example",
     NULL,
     {0},
     "live.acme.example",
     "live.acme.example"},
    {"the writer's domain",
     NULL,
     NULL,
     NULL,
     NULL,
     {.from_address = "x@roof.example"},
     "roof.example",
     NULL},
    {"the envelope's domain",
     NULL,
     NULL,
     NULL,
     NULL,
     {.from_address = "noreply@site.example", .sender = "bob@roof.example", .own_domains = own},
     "roof.example",
     NULL},
    {"a relay's person",
     NULL,
     NULL,
     NULL,
     NULL,
     {.from_name = "Jane Doe via Angi", .from_address = "reply+1@relay.angi.example"},
     "Jane Doe",
     NULL},
    {"not a relay's name",
     NULL,
     NULL,
     NULL,
     NULL,
     {.from_name = "Angi Leads", .from_address = "noreply@angi.example"},
     "Unknown sender",
     NULL},
    {"not ourselves",
     NULL,
     NULL,
     NULL,
     NULL,
     {.from_name = "Our Form", .from_address = "web@example.com", .own_domains = own},
     "Unknown sender",
     NULL},
    {"the phone",
     NULL,
     NULL,
     NULL,
     "312-555-0142",
     {.sender = ""},
     "(312) 555-0142",
     "(312) 555-0142"},
    {"nothing", NULL, NULL, NULL, NULL, {0}, "Unknown sender", NULL},
};

static void
company_name_ends_up_true(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(completions); i++) {
        const Completion *c = &completions[i];
        g_autoptr(Lead) lead = lead_new();
        const char *const given[][2] = {{"company.name", c->company},
                                        {"contact.name", c->contact},
                                        {"contact.email", c->email},
                                        {"contact.office", c->phone}};
        for (guint k = 0; k < G_N_ELEMENTS(given); k++)
            if (given[k][1])
                set(lead, given[k][0], given[k][1]);
        lead_complete(lead, &c->mail);
        g_test_message("%s", c->what);
        g_assert_cmpstr(lead_get(lead, "company.name"), ==, c->company_then);
        g_assert_cmpstr(lead_get(lead, "contact.name"), ==, c->contact_then);
        g_assert_cmpstr(lead_get(lead, "company.residential"), ==, "false");
        g_assert_cmpstr(lead_get(lead, "opportunity.price"), ==, "0");
    }
}

static void
property_and_notes_are_completed(void)
{
    g_autoptr(Lead) lead = lead_new();
    set(lead, "property.street", "1 Main St");
    set(lead, "company.timezone", "America/Chicago");
    const LeadFallback mail = {.text = "Please call.\n", .subject = "Roof"};
    lead_complete(lead, &mail);
    g_assert_cmpstr(lead_get(lead, "property.name"), ==, "1 Main St");
    g_assert_cmpstr(lead_get(lead, "property.timezone"), ==, "America/Chicago");
    g_assert_cmpstr(lead_get(lead, "opportunity.notes"), ==, "Please call.");

    g_autoptr(Lead) bare = lead_new();
    const LeadFallback empty = {.text = " \n", .subject = "Roof"};
    lead_complete(bare, &empty);
    g_assert_null(lead_get(bare, "property.name"));
    g_assert_null(lead_get(bare, "property.timezone"));
    g_assert_cmpstr(lead_get(bare, "opportunity.notes"), ==, "Roof");

    g_autoptr(Lead) city = lead_new();
    set(city, "property.address", "Chicago, IL");
    lead_complete(city, &empty);
    g_assert_cmpstr(lead_get(city, "property.name"), ==, "Chicago, IL");
}

static GPtrArray *
make_defaults(ConfigDefault *defaults, guint n)
{
    GPtrArray *array = g_ptr_array_new();
    for (guint i = 0; i < n; i++)
        g_ptr_array_add(array, &defaults[i]);
    return array;
}

static void
defaults_fill_what_is_missing(void)
{
    char *name = "opportunity.leadType", *state = "company.state", *custom = "company.custom.Via";
    ConfigDefault given[] = {{name, "Email", 1, 1}, {state, "Iowa", 2, 1}, {custom, "mail", 3, 1}};
    g_autoptr(GPtrArray) array = make_defaults(given, G_N_ELEMENTS(given));
    ConfigMailbox mailbox = {.defaults = array};
    g_autoptr(Lead) lead = lead_new();
    set(lead, name, "Angi");
    defaults_apply(lead, &mailbox);
    g_assert_cmpstr(lead_get(lead, name), ==, "Angi");
    g_assert_cmpstr(lead_get(lead, state), ==, "IA");
    g_assert_cmpstr(lead_get(lead, custom), ==, "mail");
}

static void
mistakes_in_defaults_are_named_with_their_place(void)
{
    ConfigDefault given[] = {{"opportunity.leadTyp", "Email", 12, 16},
                             {"company.state", "Bavaria", 13, 5},
                             {"xyzzy", "x", 14, 5},
                             {"opportunity.price", "$5,000", 15, 5}};
    g_autoptr(GPtrArray) array = make_defaults(given, G_N_ELEMENTS(given));
    ConfigMailbox mailbox = {.defaults = array};
    g_autoptr(GPtrArray) mailboxes = g_ptr_array_new();
    g_ptr_array_add(mailboxes, &mailbox);
    Config config = {.file = "m.yaml", .mailboxes = mailboxes};
    g_autoptr(Diags) diags = diags_new();
    defaults_check(&config, diags);
    static const char *const expected[] = {
        ("m.yaml:12:16: error: unknown field \"opportunity.leadTyp\"; did you mean "
         "\"opportunity.leadType\"?"),
        "m.yaml:13:5: error: the default for \"company.state\" is no US state or Canadian province",
        "m.yaml:14:5: error: unknown field \"xyzzy\""};
    g_assert_cmpuint(diags_errors(diags), ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *text = diag_format(diags_at(diags, i));
        g_assert_cmpstr(text, ==, expected[i]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lead/set", keeps_what_passes_its_check);
    g_test_add_func("/lead/phones", a_cell_goes_to_mobile_and_a_fax_nowhere);
    g_test_add_func("/lead/robot", a_robot_is_no_contact);
    g_test_add_func("/lead/address", an_address_fills_only_the_parts_not_set);
    g_test_add_func("/lead/custom", custom_fields_are_kept_up_to_their_limit);
    g_test_add_func("/lead/complete/company", company_name_ends_up_true);
    g_test_add_func("/lead/complete/others", property_and_notes_are_completed);
    g_test_add_func("/defaults/apply", defaults_fill_what_is_missing);
    g_test_add_func("/defaults/check", mistakes_in_defaults_are_named_with_their_place);
    return g_test_run();
}
