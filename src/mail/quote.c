#include "mail/quote.h"

#include <string.h>

#include "base/text.h"
#include "mail/author.h"
#include "mail/forward.h"
#include "mail/headerblock.h"

#define BLOCKS_TRIED 20

/* What an attribution that ends at `end` is of: a quote with ">" below it, or which the text ends
 * without; or one that is not marked, and goes on to the end. */
typedef enum { QUOTE_NONE, QUOTE_MARKED, QUOTE_BARE } QuoteKind;

static QuoteKind
quote_below(const char *line, const char *end, gboolean dated)
{
    const char *after = end + strspn(end, " \t\n");
    if (*after == '>' || (!*after && dated))
        return QUOTE_MARKED;
    Mailbox *author = dated ? author_of_attribution(line, end) : NULL;
    if (!author)
        return QUOTE_NONE;
    mailbox_free(author);
    return QUOTE_BARE;
}

/* Whether all from here on is an earlier mail. */
static gboolean
begins_block(const char *line, const char *end, guint *tried)
{
    if (forward_separator(line, end - line))
        return TRUE;
    if (!headerblock_may_begin(line, end) || ++*tried > BLOCKS_TRIED)
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
        const char *stop = line + text_line(line), *next = *stop ? stop + 1 : stop;
        gboolean dated = FALSE;
        const char *end = attribution_end(line, &dated);
        QuoteKind kind = end ? quote_below(line, end, dated) : QUOTE_NONE;
        if (kind == QUOTE_MARKED) {
            g_string_append_len(theirs, line, end - line);
        } else if (*line == '>') {
            g_string_append_len(theirs, line, next - line);
            end = next;
        } else if (said && (kind == QUOTE_BARE || begins_block(line, stop, &tried))) {
            g_string_append(theirs, line);
            break;
        } else {
            g_string_append_len(own, line, next - line);
            said |= !text_is_blank(line, stop - line);
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
