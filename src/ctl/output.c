#include "ctl/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* --- text --- */

static gboolean
steers(gunichar c)
{
    /* Formats are what turns the direction of text around (U+202E) or hides it. */
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_SURROGATE ||
           type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

char *
output_clean(const char *text, gsize most)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    gsize n = 0;
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (most && ++n > most) {
            g_string_append(out, "…");
            break;
        }
        if (c == '\n')
            g_string_append(out, "\\n");
        else if (c == '\t')
            g_string_append(out, "\\t");
        else if (steers(c))
            g_string_append_printf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
        else
            g_string_append_unichar(out, c);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

const char *
output_colour(Colour colour)
{
    static const char *const sequences[] = {
        [COLOUR_NONE] = "\033[0m", [COLOUR_BOLD] = "\033[1m",   [COLOUR_DIM] = "\033[2m",
        [COLOUR_RED] = "\033[31m", [COLOUR_GREEN] = "\033[32m", [COLOUR_YELLOW] = "\033[33m",
    };
    static int wanted = -1;
    if (wanted < 0) {
        const char *no = g_getenv("NO_COLOR"), *terminal = g_getenv("TERM");
        wanted = isatty(STDOUT_FILENO) && !(no && *no) && g_strcmp0(terminal, "dumb") != 0;
    }
    return wanted ? sequences[colour] : "";
}

/* --- tables --- */

struct OutputTable {
    guint columns;
    GPtrArray *cells; /* row after row */
};

OutputTable *
output_table_new(guint n)
{
    OutputTable *table = g_new(OutputTable, 1);
    *table = (OutputTable){n, g_ptr_array_new_with_free_func(g_free)};
    return table;
}

void
output_table_free(OutputTable *table)
{
    if (!table)
        return;
    g_ptr_array_unref(table->cells);
    g_free(table);
}

void
output_table_add(OutputTable *table, ...)
{
    va_list args;
    va_start(args, table);
    for (guint i = 0; i < table->columns; i++)
        g_ptr_array_add(table->cells, output_clean(va_arg(args, const char *), 0));
    va_end(args);
}

/* Columns that a cell takes on a terminal. */
static guint
width_of(const char *text)
{
    guint width = 0;
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        width += g_unichar_iswide(c) ? 2 : !g_unichar_iszerowidth(c);
    }
    return width;
}

void
output_table_print(const OutputTable *table)
{
    g_autofree guint *widths = g_new0(guint, table->columns);
    for (guint i = 0; i < table->cells->len; i++) {
        guint width = width_of(table->cells->pdata[i]), column = i % table->columns;
        widths[column] = MAX(widths[column], width);
    }
    for (guint i = 0; i < table->cells->len; i++) {
        const char *cell = table->cells->pdata[i];
        guint column = i % table->columns;
        gboolean last = column == table->columns - 1;
        if (i == 0)
            fputs(output_colour(COLOUR_BOLD), stdout);
        printf("%s%*s", cell, last ? 0 : (int)(widths[column] - width_of(cell) + 2), "");
        if (last)
            printf("%s\n", i < table->columns ? output_colour(COLOUR_NONE) : "");
    }
}

/* --- times --- */

char *
output_time(gint64 microseconds)
{
    if (microseconds <= 0)
        return g_strdup("");
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC);
    return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("");
}

char *
output_duration(gint64 seconds)
{
    static const struct {
        gint64 seconds;
        const char *name;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    guint i = 0;
    seconds = MAX(seconds, 0);
    while (i < G_N_ELEMENTS(units) - 1 && seconds < units[i].seconds)
        i++;
    gint64 first = seconds / units[i].seconds, rest = seconds % units[i].seconds;
    if (i == G_N_ELEMENTS(units) - 1 || rest < units[i + 1].seconds)
        return g_strdup_printf("%" G_GINT64_FORMAT " %s", first, units[i].name);
    return g_strdup_printf("%" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT " %s", first, units[i].name,
                           rest / units[i + 1].seconds, units[i + 1].name);
}

/* --- JSON --- */

static void
add_text(JsonBuilder *json, const char *text)
{
    if (!text) {
        json_builder_add_null_value(json);
        return;
    }
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_builder_add_string_value(json, valid);
}

void
output_member(JsonBuilder *json, const char *name, const char *text)
{
    json_builder_set_member_name(json, name);
    add_text(json, text);
}

void
output_member_int(JsonBuilder *json, const char *name, gint64 number)
{
    json_builder_set_member_name(json, name);
    json_builder_add_int_value(json, number);
}

void
output_member_bool(JsonBuilder *json, const char *name, gboolean value)
{
    json_builder_set_member_name(json, name);
    json_builder_add_boolean_value(json, value);
}

void
output_member_time(JsonBuilder *json, const char *name, gint64 microseconds)
{
    g_autofree char *text = output_time(microseconds);
    output_member(json, name, *text ? text : NULL);
}

void
output_member_json(JsonBuilder *json, const char *name, const char *text)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    json_builder_set_member_name(json, name);
    if (text && json_parser_load_from_data(parser, text, -1, NULL) && json_parser_get_root(parser))
        json_builder_add_value(json, json_parser_steal_root(parser));
    else
        add_text(json, text);
}

void
output_json(JsonBuilder *json)
{
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    g_autofree char *text = json_to_string(root, TRUE);
    printf("%s\n", text);
}
