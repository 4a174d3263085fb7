#include "mail/quote.h"

#include <string.h>

#include "mail/headerblock.h"

#define ATTRIBUTION_MAX 400 /* bytes of "On … wrote:" */
#define ATTRIBUTION_LINES 3
#define BLOCKS_TRIED 20

/* How "On …, Ada wrote:" begins and ends. */
static const struct {
    const char *language, *begin, *end;
} attributions[] = {
    {"en", "On ", "wrote:"},
    {"en", "", " wrote:"},
    {"en", "", " writes:"},
};

static const char *const separators[] = {"-----Original Message-----",
                                         "----- Original Message -----",
                                         "-------- Original Message --------"};

static gboolean
is_blank(const char *line, gsize length)
{
    return strspn(line, " \t") >= length;
}

static const char *
next_line(const char *line)
{
    line += strcspn(line, "\n");
    return *line ? line + 1 : line;
}

/* Where an attribution that begins at this line ends; NULL when there is none. */
static const char *
attribution(const char *line)
{
    const char *end = line;
    for (guint i = 0; i < ATTRIBUTION_LINES && *end && *end != '>' && *end != '\n'; i++) {
        const char *next = next_line(end);
        gsize length = next - line;
        while (length > 0 && g_ascii_isspace(line[length - 1]))
            length--;
        if (length > ATTRIBUTION_MAX)
            return NULL;
        for (guint a = 0; a < G_N_ELEMENTS(attributions); a++) {
            gsize begin_length = strlen(attributions[a].begin);
            gsize end_length = strlen(attributions[a].end);
            /* Without its first word it is one line, or prose could be taken for it. */
            if ((begin_length > 0 || i == 0) && length > begin_length + end_length &&
                strncmp(line, attributions[a].begin, begin_length) == 0 &&
                strncmp(line + length - end_length, attributions[a].end, end_length) == 0)
                return next;
        }
        end = next;
    }
    return NULL;
}

/* Whether an attribution belongs to a quote: ">" follows, or it is the text's last line. */
static const char *
quoted_attribution(const char *line)
{
    const char *end = attribution(line);
    if (!end)
        return NULL;
    const char *after = end + strspn(end, " \t\n");
    return *after == '>' || (!*after && strncmp(line, "On ", 3) == 0) ? end : NULL;
}

/* Whether all from here on is an earlier mail. */
static gboolean
begins_block(const char *line, guint *tried)
{
    for (guint i = 0; i < G_N_ELEMENTS(separators); i++)
        if (g_ascii_strncasecmp(line, separators[i], strlen(separators[i])) == 0)
            return TRUE;
    const char *label = line + strspn(line, " *");
    if (g_ascii_strncasecmp(label, "From", 4) != 0 || ++*tried > BLOCKS_TRIED)
        return FALSE;
    HeaderBlock block;
    if (!headerblock_read(line, TRUE, &block))
        return FALSE;
    headerblock_clear(&block);
    return TRUE;
}

char *
quote_split(const char *text, char **quoted)
{
    GString *own = g_string_sized_new(strlen(text) + 1), *theirs = g_string_new(NULL);
    gboolean said = FALSE; /* something of the writer's own */
    guint tried = 0;
    for (const char *line = text; *line;) {
        const char *next = next_line(line);
        const char *end = quoted_attribution(line);
        if (end) {
            g_string_append_len(theirs, line, end - line);
        } else if (*line == '>') {
            g_string_append_len(theirs, line, next - line);
            end = next;
        } else if (said && begins_block(line, &tried)) {
            g_string_append(theirs, line);
            break;
        } else {
            g_string_append_len(own, line, next - line);
            said |= !is_blank(line, strcspn(line, "\n"));
            end = next;
        }
        line = end;
    }
    if (said) {
        *quoted = g_string_free(theirs, FALSE);
        return g_string_free(own, FALSE);
    }
    g_string_free(own, TRUE);
    g_string_free(theirs, TRUE);
    *quoted = g_strdup("");
    return g_strdup(text);
}
