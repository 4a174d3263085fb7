#include "mail/parts.h"

#include <string.h>

#include "base/eight.h"
#include "base/gmime-extra.h"
#include "base/limits.h"
#include "base/text.h"
#include "mail/charset.h"
#include "mail/flowed.h"
#include "mail/mimestream.h"

/* Encoded bytes that are looked at for each decoded: base64, quoted-printable of mostly ASCII. */
#define ENCODED_TIMES 3
/* The plain text is poorer when the HTML has so many times its letters. */
#define POORER 3
/* Nobody's inquiry is shorter: it says that there is HTML to be looked at. */
#define STUB 20

typedef struct {
    Parts *parts;
    GMimePart *plain, *html; /* the candidates */
    GMimePart *attached[ATTACHED_MAX];
    AttachedKind kinds[ATTACHED_MAX];
    guint attachments;
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

/* Types and names of files that are data about a person. */
static const struct {
    const char *type, *subtype, *suffix;
    AttachedKind kind;
} data_types[] = {
    {"text", "vcard", ".vcf", ATTACHED_VCARD},
    {"text", "x-vcard", ".vcard", ATTACHED_VCARD},
    {"text", "directory", ".vcf", ATTACHED_VCARD},
    {"application", "json", ".json", ATTACHED_JSON},
    {"application", "ld+json", ".jsonld", ATTACHED_JSON},
    {"application", "x-adf+xml", ".adf", ATTACHED_ADF},
    {"application", "adf+xml", ".adf", ATTACHED_ADF},
    {"application", "xml", ".xml", ATTACHED_ADF},
    {"text", "xml", ".xml", ATTACHED_ADF},
};

static void
take_attached(Walk *walk, GMimePart *part)
{
    GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
    const char *file = g_mime_part_get_filename(part);
    g_autofree char *name = file ? g_ascii_strdown(file, -1) : g_strdup("");
    for (guint i = 0; i < G_N_ELEMENTS(data_types) && walk->attachments < ATTACHED_MAX; i++) {
        if (!g_mime_content_type_is_type(type, data_types[i].type, data_types[i].subtype) &&
            !g_str_has_suffix(name, data_types[i].suffix))
            continue;
        walk->attached[walk->attachments] = part;
        walk->kinds[walk->attachments++] = data_types[i].kind;
        return;
    }
}

static void
take_part(Walk *walk, GMimePart *part)
{
    GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
    take_attached(walk, part);
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
        else if (GMIME_IS_PART(child) && ++walk->seen <= LIMIT_PARTS)
            take_attached(walk, GMIME_PART(child));
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

/* Rare, and its first line is looked for: GMime's own filter does that. */
static GByteArray *
uudecoded(GMimeDataWrapper *content, GMimeStream *whole, gsize length)
{
    gint64 begin = whole->bound_start;
    g_autoptr(GMimeStream) piece = g_mime_stream_substream(whole, begin, begin + (gint64)length);
    GMimeDataWrapper *wrapper =
        g_mime_data_wrapper_new_with_stream(piece, g_mime_data_wrapper_get_encoding(content));
    GByteArray *bytes = g_byte_array_new();
    g_autoptr(GMimeStream) out = g_mime_stream_mem_new_with_byte_array(bytes);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(out), FALSE);
    g_mime_data_wrapper_write_to_stream(wrapper, out);
    g_object_unref(wrapper);
    return bytes;
}

/* `length` bytes of a content decoded; NULL when they are not encoded. */
static GByteArray *
decoded(GMimeDataWrapper *content, GMimeStream *whole, const char *encoded, gsize length)
{
    GMimeContentEncoding encoding = g_mime_data_wrapper_get_encoding(content);
    GMimeEncoding state;
    if (encoding == GMIME_CONTENT_ENCODING_UUENCODE)
        return uudecoded(content, whole, length);
    if (encoding != GMIME_CONTENT_ENCODING_BASE64 &&
        encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE)
        return NULL;
    GByteArray *bytes = g_byte_array_new();
    g_mime_encoding_init_decode(&state, encoding);
    g_byte_array_set_size(bytes, (guint)g_mime_encoding_outlen(&state, length) + 16);
    gsize n = g_mime_encoding_step(&state, encoded, length, (char *)bytes->data);
    n += g_mime_encoding_flush(&state, "", 0, (char *)bytes->data + n);
    g_byte_array_set_size(bytes, (guint)n);
    return bytes;
}

/* The text of `most` decoded bytes. */
static char *
decode(GMimePart *part, guint most, gsize *length, gboolean *limit)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *whole = content ? g_mime_data_wrapper_get_stream(content) : NULL;
    gsize size = 0, encoded = (gsize)most * ENCODED_TIMES;
    /* A window on the mail's bytes: nothing is copied that need not be. */
    const char *from = whole ? mimestream_window(whole, &size) : NULL;
    if (!from) {
        *length = 0;
        return g_strdup("");
    }
    *limit |= size > encoded;
    size = MIN(size, encoded);
    const char *charset = g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), "charset");
    GByteArray *bytes = decoded(content, whole, from, size);
    if (bytes)
        size = bytes->len;
    *limit |= size > most;
    size = MIN(size, most);
    return bytes ? charset_take(bytes, size, charset, length)
                 : charset_to_utf8(from, size, charset, length);
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
    char *text = decode(part, LIMIT_PLAIN_DECODED, &length, limit);
    if (!parameter_is(part, "format", "flowed"))
        return text;
    char *unwrapped = flowed_unwrap(text, parameter_is(part, "delsp", "yes"));
    g_free(text);
    return unwrapped;
}

