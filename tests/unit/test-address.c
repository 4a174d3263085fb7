/* Addresses split into their parts. */
#include "lead/value.h"

#include <string.h>

typedef struct {
    const char *raw, *street, *city, *state, *postal_code, *county;
} Case;

static const Case good[] = {
    {"1450 W Fulton Market, Suite 300\nChicago, IL 60607", "1450 W Fulton Market, Suite 300",
     "Chicago", "IL", "60607", NULL},
    {"1450 W Fulton Market, Chicago", "1450 W Fulton Market", "Chicago", NULL, NULL, NULL},
    {"1450 W Fulton Market Chicago IL 60607", "1450 W Fulton Market", "Chicago", "IL", "60607",
     NULL},
    {"300 N Elm St, Ste. 200, Palatine, Illinois", "300 N Elm St, Ste. 200", "Palatine", "IL", NULL,
     NULL},
    {"500 Oak Ave Unit 7 Fort Wayne Indiana 46802", "500 Oak Ave Unit 7", "Fort Wayne", "IN",
     "46802", NULL},
    {"P.O. Box 7, Joliet, IL 60431-1234, USA", "P.O. Box 7", "Joliet", "IL", "60431-1234", NULL},
    {"N 4500 W Road, Bourbonnais, IL", "N 4500 W Road", "Bourbonnais", "IL", NULL, NULL},
    {"12 FM 1960, Houston TX", "12 FM 1960", "Houston", "TX", NULL, NULL},
    {"88 US-41, Naples, Florida 34102", "88 US-41", "Naples", "FL", "34102", NULL},
    {"Acme Tower\r\n1 Main Street\r\nSuite 4B\r\nSt. Louis, MO 63101\r\nUnited States",
     "1 Main Street, Suite 4B", "St. Louis", "MO", "63101", NULL},
    {"100 N State St, Chicago, Cook County, IL 60602", "100 N State St", "Chicago", "IL", "60602",
     "Cook"},
    {"100 Main St, Charleston, West Virginia 25301", "100 Main St", "Charleston", "WV", "25301",
     NULL},
    {"10 King St W, Toronto, ON M5H 1A1, Canada", "10 King St W", "Toronto", "ON", "M5H 1A1", NULL},
    {"1450 W Washington", "1450 W Washington", NULL, NULL, NULL, NULL},
    {"1450 Broadway", "1450 Broadway", NULL, NULL, NULL, NULL},
    {"Chicago, IL", NULL, "Chicago", "IL", NULL, NULL},
    {"chicago, il 60607", NULL, "chicago", "IL", "60607", NULL},
};

static void
is_split_into_parts(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        Address address;
        g_test_message("for \"%s\"", good[i].raw);
        g_assert_true(address_split(good[i].raw, &address));
        g_assert_cmpstr(address.street, ==, good[i].street);
        g_assert_cmpstr(address.city, ==, good[i].city);
        g_assert_cmpstr(address.state, ==, good[i].state);
        g_assert_cmpstr(address.postal_code, ==, good[i].postal_code);
        g_assert_cmpstr(address.county, ==, good[i].county);
        address_clear(&address);
    }
}

static void
other_text_is_no_address(void)
{
    static const char *const bad[] = {"",
                                      ",,,",
                                      "Chicago",
                                      "Illinois",
                                      "West Virginia",
                                      "60607",
                                      "our building",
                                      "the whole place",
                                      "3 buildings in the back",
                                      "Acme Tower, Springfield",
                                      "come in",
                                      "312-555-0142"};
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        Address address;
        g_test_message("for \"%s\"", bad[i]);
        g_assert_false(address_split(bad[i], &address));
        g_assert_null(address.street);
        g_assert_null(address.city);
        g_assert_null(address.state);
    }
}

static void
a_long_text_costs_nothing(void)
{
    static const char *const units[] = {",", "1 a,", "\n", " IL", "1 Main St "};
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        GString *text = g_string_new(NULL);
        while (text->len < (8 << 20))
            g_string_append(text, units[i]);
        Address address;
        address_split(text->str, &address);
        address_clear(&address);
        g_string_free(text, TRUE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/address/split", is_split_into_parts);
    g_test_add_func("/address/refused", other_text_is_no_address);
    g_test_add_func("/address/long", a_long_text_costs_nothing);
    return g_test_run();
}
