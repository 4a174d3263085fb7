/* html-style: what an element's attributes say about being seen.
 *
 * Reads `style` by declarations, not by searching: "display:none" inside a URL hides nothing.
 * Pure functions on libxml2's attribute lists (name, value, …, NULL; values may be NULL).
 * Thread rule: none shared.
 */
#ifndef LEAD_MAIL_HTML_STYLE_H
#define LEAD_MAIL_HTML_STYLE_H

#include <glib.h>

typedef struct {
    gboolean hidden;       /* and everything inside it */
    gboolean font_zero;    /* text is unseen until an inner element gives it a size, as … */
    gboolean font_sized;   /* … this one does: MJML writes every mail that way */
    gboolean block;        /* display:block, list-item or table on whatever element */
    gboolean preformatted; /* white-space: pre, pre-wrap, pre-line, break-spaces */
    gboolean folded;       /* white-space: normal, nowrap */
    gboolean tiny;         /* one pixel wide or high: tracking */
} HtmlStyle;

HtmlStyle html_style(const char *const *attributes);
/* The value of an attribute, NULL when missing or empty. */
const char *html_attribute(const char *const *attributes, const char *name);

#endif
