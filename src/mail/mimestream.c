#include "mail/mimestream.h"

#include <string.h>

typedef struct {
    GMimeStream parent;
    const char *header, *body;
    gint64 header_length, length; /* of both together */
} MimeStream;

typedef struct {
    GMimeStreamClass parent;
} MimeStreamClass;

GType mimestream_get_type(void);
G_DEFINE_TYPE(MimeStream, mimestream, GMIME_TYPE_STREAM)

#define MIMESTREAM(stream) G_TYPE_CHECK_INSTANCE_CAST(stream, mimestream_get_type(), MimeStream)

static gboolean
is_newline(const MimeStream *mail, gint64 at)
{
    return (at < mail->header_length ? mail->header[at] : mail->body[at - mail->header_length]) ==
           '\n';
}

/* GMime 3.2.13 crashes where it reads no more of a line than its end, in front of the first field
 * of a part (step_headers makes -1 bytes of it): the byte before comes with it. */
static ssize_t
mimestream_read(GMimeStream *stream, char *buffer, size_t size)
{
    const MimeStream *mail = MIMESTREAM(stream);
    gint64 at = stream->position, n = MIN(stream->bound_end - at, (gint64)size);
    if (n <= 0)
        return 0;
    if (n > 1 && at + n < stream->bound_end && is_newline(mail, at + n) &&
        !is_newline(mail, at + n - 1))
        n--;
    gint64 first = CLAMP(mail->header_length - at, 0, n);
    if (first > 0)
        memcpy(buffer, mail->header + at, first);
    if (n > first)
        memcpy(buffer + first, mail->body + (at + first - mail->header_length), n - first);
    stream->position += n;
    return n;
}

static gboolean
mimestream_eos(GMimeStream *stream)
{
    return stream->position >= stream->bound_end;
}

static int
mimestream_reset(GMimeStream *stream)
{
    (void)stream; /* the position is GMime's to set */
    return 0;
}

static gint64
mimestream_seek(GMimeStream *stream, gint64 offset, GMimeSeekWhence whence)
{
    gint64 base = whence == GMIME_STREAM_SEEK_SET   ? 0
                  : whence == GMIME_STREAM_SEEK_END ? stream->bound_end
                                                    : stream->position;
    if (base + offset < stream->bound_start || base + offset > stream->bound_end)
        return -1;
    return stream->position = base + offset;
}

static gint64
mimestream_tell(GMimeStream *stream)
{
    return stream->position;
}

static gint64
mimestream_length(GMimeStream *stream)
{
    return stream->bound_end - stream->bound_start;
}

static GMimeStream *
mimestream_substream(GMimeStream *stream, gint64 start, gint64 end)
{
    const MimeStream *whole = MIMESTREAM(stream);
    MimeStream *part = g_object_new(mimestream_get_type(), NULL);
    part->header = whole->header;
    part->body = whole->body;
    part->header_length = whole->header_length;
    part->length = whole->length;
    g_mime_stream_construct(&part->parent, start, end < 0 ? whole->length : end);
    return &part->parent;
}

static void
mimestream_class_init(MimeStreamClass *class)
{
    GMimeStreamClass *stream = GMIME_STREAM_CLASS(class);
    stream->read = mimestream_read;
    stream->eos = mimestream_eos;
    stream->reset = mimestream_reset;
    stream->seek = mimestream_seek;
    stream->tell = mimestream_tell;
    stream->length = mimestream_length;
    stream->substream = mimestream_substream;
}

static void
mimestream_init(MimeStream *stream)
{
    (void)stream;
}

GMimeStream *
mimestream_new(const char *header, gsize header_length, const char *body, gsize body_length)
{
    MimeStream *mail = g_object_new(mimestream_get_type(), NULL);
    mail->header = header;
    mail->body = body;
    mail->header_length = (gint64)header_length;
    mail->length = (gint64)(header_length + body_length);
    g_mime_stream_construct(&mail->parent, 0, mail->length);
    return &mail->parent;
}

const char *
mimestream_window(GMimeStream *stream, gsize *length)
{
    *length = 0;
    if (!G_TYPE_CHECK_INSTANCE_TYPE(stream, mimestream_get_type()))
        return NULL;
    const MimeStream *mail = MIMESTREAM(stream);
    gint64 begin = stream->bound_start - mail->header_length;
    if (begin < 0 || stream->bound_end > mail->length || stream->bound_end < stream->bound_start)
        return NULL;
    *length = (gsize)(stream->bound_end - stream->bound_start);
    return mail->body + begin;
}
