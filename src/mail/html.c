#include "mail/html.h"

#include <string.h>

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>

#include "base/limits.h"
#include "base/memory.h"
#include "base/once.h"
#include "mail/html-style.h"
#include "mail/html-tame.h"
#include "mail/html-writer.h"
#include "mail/xml.h"

#define DEPTH_MAX 256            /* libxml2 walks its stack for every end tag */
#define INSERTS_MAX 200          /* metas, scripts, comments: of each */
#define INSERTS_BYTES LIMIT_CARD /* of all three together */
#define LINK_TEXT_MAX 500
#define ROOT "lead-root" /* around it all, so that what stands after </html> is read as well */

typedef enum {
    KIND_INLINE,
    KIND_BLOCK,     /* ends a line */
    KIND_PARAGRAPH, /* an empty line before and after */
    KIND_HEADING,   /* likewise, first in a table's row as well: it ends what was before */
    KIND_BREAK,
    KIND_ITEM,
    KIND_QUOTE,
    KIND_PRE,
    KIND_TABLE,
    KIND_ROW,
    KIND_CELL,
    KIND_LINK,
    KIND_IMAGE,
    KIND_META,
    KIND_SCRIPT,
    KIND_HIDDEN /* never text */
} Kind;

static const struct {
    const char *name;
    Kind kind;
} elements[] = {
    {"a", KIND_LINK},           {"address", KIND_BLOCK},  {"area", KIND_LINK},
    {"article", KIND_BLOCK},    {"aside", KIND_BLOCK},    {"audio", KIND_HIDDEN},
    {"blockquote", KIND_QUOTE}, {"br", KIND_BREAK},       {"button", KIND_BLOCK},
    {"caption", KIND_BLOCK},    {"center", KIND_BLOCK},   {"dd", KIND_BLOCK},
    {"dir", KIND_BLOCK},        {"div", KIND_BLOCK},      {"dl", KIND_BLOCK},
    {"dt", KIND_BLOCK},         {"fieldset", KIND_BLOCK}, {"figcaption", KIND_BLOCK},
    {"figure", KIND_BLOCK},     {"footer", KIND_BLOCK},   {"form", KIND_BLOCK},
    {"h1", KIND_HEADING},       {"h2", KIND_HEADING},     {"h3", KIND_HEADING},
    {"h4", KIND_HEADING},       {"h5", KIND_HEADING},     {"h6", KIND_HEADING},
    {"header", KIND_BLOCK},     {"hr", KIND_PARAGRAPH},   {"iframe", KIND_HIDDEN},
    {"img", KIND_IMAGE},        {"legend", KIND_BLOCK},   {"li", KIND_ITEM},
    {"listing", KIND_PRE},      {"main", KIND_BLOCK},     {"menu", KIND_BLOCK},
    {"meta", KIND_META},        {"nav", KIND_BLOCK},      {"object", KIND_BLOCK},
    {"ol", KIND_BLOCK},         {"option", KIND_BLOCK},   {"p", KIND_PARAGRAPH},
    {"pre", KIND_PRE},          {"script", KIND_SCRIPT},  {"section", KIND_BLOCK},
    {"select", KIND_BLOCK},     {"style", KIND_HIDDEN},   {"svg", KIND_HIDDEN},
    {"table", KIND_TABLE},      {"td", KIND_CELL},        {"template", KIND_HIDDEN},
    {"textarea", KIND_PRE},     {"th", KIND_CELL},        {"title", KIND_HIDDEN},
    {"tr", KIND_ROW},           {"ul", KIND_BLOCK},       {"video", KIND_HIDDEN},
    {"xmp", KIND_PRE},
};

typedef struct {
    Kind kind;
    gboolean hidden, preformatted, font_zero; /* inherited */
    gboolean block;                           /* an inline element displayed as a block */
    HtmlLink *link;                           /* of an <a> that is kept */
    gsize link_start;
    HtmlRow outer_row;
} Frame;

typedef struct {
    htmlParserCtxtPtr parser;
    HtmlText *result;
    HtmlWriter writer;
    GArray *frames;      /* Frame; the first stands for the root */
    GString *script;     /* of the <script> we are in, when it is wanted */
    gboolean line_break; /* a <pre> has just begun: its first line end does not count */
    gsize insert_bytes;
    guint elements;
    GHashTable *kinds; /* borrowed */
} Html;

