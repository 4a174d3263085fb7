/* html: an HTML part as text, with its links and its machine-readable inserts.
 *
 * libxml2's SAX push parser: linear on hostile input, no tree. The text keeps what a reader
 * sees: blocks and <br> end a line; the cells of a table row are separated by one TAB and the
 * row ends a line, so that "label TAB value" survives; list items begin with "- "; <dt>/<dd>
 * stand on lines of their own; <pre> keeps its spaces; runs of white space fold to one space and
 * runs of empty lines to one. Left out: head, style, script, comments, templates, elements that
 * are hidden (hidden attribute, display:none, visibility:hidden, mso-hide:all, font-size:0,
 * opacity:0, max-height:0), tracking pixels. Images give their alt text.
 * A row of two cells whose second is empty keeps its TAB at the end. Only <blockquote> has "> "
 * before each line: Gmail and Outlook wrap what they forward in quote blocks of another kind.
 *
 * Limits: LIMIT_TEXT of text, LIMIT_LINKS links, LIMIT_HTML_ELEMENTS, 256 elements nested (deeper
 * ones are read as if they stood beside each other); beyond the first three `truncated` is set and
 * the rest is dropped. Metas, scripts and comments: 200 of each, LIMIT_CARD bytes together.
 * Input must be valid UTF-8, ending in 0.
 * Ownership: html_to_text takes the HTML; html_free. Thread rule: none shared.
 */
#ifndef LEAD_MAIL_HTML_H
#define LEAD_MAIL_HTML_H

#include <glib.h>

typedef struct {
    char *target; /* as written, entities resolved, at most LIMIT_LINK_TARGET */
    char *text;   /* what the reader sees of it, folded */
} HtmlLink;

typedef struct {
    char *name, *content; /* of <meta name= content=> */
} HtmlMeta;

typedef struct {
    char *text;          /* valid UTF-8, lines end in "\n" */
    GPtrArray *links;    /* HtmlLink, in order of appearance */
    GPtrArray *metas;    /* HtmlMeta */
    GPtrArray *scripts;  /* char *: bodies of <script type="application/ld+json"> */
    GPtrArray *comments; /* char *: comments that hold JSON */
    gboolean truncated;
} HtmlText;

HtmlText *html_to_text(char *html, gsize length);
void html_free(HtmlText *html); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HtmlText, html_free)

#endif