/* --- which of the two --- */

/* Letters and digits, and what begins a letter beyond ASCII. */
static guint
letters_of(guint64 eight)
{
    guint64 low = eight & ~HIGH_BITS, small = low | EACH_BYTE(0x20);
    guint64 letter = (small + EACH_BYTE(0x80 - 'a')) & ~(small + EACH_BYTE(0x7F - 'z'));
    guint64 digit = (low + EACH_BYTE(0x80 - '0')) & ~(low + EACH_BYTE(0x7F - '9'));
    return eight_count((((letter | digit) & ~eight) | (eight & eight << 1)) & HIGH_BITS);
}

static gsize
letters(const char *p, const char *end)
{
    gsize n = 0;
    guint64 rest = 0;
    for (; end - p >= 8; p += 8)
        n += letters_of(eight_at(p));
    memcpy(&rest, p, end - p);
    return n + letters_of(rest);
}

static const char *
next_url(const char *text, const char *end)
{
    for (const char *p = text; (p = text_find(p, end - p, "://")); p += 3) {
        if (p - text >= 4 && memcmp(p - 4, "http", 4) == 0)
            return p - 4;
        if (p - text >= 5 && memcmp(p - 5, "https", 5) == 0)
            return p - 5;
    }
    return end;
}

/* Without the letters of URLs, in which the two differ for no reason. */
static gsize
weight(const char *text)
{
    gsize n = 0;
    for (const char *p = text, *end = text + strlen(text); p < end; p += strcspn(p, " \t\n>)\"")) {
        const char *url = next_url(p, end);
        n += letters(p, url);
        p = url;
    }
    return n;
}

static gsize
span(const char *p, const char *end)
{
    return end - p;
}

/* More than the HTML's text can weigh: of what stands between its tags, all of `count`. */
static gsize
weight_at_most(const char *html, gsize (*count)(const char *p, const char *end))
{
    gsize n = 0;
    gboolean ends = TRUE; /* there may be another "</" */
    for (const char *p = html, *stop = html + strlen(html); p < stop;) {
        const char *tag = memchr(p, '<', stop - p);
        n += count(p, tag ? tag : stop);
        if (!tag)
            break;
        p = tag;
        if ((p[1] | 0x20) == 's' && g_ascii_strncasecmp(p, "<style", 6) == 0) {
            const char *end = ends ? strstr(p, "</") : NULL;
            ends = end != NULL;
            p = end ? end + 2 : p + 6;
        }
        const char *close = memchr(p, '>', stop - p);
        p = close ? close : stop;
    }
    return n;
}

static gboolean
is_poorer(gsize plain, gsize html)
{
    return html > 0 && (plain < STUB || plain * POORER < html);
}

/* Whether the HTML is the better one; it is read if need be. */
static gboolean
prefer_html(Parts *parts)
{
    gsize plain = weight(parts->text);
    if (!is_poorer(plain, weight_at_most(parts->html_source, span)) || /* soon told */
        !is_poorer(plain, weight_at_most(parts->html_source, letters)))
        return FALSE;
    parts->html = html_to_text(g_steal_pointer(&parts->html_source), parts->html_length);
    parts->text_limit |= parts->html->truncated;
    return is_poorer(plain, weight(parts->html->text));
}

static void
attached_free(gpointer data)
{
    Attached *attached = data;
    g_free(attached->text);
    g_free(attached);
}

static void
read_attached(Walk *walk)
{
    for (guint i = 0; i < walk->attachments; i++) {
        GMimeDataWrapper *content = g_mime_part_get_content(walk->attached[i]);
        GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;
        if (!stream || g_mime_stream_length(stream) > ATTACHED_BYTES)
            continue;
        gsize length;
        Attached *attached = g_new(Attached, 1);
        *attached = (Attached){walk->kinds[i], decode(walk->attached[i], LIMIT_PLAIN_DECODED,
                                                      &length, &walk->parts->text_limit)};
        g_ptr_array_add(walk->parts->attached, attached);
    }
}

void
parts_read(GMimeObject *root, Parts *parts)
{
    Walk walk = {.parts = parts};
    *parts = (Parts){.attached = g_ptr_array_new_with_free_func(attached_free)};
    if (root)
        walk_object(&walk, root, 0);
    read_attached(&walk);
    if (walk.html)
        parts->html_source =
            decode(walk.html, LIMIT_HTML_DECODED, &parts->html_length, &parts->text_limit);
    parts->text = walk.plain ? decode_plain(walk.plain, &parts->text_limit) : g_strdup("");
}

void
parts_choose(Parts *parts)
{
    if (!parts->html_source || !prefer_html(parts))
        return;
    g_free(parts->text);
    parts->text = g_steal_pointer(&parts->html->text);
}

void
parts_clear(Parts *parts)
{
    g_clear_pointer(&parts->text, g_free);
    g_clear_pointer(&parts->html_source, g_free);
    g_clear_pointer(&parts->html, html_free);
    g_clear_pointer(&parts->attached, g_ptr_array_unref);
}
