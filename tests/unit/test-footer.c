/* Where a site's boilerplate begins, and what is none. */
#include "mail/footer.h"

#include <string.h>

#include "base/limits.h"
#include "processor.h"

#define FORM "Name: Ada\nEmail: ada@x.example\nMessage: Hello\n"

static void
assert_footer(const char *text, const char *footer)
{
    g_assert_cmpstr(text + footer_begin(text, FALSE), ==, footer);
}

static void
begins_at_its_words(void)
{
    assert_footer(FORM "\nUnsubscribe | Privacy\n", "Unsubscribe | Privacy\n");
    assert_footer(FORM "---\nUser IP: 192.0.2.1\n", "---\nUser IP: 192.0.2.1\n");
    assert_footer(FORM "\nYou are receiving this as a pro.\nAcme, Springfield\n\n© 2026 Acme\n",
                  "You are receiving this as a pro.\nAcme, Springfield\n\n© 2026 Acme\n");
}

static void
begins_at_the_sites_address_below_a_form(void)
{
    assert_footer(FORM "\nAcme\n1 Main St, Springfield, IL 62701\n",
                  "Acme\n1 Main St, Springfield, IL 62701\n");
    assert_footer(FORM "Acme, 1 Main St, Springfield, IL 62701 | 217-555-0100\n",
                  "Acme, 1 Main St, Springfield, IL 62701 | 217-555-0100\n");
}

static void
is_not_what_somebody_wrote(void)
{
    static const char *const texts[] = {
        "",
        "Hello\n",
        "Unsubscribe\nme, please.\n",
        "Hello,\nplease come to\n\n1 Main St, Springfield, IL 62701\n",
        (FORM "Address: 1 Main St, Springfield, IL 62701\n"),
        (FORM "My roof is at 1 Main St, Springfield, IL 62701\n"),
        "Name: Ada\nEmail: a@x\nIP Address: 192.0.2.1\nMessage: Hello\n",
        "User IP: 192.0.2.1\nName: Ada\nEmail: a@x\nPhone: 1\nCity: C\nState: S\nZIP: Z\nMessage: "
        "M\n",
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_footer(texts[i], "");
}

static void
is_linear_on_hostile_text(void)
{
    static const char *const units[] = {"\n", "a: b\n", "IL 60607 ", "©", "Unsubscribe\n", "| "};
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        GString *text = g_string_new(FORM);
        while (text->len < LIMIT_TEXT)
            g_string_append(text, units[i]);
        gint64 begun = processor_time();
        footer_begin(text->str, TRUE);
        g_assert_cmpint(processor_time() - begun, <, 2 * G_USEC_PER_SEC);
        g_string_free(text, TRUE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/footer/begins-at-its-words", begins_at_its_words);
    g_test_add_func("/footer/begins-at-the-sites-address-below-a-form",
                    begins_at_the_sites_address_below_a_form);
    g_test_add_func("/footer/is-not-what-somebody-wrote", is_not_what_somebody_wrote);
    g_test_add_func("/footer/is-linear-on-hostile-text", is_linear_on_hostile_text);
    return g_test_run();
}
