/* What a reply says itself, and what it quotes. */
#include "mail/quote.h"

#include <string.h>

#include "base/limits.h"
#include "processor.h"

static void
assert_split(const char *text, const char *own, const char *theirs)
{
    g_autofree char *quoted = NULL;
    g_autofree char *got = quote_split(text, &quoted);
    g_assert_cmpstr(got, ==, own);
    g_assert_cmpstr(quoted, ==, theirs);
}

static void
takes_quoted_lines_and_their_attribution(void)
{
    assert_split("Yes.\n\nOn Mon, Jul 6, 2026 at 10:00 AM Ada <ada@x> wrote:\n> a\n>\n>> b\n",
                 "Yes.\n\n", "On Mon, Jul 6, 2026 at 10:00 AM Ada <ada@x> wrote:\n> a\n>\n>> b\n");
    assert_split("Yes.\nAda wrote:\n\n> a\n", "Yes.\n\n", "Ada wrote:\n> a\n");
}

static void
takes_an_attribution_of_three_lines(void)
{
    assert_split("Yes.\nOn Mon, Jul 6, 2026\nat 10:00 AM Ada Lovelace\n<ada@x> wrote:\n> a\n",
                 "Yes.\n", "On Mon, Jul 6, 2026\nat 10:00 AM Ada Lovelace\n<ada@x> wrote:\n> a\n");
}

static void
keeps_answers_between_and_below(void)
{
    assert_split("On Monday Ada wrote:\n> a\nFirst.\n> b\nSecond.\n", "First.\nSecond.\n",
                 "On Monday Ada wrote:\n> a\n> b\n");
    assert_split("Ada wrote:\n> a\nMine.\n", "Mine.\n", "Ada wrote:\n> a\n");
}

static void
takes_outlooks_original_message(void)
{
    assert_split("Yes.\n\n-----Original Message-----\nFrom: Ada\nHello\n", "Yes.\n\n",
                 "-----Original Message-----\nFrom: Ada\nHello\n");
}

static void
takes_a_header_block_below_own_text(void)
{
    assert_split("Yes.\n\nFrom: Ada <ada@x>\nSent: Monday\nTo: Bob\nSubject: s\n\nHello\n",
                 "Yes.\n\n", "From: Ada <ada@x>\nSent: Monday\nTo: Bob\nSubject: s\n\nHello\n");
}

static void
takes_other_languages_and_unmarked_quotes(void)
{
    static const char *const quotes[] = {
        "Am 02.11.26 um 09:14 schrieb Ada:\n> a\n",
        "Le lun. 2 nov. 2026 à 09:14, Ada <ada@x.example> a écrit :\n> a\n",
        "El lun, 2 nov 2026 a las 9:14, Ada (<ada@x.example>) escribió:\n> a\n",
        "Op ma 2 nov 2026 om 09:14 schreef Ada <ada@x.example>:\n> a\n",
        "2026年11月2日(月) 9:14 Ada <ada@x.example>:\n> a\n",
        "-----Ursprüngliche Nachricht-----\nVon: Ada\n\na\n",
        "Von: Ada <ada@x>\nGesendet: Montag\nAn: Bob\nBetreff: s\n\na\n",
        "De : Ada <ada@x>\nEnvoyé : lundi\nÀ : Bob\nObjet : s\n\na\n",
        "On Mon, Jul 6, 2026 at 10:00 AM Ada <ada@x.example> wrote:\n\na\n",
    };
    for (guint i = 0; i < G_N_ELEMENTS(quotes); i++) {
        g_autofree char *text = g_strconcat("Ja.\n\n", quotes[i], NULL);
        assert_split(text, "Ja.\n\n", quotes[i]);
    }
}

static void
leaves_what_is_no_quote(void)
{
    static const char *const texts[] = {
        "",
        "Hello\n",
        "On Monday I wrote:\nnothing.\n",
        "5 > 4\n",
        "Hello\nFrom: Ada\nSubject: s\n\nBody\n",
        "From: Ada <ada@x>\nSent: Monday\nTo: Bob\nSubject: s\n\nHello\n",
        "Ada wrote:\nHello\n",
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_split(texts[i], texts[i], "");
}

static void
leaves_a_text_that_is_all_quoted(void)
{
    assert_split("> a\n> b\n", "> a\n> b\n", "");
    assert_split("On Monday Ada wrote:\n> a\n\n", "On Monday Ada wrote:\n> a\n\n", "");
    assert_split("Ada wrote:\n> a\n", "Ada wrote:\n> a\n", "");
}

static void
is_linear_on_hostile_text(void)
{
    static const char *const units[] = {
        "On ", "On \n", "x wrote:\n", "On x wrote:\n \n", "From: a\n", "> \n", "\n", " ", "wrote:",
    };
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        GString *text = g_string_new("Hi\n");
        while (text->len < LIMIT_TEXT)
            g_string_append(text, units[i]);
        gint64 begun = processor_time();
        g_autofree char *quoted = NULL;
        g_autofree char *own = quote_split(text->str, &quoted);
        g_assert_cmpint(processor_time() - begun, <, 2 * G_USEC_PER_SEC);
        g_assert_cmpuint(strlen(own) + strlen(quoted), ==, text->len);
        g_string_free(text, TRUE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quote/takes-quoted-lines-and-their-attribution",
                    takes_quoted_lines_and_their_attribution);
    g_test_add_func("/quote/takes-an-attribution-of-three-lines",
                    takes_an_attribution_of_three_lines);
    g_test_add_func("/quote/keeps-answers-between-and-below", keeps_answers_between_and_below);
    g_test_add_func("/quote/takes-outlooks-original-message", takes_outlooks_original_message);
    g_test_add_func("/quote/takes-a-header-block-below-own-text",
                    takes_a_header_block_below_own_text);
    g_test_add_func("/quote/takes-other-languages-and-unmarked-quotes",
                    takes_other_languages_and_unmarked_quotes);
    g_test_add_func("/quote/leaves-what-is-no-quote", leaves_what_is_no_quote);
    g_test_add_func("/quote/leaves-a-text-that-is-all-quoted", leaves_a_text_that_is_all_quoted);
    g_test_add_func("/quote/is-linear-on-hostile-text", is_linear_on_hostile_text);
    return g_test_run();
}
