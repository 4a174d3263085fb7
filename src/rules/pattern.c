/* Matching under limits. */
#include "rules/pattern-private.h"

#include <string.h>
#include <time.h>

#include "base/limits.h"

#define JIT_STACK_MIN ((gsize)32 << 10)
#define JIT_STACK_MAX ((gsize)1 << 20)

/* Character steps that may pass between two looks at the clock, about 0.1 s at worst. A pattern
 * with one unbounded repeat takes at most the text's length for each starting place. */
#define STEPS_BETWEEN_LOOKS ((gsize)1 << 26)
/* An ambitious pattern takes more: the square of it. So in short texts the clock is looked at
 * after so many starting places, and longer ones are matched with callouts. */
#define AMBITIOUS_TEXT_MAX ((gsize)4096)
#define AMBITIOUS_SLICE ((gsize)64)
#define CALLOUTS_BETWEEN_LOOKS 64
/* JIT takes as long as the interpreter does for so much text. When the rules are tested at a start
 * most patterns see less of it, and texts so short that the interpreter is quick with each. */
#define INTERPRETED_MAX (16 << 10)
#define INTERPRETED_TEXT_MAX ((gsize)2048)
/* Of the interpreter, for each starting place; where that does not suffice JIT does it, whose
 * limits are those that hold. */
#define INTERPRETED_LIMIT_MATCH 5000
#define BUDGET_WITHOUT 50000 /* microseconds, for a caller without a budget */

/* What a thread needs for matching, kept from match to match. */
typedef struct {
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    pcre2_match_data *data;
    guint pairs;
    PatternBudget *budget; /* of the match under way */
    guint callouts;
} Matcher;

static void
matcher_free(gpointer data)
{
    Matcher *matcher = data;
    pcre2_match_data_free(matcher->data);
    pcre2_match_context_free(matcher->context);
    pcre2_jit_stack_free(matcher->stack);
    g_free(matcher);
}

static GPrivate this_thread = G_PRIVATE_INIT(matcher_free);

static gint64
thread_cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

void
pattern_budget_begin(PatternBudget *budget, gint64 microseconds)
{
    *budget = (PatternBudget){microseconds, g_get_monotonic_time(), thread_cpu(), FALSE};
}

gboolean
pattern_budget_spent(PatternBudget *budget)
{
    /* The monotonic clock costs no system call, but on a busy machine it also counts the time
     * of others: only the thread's own processor time decides. */
    if (!budget->spent && g_get_monotonic_time() - budget->began > budget->allowed)
        budget->spent = thread_cpu() - budget->spent_cpu_at_begin > budget->allowed;
    return budget->spent;
}

static int
on_callout(pcre2_callout_block *block, void *data)
{
    Matcher *matcher = data;
    if (++matcher->callouts % CALLOUTS_BETWEEN_LOOKS)
        return 0;
    return pattern_budget_spent(matcher->budget) ? PCRE2_ERROR_CALLOUT : 0;
}

static Matcher *
matcher_get(guint pairs)
{
    Matcher *matcher = g_private_get(&this_thread);
    if (!matcher) {
        matcher = g_new0(Matcher, 1);
        pcre2_general_context *memory = pattern_memory();
        matcher->context = pcre2_match_context_create(memory);
        pcre2_set_match_limit(matcher->context, LIMIT_MATCH);
        pcre2_set_depth_limit(matcher->context, LIMIT_MATCH_DEPTH);
        pcre2_set_heap_limit(matcher->context, LIMIT_MATCH_HEAP);
        pcre2_set_callout(matcher->context, on_callout, matcher);
        matcher->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, memory);
        pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
        g_private_set(&this_thread, matcher);
    }
    if (matcher->pairs < pairs) {
        pcre2_match_data_free(matcher->data);
        matcher->pairs = MAX(pairs, 16);
        matcher->data = pcre2_match_data_create(matcher->pairs, pattern_memory());
    }
    return matcher;
}

static const char *
limit_name(int result)
{
    switch (result) {
    case PCRE2_ERROR_MATCHLIMIT:
        return "match limit";
    case PCRE2_ERROR_DEPTHLIMIT:
        return "depth limit";
    case PCRE2_ERROR_HEAPLIMIT:
        return "heap limit";
    case PCRE2_ERROR_JIT_STACKLIMIT:
        return "JIT stack limit";
    case PCRE2_ERROR_CALLOUT:
        return "time limit";
    case PCRE2_ERROR_RECURSELOOP:
        return "recursion limit";
    case PCRE2_ERROR_NOMEMORY:
        return "memory";
    default:
        return "PCRE2's limits";
    }
}

/* Without JIT (an architecture it does not know, no executable memory) the interpreter matches,
 * under the same limits. */
static void
make_fast(pcre2_code *code)
{
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
}

