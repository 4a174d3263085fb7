/* Phone numbers in the forms that mail has them in, their extensions and marks. */
#include "lead/phone.h"

#include <string.h>

typedef struct {
    const char *raw, *number;
    PhoneMark mark;
} Case;

static void
check_cases(const Case *cases, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        PhoneMark mark;
        g_autofree char *number = phone_find(cases[i].raw, "US", &mark);
        if (g_strcmp0(number, cases[i].number) != 0 || mark != cases[i].mark)
            g_test_message("for \"%s\"", cases[i].raw);
        g_assert_cmpstr(number, ==, cases[i].number);
        g_assert_cmpint(mark, ==, cases[i].mark);
        g_assert_cmpint(value_phone_mark(cases[i].raw), ==, cases[i].mark);
    }
}

static void
is_written_as_the_api_writes_it(void)
{
    static const Case cases[] = {
        {"312.555.0142", "(312) 555-0142", PHONE_PLAIN},
        {"(312)5550142", "(312) 555-0142", PHONE_PLAIN},
        {"3125550142", "(312) 555-0142", PHONE_PLAIN},
        {"312/555-0142", "(312) 555-0142", PHONE_PLAIN},
        {"1-312-555-0142", "(312) 555-0142", PHONE_PLAIN},
        {"+1 (312) 555-0142", "(312) 555-0142", PHONE_PLAIN},
        {"tel:+13125550142", "(312) 555-0142", PHONE_OFFICE},
        {"312\u2011555\u20110142", "(312) 555-0142", PHONE_PLAIN},
        {"\uff13\uff11\uff12 555 0142", "(312) 555-0142", PHONE_PLAIN},
        {"312\u00a0555\u00a00142", "(312) 555-0142", PHONE_PLAIN},
        {"+44 20 7946 0958", "+44 20 7946 0958", PHONE_PLAIN},
        {"Call after 5 pm at 312-555-0150", "(312) 555-0150", PHONE_PLAIN},
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void
keeps_its_extension(void)
{
    static const Case cases[] = {
        {"+1 312 555 0142 ext 7", "(312) 555-0142 x 7", PHONE_PLAIN},
        {"312-555-0142, x123", "(312) 555-0142 x 123", PHONE_PLAIN},
        {"312-555-0142 Ext. 12", "(312) 555-0142 x 12", PHONE_PLAIN},
        {"312-555-0142 extension: 12", "(312) 555-0142 x 12", PHONE_PLAIN},
        {"312-555-0142 #12 (office)", "(312) 555-0142 x 12", PHONE_OFFICE},
        {"312-555-0142 x1234567", "(312) 555-0142", PHONE_PLAIN},
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void
is_marked_as_it_is_written(void)
{
    static const Case cases[] = {
        {"312-555-0142 (c)", "(312) 555-0142", PHONE_MOBILE},
        {"(c) 312-555-0142", "(312) 555-0142", PHONE_MOBILE},
        {"M: 312-555-0142", "(312) 555-0142", PHONE_MOBILE},
        {"Cell phone: 312-555-0142", "(312) 555-0142", PHONE_MOBILE},
        {"312-555-0142 mobile", "(312) 555-0142", PHONE_MOBILE},
        {"*Cell:* 312-555-0142", "(312) 555-0142", PHONE_MOBILE},
        {"Office 312-555-0142", "(312) 555-0142", PHONE_OFFICE},
        {"Phone/Fax: 312-555-0142", "(312) 555-0142", PHONE_OFFICE},
        {"O: 312-555-0142 | M: 312-555-0143", "(312) 555-0142", PHONE_OFFICE},
        {"312-555-0142 M: 312-555-0143", "(312) 555-0142", PHONE_PLAIN},
        {"my plan c is 312-555-0142", "(312) 555-0142", PHONE_PLAIN},
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void
a_fax_is_passed_over(void)
{
    static const Case cases[] = {
        {"Fax: 312-555-0142", NULL, PHONE_FAX},
        {"312-555-0142 (fax)", NULL, PHONE_FAX},
        {"F: 312-555-0142", NULL, PHONE_FAX},
        {"Fax 312-555-0142 / Cell 312-555-0143", "(312) 555-0143", PHONE_MOBILE},
        {"Fax: 312-555-0142\nPhone: 312-555-0143", "(312) 555-0143", PHONE_OFFICE},
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void
other_digits_are_no_number(void)
{
    static const Case cases[] = {
        {"", NULL, PHONE_PLAIN},
        {"John at 5", NULL, PHONE_PLAIN},
        {"555-0142", NULL, PHONE_PLAIN},
        {"111-555-0142", NULL, PHONE_PLAIN},
        {"411-555-0142", NULL, PHONE_PLAIN},
        {"60607-1234", NULL, PHONE_PLAIN},
        {"2026-11-23 14:20", NULL, PHONE_PLAIN},
        {"+++++++", NULL, PHONE_PLAIN},
        {"(((((((", NULL, PHONE_PLAIN},
        {"12345678901234567890", NULL, PHONE_PLAIN},
    };
    check_cases(cases, G_N_ELEMENTS(cases));
}

static void
only_fictional_numbers_are_let_pass_beside_valid_ones(void)
{
    g_autofree char *fictional = phone_format("3125550199", "US");
    g_assert_cmpstr(fictional, ==, "(312) 555-0199");
    g_assert_null(phone_format("1115550142", "US"));
    g_assert_null(phone_format("", "US"));
    g_assert_null(phone_format("12", "US"));
    g_autofree char *british = phone_format("020 7946 0958", "GB");
    g_assert_cmpstr(british, ==, "+44 20 7946 0958");
}

static void
a_long_text_costs_nothing(void)
{
    g_autofree char *digits = g_strnfill(8 << 20, '1');
    g_autofree char *opens = g_strnfill(8 << 20, '(');
    PhoneMark mark;
    g_autofree char *a = phone_find(digits, "US", &mark);
    g_autofree char *b = phone_find(opens, "US", &mark);
    g_assert_null(a);
    g_assert_null(b);
}

/* Of a US number's usual forms libphonenumber is asked less; for CA, which shares its code, all. */
static void
usual_forms_are_what_libphonenumber_says(void)
{
    static const struct {
        const char *before, *behind_area, *behind_exchange;
    } forms[] = {{"", "-", "-"},   {"(", ") ", "-"}, {"1 ", ".", "."},
                 {"+1(", ")", ""}, {"+", "", ""},    {"11", "", ""}};
    static const guint lines[] = {100, 142, 199, 1234, 5999};
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    for (guint i = 0; i < 4000; i++) {
        guint form = i % G_N_ELEMENTS(forms);
        guint exchange = i % 3 ? (guint)g_rand_int_range(random, 0, 1000) : 555;
        g_autofree char *number = g_strdup_printf(
            "%s%u%s%03u%s%04u", forms[form].before, (guint)g_rand_int_range(random, 0, 1000),
            forms[form].behind_area, exchange, forms[form].behind_exchange,
            lines[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(lines))]);
        g_autofree char *us = phone_format(number, "US"), *ca = phone_format(number, "CA");
        if (g_strcmp0(us, ca) != 0)
            g_test_message("for \"%s\"", number);
        g_assert_cmpstr(us, ==, ca);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/phone/format", is_written_as_the_api_writes_it);
    g_test_add_func("/phone/extension", keeps_its_extension);
    g_test_add_func("/phone/mark", is_marked_as_it_is_written);
    g_test_add_func("/phone/fax", a_fax_is_passed_over);
    g_test_add_func("/phone/refused", other_digits_are_no_number);
    g_test_add_func("/phone/fictional", only_fictional_numbers_are_let_pass_beside_valid_ones);
    g_test_add_func("/phone/long", a_long_text_costs_nothing);
    g_test_add_func("/phone/usual-forms-are-what-libphonenumber-says",
                    usual_forms_are_what_libphonenumber_says);
    return g_test_run();
}
