/* Where a signature begins, and what only looks like one. */
#include "mail/signature.h"

#include <string.h>

#include "base/limits.h"
#include "processor.h"

#define ABOVE "Hello,\nplease call me.\n"

static void
assert_signature(const char *text, const char *signature)
{
    g_assert_cmpstr(text + signature_begin(text, "Ada Lovelace"), ==, signature);
}

static void
begins_at_the_separator(void)
{
    assert_signature(ABOVE "-- \nAda\n", "-- \nAda\n");
    assert_signature(ABOVE "--\nAda\n\n312 555 0142\n", "--\nAda\n\n312 555 0142\n");
    assert_signature(ABOVE "-- \nAda", "-- \nAda");
}

static void
is_the_last_one(void)
{
    assert_signature(ABOVE "-- \nfirst\n-- \nlast\n", "-- \nlast\n");
}

static void
begins_at_a_phones_footer(void)
{
    assert_signature(ABOVE "\nSent from my iPhone\n", "Sent from my iPhone\n");
    assert_signature(ABOVE "\nGet Outlook for iOS\n\n", "Get Outlook for iOS\n\n");
    assert_signature(ABOVE "Sent from my iPhone\na\nb\nc\n", "");
    assert_signature("Sent from my iPhone\n", "");
}

static void
is_not_in_plain_text(void)
{
    static const char *const texts[] = {
        "",
        "\n\n",
        "Hello\n",
        ABOVE "---\nAda\n",
        ABOVE "--Ada\n",
        ABOVE " --\nAda\n",
        ABOVE "was sent from my iPhone\n",
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_signature(texts[i], "");
}

static void
is_not_in_the_first_two_lines(void)
{
    assert_signature("-- \nName: Ada\nPhone: 312 555 0142\n", "");
    assert_signature("New message\n\n-- \nName: Ada\n", "");
    assert_signature("\n\n \nNew message\n--\nName: Ada\n", "");
}

static void
is_twenty_lines_at_most(void)
{
    GString *text = g_string_new(ABOVE "-- \n");
    for (guint i = 0; i < 20; i++)
        g_string_append(text, "a line\n");
    g_assert_cmpuint(signature_begin(text->str, NULL), ==, strlen(ABOVE));
    g_string_append(text, "one more\n");
    g_assert_cmpuint(signature_begin(text->str, NULL), ==, text->len);
    g_string_free(text, TRUE);
}

static void
begins_below_a_closing(void)
{
    assert_signature(ABOVE "\nBest regards,\n\nAda Lovelace\nFacility Manager\n",
                     "Ada Lovelace\nFacility Manager\n");
    assert_signature(ABOVE "Thanks, Ada\nLovelace Mills\n312 555 0142\n",
                     "Lovelace Mills\n312 555 0142\n");
    assert_signature(ABOVE "Mit freundlichen Gr\xc3\xbc\xc3\x9f"
                           "en\nAda\nMills GmbH\n",
                     "Ada\nMills GmbH\n");
    /* Nothing but a name: what they wrote. */
    assert_signature(ABOVE "Thanks,\nAda\n", "");
    assert_signature(ABOVE "Thanks for the call.\nAda\n312 555 0142\n", "");
    assert_signature(
        ABOVE "Thanks,\nI think that the roof over the second dock is the worst.\nAda\n", "");
}

static void
begins_at_a_block_that_names_somebody(void)
{
    assert_signature(ABOVE "\nAda Lovelace\nFacility Manager\nO: 312 555 0142\n",
                     "Ada Lovelace\nFacility Manager\nO: 312 555 0142\n");
    assert_signature(ABOVE "\nADA LOVELACE, CPM | Lovelace Mills\nwww.mills.example\n",
                     "ADA LOVELACE, CPM | Lovelace Mills\nwww.mills.example\n");
    assert_signature(ABOVE "\nPhone Number\n312 555 0142\n", "");
    assert_signature(ABOVE "\nName: Ada Lovelace\nPhone: 312 555 0142\n", "");
    assert_signature(ABOVE "\nThe Dock Roof\nleaks over gate two\n", "");
    assert_signature(ABOVE "\nAda Lovelace\n312 555 0142\n\nand then the water came through the "
                           "roof again.\n",
                     "");
}

static void
begins_at_the_writers_own_name(void)
{
    assert_signature(ABOVE "\nAda Lovelace\nLovelace Mills\n", "Ada Lovelace\nLovelace Mills\n");
    assert_signature(ABOVE "\nAda Lovelace, Director, Lovelace Mills\n",
                     "Ada Lovelace, Director, Lovelace Mills\n");
    assert_signature(ABOVE "\nAddie Lovelace, Lovelace Mills\n",
                     "Addie Lovelace, Lovelace Mills\n");
    assert_signature(ABOVE "\nCharles Babbage, Engine Works\n", "");
    assert_signature(ABOVE "\nAda Lovelace\n", "");
    assert_signature("Hello,\nthis is\n\nAda Lovelace\nand I would like to know what it costs.\n",
                     "");
}

static void
knows_whose_it_is(void)
{
    g_assert_true(signature_is_of("-- \nAda Lovelace\nMills\n", "Lovelace, Ada"));
    g_assert_true(signature_is_of("Ada Lovelace | Mills", "Ada Lovelace"));
    g_assert_false(signature_is_of("-- \nCharles Babbage\n", "Ada Lovelace"));
    g_assert_false(signature_is_of("-- \nAda Lovelace\n", NULL));
    g_assert_false(signature_is_of("", "Ada Lovelace"));
}

static void
takes_the_legal_text_along(void)
{
    assert_signature(ABOVE "\nCONFIDENTIALITY NOTICE: this is for the addressee.\nOnly.\n",
                     "CONFIDENTIALITY NOTICE: this is for the addressee.\nOnly.\n");
    assert_signature(ABOVE "-- \nAda\n\n____\nThis e-mail and any files are confidential.\n",
                     "-- \nAda\n\n____\nThis e-mail and any files are confidential.\n");
    assert_signature(ABOVE "This e-mailed picture shows it.\n", "");
}

static void
is_linear_in_blank_lines(void)
{
    static const char *const ends[] = {"", "x\n", "-- \n", "--\n\n--\n"};
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *text = g_malloc(LIMIT_TEXT + 20);
        memset(text, '\n', LIMIT_TEXT);
        strcpy(text + LIMIT_TEXT, ends[i]);
        gint64 begun = processor_time();
        signature_begin(text, "Ada Lovelace");
        g_assert_cmpint(processor_time() - begun, <, 2 * G_USEC_PER_SEC);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/signature/begins-at-the-separator", begins_at_the_separator);
    g_test_add_func("/signature/is-the-last-one", is_the_last_one);
    g_test_add_func("/signature/begins-at-a-phones-footer", begins_at_a_phones_footer);
    g_test_add_func("/signature/is-not-in-plain-text", is_not_in_plain_text);
    g_test_add_func("/signature/is-not-in-the-first-two-lines", is_not_in_the_first_two_lines);
    g_test_add_func("/signature/is-twenty-lines-at-most", is_twenty_lines_at_most);
    g_test_add_func("/signature/begins-below-a-closing", begins_below_a_closing);
    g_test_add_func("/signature/begins-at-a-block-that-names-somebody",
                    begins_at_a_block_that_names_somebody);
    g_test_add_func("/signature/begins-at-the-writers-own-name", begins_at_the_writers_own_name);
    g_test_add_func("/signature/knows-whose-it-is", knows_whose_it_is);
    g_test_add_func("/signature/takes-the-legal-text-along", takes_the_legal_text_along);
    g_test_add_func("/signature/is-linear-in-blank-lines", is_linear_in_blank_lines);
    return g_test_run();
}
