#include "mail/parts.h"

#include <string.h>

#include "base/gmime-extra.h"
#include "base/limits.h"
#include "mail/charset.h"
#include "mail/flowed.h"

/* Encoded bytes of a part that are looked at: base64 and quoted-printable of mostly ASCII. */
#define ENCODED_MAX (LIMIT_PART_DECODED * 3)
/* The plain text is poorer when the HTML has so many times its letters. */
#define POORER 3
/* Nobody's inquiry is shorter: it says that there is HTML to be looked at. */
#define STUB 20

typedef struct {
    Parts *parts;
    GMimePart *plain, *html; /* the candidates */
    guint seen;
} Walk;

/* --- the tree --- */

static gboolean
is_attachment(GMimePart *part)
{
    const char *disposition = g_mime_object_get_disposition(GMIME_OBJECT(part));
    return (disposition && g_ascii_strcasecmp(disposition, "attachment") == 0) ||
           g_mime_part_get_filename(part);
}

static void
take_part(Walk *walk, GMimePart *part)
{
    GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
    if (is_attachment(part))
        return;
    if (!walk->html && g_mime_content_type_is_type(type, "text", "html"))
        walk->html = part;
    else if (!walk->plain && g_mime_content_type_is_type(type, "text", "plain"))
        walk->plain = part;
}

static void walk_object(Walk *walk, GMimeObject *object, guint depth);

static void
walk_multipart(Walk *walk, GMimeMultipart *multipart, guint depth)
{
    GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(multipart));
    gboolean alternative = g_mime_content_type_is_type(type, "multipart", "alternative");
    int count = g_mime_multipart_get_count(multipart);
    for (int i = 0; i < count && !walk->parts->parts_limit; i++) {
        gboolean have_text = walk->plain || walk->html;
        GMimeObject *child = g_mime_multipart_get_part(multipart, i);
        if (alternative || !have_text || GMIME_IS_MESSAGE_PART(child))
            walk_object(walk, child, depth + 1);
    }
}

static void
walk_object(Walk *walk, GMimeObject *object, guint depth)
{
    if (depth > LIMIT_PART_DEPTH || ++walk->seen > LIMIT_PARTS) {
        walk->parts->parts_limit = TRUE;
        return;
    }
    if (GMIME_IS_MULTIPART(object))
        walk_multipart(walk, GMIME_MULTIPART(object), depth);
    else if (GMIME_IS_MESSAGE_PART(object) && !walk->parts->inner)
        walk->parts->inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
    else if (GMIME_IS_PART(object))
        take_part(walk, GMIME_PART(object));
}

/* --- decoding --- */

static char *
decode(GMimePart *part, gsize *length, gboolean *limit)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *whole = content ? g_mime_data_wrapper_get_stream(content) : NULL;
    if (!whole) {
        *length = 0;
        return g_strdup("");
    }
    gint64 size = g_mime_stream_length(whole);
    *limit |= size > ENCODED_MAX;
    gint64 begin = whole->bound_start;
    g_autoptr(GMimeStream) piece =
        g_mime_stream_substream(whole, begin, begin + CLAMP(size, 0, ENCODED_MAX));
    GMimeDataWrapper *wrapper =
        g_mime_data_wrapper_new_with_stream(piece, g_mime_data_wrapper_get_encoding(content));
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GMimeStream) out = g_mime_stream_mem_new_with_byte_array(bytes);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(out), FALSE);
    g_mime_data_wrapper_write_to_stream(wrapper, out);
    g_object_unref(wrapper);

    const char *charset = g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), "charset");
    *limit |= bytes->len > LIMIT_PART_DECODED;
    return charset_to_utf8((const char *)bytes->data, MIN(bytes->len, LIMIT_PART_DECODED), charset,
                           length);
}

static gboolean
parameter_is(GMimePart *part, const char *name, const char *value)
{
    const char *got = g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), name);
    return got && g_ascii_strcasecmp(got, value) == 0;
}

static char *
decode_plain(GMimePart *part, gboolean *limit)
{
    gsize length;
    char *text = decode(part, &length, limit);
    if (!parameter_is(part, "format", "flowed"))
        return text;
    char *unwrapped = flowed_unwrap(text, parameter_is(part, "delsp", "yes"));
    g_free(text);
    return unwrapped;
}

/* --- which of the two --- */

/* Letters and digits, without those of URLs, in which the two differ for no reason. */
static gsize
weight(const char *text)
{
    gsize n = 0;
    for (const char *p = text; *p;) {
        if (*p == 'h' && (strncmp(p, "http://", 7) == 0 || strncmp(p, "https://", 8) == 0)) {
            p += strcspn(p, " \t\n>)\"");
            continue;
        }
        n += g_ascii_isalnum(*p) || (guchar)*p >= 0xC0;
        p++;
    }
    return n;
}

/* More than the HTML's text can weigh: what stands between its tags. */
static gsize
weight_at_most(const char *html)
{
    gsize n = 0;
    for (const char *p = html; *p;) {
        if (*p != '<') {
            n += g_ascii_isalnum(*p) || (guchar)*p >= 0xC0;
            p++;
            continue;
        }
        if (g_ascii_strncasecmp(p, "<style", 6) == 0) {
            const char *end = strstr(p, "</");
            p = end ? end + 2 : p + 6;
        }
        p += strcspn(p, ">");
    }
    return n;
}

static gboolean
is_poorer(gsize plain, gsize html)
{
    return html > 0 && (plain < STUB || plain * POORER < html);
}

/* Read the HTML if need be; whether it is the better one. */
static gboolean
prefer_html(Parts *parts)
{
    gsize plain = weight(parts->text);
    if (!parts->html_source || !is_poorer(plain, weight_at_most(parts->html_source)))
        return FALSE;
    parts->html = html_to_text(parts->html_source, parts->html_length);
    parts->text_limit |= parts->html->truncated;
    g_clear_pointer(&parts->html_source, g_free);
    return is_poorer(plain, weight(parts->html->text));
}

void
parts_read(GMimeMessage *message, Parts *parts)
{
    Walk walk = {.parts = parts};
    *parts = (Parts){0};
    GMimeObject *root = g_mime_message_get_mime_part(message);
    if (root)
        walk_object(&walk, root, 0);
    if (walk.html)
        parts->html_source = decode(walk.html, &parts->html_length, &parts->text_limit);
    parts->text = walk.plain ? decode_plain(walk.plain, &parts->text_limit) : g_strdup("");
    if (prefer_html(parts)) {
        g_free(parts->text);
        parts->text = g_strdup(parts->html->text);
    }
}

void
parts_clear(Parts *parts)
{
    g_clear_pointer(&parts->text, g_free);
    g_clear_pointer(&parts->html_source, g_free);
    g_clear_pointer(&parts->html, html_free);
}
