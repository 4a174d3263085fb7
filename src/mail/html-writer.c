#include "mail/html-writer.h"

#include <string.h>

#include "base/limits.h"

#define QUOTE_MAX 20   /* deeper quotes get no more marks: 256 of them before each line add up */
#define SPACES_MAX 100 /* preformatted spaces kept of one run */
#define STEP_MAX 512   /* more than one word with its gap can add to the text */
#define RUN_MAX 256

void
html_writer_init(HtmlWriter *writer)
{
    *writer = (HtmlWriter){.text = g_string_new(NULL)};
}

/* Nothing was written since the last cell began: breaks there are padding, as in
 * <td><p>Name</p></td>. */
static gboolean
cell_is_empty(const HtmlWriter *writer)
{
    return writer->row.open && writer->row.cells > 0 && writer->text->len == writer->row.cell_start;
}

void
html_writer_block(HtmlWriter *writer, HtmlGap gap)
{
    if (writer->item || cell_is_empty(writer))
        return;
    writer->gap = MAX(writer->gap, gap);
    writer->spaces = 0;
}

void
html_writer_break(HtmlWriter *writer)
{
    html_writer_block(writer, writer->gap >= GAP_LINE ? GAP_PARAGRAPH : GAP_LINE);
}

void
html_writer_item(HtmlWriter *writer)
{
    writer->item = FALSE;
    html_writer_block(writer, GAP_LINE);
    writer->item = TRUE;
}

HtmlRow
html_writer_row(HtmlWriter *writer)
{
    HtmlRow outer = writer->row;
    html_writer_block(writer, GAP_LINE);
    writer->row = (HtmlRow){.open = TRUE};
    return outer;
}

static void
cell_end(HtmlWriter *writer)
{
    if (writer->row.cells > 0 && writer->text->len > writer->row.cell_start)
        writer->row.filled++;
}

/* A cell follows by TAB as long as all of the row stands on one line. */
void
html_writer_cell(HtmlWriter *writer)
{
    HtmlRow *row = &writer->row;
    if (!row->open) {
        html_writer_block(writer, GAP_LINE);
        return;
    }
    cell_end(writer);
    row->cells++;
    row->cell_start = writer->text->len;
    if (row->begun)
        writer->gap = row->lines ? GAP_LINE : GAP_TAB;
}

void
html_writer_table(HtmlWriter *writer)
{
    if (writer->gap == GAP_TAB)
        writer->gap = GAP_LINE;
    html_writer_block(writer, GAP_LINE);
}

void
html_writer_row_end(HtmlWriter *writer, const HtmlRow *outer)
{
    cell_end(writer);
    /* A label whose value is empty keeps its TAB, so that the next line is not taken for it. */
    if (writer->row.cells == 2 && writer->row.filled == 1 && writer->gap == GAP_TAB &&
        writer->text->len + STEP_MAX < LIMIT_TEXT)
        g_string_append_c(writer->text, '\t');
    gboolean begun = writer->row.begun;
    writer->row = *outer;
    writer->row.begun |= begun;
    writer->row.lines |= begun;
    writer->gap = MAX(writer->gap, GAP_LINE);
}

static void
write_quote(HtmlWriter *writer, guint depth)
{
    for (guint i = 0; i < MIN(depth, QUOTE_MAX); i++)
        g_string_append(writer->text, "> ");
}

