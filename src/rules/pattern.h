/* pattern: the admin's PCRE2 patterns, compiled once and matched under limits.
 *
 * Compiled with UTF, UCP (\w and \b know every script's letters), caseless and multiline; JIT when
 * they have been matched some times.
 * Subjects are the message's views: valid UTF-8, lines end in \n.
 * Limits: a pattern's text LIMIT_PATTERN; PCRE2's match, depth and heap limits and the size of
 * the JIT stack on every match; and the mail's PatternBudget, because with JIT the match limit
 * counts neither the characters that one `.*` walks over nor anything across starting places.
 * Reaching one is PATTERN_LIMIT with its name, never an endless match.
 * Ownership: patterns are reference counted, equal ones of one book are shared. Thread rule:
 * add to a book in one thread; then any number of threads may compile with it, and match.
 */
#ifndef LEAD_RULES_PATTERN_H
#define LEAD_RULES_PATTERN_H

#include <glib.h>

typedef struct Pattern Pattern;
/* The named subpatterns, (?&phone), that patterns can use. */
typedef struct PatternBook PatternBook;

typedef struct {
    char *message; /* newly allocated */
    gssize offset; /* bytes into the pattern's own text; -1 when there is no such place */
} PatternError;
void pattern_error_clear(PatternError *error);

PatternBook *pattern_book_new(void);
void pattern_book_free(PatternBook *book); /* takes NULL; patterns compiled with it live on */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PatternBook, pattern_book_free)
/* FALSE when the name is there already. */
gboolean pattern_book_add(PatternBook *book, const char *name, const char *text);
/* Is a subpattern usable? Call it when all are added: they may use one another. */
gboolean pattern_book_check(PatternBook *book, const char *name, PatternError *error);

/* NULL with *error set. `book` may be NULL. */
Pattern *pattern_compile(const char *text, PatternBook *book, PatternError *error);
Pattern *pattern_ref(Pattern *pattern);
void pattern_unref(Pattern *pattern); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pattern, pattern_unref)

const char *pattern_text(const Pattern *pattern); /* as the admin wrote it */
/* What must be in a text for it to match, as literal_required says. */
const GPtrArray *pattern_literals(const Pattern *pattern);
/* TRUE when it cannot match in an empty text. */
gboolean pattern_needs_text(const Pattern *pattern);

/* The processor time that one mail's patterns may take together, of the calling thread. */
typedef struct {
    gint64 allowed; /* microseconds */
    gint64 began, spent_cpu_at_begin;
    gboolean spent; /* sticky */
} PatternBudget;
void pattern_budget_begin(PatternBudget *budget, gint64 microseconds);
gboolean pattern_budget_spent(PatternBudget *budget);

typedef enum { PATTERN_MATCH, PATTERN_NONE, PATTERN_LIMIT } PatternResult;

typedef struct {
    gsize start, end; /* of the whole match, bytes */
    /* The group named `value`, else the first group that took part, else the whole match. Equal
     * offsets when there is a group `value` that took no part. */
    gsize value_start, value_end;
} PatternMatch;

/* Look in text[offset, length) with what stands before `offset` as context. `match` and `limit`
 * may be NULL; *limit is a static string, set on PATTERN_LIMIT only. */
PatternResult pattern_match(const Pattern *pattern, const char *text, gsize length, gsize offset,
                            PatternBudget *budget, PatternMatch *match, const char **limit);

/* Where to look for the next match after this one. */
gsize pattern_next(const char *text, const PatternMatch *match);

#endif
