/* Values by their type: what each check takes, how it is written then, and what it refuses. */
#include "lead/value.h"

#include <string.h>

#include "base/limits.h"

typedef struct {
    const char *raw, *value; /* NULL: refused */
} Case;

static void
check_cases(AttributeType type, const Case *cases, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_autofree char *why = NULL;
        g_autofree char *value = value_normalise(type, cases[i].raw, &why);
        if (g_strcmp0(value, cases[i].value) != 0)
            g_test_message("for \"%s\"", cases[i].raw);
        g_assert_cmpstr(value, ==, cases[i].value);
        g_assert_true((why == NULL) == (value != NULL));
        if (why && strlen(cases[i].raw) > 5)
            g_assert_null(strstr(why, cases[i].raw));
    }
}

#define CHECK(type, ...)                                                                           \
    do {                                                                                           \
        static const Case cases[] = {__VA_ARGS__};                                                 \
        check_cases(type, cases, G_N_ELEMENTS(cases));                                             \
    } while (0)

static void
text_is_one_line_without_tricks(void)
{
    CHECK(TYPE_TEXT, {"  Acme\n  Bakery ", "Acme Bakery"}, {"Acme\u00a0Bakery", "Acme Bakery"},
          {"A\u202ecme\u200b", "Acme"},
          {"a\x01"
           "b",
           "ab"},
          {"caf\xe9", "caf\uFFFD"}, {"24/7 Gym", "24/7 Gym"}, {"", NULL}, {" \n", NULL},
          {"-", NULL}, {"N/A", NULL}, {"none", NULL}, {"None Such Bakery", "None Such Bakery"});
}

static void
text_is_cut_at_its_limit(void)
{
    g_autofree char *raw = g_strnfill(5000000, 'a');
    g_autofree char *value = value_normalise(TYPE_TEXT, raw, NULL);
    g_assert_cmpuint(strlen(value), ==, LIMIT_VALUE);
}

static void
lines_keep_their_breaks(void)
{
    CHECK(TYPE_LINES, {"\n 12 Engine Ct  \r\nNaperville\r\n\r\n", " 12 Engine Ct\nNaperville"},
          {"one", "one"}, {"\n\n", NULL}, {" - ", NULL});
}

static void
notes_are_what_was_written(void)
{
    CHECK(TYPE_NOTES, {"\r\nHello,\r\n\r\n-- \r\nGrace\r\n", "Hello,\n\n-- \nGrace"}, {"?", "?"},
          {" \n ", NULL});
}

static void
notes_are_cut_at_a_line_end_and_say_so(void)
{
    GString *raw = g_string_new(NULL);
    while (raw->len < 200000)
        g_string_append(raw, "line \u00e9\n");
    g_autofree char *value = value_normalise(TYPE_NOTES, raw->str, NULL);
    g_assert_cmpint(g_utf8_strlen(value, -1), <=, LIMIT_NOTES);
    g_assert_cmpint(g_utf8_strlen(value, -1), >, LIMIT_NOTES - 100);
    g_assert_nonnull(strstr(value, "line \u00e9\n[The message is longer"));
    g_string_free(raw, TRUE);

    g_autofree char *one = g_strnfill(30 << 20, 'x');
    g_autofree char *cut = value_normalise(TYPE_NOTES, one, NULL);
    g_assert_cmpint(g_utf8_strlen(cut, -1), ==, LIMIT_NOTES);
    g_autofree char *fits = g_strnfill(LIMIT_NOTES, 'x');
    g_autofree char *whole = value_normalise(TYPE_NOTES, fits, NULL);
    g_assert_cmpstr(whole, ==, fits);
}

static void
booleans_are_yes_or_no(void)
{
    CHECK(TYPE_BOOLEAN, {"Yes", "true"}, {"TRUE", "true"}, {"1", "true"}, {"no", "false"},
          {"0", "false"}, {"Residential", "true"}, {"commercial", "false"}, {"maybe", NULL},
          {"", NULL}, {"2", NULL});
}

static void
states_are_two_letters(void)
{
    CHECK(TYPE_STATE, {"IL", "IL"}, {"il", "IL"}, {"Illinois", "IL"}, {"Ill.", "IL"},
          {"N.Y.", "NY"}, {"new  york", "NY"}, {"District of Columbia", "DC"}, {"D.C.", "DC"},
          {"West Virginia", "WV"}, {"Puerto Rico", "PR"}, {"Ontario", "ON"}, {"Qu\u00e9bec", "QC"},
          {"QU\u00c9BEC", "QC"}, {"XX", NULL}, {"Illinoise", NULL}, {"Bavaria", NULL}, {"", NULL},
          {"I", NULL});
}

