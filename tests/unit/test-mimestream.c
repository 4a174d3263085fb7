/* A header and a body read as one stream, and windows on the body. */
#include "mail/mimestream.h"

#include <string.h>

static const char header[] = "A: 1\n\n", body[] = "body of it";
#define BYTES(s) s, sizeof s - 1
#define HEADER ((gint64)sizeof header - 1)
#define WHOLE ((gint64)(sizeof header + sizeof body - 2))

static GMimeStream *
make(void)
{
    g_mime_init();
    return mimestream_new(header, sizeof header - 1, body, sizeof body - 1);
}

static void
both_are_read_in_pieces_of_any_size(void)
{
    for (size_t size = 1; size < 20; size++) {
        g_autoptr(GObject) object = G_OBJECT(make());
        GMimeStream *stream = GMIME_STREAM(object);
        g_autoptr(GString) all = g_string_new(NULL);
        char piece[20];
        for (ssize_t n; (n = g_mime_stream_read(stream, piece, size)) > 0;)
            g_string_append_len(all, piece, n);
        g_assert_cmpstr(all->str, ==, "A: 1\n\nbody of it");
        g_assert_true(g_mime_stream_eos(stream));
        g_assert_cmpint(g_mime_stream_length(stream), ==, WHOLE);
    }
}

static void
no_piece_begins_with_the_end_of_a_line(void)
{
    static const char lines[] = "A:\n\n", text[] = "b\r\n\nc\n";
    for (size_t size = 2; size < 12; size++) {
        g_autoptr(GObject) object = G_OBJECT(mimestream_new(BYTES(lines), BYTES(text)));
        g_autoptr(GString) all = g_string_new(NULL);
        char piece[12];
        for (ssize_t n; (n = g_mime_stream_read(GMIME_STREAM(object), piece, size)) > 0;) {
            g_assert_true(*piece != '\n' || all->str[all->len - 1] == '\n');
            g_string_append_len(all, piece, n);
        }
        g_assert_cmpstr(all->str, ==, "A:\n\nb\r\n\nc\n");
    }
}

static void
nobody_gets_beyond_its_ends(void)
{
    g_autoptr(GObject) object = G_OBJECT(make());
    GMimeStream *stream = GMIME_STREAM(object);
    g_assert_cmpint(g_mime_stream_seek(stream, -1, GMIME_STREAM_SEEK_SET), ==, -1);
    g_assert_cmpint(g_mime_stream_seek(stream, 1, GMIME_STREAM_SEEK_END), ==, -1);
    g_assert_cmpint(g_mime_stream_seek(stream, -4, GMIME_STREAM_SEEK_END), ==, WHOLE - 4);
    char rest[20];
    g_assert_cmpint(g_mime_stream_read(stream, rest, sizeof rest), ==, 4);
    g_assert_cmpint(memcmp(rest, "f it", 4), ==, 0);
    g_assert_cmpint(g_mime_stream_read(stream, rest, sizeof rest), ==, 0);
}

static void
a_part_is_a_window_on_the_body(void)
{
    g_autoptr(GObject) object = G_OBJECT(make());
    g_autoptr(GObject) part =
        G_OBJECT(g_mime_stream_substream(GMIME_STREAM(object), HEADER + 5, HEADER + 7));
    gsize length;
    g_assert_true(mimestream_window(GMIME_STREAM(part), &length) == body + 5);
    g_assert_cmpuint(length, ==, 2);
    g_autoptr(GObject) empty =
        G_OBJECT(g_mime_stream_substream(GMIME_STREAM(object), WHOLE, WHOLE));
    g_assert_true(mimestream_window(GMIME_STREAM(empty), &length) == body + sizeof body - 1);
    g_assert_cmpuint(length, ==, 0);
}

static void
what_is_not_in_the_body_is_no_window(void)
{
    g_autoptr(GObject) object = G_OBJECT(make());
    g_autoptr(GObject) memory = G_OBJECT(g_mime_stream_mem_new_with_buffer("body", 4));
    gsize length = 7;
    g_assert_null(mimestream_window(GMIME_STREAM(object), &length)); /* begins in the header */
    g_assert_cmpuint(length, ==, 0);
    g_assert_null(mimestream_window(GMIME_STREAM(memory), &length));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mimestream/both-are-read-in-pieces-of-any-size",
                    both_are_read_in_pieces_of_any_size);
    g_test_add_func("/mimestream/lines", no_piece_begins_with_the_end_of_a_line);
    g_test_add_func("/mimestream/nobody-gets-beyond-its-ends", nobody_gets_beyond_its_ends);
    g_test_add_func("/mimestream/a-part-is-a-window-on-the-body", a_part_is_a_window_on_the_body);
    g_test_add_func("/mimestream/what-is-not-in-the-body-is-no-window",
                    what_is_not_in_the_body_is_no_window);
    return g_test_run();
}
