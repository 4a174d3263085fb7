/* charset: bytes of a part → valid UTF-8, losing no letter (DESIGN section 2).
 *
 * Tries the declared charset strictly; if it is unknown or the bytes do not fit it, UTF-8 if the
 * bytes are valid UTF-8; at last windows-1252 with every byte mapped to something (of bytes that
 * are UTF-8 but for a few, those that are stay UTF-8; a last character cut short becomes U+FFFD).
 * ISO-8859-1 means windows-1252, as in browsers; a byte order mark outranks what is declared. NUL
 * and other control characters but \t \n \r become U+FFFD; \r\n and lone \r become \n; a BOM is
 * dropped. Never fails. `declared` may be NULL. Returns newly allocated text; *length without the
 * final 0.
 */
#ifndef LEAD_MAIL_CHARSET_H
#define LEAD_MAIL_CHARSET_H

#include <glib.h>

char *charset_to_utf8(const char *bytes, gsize length, const char *declared, gsize *out_length);
/* The first `length` of bytes that are taken over: no copy when they are UTF-8. */
char *charset_take(GByteArray *bytes, gsize length, const char *declared, gsize *out_length);

/* A header's raw value (unfolded bytes) → UTF-8: RFC 2047 words decoded, raw 8-bit taken as
 * above, controls and line breaks become spaces. Newly allocated, never NULL. */
char *charset_header(const char *raw);

#endif
