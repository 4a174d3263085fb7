/* links: the URLs of a plain text, and links as the text of a view.
 *
 * Pure and linear. Limits: LIMIT_LINKS, LIMIT_LINK_TARGET. Ownership: the array frees its
 * HtmlLinks.
 */
#ifndef LEAD_MAIL_LINKS_H
#define LEAD_MAIL_LINKS_H

#include "mail/html.h"

GPtrArray *links_new(void); /* of HtmlLink */

/* Add the http, https, mailto and tel URLs of a text. FALSE when there were too many. */
gboolean links_find(const char *text, GPtrArray *links);

/* "target, a space, visible text", one a line; newly allocated. */
char *links_as_text(const GPtrArray *links);

/* Whether a reader sees another address or number than `value`, which the link leads to. */
gboolean link_lies(const HtmlLink *link, const char *value);

#endif
