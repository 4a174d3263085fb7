/* The attribute table: DESIGN section 3's names, and the custom fields' form. */
#include "lead/attribute.h"

static void
has_the_31_and_the_two_addresses(void)
{
    g_assert_cmpuint(attributes_n, ==, 33);
    g_assert_cmpstr(attributes[0].name, ==, "company.name");
    g_assert_true(attributes[0].required);
    g_assert_cmpstr(attributes[attributes_n - 1].name, ==, "company.address");
    g_assert_cmpint(attributes[attributes_n - 2].type, ==, TYPE_ADDRESS);
    for (guint i = 0; i < attributes_n; i++) {
        g_assert_cmpint(attribute_find(attributes[i].name), ==, (int)i);
        g_assert_cmpstr(attribute_names[i], ==, attributes[i].name);
        g_assert_true(g_str_has_prefix(attributes[i].name, object_names[attributes[i].object]));
    }
    g_assert_null(attribute_names[attributes_n]);
}

static void
knows_no_other(void)
{
    static const char *const others[] = {"",
                                         "company",
                                         "company.",
                                         "contact.nme",
                                         "Company.name",
                                         "contact.custom",
                                         "contact.custom.Roof age"};
    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_cmpint(attribute_find(others[i]), ==, -1);
}

static void
custom_fields_have_an_object_and_a_label(void)
{
    Object object;
    const char *label;
    g_assert_true(attribute_custom("opportunity.custom.Roof age", &object, &label));
    g_assert_cmpint(object, ==, OBJECT_OPPORTUNITY);
    g_assert_cmpstr(label, ==, "Roof age");
    g_assert_true(attribute_custom("company.custom.a.b", &object, &label));
    g_assert_cmpstr(label, ==, "a.b");
    g_assert_false(attribute_custom("contact.custom.", &object, &label));
    g_assert_false(attribute_custom("contact.custom", &object, &label));
    g_assert_false(attribute_custom("person.custom.x", &object, &label));
    g_assert_false(attribute_custom("contact.name", &object, &label));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attribute/table", has_the_31_and_the_two_addresses);
    g_test_add_func("/attribute/unknown", knows_no_other);
    g_test_add_func("/attribute/custom", custom_fields_have_an_object_and_a_label);
    return g_test_run();
}
