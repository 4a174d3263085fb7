/* The original in an inline forward, and what is none. */
#include "mail/forward.h"

#include <string.h>

#include "base/limits.h"
#include "processor.h"

#define ADA "Ada <ada@x.example>"
#define BLOCK "From: " ADA "\nSent: Monday\nTo: Bob\nSubject: Roof\n\n"

static void
assert_original(const char *subject, const char *text, const char *intro, const char *body)
{
    Forward forward;
    g_assert_true(forward_find(text, forward_subject(subject) != NULL, &forward));
    g_assert_cmpstr(forward.from, ==, ADA);
    g_assert_cmpstr(forward.to, ==, "Bob");
    g_assert_cmpstr(forward.subject, ==, "Roof");
    g_assert_cmpstr(forward.date, ==, "Monday");
    g_assert_null(forward.reply_to);
    g_assert_cmpstr(forward.intro, ==, intro);
    g_assert_cmpstr(forward.body, ==, body);
    forward_clear(&forward);
    g_assert_null(forward.body);
}

static void
assert_none(const char *subject, const char *text)
{
    Forward forward;
    g_assert_false(forward_find(text, forward_subject(subject) != NULL, &forward));
}

static void
reads_every_programs_marker(void)
{
    static const char *const texts[] = {
        "See below.\n\n---------- Forwarded message ---------\nFrom: " ADA
        "\nDate: Monday\nSubject: Roof\nTo: Bob\n\n\nHello\n",
        "See below.\n\n--- Forwarded message ---\nFrom: " ADA
        "\nDate: Monday\nSubject: Roof\nTo: Bob\n\nHello\n",
        "See below.\n\nBegin forwarded message:\n\n> From: " ADA
        "\n> Subject: Roof\n> Date: Monday\n> To: Bob\n> \n> Hello\n",
        "See below.\n\nBegin forwarded message:\n\nFrom: " ADA
        "\nSubject: Roof\nDate: Monday\nTo: Bob\n\nHello\n",
        "See below.\n\n-------- Forwarded Message --------\nSubject: \tRoof\nDate: \tMonday\n"
        "From: \t" ADA "\nTo: \tBob\n\n\nHello\n",
        "See below.\n\n----- Forwarded Message -----\n" BLOCK "Hello\n",
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_original("Roof", texts[i], "See below.\n\n", "Hello\n");
}

static void
reads_bold_tabbed_and_folded_headers(void)
{
    assert_original("Fwd: Roof",
                    "*From:* " ADA "\n*Sent:*\tMonday\n*To:* Bob\n*Subject:* Roof\n\nHello\n", "",
                    "Hello\n");
    assert_original(
        "Fwd: Roof",
        "From:\tAda\n  <ada@x.example>\nSent:\tMonday\nTo:\tBob\nSubject:\tRoof\n\nHi\n", "",
        "Hi\n");
}

static void
reads_reply_to(void)
{
    Forward forward;
    g_assert_true(forward_find("-------- Forwarded Message --------\nSubject: s\n"
                               "Reply-To: ada@x.example\nFrom: form@y.example\n\nHi\n",
                               FALSE, &forward));
    g_assert_cmpstr(forward.reply_to, ==, "ada@x.example");
    g_assert_null(forward.date);
    g_assert_null(forward.to);
    forward_clear(&forward);
}

static void
takes_a_block_by_its_subject_or_alone(void)
{
    static const char *const subjects[] = {"Fw: Roof", "FWD: Roof", " fwd: Roof",
                                           "WG: Roof", "TR: Roof",  "Fwd : Roof"};
    for (guint i = 0; i < G_N_ELEMENTS(subjects); i++) {
        assert_original(subjects[i], "Mine.\n\n" BLOCK "Hello\n", "Mine.\n\n", "Hello\n");
        assert_original(subjects[i], "Mine.\n-----Original Message-----\n" BLOCK "Hello\n",
                        "Mine.\n", "Hello\n");
    }
    assert_original("Roof", "\n" BLOCK "Hello\n", "\n", "Hello\n");
    assert_original("Roof", "-----Original Message-----\n" BLOCK "Hello\n", "", "Hello\n");
}

static void
leaves_a_reply_to_quotes(void)
{
    static const char *const subjects[] = {"Re: Roof", "Roof", "", "Forward planning", "Tr"};
    for (guint i = 0; i < G_N_ELEMENTS(subjects); i++) {
        assert_none(subjects[i], "Mine.\n\n" BLOCK "Hello\n");
        assert_none(subjects[i], "Mine.\n\n-----Original Message-----\n" BLOCK "Hello\n");
    }
}

static void
leaves_web_forms_and_prose(void)
{
    assert_none("Fwd: x", "From: Ada <ada@x>\nSubject: Roof\n\nMessage Body:\nHi\n");
    assert_none("x", "From: Ada <ada@x>\nPhone: 312 555 0142\nDate: Monday\n");
    assert_none("Fwd: x", "");
    assert_none("x", "I got your forwarded message yesterday.\n" BLOCK);
    assert_none("x", "---------- Forwarded message ---------\nHello\n");
    assert_none("Fwd: x", "From the roof\nSent a letter\nTo you\n");
}

static void
takes_the_first_level_only(void)
{
    assert_original("Fwd: Fwd: Roof",
                    "---------- Forwarded message ---------\n" BLOCK
                    "Inner.\n---------- Forwarded message ---------\nFrom: Eve\nTo: Al\n\nx\n",
                    "", "Inner.\n---------- Forwarded message ---------\nFrom: Eve\nTo: Al\n\nx\n");
}

static void
strips_one_quote_level(void)
{
    assert_original("Roof",
                    "Begin forwarded message:\n\n> From: " ADA "\n> Date: Monday\n> To: Bob\n"
                    "> Subject: Roof\n>\n> Hello\n>> deeper\n",
                    "", "Hello\n> deeper\n");
}

/* Separator and labels as the programs have them in other languages: {separator, from, date, to,
 * subject}; without a separator the subject must say that it is a forward. */
static void
reads_every_language(void)
{
    static const char *const blocks[][5] = {
        {"---------- Přeposlaná zpráva ---------", "Od", "Datum", "Komu", "Předmět"},
        {"Start på videresendt besked:", "Fra", "Dato", "Til", "Emne"},
        {"-----Ursprüngliche Nachricht-----", "Von", "Gesendet", "An", "Betreff"},
        {"", "Von", "Gesendet", "An", "Betreff"},
        {"---------- Mensaje reenviado ---------", "De", "Fecha", "Para", "Asunto"},
        {"", "De", "Enviado el", "Para", "Asunto"},
        {"---------- Edastatud kiri ---------", "Saatja", "Kuupäev", "Saaja", "Teema"},
        {"Välitetty viesti alkaa:", "Lähettäjä", "Päivämäärä", "Vastaanottaja", "Aihe"},
        {"Début du message réexpédié\u00a0:", "De\u00a0", "Date\u00a0", "À\u00a0", "Objet\u00a0"},
        {"Započni proslijeđenu poruku:", "Šalje", "Datum", "Prima", "Predmet"},
        {"Továbbított levél kezdete:", "Feladó", "Dátum", "Címzett", "Tárgy"},
        {"Inizio messaggio inoltrato:", "Da", "Data", "A", "Oggetto"},
        {"---------- 転送されたメッセージ ---------", "差出人", "日付", "宛先", "件名"},
        {"Begin doorgestuurd bericht:", "Van", "Datum", "Aan", "Onderwerp"},
        {"Videresendt melding:", "Fra", "Dato", "Til", "Emne"},
        {"Początek przekazywanej wiadomości:", "Od", "Data", "Do", "Temat"},
        {"Início da mensagem encaminhada:", "De", "Data", "Para", "Assunto"},
        {"Începe mesajul redirecționat:", "De la", "Data", "Către", "Subiect"},
        {"Начало переадресованного сообщения:", "От", "Дата", "Кому", "Тема"},
        {"Začiatok preposlanej správy:", "Od", "Dátum", "Komu", "Predmet"},
        {"Vidarebefordrat mejl:", "Från", "Datum", "Till", "Ämne"},
        {"---------- Yönlendirilen ileti ---------", "Kimden", "Tarih", "Kime", "Konu"},
        {"---------- Переслане повідомлення ---------", "Від", "Дата", "Кому", "Тема"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(blocks); i++) {
        const char *const *b = blocks[i];
        g_autofree char *text =
            g_strdup_printf("%s\n%s: " ADA "\n%s: Monday\n%s: Bob\n%s: Roof\n\nHello\n", b[0], b[1],
                            b[2], b[3], b[4]);
        g_autofree char *below = g_strconcat("Mine.\n", text, NULL);
        assert_original("Roof", text, *b[0] ? "" : "\n", "Hello\n");
        assert_original("WG: Roof", below, *b[0] ? "Mine.\n" : "Mine.\n\n", "Hello\n");
    }
}

static void
reads_a_block_run_together(void)
{
    assert_original("x",
                    "----- Forwarded Message -----\nFrom: " ADA
                    "To: BobSent: MondaySubject: Roof\n\nHello\n",
                    "", "Hello\n");
    assert_original("x",
                    "----- Forwarded Message -----\nFrom: " ADA
                    " To: Bob Sent: Monday Subject: Roof\nHello\n",
                    "", "Hello\n");
}

static void
reads_a_sentence_for_a_separator(void)
{
    Forward forward;
    const char *text = "FYI\n\nOn 2/11/2026, 9:14, \"Ada\" <ada@x.example> wrote:\n\n    Hello\n";
    g_assert_true(forward_find(text, TRUE, &forward));
    g_assert_cmpstr(forward.from, ==, "\"Ada\" <ada@x.example>");
    g_assert_cmpstr(forward.intro, ==, "FYI\n\n");
    g_assert_cmpstr(forward.body, ==, "    Hello\n");
    forward_clear(&forward);
    g_assert_false(forward_find(text, FALSE, &forward)); /* a reply */
}

static void
stays_utf8_and_linear_on_hostile_text(void)
{
    static const char *const units[] = {"From: a\n",
                                        "From: \xc3\xa9",
                                        "\xe2\x82\xac",
                                        "-",
                                        "_",
                                        "> ",
                                        "--- Forwarded message ---\n",
                                        "\n",
                                        "Begin forwarded message:\n>",
                                        "From: a\nTo: b\nSent: c\n"};
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        GString *text = g_string_new("Subject: x\nDate: d\nFrom: x");
        while (text->len < LIMIT_TEXT)
            g_string_append(text, units[i]);
        gint64 begun = processor_time();
        Forward forward;
        g_autofree char *marked = g_strconcat("--- Forwarded message ---\n", text->str, NULL);
        if (forward_find(marked, TRUE, &forward)) {
            g_assert_true(g_utf8_validate(forward.from, -1, NULL));
            forward_clear(&forward);
        }
        if (forward_find(text->str, TRUE, &forward))
            forward_clear(&forward);
        g_assert_cmpint(processor_time() - begun, <, 2 * G_USEC_PER_SEC);
        g_string_free(text, TRUE);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/forward/reads-every-programs-marker", reads_every_programs_marker);
    g_test_add_func("/forward/reads-bold-tabbed-and-folded-headers",
                    reads_bold_tabbed_and_folded_headers);
    g_test_add_func("/forward/reads-reply-to", reads_reply_to);
    g_test_add_func("/forward/takes-a-block-by-its-subject-or-alone",
                    takes_a_block_by_its_subject_or_alone);
    g_test_add_func("/forward/leaves-a-reply-to-quotes", leaves_a_reply_to_quotes);
    g_test_add_func("/forward/leaves-web-forms-and-prose", leaves_web_forms_and_prose);
    g_test_add_func("/forward/takes-the-first-level-only", takes_the_first_level_only);
    g_test_add_func("/forward/strips-one-quote-level", strips_one_quote_level);
    g_test_add_func("/forward/reads-every-language", reads_every_language);
    g_test_add_func("/forward/reads-a-block-run-together", reads_a_block_run_together);
    g_test_add_func("/forward/reads-a-sentence-for-a-separator", reads_a_sentence_for_a_separator);
    g_test_add_func("/forward/stays-utf8-and-linear-on-hostile-text",
                    stays_utf8_and_linear_on_hostile_text);
    return g_test_run();
}
