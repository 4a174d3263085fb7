/* Addresses of header fields: the usual forms are read without GMime, to the same end. */
#include "mail/headers.h"

#include <gmime/gmime.h>
#include <string.h>

/* "name|address", "-" for what there is none of; of the first mailbox. */
static char *
first_of(const char *raw)
{
    g_autoptr(GPtrArray) mailboxes = headers_addresses(raw);
    if (mailboxes->len == 0)
        return g_strdup("none");
    const Mailbox *mailbox = g_ptr_array_index(mailboxes, 0);
    return g_strdup_printf("%s|%s", mailbox->name ? mailbox->name : "-",
                           mailbox->address ? mailbox->address : "-");
}

static void
assert_first(const char *raw, const char *expected)
{
    g_autofree char *got = first_of(raw);
    g_assert_cmpstr(got, ==, expected);
}

static void
the_usual_forms_are_read(void)
{
    assert_first(" Ada Lovelace <ada@lovelace.example>\n", "Ada Lovelace|ada@lovelace.example");
    assert_first("ada.l+x@mail.lovelace.example", "-|ada.l+x@mail.lovelace.example");
    assert_first("\"Lovelace, Ada\" <ada@lovelace.example>", "Lovelace, Ada|ada@lovelace.example");
    assert_first("=?utf-8?q?Zo=C3=AB?= <zoe@x.example>", "Zo\u00eb|zoe@x.example");
    assert_first("<ada@lovelace.example>", "-|ada@lovelace.example");
    assert_first("ada@xn--mnchen-3ya.example", "-|ada@m\u00fcnchen.example");
    assert_first("\"Ada\" <ada@xn--mnchen-3ya.example>", "Ada|ada@m\u00fcnchen.example");
    assert_first("Ada <ada@www.xn--mnchen-3ya.example>", "Ada|ada@www.m\u00fcnchen.example");
}

/* With another address behind it, which nothing reads but GMime, the first is the same. */
static void
gmime_says_the_same(void)
{
    static const char *const pieces[] = {"Ada",
                                         "Lovelace",
                                         " ",
                                         "  ",
                                         "<",
                                         ">",
                                         "@",
                                         ".",
                                         "..",
                                         "x",
                                         "example",
                                         "-",
                                         "_",
                                         "+",
                                         "'",
                                         ",",
                                         "(a)",
                                         "1",
                                         "Q.",
                                         "\n ",
                                         "=?",
                                         "\"",
                                         "ada@x.example",
                                         ";",
                                         "<ada@lovelace.example>",
                                         "Ada Lovelace <",
                                         ":",
                                         "@xn--mnchen-3ya",
                                         "--"};
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    guint read = 0;
    for (guint i = 0; i < 20000; i++) {
        g_autoptr(GString) raw = g_string_new(NULL);
        for (guint n = (guint)g_rand_int_range(random, 1, 7); n > 0; n--)
            g_string_append(raw, pieces[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(pieces))]);
        g_autofree char *alone = first_of(raw->str);
        g_autofree char *longer = g_strconcat(raw->str, " , b@b.example", NULL);
        g_autofree char *beside = first_of(longer);
        if (strcmp(alone, "none") == 0 || strcmp(alone, "-|-") == 0 || strpbrk(raw->str, ",;:(\""))
            continue; /* then the two are not comparable */
        read++;
        if (strchr(raw->str, '@') && strcmp(alone, beside) != 0 &&
            strcmp(beside, "-|b@b.example") != 0)
            g_error("\"%s\" is %s, GMime says %s", raw->str, alone, beside);
    }
    g_assert_cmpuint(read, >, 1000);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_mime_init();
    g_test_add_func("/headers/the-usual-forms-are-read", the_usual_forms_are_read);
    g_test_add_func("/headers/gmime-says-the-same", gmime_says_the_same);
    return g_test_run();
}
