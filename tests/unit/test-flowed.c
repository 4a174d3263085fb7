/* format=flowed, undone. */
#include "mail/flowed.h"

#include <string.h>

#include "base/limits.h"

typedef struct {
    const char *text, *expected;
} Case;

static void
assert_unwrapped(const Case *cases, guint n, gboolean delsp)
{
    for (guint i = 0; i < n; i++) {
        g_autofree char *got = flowed_unwrap(cases[i].text, delsp);
        g_assert_cmpstr(got, ==, cases[i].expected);
    }
}

static void
joins_soft_lines_only(void)
{
    static const Case cases[] = {
        {"", ""},
        {"One \nline\nand another\n", "One line\nand another\n"},
        {"a \nb \nc\n", "a b c\n"},
        {"fixed\nfixed\n", "fixed\nfixed\n"},
        {"soft to the end \n", "soft to the end \n"},
        {"no line end", "no line end\n"},
        {"a \n\nb\n", "a \nb\n"},
    };
    assert_unwrapped(cases, G_N_ELEMENTS(cases), FALSE);
}

static void
delsp_takes_the_space_away(void)
{
    static const Case cases[] = {{"long \nword\n", "longword\n"},
                                 {"two  \nwords\n", "two words\n"}};
    assert_unwrapped(cases, G_N_ELEMENTS(cases), TRUE);
}

static void
undoes_space_stuffing_once(void)
{
    static const Case cases[] = {
        {" From here\n", "From here\n"},
        {"  indented\n", " indented\n"},
        {" > no quote\n", "> no quote\n"},
    };
    assert_unwrapped(cases, G_N_ELEMENTS(cases), FALSE);
}

static void
joins_quotes_of_one_depth_only(void)
{
    static const Case cases[] = {
        {"> a \n> b\n", "> a b\n"},
        {">> a \n>> b\n", "> > a b\n"},
        {"> a \nmine\n", "> a \nmine\n"},
        {"> a \n>> b\n", "> a \n> > b\n"},
    };
    assert_unwrapped(cases, G_N_ELEMENTS(cases), FALSE);
}

static void
never_joins_a_signature(void)
{
    static const Case cases[] = {
        {"Bye \n-- \nAda\n", "Bye \n-- \nAda\n"},
        {"> Bye\n> -- \n> Ada\n", "> Bye\n> -- \n> Ada\n"},
        {"a -- \nb\n", "a -- b\n"},
    };
    assert_unwrapped(cases, G_N_ELEMENTS(cases), FALSE);
}

static void
is_bounded_on_hostile_text(void)
{
    static const char *const units[] = {">", ">\n", " \n", "> \n", ">>>>>>>>>>>>>>>>\n", "-- \n"};
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        GString *text = g_string_new(NULL);
        while (text->len < LIMIT_TEXT)
            g_string_append(text, units[i]);
        g_autofree char *got = flowed_unwrap(text->str, FALSE);
        g_assert_cmpuint(strlen(got), <=, 2 * text->len);
        g_string_free(text, TRUE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flowed/joins-soft-lines-only", joins_soft_lines_only);
    g_test_add_func("/flowed/delsp-takes-the-space-away", delsp_takes_the_space_away);
    g_test_add_func("/flowed/undoes-space-stuffing-once", undoes_space_stuffing_once);
    g_test_add_func("/flowed/joins-quotes-of-one-depth-only", joins_quotes_of_one_depth_only);
    g_test_add_func("/flowed/never-joins-a-signature", never_joins_a_signature);
    g_test_add_func("/flowed/is-bounded-on-hostile-text", is_bounded_on_hostile_text);
    return g_test_run();
}
