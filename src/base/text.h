/* text: searching text fast. What the C library does with whole registers at a time, GLib's
 * g_strstr_len and strcspn do byte by byte; views are a megabyte at most, but every mail has some.
 * Thread rule: pure.
 */
#ifndef LEAD_BASE_TEXT_H
#define LEAD_BASE_TEXT_H

#include <string.h>

#include <glib.h>

/* The length of the line at `line`, without the \n or 0 that ends it. */
gsize text_line(const char *line);
/* Nothing but blanks and tabs in it. */
gboolean text_is_blank(const char *line, gsize length);
/* How many bytes of ASCII the text begins with. */
gsize text_ascii(const char *text, gsize length);
/* Whether [text, end) begins with `word`, which is in small letters, in whatever case. */
static inline gboolean
text_begins(const char *text, const char *end, const char *word)
{
    gsize length = strlen(word);
    return (gsize)(end - text) >= length && (*text | 0x20) == (*word | 0x20) &&
           g_ascii_strncasecmp(text, word, length) == 0;
}
/* Where the line that `at` is in begins; `text` is where the first one does. */
const char *text_line_begin(const char *text, const char *at);
/* The first place in [text, text + length) where `words` stand, or NULL; `words` are not empty.
 * Quick where their first byte is rare. */
const char *text_find(const char *text, gsize length, const char *words);

#endif
