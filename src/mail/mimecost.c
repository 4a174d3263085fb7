#include "mail/mimecost.h"

#include <string.h>

#include "base/gmime-extra.h"
#include "base/text.h"

#define PARTS 2000
#define FIELD_LINES 10000
#define FIELD_NAME 80 /* bytes with its colon, mostly */
#define SHORT_LINES 300000
#define SHORT_LINE 40       /* bytes, much less than an attachment's */
#define COMPARISONS 2000000 /* of COMPARED bytes with a boundary */
#define COMPARED 64
#define CHEAP (PARTS * 3) /* bytes, in which there cannot be too much of anything */
#define WHOLE_LINE 128    /* longer ones may be read in pieces, of which each may be a boundary */
#define WHOLE_NAME 2000   /* with the blanks behind it: of a longer one pieces may be lost */

typedef struct {
    char *text;
    gsize length;
} Boundary;

typedef struct {
    GArray *boundaries; /* all that were declared: whether one is open is not looked at */
    gsize longest;      /* of them */
    const char *type;   /* value of the Content-Type that we are in, or NULL */
    gboolean in_header;
    gboolean message; /* below this header stands another one */
    gboolean digest;  /* parts may be messages that say nothing about it */
    gboolean torn;    /* a Content-Type may be, and what GMime makes of it is not told */
    guint boundary_lines, types, fields, shorts;
    gsize comparisons;
} Cost;

/* GMime takes a name of any length, and any number of blanks before the colon. */
static gboolean
may_be_field(const char *line, const char *next)
{
    if (memchr(line, ':', MIN(next - line, FIELD_NAME)))
        return TRUE;
    if (next - line <= FIELD_NAME)
        return FALSE;
    while (line < next && (guchar)*line > ' ' && *line != ':')
        line++;
    while (line < next && (*line == ' ' || *line == '\t'))
        line++;
    return line < next && *line == ':';
}

/* GMime takes a type for what it is only where it stands in plain letters. */
static gboolean
may_hold_parts(const char *text, const char *end)
{
    for (const char *p = text; p < end; p++)
        if (text_begins(p, end, "multipart") || text_begins(p, end, "message"))
            return TRUE;
    return FALSE;
}

/* Returns the boundary that it declares, or NULL. */
static char *
take_parsed(Cost *cost, const char *value)
{
    GMimeContentType *type = g_mime_content_type_parse(NULL, value);
    char *boundary = g_strdup(g_mime_content_type_get_parameter(type, "boundary"));
    cost->message |= g_mime_content_type_is_type(type, "message", "*");
    cost->digest |= g_mime_content_type_is_type(type, "multipart", "digest");
    g_object_unref(type);
    return boundary;
}

static void
add_boundary(Cost *cost, const char *text)
{
    if (!text)
        return;
    Boundary boundary = {g_strdup(text), strlen(text)};
    g_array_append_val(cost->boundaries, boundary);
    cost->longest = MAX(cost->longest, boundary.length);
}

static void
clear_boundary(gpointer boundary)
{
    g_free(((Boundary *)boundary)->text);
}

/* Of a header's Content-Types one counts, and which is GMime's to know: all do here. It takes the
 * type from the value as it stands, the boundary from what that decodes to. */
static void
end_field(Cost *cost, const char *end)
{
    const char *value = cost->type;
    cost->type = NULL;
    if (!value || !may_hold_parts(value, end))
        return;
    g_autofree char *raw = g_strstrip(g_strndup(value, end - value));
    g_autofree char *unfolded = g_mime_utils_header_unfold(raw);
    g_autofree char *decoded = g_mime_utils_header_decode_text(NULL, unfolded);
    cost->types++;
    g_autofree char *first = take_parsed(cost, raw);
    g_autofree char *second = strcmp(raw, decoded) != 0 ? take_parsed(cost, decoded) : NULL;
    add_boundary(cost, first);
    if (g_strcmp0(first, second) != 0)
        add_boundary(cost, second);
}

