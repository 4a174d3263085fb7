#include "mail/message.h"

#include <string.h>

#include "base/limits.h"

static void
spoil(gpointer mail)
{
    memset(mail, '#', strlen(mail));
}

/* Of bytes that are lost as soon as they may be. */
static Message *
parse(const char *mail)
{
    g_autofree char *bytes = g_strdup(mail);
    MessageOptions options = {.bytes_read = spoil, .data = bytes};
    Message *message = message_parse(bytes, strlen(bytes), &options);
    g_assert_cmpuint(strspn(bytes, "#"), ==, strlen(mail));
    return message;
}

static void
assert_view(const Message *message, View view, const char *expected)
{
    g_assert_cmpstr(message_view(message, view), ==, expected);
}

static void
test_a_plain_mail_in_its_views(void)
{
    g_autoptr(Message) message =
        parse("From: \"Doe, Jane\" <jane@acme.example>\n"
              "Reply-To: jd@acme.example\n"
              "To: Leads <leads@example.com>, other@example.com\n"
              "Subject: Roof\n inspection\n"
              "Message-ID: < 1@acme.example >\n"
              "X-Phone: 1\nX-Phone: 2\n"
              "\n"
              "Hello,\n\nthe roof leaks.\n\n-- \nJane Doe\n312-555-0142\n");
    assert_view(message, VIEW_SUBJECT, "Roof inspection");
    assert_view(message, VIEW_FROM, "Doe, Jane\njane@acme.example\n");
    assert_view(message, VIEW_REPLY_TO, "jd@acme.example\n");
    assert_view(message, VIEW_TO, "Leads\nleads@example.com\nother@example.com\n");
    assert_view(message, VIEW_BODY, "Hello,\n\nthe roof leaks.\n\n");
    assert_view(message, VIEW_SIGNATURE, "-- \nJane Doe\n312-555-0142\n");
    assert_view(message, VIEW_SENDER, "");
    g_assert_cmpstr(message_header(message, "x-phone"), ==, "1\n2");
    g_assert_null(message_header(message, "x-fax"));
    g_assert_cmpstr(message_from(message).name, ==, "Doe, Jane");
    g_assert_false(message_forwarded(message));
    g_assert_null(message_limits_reached(message));
}

