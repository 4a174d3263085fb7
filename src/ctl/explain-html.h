/* explain-html: what explain tells, as one page with the mail's text and every value marked in it.
 *
 * No script, nothing from elsewhere (a Content-Security-Policy says so): what a mark says is shown
 * while it is hovered over or has the focus. Everything of the mail is escaped; control characters
 * and marks of writing direction are made visible.
 */
#ifndef LEAD_CTL_EXPLAIN_HTML_H
#define LEAD_CTL_EXPLAIN_HTML_H

#include "ctl/reading.h"

/* Newly allocated. */
char *explain_html(const char *file, const Reading *reading);

#endif
