/* A header block: what is a field and where the body begins. */
#include "mail/fields.h"

#include <string.h>

static Fields *
read_text(const char *text)
{
    return fields_read(text, strlen(text));
}

static void
has(const Fields *fields, const char *name, const char *raw)
{
    g_assert_cmpstr(fields_first(fields, name), ==, raw);
}

static void
fields_keep_their_line_breaks_and_the_body_begins_behind_the_empty_line(void)
{
    static const char mail[] = "Subject: New\r\n lead\r\nTO : a@b.example\r\n\r\nbody";
    g_autoptr(Fields) fields = read_text(mail);
    g_assert_cmpuint(fields->list->len, ==, 2);
    has(fields, "subject", " New\r\n lead\r");
    has(fields, "to", " a@b.example\r");
    has(fields, "body", NULL);
    g_assert_cmpstr(mail + fields->body, ==, "body");
}

static void
the_first_of_a_name_is_given_and_all_are_kept(void)
{
    g_autoptr(Fields) fields = read_text("X: 1\nX: 2\n\n");
    g_assert_cmpuint(fields->list->len, ==, 2);
    has(fields, "x", " 1");
}

static void
a_line_without_a_name_is_left_out_with_what_is_folded_below_it(void)
{
    g_autoptr(Fields) fields = read_text("A: 1\nno colon: here\n  folded: too\n: x\nB: 2\n\n");
    g_assert_cmpuint(fields->list->len, ==, 2);
    has(fields, "a", " 1");
    has(fields, "b", " 2");
}

static void
text_is_no_header(void)
{
    static const char *const texts[] = {
        "Hello there\nA: 1\n\n", " A: 1\n\n", ": x\n\n", "Hello", " : x\n\n", "hello there: x\n\n"};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(Fields) fields = read_text(texts[i]);
        g_assert_null(fields);
    }
}

static void
an_mbox_from_line_may_come_first_and_only_there(void)
{
    g_autoptr(Fields) fields = read_text("From a@b.example Mon Nov  2\n>From c\nA: 1\nFrom d\n\n");
    g_assert_cmpuint(fields->list->len, ==, 1);
    has(fields, "a", " 1");
}

static void
a_mail_may_end_in_its_header(void)
{
    g_autoptr(Fields) cut = read_text("A: 1\nB: 2");
    has(cut, "b", " 2");
    g_assert_cmpuint(cut->body, ==, 9);
    g_autoptr(Fields) in_name = read_text("A: 1\nSubj"); /* as one over limits.message may */
    g_assert_cmpuint(in_name->list->len, ==, 1);
    has(in_name, "a", " 1");
    g_autoptr(Fields) empty = read_text("");
    g_assert_cmpuint(empty->list->len, ==, 0);
    g_autoptr(Fields) bare = read_text("\nbody");
    g_assert_cmpuint(bare->list->len, ==, 0);
    g_assert_cmpuint(bare->body, ==, 1);
}

static void
a_value_ends_at_a_nul(void)
{
    static const char mail[] = "A: 1\0002\nB\0: 3\nC: 4\n\n";
    g_autoptr(Fields) fields = fields_read(mail, sizeof mail - 1);
    g_assert_cmpuint(fields->list->len, ==, 2);
    has(fields, "a", " 1");
    has(fields, "c", " 4");
}

static void
the_lines_that_tell_what_the_body_is_are_kept_whole(void)
{
    g_autoptr(Fields) fields = read_text(
        "content-type: text/plain;\n charset=utf-8\nA: 1\nContent-Language : en\nContents: x");
    g_assert_cmpstr(fields->mime->str, ==,
                    "content-type: text/plain;\n charset=utf-8\nContent-Language : en\n\n");
    g_autoptr(Fields) ends = read_text("Content-Type: text/html");
    g_assert_cmpstr(ends->mime->str, ==, "Content-Type: text/html\n\n");
}

/* Of `n` pieces. */
static Fields *
read_many(const char *begin, const char *piece, guint n, gsize *header)
{
    g_autoptr(GString) mail = g_string_new(begin);
    for (guint i = 0; i < n; i++)
        g_string_append(mail, piece);
    g_string_append(mail, "\n");
    *header = mail->len;
    g_string_append(mail, "body");
    return fields_read(mail->str, mail->len);
}

static void
below_too_many_fields_or_lines_is_no_body(void)
{
    static const struct {
        const char *begin, *piece;
        guint most;
    } cases[] = {{"", "A: 1\n", 10000}, {"A: 1\n", "no field\n", 99999}, {"A: 1\n", " 2\n", 99999}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize header;
        g_autoptr(Fields) most = read_many(cases[i].begin, cases[i].piece, cases[i].most, &header);
        g_assert_false(most->cut);
        g_assert_cmpuint(most->body, ==, header);
        g_autoptr(Fields) more =
            read_many(cases[i].begin, cases[i].piece, cases[i].most + 1, &header);
        g_assert_true(more->cut);
        g_assert_cmpuint(more->body, ==, header + strlen("body"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func(
        "/fields/fields-keep-their-line-breaks-and-the-body-begins-behind-the-empty-line",
        fields_keep_their_line_breaks_and_the_body_begins_behind_the_empty_line);
    g_test_add_func("/fields/the-first-of-a-name-is-given-and-all-are-kept",
                    the_first_of_a_name_is_given_and_all_are_kept);
    g_test_add_func("/fields/a-line-without-a-name-is-left-out-with-what-is-folded-below-it",
                    a_line_without_a_name_is_left_out_with_what_is_folded_below_it);
    g_test_add_func("/fields/text-is-no-header", text_is_no_header);
    g_test_add_func("/fields/an-mbox-from-line-may-come-first-and-only-there",
                    an_mbox_from_line_may_come_first_and_only_there);
    g_test_add_func("/fields/a-mail-may-end-in-its-header", a_mail_may_end_in_its_header);
    g_test_add_func("/fields/a-value-ends-at-a-nul", a_value_ends_at_a_nul);
    g_test_add_func("/fields/the-lines-that-tell-what-the-body-is-are-kept-whole",
                    the_lines_that_tell_what_the_body_is_are_kept_whole);
    g_test_add_func("/fields/below-too-many-fields-or-lines-is-no-body",
                    below_too_many_fields_or_lines_is_no_body);
    return g_test_run();
}