static void
test_a_message_id_is_bare_or_none(void)
{
    static const struct {
        const char *header, *id;
    } expected[] = {
        {"Message-ID: <a@b>\n", "a@b"}, {"Message-Id:\n <a@b>\n", "a@b"},
        {"Message-ID: a@b\n", "a@b"},   {"Message-ID: <>\n", NULL},
        {"Message-ID: <a b>\n", NULL},  {"", NULL},
        {"Message-ID: <x>\n", NULL},    {"Message-ID: <@localhost>\n", NULL},
        {"Message-ID: <x@>\n", NULL},   {"Message-ID: <@>\n", NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *mail = g_strconcat(expected[i].header, "\nText\n", NULL);
        g_autoptr(Message) message = parse(mail);
        g_assert_cmpstr(message_id(message), ==, expected[i].id);
    }
}

#define ALTERNATIVE(plain, html)                                                                   \
    "From: a@b.example\nContent-Type: multipart/alternative; boundary=b\n\n"                       \
    "--b\nContent-Type: text/plain\n\n" plain "\n"                                                 \
    "--b\nContent-Type: text/html\n\n" html "\n--b--\n"

static void
test_the_better_part_of_an_alternative_is_read(void)
{
    g_autoptr(Message) plain = parse(ALTERNATIVE("Name: Ada Lovelace, the roof leaks",
                                                 "<p>Name: Ada Lovelace, the roof leaks</p>"));
    g_assert_nonnull(strstr(message_view(plain, VIEW_BODY), "Name: Ada"));
    g_autoptr(Message) empty = parse(ALTERNATIVE("", "<p>Name: Ada</p>"));
    assert_view(empty, VIEW_BODY, "Name: Ada\n");
    g_autoptr(Message) stub = parse(ALTERNATIVE("Please view as HTML", "<table><tr><td>Name"
                                                                       "<td>Ada</table>"));
    assert_view(stub, VIEW_BODY, "Name\tAda\n");
}

static void
test_attachments_are_no_body(void)
{
    g_autoptr(Message) message =
        parse("Content-Type: multipart/mixed; boundary=b\n\n"
              "--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nnot this\n"
              "--b\nContent-Type: text/plain; name=a.txt\n\nnor this\n"
              "--b\nContent-Type: multipart/related; boundary=c\n\n"
              "--c\nContent-Type: text/html\n\n<b>this</b> <a href=\"tel:+13125550142\">call</a>\n"
              "--c\nContent-Type: image/png\n\nx\n--c--\n"
              "--b\nContent-Type: text/plain\n\nlist footer\n--b--\n");
    assert_view(message, VIEW_TEXT, "this call\n");
    assert_view(message, VIEW_LINKS, "tel:+13125550142 call\n");
}

static void
test_charsets_and_encodings(void)
{
    g_autoptr(Message) latin =
        parse("From: =?utf-8?Q?Ren=C3=A9e=2C?= =?utf-8?Q?_M.?= <r@b.example>\n"
              "Subject: =?iso-8859-1?Q?Caf=E9?=\n"
              "Content-Type: text/plain; charset=iso-8859-1\n"
              "Content-Transfer-Encoding: quoted-printable\n\n"
              "Caf=E9 =80 soft=\n ware\n");
    assert_view(latin, VIEW_SUBJECT, "Café");
    assert_view(latin, VIEW_FROM, "Renée, M.\nr@b.example\n");
    assert_view(latin, VIEW_BODY, "Café € soft ware\n");
    g_autoptr(Message) undeclared = parse("From: Caf\xE9 <c@b.example>\nSubject: M\xFCller\n\n"
                                          "Caf\xE9\n");
    assert_view(undeclared, VIEW_SUBJECT, "Müller");
    assert_view(undeclared, VIEW_FROM, "Café\nc@b.example\n");
    assert_view(undeclared, VIEW_BODY, "Café\n");
    g_autoptr(Message) base64 = parse("Content-Type: text/plain; charset=utf-8\n"
                                      "Content-Transfer-Encoding: base64\n\nQ2Fmw6kK\n");
    assert_view(base64, VIEW_BODY, "Café\n");
    g_autoptr(Message) utf8 = parse("From: Bücher <käufer@bücher.example>\n\nx\n");
    assert_view(utf8, VIEW_FROM, "Bücher\nkäufer@bücher.example\n");
}

static void
test_format_flowed_is_unwrapped(void)
{
    g_autoptr(Message) message =
        parse("Content-Type: text/plain; format=flowed\n\nOne \nline\nand another\n");
    assert_view(message, VIEW_BODY, "One line\nand another\n");
}

static void
test_of_a_forward_the_original_counts(void)
{
    g_autoptr(Message) message =
        parse("From: Office <office@example.com>\nSubject: Fwd: gutter\n\n"
              "Please handle.\n\nDana (312) 555-0199\n\n"
              "---------- Forwarded message ---------\n"
              "From: Sam Teller <sam@teller.example>\nDate: Mon, Nov 2, 2026 at 9:14 AM\n"
              "Subject: gutter\nTo: <info@example.com>\n\n\nI need a new roof.\n\nSam\n");
    g_assert_true(message_forwarded(message));
    assert_view(message, VIEW_FROM, "Sam Teller\nsam@teller.example\n");
    assert_view(message, VIEW_SUBJECT, "gutter");
    assert_view(message, VIEW_TO, "info@example.com\n");
    assert_view(message, VIEW_BODY, "I need a new roof.\n\nSam\n");
    g_assert_cmpstr(message_via(message).address, ==, "office@example.com");
    g_assert_nonnull(strstr(message_view(message, VIEW_TEXT), "Dana"));
}

static void
test_of_an_attached_mail_the_original_counts(void)
{
    g_autoptr(Message) message =
        parse("From: office@example.com\nSubject: Fwd: gutter\n"
              "Content-Type: multipart/mixed; boundary=b\n\n"
              "--b\nContent-Type: text/plain\n\nsee below\n"
              "--b\nContent-Type: message/rfc822\n\n"
              "From: Sam <sam@teller.example>\nSubject: gutter\n\nI need a new roof.\n--b--\n");
    g_assert_true(message_forwarded(message));
    assert_view(message, VIEW_FROM, "Sam\nsam@teller.example\n");
    assert_view(message, VIEW_BODY, "I need a new roof.");
    g_assert_cmpstr(message_via(message).address, ==, "office@example.com");
}

static void
test_a_reply_keeps_its_writer(void)
{
    g_autoptr(Message) message =
        parse("From: Sam <sam@teller.example>\nSubject: Re: your quote\n\nYes, please come.\n\n"
              "-----Original Message-----\nFrom: Office <office@example.com>\nSent: Monday\n"
              "To: Sam\nSubject: your quote\n\nWe can come on Friday.\n");
    g_assert_false(message_forwarded(message));
    assert_view(message, VIEW_FROM, "Sam\nsam@teller.example\n");
    assert_view(message, VIEW_BODY, "Yes, please come.\n\n");
    g_assert_nonnull(strstr(message_view(message, VIEW_QUOTED), "Friday"));
}

static void
test_urls_of_plain_text_are_links(void)
{
    g_autoptr(Message) message = parse("\nSee https://a.example/x?y=1. Or (mailto:jane@a.example), "
                                       "tel:312; nothttp://b, http://\n");
    assert_view(message, VIEW_LINKS,
                "https://a.example/x?y=1 https://a.example/x?y=1\n"
                "mailto:jane@a.example mailto:jane@a.example\ntel:312 tel:312\n");
}

static void
test_links_and_cards_count_that_stand_beyond_what_a_view_holds(void)
{
    g_autoptr(GString) mail = g_string_new("From: a@b.example\n\n");
    while (mail->len < LIMIT_TEXT + 10000)
        g_string_append(mail, "The roof, the gutter and the skylight.\n");
    g_string_append(mail, "tel:3125550142\n<?xml version=\"1.0\"?>\n<adf><prospect><customer>"
                          "<contact><name part=\"full\">Grace Hopper</name></contact>"
                          "</customer></prospect></adf>\n");
    g_autoptr(Message) message = parse(mail->str);
    assert_view(message, VIEW_LINKS, "tel:3125550142 tel:3125550142\n");
    const GPtrArray *cards = message_cards(message);
    g_assert_cmpuint(cards->len, >, 0);
}

static void
test_only_our_own_authentication_results_count(void)
{
    static const char mail[] =
        "Authentication-Results: mx.example.com 1; dkim=pass (good; dkim=fail) header.d=Angi.com"
        " header.i=@mail.angi.com; spf=pass smtp.mailfrom=spf.example;"
        " dmarc=pass header.from=angi.com\n"
        "Authentication-Results: mx.example.com; dkim=fail header.d=bad.example;"
        " dkim = pass header.d = spaced.example\n"
        "Authentication-Results: evil.example; dkim=pass header.d=forged.example\n"
        "Authentication-Results: \"mx.example.com\"; dkim=pass reason=\"x; dkim=pass"
        " header.d=inside.example\" header.d=quoted.example\n\nx\n";
    MessageOptions options = {.authserv_id = "mx.example.com"};
    g_autoptr(Message) message = message_parse(mail, sizeof mail - 1, &options);
    g_autofree char *domains = g_strjoinv(" ", (char **)message_authenticated(message));
    g_assert_cmpstr(domains, ==, "angi.com mail.angi.com spaced.example quoted.example");
    g_autoptr(Message) unjudged = parse(mail);
    g_assert_null(message_authenticated(unjudged)[0]);
}

static char *
authenticated(const char *mail)
{
    static const char *const own[] = {"example.com", NULL};
    MessageOptions options = {.authserv_id = "mx.example.com", .own_domains = own};
    g_autoptr(Message) message = message_parse(mail, strlen(mail), &options);
    return g_strjoinv(" ", (char **)message_authenticated(message));
}

static void
test_results_below_a_foreign_received_are_a_stranger_s(void)
{
    g_autofree char *domains = authenticated(
        "Authentication-Results: mx.example.com; dkim=pass header.d=ours.example\n"
        "Received: from a by inner.example.com with LMTP; Mon, 6 Jul 2026 10:00:00 +0000\n"
        "Authentication-Results: mx.example.com; dkim=pass header.d=also.example\n"
        "Received: from b (by mx.example.com)\n by evil.example; Mon, 6 Jul 2026 10:00:00 +0000\n"
        "Authentication-Results: mx.example.com; dkim=pass header.d=forged.example\n\nx\n");
    g_assert_cmpstr(domains, ==, "ours.example also.example");
}

static void
test_an_encoded_word_in_results_stays_what_it_is(void)
{
    g_autofree char *domains = authenticated("Authentication-Results: mx.example.com; spf=pass"
                                             " smtp.mailfrom==?us-ascii?q?x=3B_dkim=3Dpass_header."
                                             "d=3Dangi.com=3B?=@evil.example\n\nx\n");
    g_assert_cmpstr(domains, ==, "");
}

/* GMime reads groups by recursion: 40,000 of them ended the process. */
static void
test_groups_nested_without_end_are_cut(void)
{
    g_autoptr(GString) mail = g_string_new("Subject: x\nTo :");
    for (guint i = 0; i < 50000; i++)
        g_string_append(mail, i % 1000 ? "a:" : "a:\n ");
    g_string_append(mail, "\nFrom: Ada <ada@lovelace.example>\n\nHello\n");
    g_autoptr(Message) message = message_parse(mail->str, mail->len, NULL);
    g_assert_cmpstr(message_from(message).address, ==, "ada@lovelace.example");
    g_assert_nonnull(strstr(message_limits_reached(message), "header"));
    g_autoptr(Message) usual = parse("To: friends: ada@b.example, grace@c.example;\n\nTo: a:b:c\n");
    assert_view(usual, VIEW_TO, "ada@b.example\ngrace@c.example\n");
    g_assert_null(message_limits_reached(usual));
}

/* GMime takes any number of blanks before the colon, and would end by recursion. */
static void
test_blanks_before_a_colon_hide_no_field(void)
{
    static const guint blanks[] = {60, 64, 300000};
    for (guint i = 0; i < G_N_ELEMENTS(blanks); i++) {
        g_autofree char *blank = g_strnfill(blanks[i], i % 2 ? '\t' : ' ');
        g_autoptr(GString) mail =
            g_string_new("From: ada@lovelace.example\nContent-Type: multipart/mixed; boundary=b\n\n"
                         "--b\nContent-Type: message/rfc822\n\nResent-From");
        g_string_append_printf(mail, "%s: ", blank);
        for (guint n = 0; n < 400000; n++)
            g_string_append(mail, "a:");
        g_string_append_printf(mail, "\nContent-Disposition%s: inline", blank);
        for (guint n = 0; n < 150000; n++)
            g_string_append(mail, "; a=b");
        g_string_append(mail, "\n\nCall (312) 555-0117.\n--b--\n");
        g_autoptr(Message) message = message_parse(mail->str, mail->len, NULL);
        g_assert_nonnull(strstr(message_limits_reached(message), "header"));
        g_assert_nonnull(strstr(message_view(message, VIEW_BODY), "(312) 555-0117"));
    }
}

static void
test_of_many_addresses_the_first_are_read(void)
{
    for (guint n = 500; n <= 5000; n += 4500) {
        g_autoptr(GString) mail = g_string_new("From: ada@lovelace.example\nTo: a0@b.example");
        for (guint i = 1; i < n; i++)
            g_string_append_printf(mail, ",%s a%u@b.example", i % 3 ? "" : "\n", i);
        g_string_append(mail, "\nSubject: Roof\n\nHello, hello\n");
        g_autoptr(Message) message = message_parse(mail->str, mail->len, NULL);
        g_assert_true(g_str_has_prefix(message_view(message, VIEW_TO), "a0@b.example\na1@"));
        g_assert_true(g_str_has_suffix(message_view(message, VIEW_TO), "a99@b.example\n"));
        assert_view(message, VIEW_SUBJECT, "Roof");
        assert_view(message, VIEW_BODY, "Hello, hello\n");
        g_assert_cmpstr(message_limits_reached(message), ==, n > 500 ? "header" : NULL);
    }
}

/* A Content-Type with so many parameters, one of which is the last to count; its body. */
static Message *
with_parameters(guint n, const char *separator)
{
    g_autoptr(GString) mail = g_string_new("From: ada@lovelace.example\nContent-Type: text/html");
    for (guint i = 1; i < n; i++)
        g_string_append_printf(mail, ";%sp%u*%u=v", separator, i, i % 3);
    g_string_append_printf(mail,
                           ";%scharset=windows-1252\nSubject: Roof\n\n"
                           "<p>Zo\xEB <b>(312) 555-0117</b>\n",
                           separator);
    return message_parse(mail->str, mail->len, NULL);
}

static void
test_parameters_of_a_field_are_capped(void)
{
    static const char *const separators[] = {"", " ", "\n ", "\r\n\t"};
    for (guint i = 0; i < G_N_ELEMENTS(separators); i++) {
        g_autoptr(Message) at_most = with_parameters(LIMIT_PARAMETERS, separators[i]);
        assert_view(at_most, VIEW_BODY, "Zo\u00eb (312) 555-0117\n");
        g_assert_null(message_limits_reached(at_most));
        guint more[] = {LIMIT_PARAMETERS + 1, 150000};
        for (guint k = 0; k < G_N_ELEMENTS(more); k++) {
            g_autoptr(Message) beyond = with_parameters(more[k], separators[i]);
            g_assert_nonnull(strstr(message_view(beyond, VIEW_BODY), "(312) 555-0117\n"));
            g_assert_null(strstr(message_view(beyond, VIEW_BODY), "<b>"));
            assert_view(beyond, VIEW_SUBJECT, "Roof");
            g_assert_cmpstr(message_limits_reached(beyond), ==, "header");
        }
    }
}

/* Such lines are in no header, though what stands there looks like one's. */
static void
test_text_that_begins_like_content_is_kept(void)
{
    g_autoptr(GString) mail = g_string_new("From: ada@lovelace.example\nContent-Type: text/html\n\n"
                                           "Content-free greeting: hello\n");
    for (guint i = 0; i < 2 * LIMIT_PARAMETERS; i++)
        g_string_append(mail, "  <p>x&nbsp;y;</p>\n");
    g_string_append(mail, "  <p>Phone: (312) 555-0142</p>\n");
    g_autoptr(Message) message = message_parse(mail->str, mail->len, NULL);
    g_assert_nonnull(strstr(message_view(message, VIEW_BODY), "Phone: (312) 555-0142"));
    g_assert_null(message_limits_reached(message));
}

static void
test_parameters_of_all_parts_are_capped(void)
{
    for (guint n = 50; n <= 51; n++) { /* parts */
        g_autoptr(GString) mail = g_string_new("From: ada@lovelace.example\n"
                                               "Content-Type: multipart/mixed; boundary=b\n\n");
        for (guint i = 0; i < n; i++) {
            g_string_append(mail, i % 2 ? "--b\nContent-Type: text/plain"
                                        : "--b\nContent-Disposition : inline");
            for (guint k = i == 0; k < LIMIT_PARAMETERS_MAIL / 50; k++)
                g_string_append_printf(mail, "; p%u=v", k);
            g_string_append(mail, "\n\nCall (312) 555-0117.\n");
        }
        g_string_append(mail, "--b--\n");
        g_autoptr(Message) message = message_parse(mail->str, mail->len, NULL);
        g_assert_nonnull(strstr(message_view(message, VIEW_BODY), "Call (312) 555-0117."));
        g_assert_cmpstr(message_limits_reached(message), ==, n > 50 ? "header" : NULL);
    }
}

static void
test_a_mail_may_lack_everything(void)
{
    static const char *const mails[] = {"",
                                        "\n",
                                        "no header at all",
                                        ":\n:\n\n",
                                        "\n\n\n",
                                        "Content-Type: multipart/mixed\n\n--\n",
                                        "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n--\n",
                                        "From:\nTo:\nSubject:\n"};
    MessageOptions options = {.sender = "<ada@b.example>", .truncated = TRUE};
    for (guint i = 0; i < G_N_ELEMENTS(mails); i++) {
        g_autoptr(Message) message = message_parse(mails[i], strlen(mails[i]), &options);
        assert_view(message, VIEW_SENDER, "ada@b.example");
        g_assert_cmpstr(message_limits_reached(message), ==, "message");
        for (View view = 0; view < VIEW_N; view++)
            g_assert_nonnull(message_view(message, view));
    }
    g_autoptr(Message) bare = parse("no header at all\nsecond line\n");
    assert_view(bare, VIEW_BODY, "no header at all\nsecond line\n");
    g_autoptr(Message) nul = message_parse("Name: Ada\0x\n", 12, NULL);
    g_assert_nonnull(nul);
}

static void
assert_good_text(const Message *message)
{
    for (View view = 0; view < VIEW_N; view++) {
        const char *text = message_view(message, view);
        g_assert_true(g_utf8_validate(text, -1, NULL));
        g_assert_cmpuint(strlen(text), <=, LIMIT_TEXT);
        g_assert_null(strchr(text, '\r'));
    }
}

static void
test_every_size_is_capped(void)
{
    GString *mail = g_string_new("From: a@b.example\n");
    for (int i = 0; i < 2000; i++)
        g_string_append_printf(mail, "X-%d: \xFF%d\n", i, i);
    g_string_append_c(mail, '\n');
    for (int i = 0; i < (3 << 20); i++)
        g_string_append_c(mail, 'a' + i % 26);
    g_autoptr(Message) message = message_parse(mail->str, mail->len, NULL);
    assert_good_text(message);
    g_assert_cmpstr(message_limits_reached(message), ==, "header, text");
    g_string_free(mail, TRUE);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n--b\n"

static void
assert_limits_behind(const char *begin, const char *piece, guint n, const char *limits)
{
    g_autoptr(GString) mail = g_string_new("From: a@b.example\n");
    g_string_append(mail, begin);
    for (guint i = 0; i < n; i++)
        g_string_append(mail, piece);
    g_autoptr(Message) message = message_parse(mail->str, mail->len, NULL);
    g_assert_cmpstr(message_limits_reached(message), ==, limits);
    if (strstr(begin, "Name: Ada\n"))
        g_assert_true(g_str_has_prefix(message_view(message, VIEW_TEXT), "Name: Ada"));
    assert_good_text(message);
}

static void
assert_limits_of(const char *piece, guint n, const char *limits)
{
    assert_limits_behind("\nName: Ada\n", piece, n, limits);
}

static void
test_lines_are_capped(void)
{
    assert_limits_of("x\n", LIMIT_TEXT_LINES - 1, NULL);
    assert_limits_of("x\n", LIMIT_TEXT_LINES, "text");
    /* An attachment's lines are longer. */
    assert_limits_behind(MIXED "\nName: Ada\n",
                         "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD\n", 200000, "text");
    assert_limits_behind(MIXED "\nName: Ada\n", "\n", 400000, "parts, text");
}

/* However long a part is: what stands below it in the text is found. */
static void
test_lines_like_a_part_or_a_field_are_not_capped_in_a_text(void)
{
    static const char *const headers[] = {"Content-Type: text/html\n\n",
                                          MIXED "Content-Type: text/html\n\n"};
    static const char *const lines[] = {"b:c;\n", "--x\n", "-->\n", "--\n"};
    for (guint i = 0; i < G_N_ELEMENTS(headers); i++)
        for (guint j = 0; j < G_N_ELEMENTS(lines); j++) {
            g_autoptr(GString) mail = g_string_new("From: a@b.example\n");
            g_string_append_printf(mail, "%s<style>\n\n", headers[i]);
            for (guint n = 0; n < 15000; n++)
                g_string_append(mail, lines[j]);
            g_string_append(mail, "</style>\nName: Ada\n");
            g_autoptr(Message) message = message_parse(mail->str, mail->len, NULL);
            assert_view(message, VIEW_BODY, "Name: Ada\n");
            g_assert_null(message_limits_reached(message));
        }
    assert_limits_of("a: b\n", 11000, "text");
    assert_limits_of("\n", 200000, "text");
}

/* Where GMime would make something of each. */
static void
test_fields_of_parts_are_capped(void)
{
    g_autofree char *blank = g_strdup_printf("a%*s: b\n", 200, "");
    g_autofree char *wordy = g_strdup_printf("a%*sb : c\n", 200, "");
    static const char *const begins[] = {
        MIXED,
        MIXED "\nName: Ada\n--b\n",
        "Content-Type: message/rfc822\n\n",
        MIXED "Content-Type: message/rfc822\n\n",
        MIXED "Content-Type: message/rfc822\n\nContent-Type: Message (a) / Global\n\n",
        "Content-Type: multipart/digest; boundary=b\n\n--b\n\n",
        "Content-Type: multipart/mixed; boundary*0=\"a\"; boundary*1=b\n\n--ab\n",
        "Content-Type: multipart/mixed;\n boundary=\"a\\b\"\n\n--ab\n",
        "Content-Type: multipart/mixed; =?utf-8?q?boundary=3Dab?=\n\n--ab\n",
        "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=c\n\n--c\n",
        MIXED "Content-Type : multipart/mixed;\n\tboundary = c\n\n--c\n",
    };
    for (guint i = 0; i < G_N_ELEMENTS(begins); i++) {
        assert_limits_behind(begins[i], "a: b\n", 9000, NULL);
        assert_limits_behind(begins[i], "a: b\n", 11000, "parts");
    }
    assert_limits_behind(MIXED, blank, 11000, "parts");
    assert_limits_behind(MIXED, wordy, 11000, NULL);
    assert_limits_behind("", "a: b\n", 11000, "parts, header");
    /* It takes the last, and for a text, of which nothing is left out. */
    assert_limits_behind("Content-Type: multipart/mixed; boundary=b\n"
                         "Content-Type: text/plain\n\nName: Ada\n--b\n",
                         "a: b\n", 11000, "text");
}

/* GMime reads some 4 KB at a time, and takes what a piece begins with for a line. */
static void
test_a_boundary_may_stand_in_a_long_line(void)
{
    for (guint at = 3800; at < 4400; at += 7) {
        g_autofree char *begin = g_strdup_printf("%s\n%*s%*s\n", MIXED, (int)at, "", 400, "--b");
        assert_limits_behind(begin, "a: b\n", 11000, "parts");
    }
}

/* It crashed GMime when what was read in one go ended before the \n, after a \r had been the last
 * byte of another. */
static void
test_a_line_that_is_no_field_may_end_anywhere(void)
{
    for (guint at = 0; at < 2; at++)
        for (guint length = 2100; length < 2200; length++) {
            g_autoptr(GString) mail = g_string_new("Content-Type: multipart/mixed; boundary=b\n\n");
            g_string_append(mail, at ? " \n" : "");
            for (guint i = 0; i < 3000; i++)
                g_string_append(mail, "\r\n");
            g_string_append_printf(mail, "--b\nno field%*s\n\nName: Ada\n", (int)length, "x");
            g_autoptr(Message) message = message_parse(mail->str, mail->len, NULL);
            assert_view(message, VIEW_BODY, "Name: Ada\n");
        }
}

static void
test_nested_and_many_parts_are_capped(void)
{
    GString *mail = g_string_new("From: a@b.example\n");
    for (int i = 0; i < 300; i++)
        g_string_append_printf(mail, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i,
                               i);
    g_string_append(mail, "\ndeep\n");
    g_autoptr(Message) nested = message_parse(mail->str, mail->len, NULL);
    g_assert_cmpstr(message_limits_reached(nested), ==, "parts");
    assert_view(nested, VIEW_FROM, "a@b.example\n");

    g_string_assign(mail, "From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n"
                          "--b\n\nthe text\n");
    for (int i = 0; i < 200000; i++)
        g_string_append(mail, "--b\n\nx\n");
    g_autoptr(Message) many = message_parse(mail->str, mail->len, NULL);
    assert_view(many, VIEW_BODY, "the text");
    g_assert_cmpstr(message_limits_reached(many), ==, "parts");
    g_string_free(mail, TRUE);
}

static void
test_random_bytes_do_no_harm(void)
{
    static const char *const pieces[] = {"From: ",
                                         "Subject: =?utf-8?B?",
                                         "?=",
                                         "\n",
                                         "\n\n",
                                         "--b\n",
                                         "--b--\n",
                                         "\r\n",
                                         "<",
                                         ">",
                                         "Content-Type: multipart/mixed; boundary=b\n",
                                         "Content-Type: text/html; charset=",
                                         "Content-Transfer-Encoding: base64\n",
                                         "utf-16",
                                         "\xE4\xF6",
                                         "\xC3\xA9",
                                         "@",
                                         "\"",
                                         "(",
                                         "Content-Type: message/rfc822\n\n",
                                         "<table><td>",
                                         "---------- Forwarded message ---------\n",
                                         "On Monday Ada wrote:\n",
                                         "> ",
                                         "-- \n",
                                         "format=flowed\n",
                                         ",",
                                         ";",
                                         "a",
                                         "=?x?q?=FF?=",
                                         "Authentication-Results: a; dkim=pass header.d=",
                                         "\t",
                                         ":",
                                         "Sent: ",
                                         "To: "};
    g_autoptr(GRand) rand = g_rand_new_with_seed(20261123);
    MessageOptions options = {.authserv_id = "a", .sender = "<x@y>"};
    for (int i = 0; i < 3000; i++) {
        g_autoptr(GString) mail = g_string_new(NULL);
        for (int n = g_rand_int_range(rand, 0, 60); n > 0; n--) {
            g_string_append(mail, pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))]);
            if (g_rand_int_range(rand, 0, 10) == 0)
                g_string_append_c(mail, (char)g_rand_int_range(rand, 0, 256));
        }
        g_autoptr(Message) message = message_parse(mail->str, mail->len, &options);
        assert_good_text(message);
    }
}

