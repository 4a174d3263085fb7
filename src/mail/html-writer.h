/* html-writer: the text that html_to_text makes, white space folded as a browser would.
 *
 * Words go in as they come; breaks are only asked for and are written before the next word, so
 * that several of them fold to one and none is left over at the end. The caller says where rows
 * and cells begin and end; the writer decides between TAB and a new line.
 * Limit: LIMIT_TEXT bytes, then `truncated` is set and the rest is dropped.
 * Ownership: the caller owns the struct and frees `text`. Thread rule: none shared.
 */
#ifndef LEAD_MAIL_HTML_WRITER_H
#define LEAD_MAIL_HTML_WRITER_H

#include <glib.h>

/* What stands between the last word and the next; the greater wins. */
typedef enum { GAP_NONE, GAP_SPACE, GAP_TAB, GAP_LINE, GAP_PARAGRAPH } HtmlGap;

typedef struct {
    gboolean open;    /* inside <tr> */
    gboolean begun;   /* has text */
    gboolean lines;   /* its text runs over several lines */
    guint cells;      /* begun in this row */
    guint filled;     /* of them, with text */
    gsize cell_start; /* length of the text when its last cell began */
} HtmlRow;

typedef struct {
    GString *text;
    HtmlGap gap;
    guint spaces;  /* preformatted ones after the gap */
    guint quote;   /* <blockquote>s around us */
    guint quoted;  /* how many there were when the last word was written */
    gboolean item; /* the next word begins a list item */
    HtmlRow row;   /* the innermost row */
    gboolean truncated;
} HtmlWriter;

void html_writer_init(HtmlWriter *writer);

/* Text between tags, valid UTF-8. `preformatted` keeps spaces and line ends. */
void html_writer_put(HtmlWriter *writer, const char *text, gsize length, gboolean preformatted);

void html_writer_block(HtmlWriter *writer, HtmlGap gap); /* a block begins or ends */
void html_writer_break(HtmlWriter *writer);              /* <br> */
void html_writer_item(HtmlWriter *writer);               /* <li> */

/* <tr>; returns the row around it, which html_writer_row_end puts back. */
HtmlRow html_writer_row(HtmlWriter *writer);
void html_writer_cell(HtmlWriter *writer); /* <td>, <th> */
void html_writer_row_end(HtmlWriter *writer, const HtmlRow *outer);
/* A table inside a cell is layout: its rows do not follow a label by TAB. */
void html_writer_table(HtmlWriter *writer);

/* The text from `start` on, folded to one line, at most `max` bytes. Newly allocated. */
char *html_writer_since(const HtmlWriter *writer, gsize start, gsize max);

#endif
