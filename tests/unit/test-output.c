#include "ctl/output.h"

static void
test_what_would_steer_a_terminal_is_an_escape(void)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {NULL, ""},
        {"", ""},
        {"Zoë Łukasz 東京 🏠", "Zoë Łukasz 東京 🏠"},
        {"two\nlines\tand a tab", "two\\nlines\\tand a tab"},
        {"\033[31mred", "\\x1b[31mred"},
        {"\302\233"
         "31m",
         "\\x9b31m"}, /* CSI in one character */
        {"\342\200\256kcab", "\\u202ekcab"},
        {"zero\342\200\213width", "zero\\u200bwidth"},
        {"no \xff UTF-8", "no \357\277\275 UTF-8"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = output_clean(cases[i].text, 0);
        g_assert_cmpstr(shown, ==, cases[i].shown);
    }
}

static void
test_a_long_text_is_cut_between_characters(void)
{
    g_autofree char *cut = output_clean("äöüß", 3);
    g_autofree char *whole = output_clean("äöüß", 4);
    g_assert_cmpstr(cut, ==, "äöü…");
    g_assert_cmpstr(whole, ==, "äöüß");
}

static void
test_a_time_is_utc(void)
{
    g_autofree char *time = output_time(G_GINT64_CONSTANT(1783349407000000));
    g_autofree char *never = output_time(0), *absurd = output_time(G_MAXINT64);
    g_assert_cmpstr(time, ==, "2026-07-06T14:50:07Z");
    g_assert_cmpstr(never, ==, "");
    g_assert_nonnull(absurd);
}

static void
test_a_duration_has_its_two_largest_units(void)
{
    static const struct {
        gint64 seconds;
        const char *text;
    } cases[] = {
        {-5, "0 s"},       {0, "0 s"},         {59, "59 s"},           {60, "1 min"},
        {61, "1 min 1 s"}, {3600, "1 h"},      {3659, "1 h"},          {3660, "1 h 1 min"},
        {86400, "1 d"},    {90000, "1 d 1 h"}, {86399, "23 h 59 min"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = output_duration(cases[i].seconds);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void
test_a_text_that_is_no_json_is_a_string(void)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    json_builder_begin_object(json);
    output_member_json(json, "good", "{\"a\": [1, true]}");
    output_member_json(json, "bad", "{\"a\": ");
    output_member_json(json, "none", NULL);
    output_member(json, "text", "no \xff UTF-8");
    output_member_time(json, "never", 0);
    json_builder_end_object(json);
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    g_autofree char *text = json_to_string(root, FALSE);
    g_assert_cmpstr(text, ==,
                    "{\"good\":{\"a\":[1,true]},\"bad\":\"{\\\"a\\\": \",\"none\":null,"
                    "\"text\":\"no \357\277\275 UTF-8\",\"never\":null}");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/output/what would steer a terminal is an escape",
                    test_what_would_steer_a_terminal_is_an_escape);
    g_test_add_func("/output/a long text is cut between characters",
                    test_a_long_text_is_cut_between_characters);
    g_test_add_func("/output/a time is UTC", test_a_time_is_utc);
    g_test_add_func("/output/a duration has its two largest units",
                    test_a_duration_has_its_two_largest_units);
    g_test_add_func("/output/a text that is no JSON is a string",
                    test_a_text_that_is_no_json_is_a_string);
    return g_test_run();
}