static void
postal_codes_are_american_or_canadian(void)
{
    CHECK(TYPE_POSTAL, {"60607", "60607"}, {"60607-1234", "60607-1234"},
          {"60607 1234", "60607-1234"}, {"606071234", "60607-1234"}, {" 02554 ", "02554"},
          {"k1a0b1", "K1A 0B1"}, {"K1A 0B1", "K1A 0B1"}, {"2554", NULL}, {"606071", NULL},
          {"00000", NULL}, {"D1A 0B1", NULL}, {"W1A 0B1", NULL}, {"SW1A 1AA", NULL}, {"", NULL});
}

static void
zones_are_those_of_tzdata(void)
{
    CHECK(TYPE_ZONE, {"America/Chicago", "America/Chicago"},
          {"america/new york", "America/New_York"},
          {"America/Indiana/Indianapolis", "America/Indiana/Indianapolis"},
          {"Central Time (US & Canada)", "America/Chicago"}, {"EST", "America/New_York"},
          {"UTC", "Etc/UTC"}, {"America/Gotham", NULL}, {"Centralia", NULL}, {"America", NULL},
          {"../../etc/passwd", NULL}, {"America/../../../../etc/passwd", NULL},
          {"/etc/localtime", NULL}, {"posix/America/Chicago", NULL}, {"", NULL});
}

static void
money_is_a_decimal_number(void)
{
    CHECK(TYPE_NUMBER, {"$12,500", "12500"}, {"12500", "12500"}, {"$ 2000.50", "2000.5"},
          {"2,000 USD", "2000"}, {"$1.2M", "1200000"}, {"1.125m", "1125000"}, {"12k", "12000"},
          {"2.5 million", "2500000"}, {"0", "0"}, {"007", "7"}, {"$0.99", "0.99"},
          {"\u20ac2.000,50", "2000.5"}, {"1.200.000", "1200000"}, {"12,50", "12.5"},
          {"about $5,000", "5000"}, {"up to 5000 dollars", "5000"},
          {"$12,500 for the 3 roofs", "12500"}, {"999999999999999", "999999999999999"});
}

static void
money_of_a_range_is_its_lower_end(void)
{
    CHECK(TYPE_NUMBER, {"$10,000 - $15,000", "10000"}, {"10-15k", "10000"},
          {"5,000 to 10,000", "5000"}, {"between $500 and $1k", "500"}, {"$5k\u2013$10k", "5000"});
}

static void
money_is_nothing_else(void)
{
    CHECK(TYPE_NUMBER, {"negotiable", NULL}, {"", NULL}, {"-5", NULL}, {"-$500", NULL},
          {"$25/SF", NULL}, {"$25 per sq ft", NULL}, {"10%", NULL}, {"312-555-0142", NULL},
          {"(312) 555-0142", NULL}, {"2026-11-23", NULL}, {"2.000", NULL}, {"1,2345", NULL},
          {"3 roofs", NULL}, {"1000000000000000000000", NULL}, {"999999999 billion", NULL},
          {"$", NULL}, {"1450 W Fulton Market", NULL});
}

static void
emails_are_taken_out_of_what_surrounds_them(void)
{
    CHECK(TYPE_EMAIL, {"ada@lovelace.example", "ada@lovelace.example"},
          {"Ada Lovelace <ada@Lovelace.EXAMPLE>", "ada@lovelace.example"},
          {"mailto:ada@lovelace.example?subject=x", "ada@lovelace.example"},
          {"write to ada@lovelace.example.", "ada@lovelace.example"},
          {"@ada or ada+roof@lovelace.example", "ada+roof@lovelace.example"},
          {"j\u00f6rg@m\u00fcller.example", "j\u00f6rg@m\u00fcller.example"});
}

static void
emails_must_be_addresses(void)
{
    CHECK(TYPE_EMAIL, {"ada", NULL}, {"", NULL}, {"@", NULL}, {"ada@", NULL}, {"@a.example", NULL},
          {"ada@localhost", NULL}, {"a..b@x.example", NULL}, {"ada@x..example", NULL},
          {"ada@-x.example", NULL}, {"ada@192.0.2.1", NULL}, {"ada@x.example@", "ada@x.example"});
    g_autofree char *many = g_strnfill(1 << 20, '@');
    g_autofree char *none = value_normalise(TYPE_EMAIL, many, NULL);
    g_assert_null(none);
}

