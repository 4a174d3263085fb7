#include "mail/flowed.h"

#include <string.h>

#include "base/text.h"

#define DEPTH_MAX 50 /* deeper quotes are shown as this deep */

char *
flowed_unwrap(const char *text, gboolean delsp)
{
    GString *out = g_string_sized_new(strlen(text) + 16);
    gboolean joining = FALSE; /* the line before ended softly */
    gsize depth_before = 0;
    while (*text) {
        gsize length = text_line(text);
        const char *line = text, *end = text + length;
        text = *end ? end + 1 : end;

        gsize depth = strspn(line, ">");
        line += depth;
        if (line < end && *line == ' ')
            line++;
        gboolean is_separator = end - line == 3 && memcmp(line, "-- ", 3) == 0;
        if (joining && (depth != depth_before || is_separator)) {
            g_string_append_c(out, '\n');
            joining = FALSE;
        }
        if (!joining)
            for (gsize i = 0; i < MIN(depth, DEPTH_MAX); i++)
                g_string_append(out, "> ");
        gboolean soft = end > line && end[-1] == ' ' && !is_separator;
        g_string_append_len(out, line, end - line - (soft && delsp ? 1 : 0));
        if (!soft)
            g_string_append_c(out, '\n');
        joining = soft;
        depth_before = depth;
    }
    if (joining)
        g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}
