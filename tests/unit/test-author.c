/* Whom a line of text names as the writer. */
#include "mail/author.h"

#include <string.h>

static void
assert_mailbox(Mailbox *mailbox, const char *name, const char *address, const char *of)
{
    g_test_message("%s", of);
    if (!name && !address) {
        g_assert_null(mailbox);
        return;
    }
    g_assert_nonnull(mailbox);
    g_assert_cmpstr(mailbox->name, ==, name);
    g_assert_cmpstr(mailbox->address, ==, address);
    mailbox_free(mailbox);
}

static void
reads_a_from_line_however_it_is_written(void)
{
    static const struct {
        const char *line, *name, *address;
    } cases[] = {
        {"Ada Lovelace <ada@x.example>", "Ada Lovelace", "ada@x.example"},
        {"Ada Lovelace [mailto:ada@x.example]", "Ada Lovelace", "ada@x.example"},
        {"Ada Lovelace <mailto:ada@x.example>", "Ada Lovelace", "ada@x.example"},
        {"Ada Lovelace <ada@x.example<mailto:ada@x.example>>", "Ada Lovelace", "ada@x.example"},
        {"Lovelace, Ada <ada@x.example>", "Lovelace, Ada", "ada@x.example"},
        {"\"Lovelace, Ada\" <ada@x.example>", "Lovelace, Ada", "ada@x.example"},
        {"'Ada Lovelace' <ada@x.example>", "Ada Lovelace", "ada@x.example"},
        {"*Ada Lovelace* <ada@x.example>", "Ada Lovelace", "ada@x.example"},
        {"ada@x.example (Ada Lovelace)", "Ada Lovelace", "ada@x.example"},
        {"ada@x.example <ada@x.example>", NULL, "ada@x.example"},
        {"ada@x.example", NULL, "ada@x.example"},
        {"Ada Lovelace", "Ada Lovelace", NULL},
        {"form@y.example On Behalf Of Ada Lovelace", "Ada Lovelace", NULL},
        {"form@y.example <form@y.example> on behalf of Ada <ada@x.example>", "Ada",
         "ada@x.example"},
        {"  ", NULL, NULL},
        {"<>", NULL, NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_mailbox(author_of_from(cases[i].line), cases[i].name, cases[i].address,
                       cases[i].line);
}

static void
reads_the_sentence_above_a_quote(void)
{
    static const struct {
        const char *line, *name, *address;
    } cases[] = {
        {"On Mon, Nov 2, 2026 at 9:14 AM Ada Lovelace <ada@x.example> wrote:", "Ada Lovelace",
         "ada@x.example"},
        {"On 2 Nov 2026, at 09:14, Ada Lovelace <ada@x.example> wrote:", "Ada Lovelace",
         "ada@x.example"},
        {"On 2/11/2026, 9:14, \"Ada Lovelace\" <ada@x.example> wrote:", "Ada Lovelace",
         "ada@x.example"},
        {"On Mon, Nov 2, 2026 at 9:14 AM Ada Lovelace\n<ada@x.example> wrote:", "Ada Lovelace",
         "ada@x.example"},
        {"Am 02.11.26 um 09:14 schrieb Ada Lovelace:", NULL, NULL},
        {"Am Mo., 2. Nov. 2026 um 09:14 Uhr schrieb Ada Lovelace <ada@x.example>:", "Ada Lovelace",
         "ada@x.example"},
        {"Le lun. 2 nov. 2026 \xc3\xa0 09:14, Ada Lovelace <ada@x.example> a \xc3\xa9"
         "crit\xc2\xa0:",
         "Ada Lovelace", "ada@x.example"},
        {"El 2/11/26, 9:14, \"Ada Lovelace\" <ada@x.example> escribi\xc3\xb3:", "Ada Lovelace",
         "ada@x.example"},
        {"Op ma 2 nov 2026 om 09:14 schreef Ada Lovelace <ada@x.example>:", "Ada Lovelace",
         "ada@x.example"},
        {"Den m\xc3\xa5n 2 nov. 2026 kl 09:14 skrev Ada Lovelace <ada@x.example>:", "Ada Lovelace",
         "ada@x.example"},
        {"ma 2. marrask. 2026 klo 9.14 Ada Lovelace (ada@x.example) kirjoitti:", "Ada Lovelace",
         "ada@x.example"},
        {"pon., 2 lis 2026 o 09:14 Ada Lovelace <ada@x.example> napisa\xc5\x82(a):", "Ada Lovelace",
         "ada@x.example"},
        {"2026\xe5\xb9\xb4"
         "11\xe6\x9c\x88"
         "2\xe6\x97\xa5(\xe6\x9c\x88) 9:14 Ada Lovelace "
         "<ada@x.example>:",
         "Ada Lovelace", "ada@x.example"},
        {"\xd0\xbf\xd0\xbd, 2 \xd0\xbd\xd0\xbe\xd1\x8f\xd0\xb1. 2026 \xd0\xb3. \xd0\xb2 09:14, Ada "
         "Lovelace <ada@x.example>:",
         "Ada Lovelace", "ada@x.example"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *end = attribution_end(cases[i].line, NULL);
        g_test_message("%s", cases[i].line);
        g_assert_nonnull(end);
        assert_mailbox(author_of_attribution(cases[i].line, end), cases[i].name, cases[i].address,
                       cases[i].line);
    }
}

static void
leaves_prose_alone(void)
{
    static const char *const lines[] = {
        "",
        "Hello",
        "On Monday we saw water come through the roof",
        "On the roof there is:",
        "Address:",
        "Here is what Ada Lovelace <ada@x.example> told me",
        "\n> quoted",
    };
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        g_assert_null(attribution_end(lines[i], NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/author/reads-a-from-line-however-it-is-written",
                    reads_a_from_line_however_it_is_written);
    g_test_add_func("/author/reads-the-sentence-above-a-quote", reads_the_sentence_above_a_quote);
    g_test_add_func("/author/leaves-prose-alone", leaves_prose_alone);
    return g_test_run();
}
