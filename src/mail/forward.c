#include "mail/forward.h"

#include <string.h>

#include "base/text.h"
#include "mail/author.h"
#include "mail/headerblock.h"
#include "mail/wording.h"

#define TRIED_MAX 20 /* places that might begin an original */

const char *
forward_subject(const char *subject)
{
    const char *end = subject + strlen(subject);
    subject = wording_blanks(subject, end);
    const guint16 *n = wording_candidates(WORDING_FORWARD_SUBJECTS, subject, end);
    for (; *n != WORDING_END; n++) {
        const char *after = wording_skip(subject, end, wording_forward_subjects[*n].words);
        /* French has a blank there, Japanese a wide colon. */
        after = after ? wording_blanks(after, end) : NULL;
        if (after && *after == ':')
            return wording_blanks(after + 1, end);
        if (after && strncmp(after, "\xEF\xBC\x9A", 3) == 0)
            return wording_blanks(after + 3, end);
    }
    return NULL;
}

/* A separator's words, with dashes around them or a colon behind. */
static const WordingSeparator *
find_separator(const char *line, gsize length)
{
    gsize dashes = strspn(line, "-_ *>=");
    const char *words = line + MIN(dashes, length), *end = line + length;
    gboolean dashed = dashes >= 2 && strchr("-_>=", *line);
    const guint16 *n = wording_candidates(WORDING_SEPARATORS, words, end);
    if (words == end || *n == WORDING_END ||
        (!dashed && !memchr(words, ':', length - (words - line)) &&
         !text_find(words, end - words, "\xEF\xBC\x9A")))
        return NULL;
    for (; *n != WORDING_END; n++) {
        const WordingSeparator *s = &wording_separators[*n];
        const char *after = wording_skip(words, end, s->words);
        if (!after)
            continue;
        after = wording_blanks(after, end);
        if (strncmp(after, "\xEF\xBC\x9A", 3) == 0)
            return s;
        gsize rest = end - after;
        if (strspn(after, "-_: *=>") >= rest && (dashed || (rest > 0 && *after == ':')))
            return s;
    }
    return NULL;
}

gboolean
forward_separator(const char *line, gsize length)
{
    return find_separator(line, length) != NULL;
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
        gsize length = text_line(line);
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

/* "On 2/11/2026, 9:14, "Ada" <ada@x> wrote:", which some forward with and nothing else. */
static gboolean
take_sentence(const char *text, const char *line, Forward *forward)
{
    const char *end = attribution_end(line, NULL);
    Mailbox *author = end ? author_of_attribution(line, end) : NULL;
    if (!author)
        return FALSE;
    const char *below = end + strspn(end, "\n");
    *forward = (Forward){.intro = g_strndup(text, line - text), .body = without_quotes(below)};
    forward->from = author->name ? g_strdup_printf("\"%s\" <%s>", author->name, author->address)
                                 : g_strdup(author->address);
    mailbox_free(author);
    return TRUE;
}

static gboolean
try_line(const char *text, const char *line, gboolean likely, gboolean above, Forward *forward,
         guint *tried)
{
    gsize length = text_line(line);
    const char *next = line[length] ? line + length + 1 : line + length;
    gsize indent = strspn(line, " \t*>");
    gboolean ambiguous_counts = likely || !above;
    const WordingSeparator *separator = find_separator(line, length);
    if (separator) {
        ++*tried;
        return (separator->meaning == SAYS_FORWARD || ambiguous_counts) &&
               take(text, line, next, FALSE, forward);
    }
    if (!ambiguous_counts || indent >= length)
        return FALSE;
    if (is_rule(line, length)) {
        ++*tried;
        return take(text, line, next, TRUE, forward);
    }
    if (headerblock_may_begin(line + indent, line + length)) {
        ++*tried;
        return take(text, line, line, TRUE, forward);
    }
    return likely && take_sentence(text, line, forward);
}

gboolean
forward_find(const char *text, gboolean likely, Forward *forward)
{
    gboolean above = FALSE; /* something of the writer's own */
    guint tried = 0;
    for (const char *line = text; *line && tried < TRIED_MAX;) {
        gsize length = text_line(line);
        if (try_line(text, line, likely, above, forward, &tried))
            return TRUE;
        above |= strspn(line, " \t") < length;
        line += length + (line[length] != '\0');
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
