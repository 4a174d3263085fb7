#include "mail/headerblock.h"

#include <string.h>

#define LINES_MAX 16
#define VALUE_MAX 2000 /* bytes of one value */

typedef enum {
    FIELD_FROM,
    FIELD_REPLY_TO,
    FIELD_TO,
    FIELD_CC,
    FIELD_SUBJECT,
    FIELD_DATE,
    FIELD_OTHER,
    FIELD_N
} Field;

static const struct {
    const char *language, *label;
    Field field;
} labels[] = {
    {"en", "From", FIELD_FROM},
    {"en", "Reply-To", FIELD_REPLY_TO},
    {"en", "Reply To", FIELD_REPLY_TO},
    {"en", "To", FIELD_TO},
    {"en", "Cc", FIELD_CC},
    {"en", "Bcc", FIELD_CC},
    {"en", "Subject", FIELD_SUBJECT},
    {"en", "Date", FIELD_DATE},
    {"en", "Sent", FIELD_DATE},
    {"en", "Sent on", FIELD_DATE},
    {"en", "Importance", FIELD_OTHER},
    {"en", "Attachments", FIELD_OTHER},
    {"en", "Resent-From", FIELD_OTHER},
    {"en", "Organization", FIELD_OTHER},
};

/* The value of a "Label: value" line; NULL when it is none. */
static const char *
read_label(const char *line, const char *end, Field *field)
{
    line += strspn(line, " \t*_");
    for (guint i = 0; i < G_N_ELEMENTS(labels); i++) {
        gsize length = strlen(labels[i].label);
        if ((gsize)(end - line) <= length ||
            g_ascii_strncasecmp(line, labels[i].label, length) != 0)
            continue;
        const char *after = line + length;
        after += strspn(after, "*_ ");
        if (*after != ':' || after >= end)
            continue;
        after++;
        after += strspn(after, "*_");
        *field = labels[i].field;
        return after + strspn(after, " \t");
    }
    return NULL;
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

/* Read the lines into `values`; where the block ends. */
static const char *
read_lines(const char *text, GString **values)
{
    GString **last = NULL;
    const char *line = text;
    for (guint n = 0; n < LINES_MAX && *line; n++) {
        const char *end = line + strcspn(line, "\n"), *next = *end ? end + 1 : end;
        Field field;
        const char *value = read_label(line, end, &field);
        if (value) {
            if (values[field] && field != FIELD_OTHER && field != FIELD_CC)
                break; /* a second one is the text's */
            last = &values[field];
            append_value(last, MIN(value, end), end);
        } else if (last && end > line && g_ascii_isspace(*line)) {
            append_value(last, line + strspn(line, " \t"), end); /* folded */
        } else if (strspn(line, " \t*") < (gsize)(end - line) || n == 0) {
            break;
        } else if (last) { /* an empty line: the end, unless one more label follows (Apple) */
            Field more;
            const char *next_end = next + strcspn(next, "\n");
            if (!read_label(next, next_end, &more) || values[more])
                break;
        }
        line = next;
    }
    return line + strspn(line, "\n");
}

gboolean
headerblock_read(const char *text, gboolean strict, HeaderBlock *block)
{
    GString *values[FIELD_N] = {NULL};
    const char *end = read_lines(text, values);
    gboolean from = values[FIELD_FROM] && values[FIELD_FROM]->len > 0;
    guint others = (values[FIELD_TO] != NULL) + (values[FIELD_SUBJECT] != NULL);
    gboolean date = values[FIELD_DATE] != NULL;
    gboolean good = from && (strict ? date && others > 0 : date || others > 0);
    char *texts[FIELD_N];
    for (guint i = 0; i < FIELD_N; i++)
        texts[i] = values[i] ? g_string_free(values[i], FALSE) : NULL;
    *block = (HeaderBlock){0};
    if (good)
        *block = (HeaderBlock){
            g_steal_pointer(&texts[FIELD_FROM]), g_steal_pointer(&texts[FIELD_REPLY_TO]),
            g_steal_pointer(&texts[FIELD_TO]),   g_steal_pointer(&texts[FIELD_SUBJECT]),
            g_steal_pointer(&texts[FIELD_DATE]), end};
    for (guint i = 0; i < FIELD_N; i++)
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