static gpointer
prepare(gpointer unused)
{
    xmlInitParser();
    GHashTable *kinds = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < G_N_ELEMENTS(elements); i++)
        g_hash_table_insert(kinds, (gpointer)elements[i].name, GINT_TO_POINTER(elements[i].kind));
    return kinds;
}

static Frame *
top(Html *html)
{
    return &g_array_index(html->frames, Frame, html->frames->len - 1);
}

static void
link_free(gpointer data)
{
    HtmlLink *link = data;
    g_free(link->target);
    g_free(link->text);
    g_free(link);
}

static void
meta_free(gpointer data)
{
    HtmlMeta *meta = data;
    g_free(meta->name);
    g_free(meta->content);
    g_free(meta);
}

/* Room for one more machine-readable insert of `bytes`. */
static gboolean
take_insert(Html *html, const GPtrArray *list, gsize bytes)
{
    if (list->len >= INSERTS_MAX || bytes > INSERTS_BYTES - html->insert_bytes) {
        html->result->truncated = TRUE;
        return FALSE;
    }
    html->insert_bytes += bytes;
    return TRUE;
}

static void
take_meta(Html *html, const char *const *attributes)
{
    const char *name = html_attribute(attributes, "name");
    const char *content = html_attribute(attributes, "content");
    if (!name || !content || !take_insert(html, html->result->metas, strlen(content)))
        return;
    HtmlMeta *meta = g_new(HtmlMeta, 1);
    *meta = (HtmlMeta){.name = g_strdup(name), .content = g_strdup(content)};
    g_ptr_array_add(html->result->metas, meta);
}

/* Browsers drop line ends and white space around a target. Cut at a whole character. */
static char *
clean_target(const char *href)
{
    GString *target = g_string_new(NULL);
    for (const char *p = href; *p; p = g_utf8_next_char(p)) {
        gsize length = g_utf8_next_char(p) - p;
        if (target->len + length > LIMIT_LINK_TARGET)
            break;
        if ((guchar)*p >= 0x20 && *p != 0x7F && (*p != ' ' || target->len > 0))
            g_string_append_len(target, p, length);
    }
    while (target->len > 0 && target->str[target->len - 1] == ' ')
        g_string_truncate(target, target->len - 1);
    return g_string_free(target, FALSE);
}

static void
begin_link(Html *html, Frame *frame, const char *const *attributes)
{
    const char *href = html_attribute(attributes, "href");
    if (!href || frame->hidden)
        return;
    g_autofree char *target = clean_target(href);
    if (!*target || *target == '#' || g_ascii_strncasecmp(target, "javascript:", 11) == 0)
        return;
    if (html->result->links->len >= LIMIT_LINKS) {
        html->result->truncated = TRUE;
        return;
    }
    frame->link = g_new0(HtmlLink, 1);
    frame->link->target = g_steal_pointer(&target);
    frame->link_start = html->writer.text->len;
    g_ptr_array_add(html->result->links, frame->link);
}

static void
put_image(Html *html, const Frame *frame, const char *const *attributes, gboolean tiny)
{
    const char *alt = html_attribute(attributes, "alt");
    if (alt && !tiny && !frame->hidden)
        html_writer_put(&html->writer, alt, strlen(alt), FALSE);
}

static Frame
inherit(Html *html, Kind kind, const HtmlStyle *style)
{
    const Frame *parent = top(html);
    return (Frame){
        .kind = kind,
        .hidden = parent->hidden || style->hidden || kind == KIND_HIDDEN || kind == KIND_SCRIPT,
        .preformatted =
            style->preformatted || kind == KIND_PRE || (parent->preformatted && !style->folded),
        .font_zero = style->font_zero || (parent->font_zero && !style->font_sized),
        .block = style->block && kind == KIND_INLINE,
    };
}

