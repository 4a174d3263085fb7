/* html-tame: HTML made harmless for libxml2 2.9 before it sees it.
 *
 * A tag's attributes are compared each with each there, so a tag keeps ATTRIBUTES_MAX of them; a
 * comment without an end would swallow all that follows, so its opening is dropped; <![if …]> and
 * <!--> would turn up as text or as a comment's beginning. All else stays as it stands.
 * Linear, and in place: things are only left out. Thread rule: none shared.
 */
#ifndef LEAD_MAIL_HTML_TAME_H
#define LEAD_MAIL_HTML_TAME_H

#include <glib.h>

/* Returns the length that is left. */
gsize html_tame(char *html, gsize length);

#endif
