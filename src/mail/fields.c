#include "mail/fields.h"

#include <string.h>

/* Of more than so many a mail has no body. */
#define FIELDS_MAX 10000
#define LINES_MAX 100000

static gboolean
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Where the name ends that a line begins with: at its colon, at what cannot stand in a name, or at
 * `end`. */
static const char *
name_end(const char *line, const char *end)
{
    gboolean blank = FALSE;
    for (const char *p = line; p < end; p++) {
        if (*p == ':')
            return p;
        if (is_blank(*p))
            blank = TRUE;
        else if (blank || g_ascii_iscntrl(*p))
            return p;
    }
    return end;
}

static const char *
line_end(const char *line, const char *end)
{
    const char *newline = memchr(line, '\n', end - line);
    return newline ? newline + 1 : end;
}

/* Behind an empty line; `line` itself when it is none. */
static const char *
skip_empty(const char *line, const char *end)
{
    const char *p = line + (end - line >= 2 && *line == '\r');
    return p < end && *p == '\n' ? p + 1 : line;
}

static gboolean
is_mbox_from(const char *line, const char *end)
{
    line += line < end && *line == '>';
    return end - line >= 5 && memcmp(line, "From ", 5) == 0;
}

typedef struct {
    const char *line, *colon, *end; /* end: of what is folded too */
} Place;

/* The fields' places; where they end, or NULL when there is no header. */
static const char *
find_places(const char *bytes, const char *end, GArray *places, gboolean *cut)
{
    guint lines = 0;
    for (const char *line = bytes, *next; line < end; line = next) {
        next = skip_empty(line, end);
        if (next > line)
            return next;
        *cut = places->len >= FIELDS_MAX || lines++ >= LINES_MAX;
        if (*cut)
            return line;
        const char *colon = name_end(line, end);
        if (colon == end) /* breaks off in a name */
            return places->len ? end : NULL;
        gboolean named = *colon == ':' && colon > line && !is_blank(*line);
        next = line_end(line, end);
        if (!named && places->len == 0) {
            if (!is_mbox_from(line, end))
                return NULL;
            continue;
        }
        for (; next < end && is_blank(*next) && lines < LINES_MAX; lines++)
            next = line_end(next, end);
        Place place = {line, colon, next};
        if (named)
            g_array_append_val(places, place);
    }
    return end;
}

/* Make strings of a field in the copy of the block. */
static Field
cut_field(char *line, char *colon, char *end)
{
    char *name = colon;
    while (name > line && is_blank(name[-1]))
        name--;
    *name = '\0';
    for (char *p = line; p < name; p++)
        if (g_ascii_isupper(*p))
            *p |= 0x20;
    if (end > colon + 1 && end[-1] == '\n')
        end--;
    *end = '\0';
    return (Field){line, colon + 1};
}

static void
add_mime(GString *mime, const Place *place)
{
    if (place->end - place->line < 8 || g_ascii_strncasecmp(place->line, "content-", 8) != 0)
        return;
    g_string_append_len(mime, place->line, place->end - place->line);
    if (place->end[-1] != '\n')
        g_string_append_c(mime, '\n');
}

Fields *
fields_read(const char *bytes, gsize length)
{
    g_autoptr(GArray) places = g_array_sized_new(FALSE, FALSE, sizeof(Place), 32);
    gboolean cut = FALSE;
    const char *end = find_places(bytes, bytes + length, places, &cut);
    if (!end)
        return NULL;
    gsize size = end - bytes;
    Fields *fields = g_new(Fields, 1);
    *fields = (Fields){
        .list = g_array_sized_new(FALSE, FALSE, sizeof(Field), places->len),
        .mime = g_string_new(NULL),
        .body = cut ? length : size,
        .cut = cut,
        .block = g_malloc(size + 1),
    };
    memcpy(fields->block, bytes, size);
    for (guint i = 0; i < places->len; i++) {
        const Place *place = &g_array_index(places, Place, i);
        char *line = fields->block + (place->line - bytes);
        Field field =
            cut_field(line, line + (place->colon - place->line), line + (place->end - place->line));
        g_array_append_val(fields->list, field);
        add_mime(fields->mime, place);
    }
    g_string_append_c(fields->mime, '\n');
    return fields;
}

void
fields_free(Fields *fields)
{
    if (!fields)
        return;
    g_array_unref(fields->list);
    g_string_free(fields->mime, TRUE);
    g_free(fields->block);
    g_free(fields);
}

const char *
fields_first(const Fields *fields, const char *name)
{
    for (guint i = 0; fields && i < fields->list->len; i++) {
        const Field *field = &g_array_index(fields->list, Field, i);
        if (strcmp(field->name, name) == 0)
            return field->raw;
    }
    return NULL;
}
