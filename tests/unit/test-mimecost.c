/* How much of a body GMime may be given, and what is too much. */
#include "mail/mimecost.h"

#include <string.h>

#include "mail/mime.h"

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

/* The mail is the header and the body's beginning, and `n` pieces of which `safe` can be afforded.
 */
static void
assert_safe(const char *begin, const char *piece, guint n, guint safe)
{
    const char *body_begin = strstr(begin, "\n\n") + 2;
    g_autoptr(GString) header = g_string_new_len(begin, body_begin - begin);
    g_autoptr(GString) body = g_string_new(body_begin);
    gsize length = body->len + safe * strlen(piece);
    for (guint i = 0; i < n; i++)
        g_string_append(body, piece);
    gboolean limit = FALSE;
    g_assert_cmpuint(mimecost_safe_length(header, body->str, body->len, &limit), ==, length);
    g_assert_cmpint(limit, ==, safe < n);
}

static void
assert_most(const char *begin, const char *piece, guint most)
{
    assert_safe(begin, piece, most, most);
    assert_safe(begin, piece, most + 1, most);
}

static void
lines_that_begin_a_part_are_counted(void)
{
    assert_most(MIXED, "--b\n\n", 2000);
    assert_most(MIXED, "--bc\n\n", 2000);
    assert_safe(MIXED, "--c\n\n", 20000, 20000);
}

/* What is read of a long line in one go may begin anywhere in it; of a header's, even of a short.
 */
static void
a_boundary_may_stand_within_a_line(void)
{
    g_autofree char *whole = g_strdup_printf("%*s\n", 127, "--b");
    g_autofree char *pieces = g_strdup_printf("%*s\n", 128, "--b");
    assert_safe(MIXED "\n", whole, 2001, 2001);
    assert_most(MIXED "\n", pieces, 2000);
    assert_most(MIXED "--b\n", "x --b\n", 1999);
}

static void
content_types_that_may_hold_parts_are_counted(void)
{
    /* Each with the line below it; the mail's own is one. */
    assert_most(MIXED "--b\n", "Content-Type: multipart/mixed\n", 2000);
    assert_most(MIXED "--b\n", "Content-Type: message/rfc822\n", 2000);
    assert_safe(MIXED "--b\n", "Content-Type: text/plain\n", 3000, 3000);
}

static void
fields_are_counted_folded_or_not(void)
{
    assert_most(MIXED "--b\n", "a: b\n", 9999);
    assert_most(MIXED "--b\nX: y\n", " a: b\n", 9998);
    assert_safe(MIXED "--b\n\n", "a: b\n", 11000, 11000);
    assert_safe(MIXED "--b\r\n\r\n", "a: b\r\n", 11000, 11000);
}

static void
of_a_digest_each_part_may_be_a_message(void)
{
    assert_most("Content-Type: multipart/digest; boundary=b\n\n--b\n\n", "a: b\n", 9999);
    assert_most("Content-Type: multipart/digest; boundary=b\n\n--b\n\na: b\n\n", "a: b\n", 9998);
}

static void
short_lines_are_counted(void)
{
    g_autofree char *longer = g_strnfill(40, '.');
    longer[39] = '\n';
    assert_most(MIXED, "x\n", 299999); /* the header has an empty line */
    assert_safe(MIXED, longer, 300001, 300001);
}

/* Each line with each boundary, in so many steps as it is long; a folded value, which decodes to
 * another, has one boundary. */
static void
comparisons_are_counted(void)
{
    g_autofree char *name = g_strnfill(128, 'a');
    for (guint boundaries = 100; boundaries <= 200; boundaries += 100) {
        g_autoptr(GString) begin = g_string_new(NULL);
        for (guint i = 0; i < boundaries; i++)
            g_string_append_printf(begin, "Content-Type: multipart/mixed;\n boundary=b%u%s\n", i,
                                   name);
        g_string_append(begin, "\n\n");
        assert_most(begin->str, "--\n", 2000000 / boundaries);
        g_autofree char *line = g_strdup_printf("--%s\n", name);
        assert_most(begin->str, line, 2000000 / boundaries / 3);
    }
}

/* By a boundary within it, or by blanks behind its name that GMime does not read in one go. */
static void
nothing_is_read_behind_a_torn_content_type(void)
{
    assert_safe(MIXED "--b\n", "Content-Type: --b\nmultipart/mixed;boundary=\"c:\"\n\n--c:\n", 200,
                0);
    assert_safe(MIXED "--b\nContent-Type: multipart/mixed;\n", "\tx --b\nboundary=\"c:\"\n\n", 400,
                0);
    assert_safe(MIXED "--b\n", "Content-Type: multipart/mixed;\n boundary=\"--c\"\n\n", 200, 200);
    assert_safe(MIXED "--b\n", "Content-Type: multipart/mixed\n--b\n\n", 200, 200);
    g_autofree char *blanks = g_strdup_printf("Content-Type%*s\n\n--b\n", 2000, ": x");
    assert_safe(MIXED "--b\n", blanks, 100, 0);
    assert_safe("Content-Type: message/rfc822\n\n", blanks, 4, 0);
    assert_safe(MIXED "--b\n", "X: --b\n\n--b\n", 900, 900);
    g_autofree char *text = g_strdup_printf("Content-Type: %*s\n\n", 150, "--b");
    assert_safe(MIXED "--b\n\n", text, 900, 900);
}

static void
a_short_body_or_one_of_a_part_is_not_looked_at(void)
{
    assert_safe(MIXED, "--b\n", 1500, 1500);
    gboolean limit = FALSE;
    g_autoptr(GString) header = g_string_new("Content-Type: text/plain\n\n");
    g_autofree char *body = g_strnfill(7000, '\n');
    g_assert_cmpuint(mimecost_safe_length(header, body, 7000, &limit), ==, 0);
    g_assert_false(limit);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mime_init();
    g_test_add_func("/mimecost/lines-that-begin-a-part-are-counted",
                    lines_that_begin_a_part_are_counted);
    g_test_add_func("/mimecost/a-boundary-may-stand-within-a-line",
                    a_boundary_may_stand_within_a_line);
    g_test_add_func("/mimecost/content-types-that-may-hold-parts-are-counted",
                    content_types_that_may_hold_parts_are_counted);
    g_test_add_func("/mimecost/fields-are-counted-folded-or-not", fields_are_counted_folded_or_not);
    g_test_add_func("/mimecost/of-a-digest-each-part-may-be-a-message",
                    of_a_digest_each_part_may_be_a_message);
    g_test_add_func("/mimecost/short-lines-are-counted", short_lines_are_counted);
    g_test_add_func("/mimecost/comparisons-are-counted", comparisons_are_counted);
    g_test_add_func("/mimecost/nothing-is-read-behind-a-torn-content-type",
                    nothing_is_read_behind_a_torn_content_type);
    g_test_add_func("/mimecost/a-short-body-or-one-of-a-part-is-not-looked-at",
                    a_short_body_or_one_of_a_part_is_not_looked_at);
    return g_test_run();
}
