/* html-tame: HTML made harmless for libxml2 2.9 before it sees it.
 *
 * A tag's attributes are compared each with each there, so a tag keeps ATTRIBUTES_MAX of them; a
 * comment without an end would swallow all that follows, so its opening is dropped; <![if …]> and
 * <!--> would turn up as text or as a comment's beginning. All else is passed on as it stands.
 * Linear. Returns newly allocated text; never NULL. Thread rule: none shared.
 */
#ifndef LEAD_MAIL_HTML_TAME_H
#define LEAD_MAIL_HTML_TAME_H

#include <glib.h>

GString *html_tame(const char *html, gsize length);

#endif