/* The code with JIT; thread-safe, made once. It is a copy, since others may be matching. */
static const pcre2_code *
fast_code(const Pattern *pattern)
{
    Pattern *mutable = (Pattern *)pattern;
    if (g_once_init_enter(&mutable->fast)) {
        pcre2_code *copy = pcre2_code_copy(pattern->code);
        make_fast(copy);
        g_once_init_leave(&mutable->fast, copy);
    }
    return pattern->fast;
}

/* The code with callouts; thread-safe, made once. It is the same pattern, so it compiles. */
static const pcre2_code *
guarded_code(const Pattern *pattern)
{
    Pattern *mutable = (Pattern *)pattern;
    if (g_once_init_enter(&mutable->guarded)) {
        int code;
        gsize offset;
        pcre2_code *compiled = pattern_code(pattern->full, PCRE2_AUTO_CALLOUT, &code, &offset);
        g_assert(compiled);
        make_fast(compiled);
        g_once_init_leave(&mutable->guarded, compiled);
    }
    return pattern->guarded;
}

static gboolean
is_guarded(const Pattern *pattern, gsize length)
{
    return pattern->ambitious && length > AMBITIOUS_TEXT_MAX;
}

static const pcre2_code *
code_for(const Pattern *pattern, gsize length)
{
    Pattern *mutable = (Pattern *)pattern;
    if (is_guarded(pattern, length))
        return guarded_code(pattern);
    if (g_atomic_pointer_get(&mutable->fast) || length > INTERPRETED_TEXT_MAX ||
        g_atomic_int_add(&mutable->interpreted, (gint)length) > INTERPRETED_MAX)
        return fast_code(pattern);
    return pattern->code;
}

/* Match slice by slice of starting places, with a look at the clock after each. */
static int
match_in_slices(Matcher *matcher, const Pattern *pattern, const char *text, gsize length,
                gsize offset)
{
    const pcre2_code *code = code_for(pattern, length);
    gsize slice = STEPS_BETWEEN_LOOKS / MAX(length, 1);
    if (code == pattern->code || (pattern->ambitious && !is_guarded(pattern, length)))
        slice = AMBITIOUS_SLICE;
    for (;;) {
        gsize last = length - offset > slice ? offset + slice : length;
        while (last < length && ((guchar)text[last] & 0xC0) == 0x80)
            last++; /* a starting place is the first byte of a character */
        pcre2_set_offset_limit(matcher->context, last);
        pcre2_set_match_limit(matcher->context,
                              code == pattern->code ? INTERPRETED_LIMIT_MATCH : LIMIT_MATCH);
        int result = pcre2_match(code, (PCRE2_SPTR)text, length, offset, PCRE2_NO_UTF_CHECK,
                                 matcher->data, matcher->context);
        if (result < PCRE2_ERROR_NOMATCH && code == pattern->code) {
            code = fast_code(pattern);
            continue;
        }
        if (result != PCRE2_ERROR_NOMATCH || last >= length)
            return result;
        if (pattern_budget_spent(matcher->budget))
            return PCRE2_ERROR_CALLOUT;
        offset = last;
    }
}

static void
take_value(const Pattern *pattern, const gsize *pairs, PatternMatch *match)
{
    match->value_start = match->start;
    match->value_end = match->end;
    guint first = pattern->value_group ? pattern->value_group : 1;
    guint last = pattern->value_group ? pattern->value_group : pattern->groups;
    for (guint i = first; i <= last; i++) {
        if (pairs[2 * i] != PCRE2_UNSET) {
            match->value_start = pairs[2 * i];
            match->value_end = MAX(pairs[2 * i + 1], pairs[2 * i]);
            return;
        }
    }
    if (pattern->value_group)
        match->value_end = match->value_start;
}

PatternResult
pattern_match(const Pattern *pattern, const char *text, gsize length, gsize offset,
              PatternBudget *budget, PatternMatch *match, const char **limit)
{
    PatternBudget own;
    if (!budget)
        pattern_budget_begin(budget = &own, BUDGET_WITHOUT);
    if (budget->spent) {
        if (limit)
            *limit = "time limit of this mail";
        return PATTERN_LIMIT;
    }
    Matcher *matcher = matcher_get(pattern->pairs);
    matcher->budget = budget;
    int result = match_in_slices(matcher, pattern, text, length, offset);
    matcher->budget = NULL;
    if (result == PCRE2_ERROR_NOMATCH)
        return PATTERN_NONE;
    if (result < 0) {
        if (limit)
            *limit = limit_name(result);
        return PATTERN_LIMIT;
    }
    if (match) {
        const gsize *pairs = pcre2_get_ovector_pointer(matcher->data);
        match->start = pairs[0];
        match->end = MAX(pairs[1], pairs[0]);
        take_value(pattern, pairs, match);
    }
    return PATTERN_MATCH;
}

gsize
pattern_next(const char *text, const PatternMatch *match)
{
    if (match->end > match->start || !text[match->end])
        return match->end + (text[match->end] == 0);
    return g_utf8_next_char(text + match->end) - text;
}
