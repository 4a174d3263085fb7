#include "mail/mime.h"

#include "base/gmime-extra.h"
#include "mail/mimecost.h"
#include "mail/mimestream.h"

#define PARSER_KEPT ((gsize)64 << 10)

void
mime_init(void)
{
    static gsize once;
    if (g_once_init_enter(&once)) {
        g_mime_init();
        g_once_init_leave(&once, 1);
    }
}

static GPrivate thread_parser = G_PRIVATE_INIT(g_object_unref);

/* Made once a thread: a parser has some kilobytes of buffers. It keeps its last stream, and reads
 * no more of it; and the last header that it read, so after a mail as long as PARSER_KEPT it goes.
 */
static GMimeParser *
parser_of_thread(GMimeStream *stream)
{
    GMimeParser *own = g_private_get(&thread_parser);
    if (own)
        g_mime_parser_init_with_stream(own, stream);
    else
        g_private_set(&thread_parser, own = g_mime_parser_new_with_stream(stream));
    return own;
}

/* A mail that is no more than a part needs no looking for where it ends. */
static void
set_content(GMimePart *part, GMimeStream *mail, gint64 begin)
{
    g_autoptr(GMimeStream) body = g_mime_stream_substream(mail, begin, -1);
    GMimeDataWrapper *content =
        g_mime_data_wrapper_new_with_stream(body, g_mime_part_get_content_encoding(part));
    g_mime_part_set_content(part, content);
    g_object_unref(content);
}

/* GMime makes some objects of each field that it reads, so it gets those that tell what the body
 * is.
 */
GMimeObject *
mime_parse(const Fields *fields, const char *bytes, gsize length, gboolean *limit)
{
    if (!fields)
        return NULL;
    const char *body = bytes + fields->body;
    gsize whole = length - fields->body, header = fields->mime->len;
    gboolean cut = FALSE;
    gsize safe = mimecost_safe_length(fields->mime, body, whole, &cut);
    g_autoptr(GMimeStream) mail = mimestream_new(fields->mime->str, header, body, whole);
    g_mime_stream_set_bounds(mail, 0, (gint64)(header + safe));
    GMimeObject *root = g_mime_parser_construct_part(parser_of_thread(mail), NULL);
    if (header + safe > PARSER_KEPT)
        g_private_replace(&thread_parser, NULL);
    if (!GMIME_IS_PART(root))
        *limit |= cut;
    else if (safe < whole)
        set_content(GMIME_PART(root), mail, (gint64)header);
    return root;
}