/* The breaks that a visible element begins with. */
static void
begin_visible(Html *html, Frame *frame)
{
    HtmlWriter *writer = &html->writer;
    switch (frame->kind) {
    case KIND_BLOCK:
        html_writer_block(writer, GAP_LINE);
        break;
    case KIND_PARAGRAPH:
    case KIND_PRE:
        html_writer_block(writer, GAP_PARAGRAPH);
        html->line_break = frame->kind == KIND_PRE;
        break;
    case KIND_HEADING:
        html_writer_block(writer, GAP_PARAGRAPH);
        if (writer->gap == GAP_LINE && !writer->item)
            writer->gap = GAP_PARAGRAPH;
        break;
    case KIND_BREAK:
        html_writer_break(writer);
        break;
    case KIND_ITEM:
        html_writer_item(writer);
        break;
    case KIND_QUOTE:
        html_writer_block(writer, GAP_LINE);
        writer->quote++;
        break;
    case KIND_TABLE:
        html_writer_table(writer);
        break;
    case KIND_ROW:
        frame->outer_row = html_writer_row(writer);
        break;
    case KIND_CELL:
        html_writer_cell(writer);
        break;
    default:
        if (frame->block)
            html_writer_block(writer, GAP_LINE);
    }
}

static void
end_visible(Html *html, const Frame *frame)
{
    HtmlWriter *writer = &html->writer;
    switch (frame->kind) {
    case KIND_PARAGRAPH:
    case KIND_HEADING:
    case KIND_PRE:
        html_writer_block(writer, GAP_PARAGRAPH);
        break;
    case KIND_ITEM:
        writer->item = FALSE;
        if (writer->gap == GAP_PARAGRAPH) /* of a <p> in it */
            writer->gap = GAP_LINE;
        html_writer_block(writer, GAP_LINE);
        break;
    case KIND_QUOTE:
        html_writer_block(writer, GAP_LINE);
        writer->quote--;
        break;
    case KIND_TABLE: /* what stands below is no more of its last value */
        html_writer_block(writer, GAP_PARAGRAPH);
        break;
    case KIND_BLOCK:
        html_writer_block(writer, GAP_LINE);
        break;
    case KIND_ROW:
        html_writer_row_end(writer, &frame->outer_row);
        break;
    default:
        if (frame->block)
            html_writer_block(writer, GAP_LINE);
    }
    if (frame->link)
        frame->link->text = html_writer_since(writer, frame->link_start, LINK_TEXT_MAX);
}

static gboolean
is_json_script(const char *const *attributes)
{
    const char *type = html_attribute(attributes, "type");
    return type && g_ascii_strncasecmp(type, "application/ld+json", 19) == 0;
}

static void
on_start(void *data, const xmlChar *name, const xmlChar **raw)
{
    Html *html = data;
    const char *const *attributes = (const char *const *)raw;
    Kind kind = GPOINTER_TO_INT(g_hash_table_lookup(html->kinds, name));
    HtmlStyle style = html_style(attributes);
    Frame frame = inherit(html, kind, &style);

    html->line_break = FALSE;
    if (kind == KIND_META)
        take_meta(html, attributes);
    else if (kind == KIND_LINK)
        begin_link(html, &frame, attributes);
    else if (kind == KIND_IMAGE)
        put_image(html, &frame, attributes, style.tiny);
    else if (kind == KIND_SCRIPT && !html->script && is_json_script(attributes))
        html->script = g_string_new(NULL);
    if (!frame.hidden)
        begin_visible(html, &frame);
    g_array_append_val(html->frames, frame);
}

static void
on_end(void *data, const xmlChar *name)
{
    Html *html = data;
    if (html->frames->len <= 1)
        return;
    Frame frame = *top(html);
    html->line_break = FALSE;
    g_array_set_size(html->frames, html->frames->len - 1);
    if (!frame.hidden)
        end_visible(html, &frame);
    if (frame.kind == KIND_SCRIPT && html->script) {
        if (take_insert(html, html->result->scripts, html->script->len))
            g_ptr_array_add(html->result->scripts, g_strdup(html->script->str));
        g_string_free(html->script, TRUE);
        html->script = NULL;
    }
}

/* A deep element is taken off libxml2's stack as soon as it is on: its end is then none, and its
 * text is its parent's. Only the outermost of hidden ones stays, to hide what is in it. */
static void
on_start_capped(void *data, const xmlChar *name, const xmlChar **attributes)
{
    Html *html = data;
    htmlParserCtxtPtr parser = html->parser;
    gboolean was_hidden = top(html)->hidden;
    if (++html->elements > LIMIT_HTML_ELEMENTS) {
        html->result->truncated = TRUE;
        xmlStopParser(parser);
        return;
    }
    on_start(data, name, attributes);
    if (parser->nameNr > DEPTH_MAX && (was_hidden || !top(html)->hidden)) {
        on_end(data, name);
        parser->nameNr--;
        parser->name = parser->nameTab[parser->nameNr - 1];
    }
}

