/* output: what leadctl's commands print with: tables, times, colours, JSON.
 *
 * Texts from mails and from the API are shown with every control character as an escape, so that
 * no mail can steer the admin's terminal.
 * Ownership: returned strings are newly allocated. Thread rule: one thread.
 */
#ifndef LEAD_CTL_OUTPUT_H
#define LEAD_CTL_OUTPUT_H

#include <glib.h>
#include <json-glib/json-glib.h>

/* One line: valid UTF-8, line breaks and controls as escapes, cut with "…" after `most` characters
 * (0: never). NULL gives "". */
char *output_clean(const char *text, gsize most);

typedef enum {
    COLOUR_NONE,
    COLOUR_BOLD,
    COLOUR_DIM,
    COLOUR_RED,
    COLOUR_GREEN,
    COLOUR_YELLOW
} Colour;
/* The escape sequence to begin and (COLOUR_NONE) to end with; "" when standard output is no
 * terminal, or NO_COLOR is set. */
const char *output_colour(Colour colour);

/* A table whose columns are as wide as they must be. Cells are cleaned when added, NULL is an
 * empty one; `n` cells a row, the first row the heading. */
typedef struct OutputTable OutputTable;
OutputTable *output_table_new(guint n);
void output_table_add(OutputTable *table, ...) G_GNUC_NULL_TERMINATED; /* exactly n, then NULL */
void output_table_print(const OutputTable *table);
void output_table_free(OutputTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutputTable, output_table_free)

/* Microseconds since 1970 as "2026-11-23T14:20:07Z", UTC; "" for 0. */
char *output_time(gint64 microseconds);
/* Seconds as "3 d 4 h", "5 min", "12 s": the two largest units. */
char *output_duration(gint64 seconds);

/* Members of a JSON object; a NULL text is null, a time of 0 as well. */
void output_member(JsonBuilder *json, const char *name, const char *text);
void output_member_int(JsonBuilder *json, const char *name, gint64 number);
void output_member_bool(JsonBuilder *json, const char *name, gboolean value);
void output_member_time(JsonBuilder *json, const char *name, gint64 microseconds);
/* A text that is JSON itself, as a value; as a text when it is none. */
void output_member_json(JsonBuilder *json, const char *name, const char *text);
/* Print what was built, indented, and a line end. */
void output_json(JsonBuilder *json);

#endif