static void
robots_relays_and_ourselves_are_no_persons(void)
{
    static const char *const own[] = {"example.com", NULL};
    static const char *const no[] = {"noreply@angi.example",
                                     "No-Reply@x.example",
                                     "reply+8f2@x.example",
                                     "x@relay.site.example",
                                     "abc@messaging.yelp.example",
                                     "mailer-daemon@x.example",
                                     "leads@example.com",
                                     "bob@mail.example.com",
                                     "",
                                     "@x.example"};
    static const char *const yes[] = {"ada@lovelace.example", "bob@notexample.com",
                                      "relay@team.example", "jane@relay.example",
                                      "replyanna@x.example"};
    for (guint i = 0; i < G_N_ELEMENTS(no); i++)
        g_assert_true(value_email_is_not_a_person(no[i], own));
    for (guint i = 0; i < G_N_ELEMENTS(yes); i++)
        g_assert_false(value_email_is_not_a_person(yes[i], own));
    g_assert_false(value_email_is_not_a_person("leads@example.com", NULL));
}

static void
names_are_first_last(void)
{
    CHECK(TYPE_NAME, {"Jane Doe", "Jane Doe"}, {"Doe, Jane", "Jane Doe"}, {"JANE DOE", "Jane Doe"},
          {"jane doe", "Jane Doe"}, {"Jane Doe via Angi", "Jane Doe"}, {"\"Jane Doe\"", "Jane Doe"},
          {"'Jane Doe'", "Jane Doe"}, {"Jane Doe (Acme)", "Jane Doe"}, {"Dr. Jane Doe", "Jane Doe"},
          {"Jane Doe, PhD", "Jane Doe"}, {"John Doe, Jr.", "John Doe Jr."},
          {"Jane \U0001F600 Doe", "Jane Doe"},
          {"\u00c9milie Du Ch\u00e2telet", "\u00c9milie Du Ch\u00e2telet"},
          {"O\u2019NEILL, ANNE-MARIE", "Anne-Marie O'Neill"},
          {"RONALD MCDOUGAL", "Ronald McDougal"},
          {"Mary  Jackson | (773) 555-0163", "Mary Jackson"}, {"Jane", "Jane"}, {"JD", "JD"},
          {"Maria de los Angeles Garcia", "Maria de los Angeles Garcia"},
          {"\u5c71\u7530\u592a\u90ce", "\u5c71\u7530\u592a\u90ce"});
}

static void
teams_companies_and_sentences_are_no_names(void)
{
    CHECK(TYPE_NAME, {"Front Office", NULL}, {"Info", NULL}, {"Acme Bakery LLC", NULL},
          {"Acme, Inc.", NULL}, {"jane@doe.example", NULL}, {"Unit 5", NULL}, {"", NULL},
          {"N/A", NULL}, {"-", NULL}, {"http://x.example", NULL}, {"Doe, Jane, Roe, John", NULL},
          {"I would like a quote for our roof please", NULL}, {"Sales Team", NULL});
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/value/text/one-line", text_is_one_line_without_tricks);
    g_test_add_func("/value/text/limit", text_is_cut_at_its_limit);
    g_test_add_func("/value/lines", lines_keep_their_breaks);
    g_test_add_func("/value/notes", notes_are_what_was_written);
    g_test_add_func("/value/notes/limit", notes_are_cut_at_a_line_end_and_say_so);
    g_test_add_func("/value/boolean", booleans_are_yes_or_no);
    g_test_add_func("/value/state", states_are_two_letters);
    g_test_add_func("/value/postal", postal_codes_are_american_or_canadian);
    g_test_add_func("/value/zone", zones_are_those_of_tzdata);
    g_test_add_func("/value/money", money_is_a_decimal_number);
    g_test_add_func("/value/money/range", money_of_a_range_is_its_lower_end);
    g_test_add_func("/value/money/refused", money_is_nothing_else);
    g_test_add_func("/value/email", emails_are_taken_out_of_what_surrounds_them);
    g_test_add_func("/value/email/refused", emails_must_be_addresses);
    g_test_add_func("/value/email/no-person", robots_relays_and_ourselves_are_no_persons);
    g_test_add_func("/value/name", names_are_first_last);
    g_test_add_func("/value/name/refused", teams_companies_and_sentences_are_no_names);
    return g_test_run();
}