/* GMime keeps a field that a boundary in its midst broke off, and goes on with it below. */
static void
test_a_field_may_go_on_behind_a_boundary(void)
{
    static const char *const fields[][2] = {
        {"Content-Type:", "multipart/mixed;boundary=\"c:\"\n\n--c:\n"},
        {"Content-Type: multipart/mixed;", "boundary=\"c:\"\n\n--c:\n"},
        {"Content-Type:", "message/rfc822:\n\n"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        /* What GMime reads begins with the Content-Type and the empty line, of 43 bytes, and
         * "--b\n". */
        g_autofree char *begin =
            g_strdup_printf("%s%-*s--b\n%s", MIXED, 4096 - 47, fields[i][0], fields[i][1]);
        assert_limits_behind(begin, "a: b\n", 11000, "parts");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/message/views", test_a_plain_mail_in_its_views);
    g_test_add_func("/message/id", test_a_message_id_is_bare_or_none);
    g_test_add_func("/message/alternative", test_the_better_part_of_an_alternative_is_read);
    g_test_add_func("/message/attachments", test_attachments_are_no_body);
    g_test_add_func("/message/charsets", test_charsets_and_encodings);
    g_test_add_func("/message/flowed", test_format_flowed_is_unwrapped);
    g_test_add_func("/message/forward", test_of_a_forward_the_original_counts);
    g_test_add_func("/message/attached", test_of_an_attached_mail_the_original_counts);
    g_test_add_func("/message/reply", test_a_reply_keeps_its_writer);
    g_test_add_func("/message/links", test_urls_of_plain_text_are_links);
    g_test_add_func("/message/links-and-cards-beyond-a-view",
                    test_links_and_cards_count_that_stand_beyond_what_a_view_holds);
    g_test_add_func("/message/authres", test_only_our_own_authentication_results_count);
    g_test_add_func("/message/authentication/received",
                    test_results_below_a_foreign_received_are_a_stranger_s);
    g_test_add_func("/message/authentication/encoded",
                    test_an_encoded_word_in_results_stays_what_it_is);
    g_test_add_func("/message/groups", test_groups_nested_without_end_are_cut);
    g_test_add_func("/message/blanks", test_blanks_before_a_colon_hide_no_field);
    g_test_add_func("/message/addresses", test_of_many_addresses_the_first_are_read);
    g_test_add_func("/message/parameters", test_parameters_of_a_field_are_capped);
    g_test_add_func("/message/content-text", test_text_that_begins_like_content_is_kept);
    g_test_add_func("/message/parameters-of-parts", test_parameters_of_all_parts_are_capped);
    g_test_add_func("/message/nothing", test_a_mail_may_lack_everything);
    g_test_add_func("/message/caps", test_every_size_is_capped);
    g_test_add_func("/message/lines", test_lines_are_capped);
    g_test_add_func("/message/lines-of-text",
                    test_lines_like_a_part_or_a_field_are_not_capped_in_a_text);
    g_test_add_func("/message/fields-of-parts", test_fields_of_parts_are_capped);
    g_test_add_func("/message/boundary-in-line", test_a_boundary_may_stand_in_a_long_line);
    g_test_add_func("/message/field-goes-on", test_a_field_may_go_on_behind_a_boundary);
    g_test_add_func("/message/no-field", test_a_line_that_is_no_field_may_end_anywhere);
    g_test_add_func("/message/parts", test_nested_and_many_parts_are_capped);
    g_test_add_func("/message/random", test_random_bytes_do_no_harm);
    return g_test_run();
}