static void
write_gap(HtmlWriter *writer)
{
    GString *text = writer->text;
    gboolean line_start = text->len == 0;
    if (!line_start && writer->gap >= GAP_LINE) {
        g_string_append_c(text, '\n');
        if (writer->gap == GAP_PARAGRAPH) {
            guint both = MIN(MIN(writer->quote, writer->quoted), QUOTE_MAX);
            write_quote(writer, both);
            if (both > 0)
                g_string_truncate(text, text->len - 1);
            g_string_append_c(text, '\n');
        }
        line_start = TRUE;
    } else if (!line_start && writer->gap != GAP_NONE) {
        g_string_append_c(text, writer->gap == GAP_TAB ? '\t' : ' ');
    }
    if (line_start)
        write_quote(writer, writer->quote);
    if (writer->item)
        g_string_append(text, "- ");
    for (; writer->spaces > 0; writer->spaces--)
        g_string_append_c(text, ' ');
    writer->item = FALSE;
    writer->row.lines |= writer->row.begun && writer->gap >= GAP_LINE;
    writer->row.begun = TRUE;
    writer->gap = GAP_NONE;
    writer->quoted = writer->quote;
}

/* windows-1252's letters written as &#128; to &#159;, which browsers read as that charset. */
static gunichar
from_c1(gunichar c)
{
    static const guint16 table[32] = {
        0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};
    return c >= 0x80 && c < 0xA0 ? table[c - 0x80] : c;
}

static gboolean
is_space(gunichar c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == 0xA0 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Characters that fill preheaders and split words unseen. A zero width non-joiner is a letter's
 * neighbour in Persian, and filler between spaces. */
static gboolean
is_invisible(const HtmlWriter *writer, gunichar c)
{
    if (c == 0x200C)
        return writer->gap != GAP_NONE || writer->text->len == 0;
    return c < 0x20 || c == 0x7F || c == 0xAD || c == 0x34F || c == 0x200B || c == 0x2060 ||
           c == 0xFEFF;
}

static void
put_space(HtmlWriter *writer, gunichar c, gboolean preformatted)
{
    if (!preformatted) {
        writer->gap = MAX(writer->gap, GAP_SPACE);
    } else if (c == '\n' || c == 0x2028) {
        html_writer_break(writer);
    } else if (c == '\t') {
        writer->gap = MAX(writer->gap, GAP_TAB);
    } else {
        writer->spaces = MIN(writer->spaces + 1, SPACES_MAX);
    }
}

/* The bytes up to the next one that needs a look: the common case, copied at once. */
static gsize
plain_run(const char *text, gsize length)
{
    gsize n = 0;
    while (n < length && (guchar)text[n] > 0x20 && (guchar)text[n] < 0x7F)
        n++;
    return n;
}

void
html_writer_put(HtmlWriter *writer, const char *text, gsize length, gboolean preformatted)
{
    const char *p = text, *end = text + length;
    while (p < end) {
        if (writer->text->len + STEP_MAX >= LIMIT_TEXT) {
            writer->truncated = TRUE;
            return;
        }
        gsize run = plain_run(p, MIN((gsize)(end - p), RUN_MAX));
        if (run > 0) {
            write_gap(writer);
            g_string_append_len(writer->text, p, run);
            p += run;
            continue;
        }
        gunichar c = from_c1(g_utf8_get_char(p));
        p = g_utf8_next_char(p);
        if (is_space(c) || c == 0x2028 || c == 0x2029) {
            put_space(writer, c, preformatted);
        } else if (!is_invisible(writer, c)) {
            write_gap(writer);
            g_string_append_unichar(writer->text, c);
        }
    }
}

char *
html_writer_since(const HtmlWriter *writer, gsize start, gsize max)
{
    GString *line = g_string_new(NULL);
    const char *end = writer->text->str + writer->text->len;
    for (const char *p = writer->text->str + MIN(start, writer->text->len);
         p < end && line->len < max; p = g_utf8_next_char(p)) {
        if (*p == ' ' || *p == '\t' || *p == '\n') {
            if (line->len > 0 && line->str[line->len - 1] != ' ')
                g_string_append_c(line, ' ');
        } else {
            g_string_append_len(line, p, g_utf8_next_char(p) - p);
        }
    }
    if (line->len > 0 && line->str[line->len - 1] == ' ')
        g_string_truncate(line, line->len - 1);
    return g_string_free(line, FALSE);
}