static void
on_text(void *data, const xmlChar *text, int length)
{
    Html *html = data;
    const Frame *frame = top(html);
    if (html->script && frame->kind == KIND_SCRIPT)
        g_string_append_len(html->script, (const char *)text, length);
    if (frame->hidden || frame->font_zero || length <= 0)
        return;
    if (html->line_break && *text == '\n') {
        text++;
        length--;
    }
    html->line_break = FALSE;
    html_writer_put(&html->writer, (const char *)text, length, frame->preformatted);
}

static void
on_comment(void *data, const xmlChar *text)
{
    Html *html = data;
    const char *json = (const char *)text + strspn((const char *)text, " \t\r\n");
    if (*json != '{' && !(*json == '[' && json[1 + strspn(json + 1, " \t\r\n")] == '{'))
        return;
    if (take_insert(html, html->result->comments, strlen(json)))
        g_ptr_array_add(html->result->comments, g_strchomp(g_strdup(json)));
}

/* The rest is parsed where it stands, which ends in 0: libxml2 keeps a copy of what is pushed. Made
 * by its fields, as libxml2 makes one of a string: one with a buffer would be read otherwise. */
static void
set_input(htmlParserCtxtPtr parser, const char *text, gsize length)
{
    xmlParserInputPtr input = xmlNewInputStream(parser);
    input->base = input->cur = (const xmlChar *)text;
    input->end = input->base + length;
    input->length = (int)length;
    xmlFreeInputStream(inputPop(parser));
    inputPush(parser, input);
}

static void
run_parser(Html *html, char *text, gsize length)
{
    htmlSAXHandler handler = {
        .startElement = on_start_capped,
        .endElement = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .comment = on_comment,
    };
    xml_begin();
    html->parser = htmlCreatePushParserCtxt(&handler, html, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    if (!html->parser)
        memory_out("libxml2");
    htmlCtxtUseOptions(html->parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
                                         HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                                         HTML_PARSE_IGNORE_ENC | HTML_PARSE_NOIMPLIED);
    htmlParseChunk(html->parser, "<" ROOT ">", sizeof "<" ROOT ">" - 1, 0);
    /* In one piece and as the last: in smaller ones it looks again and again for an end. */
    length = html_tame(text, MIN(length, G_MAXINT / 4));
    text[length] = '\0';
    set_input(html->parser, text, length);
    htmlParseChunk(html->parser, NULL, 0, 1);
    htmlFreeParserCtxt(html->parser);
}

HtmlText *
html_to_text(char *text, gsize length)
{
    static gpointer once;
    HtmlText *result = g_new0(HtmlText, 1);
    result->links = g_ptr_array_new_with_free_func(link_free);
    result->metas = g_ptr_array_new_with_free_func(meta_free);
    result->scripts = g_ptr_array_new_with_free_func(g_free);
    result->comments = g_ptr_array_new_with_free_func(g_free);

    Html html = {.result = result, .frames = g_array_new(FALSE, FALSE, sizeof(Frame))};
    Frame root = {.kind = KIND_INLINE};
    html.kinds = once_get(&once, prepare, NULL);
    html_writer_init(&html.writer);
    g_array_append_val(html.frames, root);
    run_parser(&html, text, length);
    g_free(text);

    for (guint i = 0; i < result->links->len; i++) {
        HtmlLink *link = g_ptr_array_index(result->links, i);
        if (!link->text)
            link->text = g_strdup("");
    }
    if (html.writer.text->len > 0)
        g_string_append_c(html.writer.text, '\n');
    result->text = g_string_free(html.writer.text, FALSE);
    result->truncated |= html.writer.truncated;
    g_array_free(html.frames, TRUE);
    if (html.script)
        g_string_free(html.script, TRUE);
    return result;
}

void
html_free(HtmlText *html)
{
    if (!html)
        return;
    g_free(html->text);
    g_ptr_array_unref(html->links);
    g_ptr_array_unref(html->metas);
    g_ptr_array_unref(html->scripts);
    g_ptr_array_unref(html->comments);
    g_free(html);
}