/* A name with so many blanks before the colon that GMime does not read it in one go is torn too. */
static const char *
type_value(Cost *cost, const char *line, const char *next)
{
    static const char name[] = "content-type";
    if (!text_begins(line, next, name))
        return NULL;
    const char *p = line + strlen(name);
    while (p < next && (*p == ' ' || *p == '\t'))
        p++;
    cost->torn |= p - line > WHOLE_NAME;
    return p < next && *p == ':' ? p + 1 : NULL;
}

static void
take_header_line(Cost *cost, const char *line, const char *next)
{
    if (*line == ' ' || *line == '\t') {
        cost->fields += may_be_field(line, next);
        return;
    }
    end_field(cost, line);
    if (*line == '\n' || (*line == '\r' && next - line == 2)) {
        cost->in_header = cost->message || cost->digest;
        cost->message = FALSE;
        return;
    }
    cost->fields += may_be_field(line, next);
    cost->type = type_value(cost, line, next);
}

static gboolean
is_too_much(const Cost *cost)
{
    return cost->torn || cost->boundary_lines > PARTS || cost->types > PARTS ||
           cost->fields > FIELD_LINES || cost->shorts > SHORT_LINES ||
           cost->comparisons > COMPARISONS;
}

static gboolean
is_boundary(Cost *cost, const char *text, gsize length)
{
    cost->comparisons += cost->boundaries->len * (1 + MIN(length, cost->longest) / COMPARED);
    for (guint i = 0; i < cost->boundaries->len; i++) {
        const Boundary *boundary = &g_array_index(cost->boundaries, Boundary, i);
        if (boundary->length <= length && memcmp(text, boundary->text, boundary->length) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_in_type(Cost *cost, const char *line, const char *next)
{
    return cost->in_header && (cost->type || type_value(cost, line, next));
}

/* A line of a header may be read in pieces however short it is. Where one begins with a boundary,
 * GMime keeps what it has of a field, and takes the first line below for the rest of it. */
static gboolean
may_be_boundary(Cost *cost, const char *line, const char *next)
{
    gboolean pieces = cost->in_header || next - line > WHOLE_LINE;
    if (!pieces && !(line[0] == '-' && next - line >= 2 && line[1] == '-'))
        return FALSE;
    for (const char *p = line; (p = text_find(p, next - p, "--")) && !is_too_much(cost); p++) {
        if (is_boundary(cost, p + 2, next - p - 2)) {
            cost->torn |= p > line && is_in_type(cost, line, next);
            return TRUE;
        }
        if (!pieces)
            break;
    }
    return FALSE;
}

static void
take_line(Cost *cost, const char *line, const char *next)
{
    cost->shorts += next - line < SHORT_LINE;
    if (cost->boundaries->len > 0 && may_be_boundary(cost, line, next)) {
        cost->boundary_lines++;
        cost->in_header = TRUE;
    }
    if (cost->in_header)
        take_header_line(cost, line, next);
}

/* Returns how many of the bytes can be afforded. */
static gsize
scan(Cost *cost, const char *bytes, gsize length)
{
    for (const char *line = bytes, *end = bytes + length; line < end;) {
        const char *next = memchr(line, '\n', end - line);
        next = next ? next + 1 : end;
        take_line(cost, line, next);
        if (is_too_much(cost))
            return line - bytes;
        line = next;
    }
    return length;
}

gsize
mimecost_safe_length(const GString *header, const char *body, gsize length, gboolean *limit)
{
    if (length <= CHEAP)
        return length;
    if (!may_hold_parts(header->str, header->str + header->len))
        return 0;
    gsize safe = 0;
    Cost cost = {.boundaries = g_array_new(FALSE, FALSE, sizeof(Boundary)), .in_header = TRUE};
    g_array_set_clear_func(cost.boundaries, clear_boundary);
    scan(&cost, header->str, header->len);
    if (cost.in_header || cost.boundaries->len > 0) {
        safe = scan(&cost, body, length);
        *limit |= safe < length;
    }
    g_array_unref(cost.boundaries);
    return safe;
}
