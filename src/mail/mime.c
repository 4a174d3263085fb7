#include "mail/mime.h"

#include <string.h>

#include "base/gmime-extra.h"
#include "mail/mimestream.h"

/* GMime makes objects of some kilobytes for each part and header field, and takes a while for each
 * line. Beyond so many lines that may begin one, or are much shorter than an attachment's, the rest
 * of a mail is left unread. */
#define BOUNDARY_LINES 2000
#define FIELD_LINES 10000
#define FIELD_NAME 80 /* bytes with its colon, mostly */
#define SHORT_LINES 100000
#define SHORT_LINE 40 /* bytes */

#define PARSER_KEPT ((gsize)64 << 10)

/* GMime takes a name of any length, and any number of blanks before the colon. */
static gboolean
may_be_field(const char *line, const char *next)
{
    if (memchr(line, ':', MIN(next - line, FIELD_NAME)))
        return TRUE;
    if (next - line <= FIELD_NAME)
        return FALSE;
    while (line < next && (guchar)*line > ' ' && *line != ':')
        line++;
    while (line < next && (*line == ' ' || *line == '\t'))
        line++;
    return line < next && *line == ':';
}

gsize
mime_safe_length(const char *bytes, gsize length)
{
    guint boundaries = 0, fields = 0, shorts = 0;
    for (const char *line = bytes, *end = bytes + length; line < end;) {
        const char *next = memchr(line, '\n', end - line);
        next = next ? next + 1 : end;
        shorts += next - line < SHORT_LINE;
        if (next - line >= 2 && line[0] == '-' && line[1] == '-')
            boundaries++;
        else if (may_be_field(line, next))
            fields++;
        if (boundaries > BOUNDARY_LINES || fields > FIELD_LINES || shorts > SHORT_LINES)
            return line - bytes;
        line = next;
    }
    return length;
}

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

/* GMime makes some objects of each field that it reads, so it gets those that tell what the body
 * is.
 */
GMimeObject *
mime_parse(const Fields *fields, const char *bytes, gsize length)
{
    if (!fields)
        return NULL;
    g_autoptr(GMimeStream) stream = mimestream_new(fields->mime->str, fields->mime->len,
                                                   bytes + fields->body, length - fields->body);
    GMimeObject *root = g_mime_parser_construct_part(parser_of_thread(stream), NULL);
    if (length > PARSER_KEPT)
        g_private_replace(&thread_parser, NULL);
    return root;
}
