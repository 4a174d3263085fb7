/* html-tame: HTML made harmless for libxml2 2.9 before it sees it.
 *
 * A tag's attributes are compared each with each there, so a tag keeps ATTRIBUTES_MAX of them. A
 * comment begins and ends where the HTML standard says: what follows one without an end is left
 * out, <!--> is none, and in a <title> or <textarea>, or in a tag, none begins. <![if …]>,
 * <!DOCTYPE>, <?xml?> and the attributes of an end tag would turn up as text, or hide some. All
 * else stays as it stands.
 * Linear, and in place: things are only left out. Thread rule: none shared.
 */
#ifndef LEAD_MAIL_HTML_TAME_H
#define LEAD_MAIL_HTML_TAME_H

#include <glib.h>

/* Returns the length that is left. */
gsize html_tame(char *html, gsize length);

#endif
