#include "mail/forward.h"

#include <string.h>

#include "mail/headerblock.h"

typedef enum {
    SAYS_FORWARD, /* only forwards have it */
    SAYS_MAYBE,   /* replies have it as well */
} Meaning;

/* The words of a separator line, without the dashes and colons around them. */
static const struct {
    const char *language, *words;
    Meaning meaning;
} separators[] = {
    {"en", "Forwarded message", SAYS_FORWARD},
    {"en", "Begin forwarded message", SAYS_FORWARD},
    {"en", "Start of forwarded message", SAYS_FORWARD},
    {"en", "Forwarded by", SAYS_FORWARD},
    {"en", "Original Message", SAYS_MAYBE},
    {"en", "Original Mail", SAYS_MAYBE},
};

static const struct {
    const char *language, *prefix;
} subjects[] = {
    {"en", "Fw"}, {"en", "Fwd"},    {"da", "VS"}, {"de", "WG"},  {"es", "RV"}, {"fi", "VL"},
    {"fr", "TR"}, {"nl", "Doorst"}, {"pl", "PD"}, {"pt", "ENC"}, {"sv", "VB"}, {"tr", "\u0130LT"},
};

gboolean
forward_subject(const char *subject)
{
    subject += strspn(subject, " \t");
    for (guint i = 0; i < G_N_ELEMENTS(subjects); i++) {
        gsize length = strlen(subjects[i].prefix);
        if (g_ascii_strncasecmp(subject, subjects[i].prefix, length) != 0)
            continue;
        const char *after = subject + length;
        if (after[strspn(after, " \t")] == ':') /* French has a space there */
            return TRUE;
    }
    return FALSE;
}

/* Whether a line is a separator: its words with dashes around them, or a colon behind. */
static gboolean
is_separator(const char *line, gsize length, Meaning *meaning)
{
    gsize dashes = strspn(line, "-_ *>");
    const char *words = line + MIN(dashes, length);
    gsize left = length - (words - line);
    for (guint i = 0; i < G_N_ELEMENTS(separators); i++) {
        gsize n = strlen(separators[i].words);
        if (left < n || g_ascii_strncasecmp(words, separators[i].words, n) != 0)
            continue;
        const char *after = words + n;
        gsize rest = left - n;
        gboolean dashed = dashes >= 2 && (*line == '-' || *line == '_' || *line == '>');
        gboolean closed = rest == 0 || strspn(after, "-_: *") >= rest;
        if (!closed || !(dashed || (rest > 0 && *after == ':')))
            continue;
        *meaning = separators[i].meaning;
        return TRUE;
    }
    return FALSE;
}

static gboolean
is_rule(const char *line, gsize length)
{
    return length >= 10 && strspn(line, "_") == length;
}

/* The rest of a text with one level of "> " taken off, if all of it is quoted (Apple). */
static char *
without_quotes(const char *text)
{
    const char *first = text + strspn(text, " \t\n");
    if (*first != '>')
        return g_strdup(text);
    GString *out = g_string_new(NULL);
    for (const char *line = first; *line;) {
        gsize length = strcspn(line, "\n");
        const char *next = line[length] ? line + length + 1 : line + length;
        const char *inside = line;
        if (*inside == '>') {
            inside++;
            inside += *inside == ' ';
        } else if (length > 0) { /* the forwarder's own words begin again */
            break;
        }
        g_string_append_len(out, inside, line + length - inside);
        g_string_append_c(out, '\n');
        line = next;
    }
    return g_string_free(out, FALSE);
}

/* Read the original below a marker; the intro is what `text` has above it. */
static gboolean
take(const char *text, const char *marker, const char *below, gboolean strict, Forward *forward)
{
    g_autofree char *original = without_quotes(below);
    HeaderBlock block;
    if (!headerblock_read(original + strspn(original, " \t\n"), strict, &block))
        return FALSE;
    *forward = (Forward){
        .intro = g_strndup(text, marker - text),
        .from = g_steal_pointer(&block.from),
        .reply_to = g_steal_pointer(&block.reply_to),
        .to = g_steal_pointer(&block.to),
        .subject = g_steal_pointer(&block.subject),
        .date = g_steal_pointer(&block.date),
        .body = g_strdup(block.end),
    };
    headerblock_clear(&block);
    return TRUE;
}

gboolean
forward_find(const char *subject, const char *text, Forward *forward)
{
    gboolean says_forward = forward_subject(subject);
    gboolean above = FALSE; /* something of the writer's own */
    guint tried = 0;
    for (const char *line = text; *line && tried < 20;) {
        gsize length = strcspn(line, "\n");
        const char *next = line[length] ? line + length + 1 : line + length;
        Meaning meaning;
        gboolean ambiguous_counts = says_forward || !above;
        if (is_separator(line, length, &meaning)) {
            tried++;
            if ((meaning == SAYS_FORWARD || ambiguous_counts) &&
                take(text, line, next, FALSE, forward))
                return TRUE;
        } else if (ambiguous_counts && is_rule(line, length)) {
            tried++;
            if (take(text, line, next, TRUE, forward))
                return TRUE;
        } else if (ambiguous_counts &&
                   g_ascii_strncasecmp(line + strspn(line, " *>"), "From", 4) == 0) {
            tried++;
            if (take(text, line, line, TRUE, forward))
                return TRUE;
        }
        above |= strspn(line, " \t") < length;
        line = next;
    }
    return FALSE;
}

void
forward_clear(Forward *forward)
{
    g_free(forward->intro);
    g_free(forward->from);
    g_free(forward->reply_to);
    g_free(forward->to);
    g_free(forward->subject);
    g_free(forward->date);
    g_free(forward->body);
    *forward = (Forward){0};
}
