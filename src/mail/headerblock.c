#include "mail/headerblock.h"

#include <string.h>

#include "base/text.h"
#include "mail/wording.h"

#define LINES_MAX 16
#define VALUE_MAX 2000 /* bytes of one value */
#define LABEL_MAX 60   /* bytes of a label and what stands around it */
#define EMPHASIS " \t*_"

/* Behind blanks and emphasis. */
static const char *
skip_emphasis(const char *p, const char *end)
{
    for (const char *before = NULL; before != p;) {
        before = p;
        p = wording_blanks(p, end);
        while (p < end && strchr("*_", *p))
            p++;
    }
    return p;
}

/* Behind a colon, the full-width one as well. */
static const char *
skip_colon(const char *p, const char *end)
{
    if (p < end && *p == ':')
        return p + 1;
    return end - p >= 3 && strncmp(p, "\xEF\xBC\x9A", 3) == 0 ? p + 3 : NULL;
}

static gboolean
has_colon_soon(const char *p, const char *end)
{
    gsize length = MIN(end - p, LABEL_MAX);
    return memchr(p, ':', length) || text_find(p, length, "\xEF\xBC\x9A");
}

/* The value of a "Label: value" line; NULL when it is none. */
static const char *
read_label(const char *line, const char *end, HeaderField *field)
{
    const char *begin = skip_emphasis(line, end);
    const guint16 *n = wording_candidates(WORDING_LABELS, begin, end);
    if (*n == WORDING_END || !has_colon_soon(line, end))
        return NULL;
    for (line = begin; *n != WORDING_END; n++) {
        const WordingLabel *label = &wording_labels[*n];
        const char *after = wording_skip(line, end, label->words);
        after = after ? skip_colon(skip_emphasis(after, end), end) : NULL;
        if (!after)
            continue;
        *field = label->field;
        return skip_emphasis(after, end);
    }
    return NULL;
}

gboolean
headerblock_may_begin(const char *line, const char *end)
{
    HeaderField field;
    return read_label(line, end, &field) && field == HEADER_FROM;
}

static void
append_value(GString **value, const char *begin, const char *end)
{
    while (end > begin && strchr(" \t*", end[-1]))
        end--;
    if (!*value)
        *value = g_string_new(NULL);
    else if ((*value)->len > 0)
        g_string_append_c(*value, ' ');
    if ((*value)->len >= VALUE_MAX)
        return;
    if (end - begin > VALUE_MAX)
        for (end = begin + VALUE_MAX; end > begin && ((guchar)*end & 0xc0) == 0x80;)
            end--; /* to where a character begins */
    g_string_append_len(*value, begin, end - begin);
}

/* Where the next label inside a line begins. Only behind a blank, an address or a bracket. */
static const char *
next_inside(const char *from, const char *end, HeaderField *field, const char **value)
{
    for (const char *p = from; p < end; p = g_utf8_next_char(p)) {
        guchar before = (guchar)p[-1];
        if (!strchr(" \t>)]*", before) && before < 0x80 && !g_ascii_isalnum(before))
            continue;
        /* Run together without a blank it must begin with a capital: "x.exampleTo: …". */
        if ((g_ascii_isalnum(before) || before >= 0x80) && !g_ascii_isupper(*p))
            continue;
        *value = read_label(p, end, field);
        if (*value && *field != HEADER_OTHER)
            return p;
    }
    return NULL;
}

/* All of the header in one line (Yahoo, and what pastes without line ends). */
static gboolean
read_run_together(const char *line, const char *end, GString **values)
{
    struct {
        HeaderField field;
        const char *value, *end;
    } found[HEADER_N];
    guint n = 0, seen = 0;
    HeaderField field;
    end = line + MIN(end - line, VALUE_MAX);
    const char *value = read_label(line, end, &field);
    while (value && n < HEADER_N && !(seen & 1u << field)) {
        HeaderField next_field;
        const char *next_value = NULL;
        const char *next = value < end ? next_inside(value, end, &next_field, &next_value) : NULL;
        found[n].field = field;
        found[n].value = value;
        found[n].end = next ? next : end;
        seen |= 1u << field;
        n++;
        value = next ? next_value : NULL;
        field = next ? next_field : HEADER_OTHER;
    }
    if (n < 3 || !(seen & 1u << HEADER_FROM))
        return FALSE;
    for (guint i = 0; i < n; i++)
        append_value(&values[found[i].field], found[i].value, found[i].end);
    return TRUE;
}

/* Whether an empty line between two header lines is one of the block (Apple). */
static gboolean
goes_on(const char *line, GString **values)
{
    HeaderField more;
    return read_label(line, line + text_line(line), &more) && !values[more];
}

/* Read the lines into `values`; where the block ends. */
static const char *
read_lines(const char *text, GString **values)
{
    GString **last = NULL;
    const char *line = text;
    for (guint n = 0; n < LINES_MAX && *line; n++) {
        const char *end = line + text_line(line), *next = *end ? end + 1 : end;
        HeaderField field;
        const char *value = read_label(line, end, &field);
        if (value && n == 0 && read_run_together(line, end, values))
            return next + strspn(next, "\n");
        if (value) {
            if (values[field] && field != HEADER_OTHER && field != HEADER_CC)
                break; /* a second one is the text's */
            last = &values[field];
            append_value(last, MIN(value, end), end);
        } else if (last && end > line && g_ascii_isspace(*line)) {
            append_value(last, line + strspn(line, " \t"), end); /* folded */
        } else if (strspn(line, " \t*") < (gsize)(end - line) || n == 0) {
            /* The value on the line below its label, or an address that was wrapped. */
            if (!last || ((*last)->len > 0 && *line != '<'))
                break;
            append_value(last, line, end);
        } else if (last && !goes_on(next, values)) {
            break;
        }
        line = next;
    }
    return line + strspn(line, "\n");
}

gboolean
headerblock_read(const char *text, gboolean strict, HeaderBlock *block)
{
    GString *values[HEADER_N] = {NULL};
    const char *end = read_lines(text, values);
    gboolean from = values[HEADER_FROM] && values[HEADER_FROM]->len > 0;
    guint others = (values[HEADER_TO] != NULL) + (values[HEADER_SUBJECT] != NULL);
    gboolean date = values[HEADER_DATE] != NULL;
    gboolean good = from && (strict ? date && others > 0 : date || others > 0);
    char *texts[HEADER_N];
    for (guint i = 0; i < HEADER_N; i++)
        texts[i] = values[i] ? g_string_free(values[i], FALSE) : NULL;
    *block = (HeaderBlock){0};
    if (good)
        *block = (HeaderBlock){
            g_steal_pointer(&texts[HEADER_FROM]), g_steal_pointer(&texts[HEADER_REPLY_TO]),
            g_steal_pointer(&texts[HEADER_TO]),   g_steal_pointer(&texts[HEADER_SUBJECT]),
            g_steal_pointer(&texts[HEADER_DATE]), end};
    for (guint i = 0; i < HEADER_N; i++)
        g_free(texts[i]);
    return good;
}

void
headerblock_clear(HeaderBlock *block)
{
    g_free(block->from);
    g_free(block->reply_to);
    g_free(block->to);
    g_free(block->subject);
    g_free(block->date);
    *block = (HeaderBlock){0};
}
