/* Patterns: named subpatterns, values, places of mistakes, and limits that hold. */
#include "rules/pattern.h"

#include <string.h>

#include "processor.h"

static Pattern *
compiled(const char *text, PatternBook *book)
{
    PatternError error;
    Pattern *pattern = pattern_compile(text, book, &error);
    if (!pattern)
        g_error("%s: %s", text, error.message);
    return pattern;
}

/* The value of the first match, or NULL. */
static char *
value_of(const char *text, PatternBook *book, const char *subject)
{
    g_autoptr(Pattern) pattern = compiled(text, book);
    PatternMatch match;
    if (pattern_match(pattern, subject, strlen(subject), 0, NULL, &match, NULL) != PATTERN_MATCH)
        return NULL;
    return g_strndup(subject + match.value_start, match.value_end - match.value_start);
}

static PatternBook *
small_book(void)
{
    PatternBook *book = pattern_book_new();
    pattern_book_add(book, "phone", "(\\d{3})-(?&last)");
    pattern_book_add(book, "last", "\\d{4} # four digits");
    pattern_book_add(book, "zip", "\\d{5}|[A-Z]\\d[A-Z]");
    return book;
}

typedef struct {
    const char *pattern, *subject, *value;
} Case;

static void
finds_the_value_of_a_match(void)
{
    static const Case cases[] = {
        {"ada", "Hello ADA", "ADA"},
        {"name: (\\w+)", "Name: José", "José"},
        {"(?:name|nom): (?<x>\\w+) (?<value>\\w+)", "Nom: Ada Lovelace", "Lovelace"},
        {"name: (\\w+)|nom: (\\w+)", "nom: Ada", "Ada"},
        {"^b$", "a\nb\nc", "b"},
        {"a.c", "a\nc", NULL},
        {"zip (?&zip)", "ZIP 60607", "ZIP 60607"},
        {"zip ((?&zip))\\b", "ZIP 60607", "60607"},
        {"(.)\\1 (?&zip)", "xx 60607", "x"},
        {"(?x) zip \\s (?&zip) # the post's", "zip 60607", "zip 60607"},
        {"(?-i)zip (?&zip)", "zip k1a", "zip k1a"},
        {"(?&zip) \\Qa.b", "60607 a.b", "60607 a.b"},
        {"(?<value>x)?y(?&zip)?", "y", ""},
        {"(?<phone>x)(?&phone)", "xx", "x"},
        {"(?J)(?<last>x)(.)(?&phone)", "xy123-x", "x"},
    };
    g_autoptr(PatternBook) book = small_book();
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].pattern);
        g_autofree char *value = value_of(cases[i].pattern, book, cases[i].subject);
        g_assert_cmpstr(value, ==, cases[i].value);
    }
}

static void
a_subpattern_may_use_another(void)
{
    g_autoptr(PatternBook) book = pattern_book_new();
    pattern_book_add(book, "a", "1(?&b)");
    pattern_book_add(book, "b", "2(?:(?&a)|3)");
    PatternError error;
    g_assert_true(pattern_book_check(book, "a", &error));
    g_assert_true(pattern_book_check(book, "b", &error));
    g_assert_false(pattern_book_add(book, "a", "x"));
    g_autofree char *value = value_of("<((?&a))>", book, "<1212123>");
    g_assert_cmpstr(value, ==, "1212123");
}

typedef struct {
    const char *pattern, *message;
    gssize offset;
} Mistake;

static void
points_at_the_mistake(void)
{
    static const Mistake mistakes[] = {
        {"a(b", "does not compile: missing closing parenthesis", 3},
        {"a(?&phome)", "unknown subpattern \"phome\"; did you mean \"phone\"?", 4},
        {"(?&phone) (?&weather)", "unknown subpattern \"weather\"", 13},
        {"(?&phone)(a", "does not compile: missing closing parenthesis", 11},
        {"ab\\", "does not compile: \\ at end of pattern", 3},
        {"*", "does not compile: quantifier does not follow a repeatable item", 0},
        {"(?<last>x)(?&phone)",
         "does not compile together with the subpatterns it uses; is one of their names that of a "
         "group?",
         -1},
    };
    g_autoptr(PatternBook) book = pattern_book_new();
    pattern_book_add(book, "phone", "\\d{3}-(?&last)");
    pattern_book_add(book, "last", "\\d{4}");
    for (guint i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        PatternError error;
        g_assert_null(pattern_compile(mistakes[i].pattern, book, &error));
        g_assert_cmpstr(error.message, ==, mistakes[i].message);
        g_assert_cmpint(error.offset, ==, mistakes[i].offset);
        pattern_error_clear(&error);
    }
}

static void
refuses_back_references_in_a_subpattern(void)
{
    g_autoptr(PatternBook) book = pattern_book_new();
    pattern_book_add(book, "twice", "(.)\\1");
    PatternError error;
    g_assert_false(pattern_book_check(book, "twice", &error));
    g_assert_nonnull(error.message);
    pattern_error_clear(&error);
}

static void
equal_patterns_are_shared(void)
{
    g_autoptr(PatternBook) book = pattern_book_new();
    g_autoptr(Pattern) a = compiled("x+", book);
    g_autoptr(Pattern) b = compiled("x+", book);
    g_autoptr(Pattern) c = compiled("y+", book);
    g_assert_true(a == b);
    g_assert_true(a != c);
}

static void
some_patterns_need_a_text(void)
{
    static const char *const texts[] = {".", "\\S", "yes", "^1$", "a|b", "x{2,}"};
    static const char *const none[] = {"",        ".*",   "^$",     "^",     "\\b",          "a|",
                                       "(?&zip)", "x{0}", "^\\s*$", "(?!a)", "a(*ACCEPT)b|", "\\K",
                                       "(?<=a)"};
    g_autoptr(PatternBook) book = pattern_book_new();
    /* Nothing is said of what uses a subpattern. */
    g_assert_true(pattern_book_add(book, "zip", "\\d{5}"));
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(Pattern) pattern = compiled(texts[i], book);
        g_assert_true(pattern_needs_text(pattern));
    }
    for (guint i = 0; i < G_N_ELEMENTS(none); i++) {
        g_autoptr(Pattern) pattern = compiled(none[i], book);
        g_assert_false(pattern_needs_text(pattern));
    }
}

static void
goes_on_behind_a_match(void)
{
    g_autoptr(Pattern) pattern = compiled("\\d*", NULL);
    const char *text = "1é22";
    gsize length = strlen(text);
    guint matches = 0;
    PatternMatch match;
    for (gsize offset = 0; offset <= length; offset = pattern_next(text, &match)) {
        if (pattern_match(pattern, text, length, offset, NULL, &match, NULL) != PATTERN_MATCH)
            break;
        matches++;
    }
    g_assert_cmpuint(matches, ==, 3); /* "1", before é, "22" */
}

/* Every one of these would run for minutes to centuries on its text. */
static void
every_limit_holds(void)
{
    static const char *const hostile[] = {
        "(a+)+$", "(a|a)*b", ".*.*=x", "a*a*a*b", "(.*)*x", "(\\w+\\s?)*$", "(?s).*.*.*never",
        "\\s*\\s*=x", "(?:(?:a)*)*b", "[^q]*q",
        /* Where PCRE2's interpreter would take its steps anew from each place. */
        "(?:a?){1,16}=x", "(?:a{1,4}){1,8}\\1?()=x", "(?:a|aa){1,14}=x", "(?:a{1,3}){1,9}=x",
        "a{1,31}a{1,31}a{1,31}a{1,2}=x"};
    g_autofree char *text = g_strnfill(1 << 20, 'a');
    text[(1 << 20) - 1] = '!';
    memcpy(text + (1 << 20) - 8, "=x=b x", 6); /* letters that a pattern asks for are there */
    static const gsize lengths[] = {2000, 3000, 20000, 1 << 20};
    for (guint i = 0; i < G_N_ELEMENTS(hostile) * G_N_ELEMENTS(lengths); i++) {
        const char *source = hostile[i / G_N_ELEMENTS(lengths)];
        gsize length = lengths[i % G_N_ELEMENTS(lengths)];
        g_autoptr(Pattern) pattern = compiled(source, NULL);
        PatternBudget budget;
        pattern_budget_begin(&budget, 150000);
        const char *limit = NULL;
        gint64 began = processor_time();
        /* The tail is where it begins, so that short texts end in it as well. */
        const char *subject = text + (1 << 20) - length;
        PatternResult result = pattern_match(pattern, subject, length, 0, &budget, NULL, &limit);
        gint64 took = processor_time() - began;
        g_test_message("%s on %zu: %d %s, %d ms", source, length, result, limit ? limit : "",
                       (int)(took / 1000));
        g_assert_true((result == PATTERN_LIMIT) == (limit != NULL));
        g_assert_cmpint(took, <, 2 * G_USEC_PER_SEC);
    }
}

/* In short texts the interpreter looks first, which reaches its limit of depth sooner than JIT. */
static void
what_the_interpreter_gives_up_is_found(void)
{
    char text[2001];
    for (gsize i = 0; i < sizeof text; i++)
        text[i] = "ab"[i % 2];
    text[2000] = 'x';
    g_autoptr(Pattern) pattern = compiled("^(?:ab|c)+x", NULL);
    PatternMatch match;
    g_assert_cmpint(pattern_match(pattern, text, sizeof text, 0, NULL, &match, NULL), ==,
                    PATTERN_MATCH);
    g_assert_cmpuint(match.end, ==, sizeof text);
}

static void
a_spent_budget_stops_the_rest(void)
{
    PatternBudget budget;
    pattern_budget_begin(&budget, 0);
    while (!pattern_budget_spent(&budget))
        ;
    g_autoptr(Pattern) pattern = compiled("a", NULL);
    const char *limit = NULL;
    g_assert_cmpint(pattern_match(pattern, "a", 1, 0, &budget, NULL, &limit), ==, PATTERN_LIMIT);
    g_assert_cmpstr(limit, ==, "time limit of this mail");
}

static gpointer
match_often(gpointer data)
{
    for (int i = 0; i < 2000; i++) {
        PatternMatch match;
        g_assert_cmpint(pattern_match(data, "tel 555-0100", 12, 0, NULL, &match, NULL), ==,
                        PATTERN_MATCH);
        g_assert_cmpuint(match.value_start, ==, 4);
    }
    return NULL;
}

static void
threads_share_a_pattern(void)
{
    g_autoptr(PatternBook) book = small_book();
    g_autoptr(Pattern) pattern = compiled("tel ((?&phone)|\\d+-\\d+)", book);
    GThread *threads[4];
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("match", match_often, pattern);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pattern/finds-the-value-of-a-match", finds_the_value_of_a_match);
    g_test_add_func("/pattern/a-subpattern-may-use-another", a_subpattern_may_use_another);
    g_test_add_func("/pattern/points-at-the-mistake", points_at_the_mistake);
    g_test_add_func("/pattern/refuses-back-references-in-a-subpattern",
                    refuses_back_references_in_a_subpattern);
    g_test_add_func("/pattern/equal-patterns-are-shared", equal_patterns_are_shared);
    g_test_add_func("/pattern/some-need-a-text", some_patterns_need_a_text);
    g_test_add_func("/pattern/goes-on-behind-a-match", goes_on_behind_a_match);
    g_test_add_func("/pattern/every-limit-holds", every_limit_holds);
    g_test_add_func("/pattern/what-the-interpreter-gives-up-is-found",
                    what_the_interpreter_gives_up_is_found);
    g_test_add_func("/pattern/a-spent-budget-stops-the-rest", a_spent_budget_stops_the_rest);
    g_test_add_func("/pattern/threads-share-a-pattern", threads_share_a_pattern);
    return g_test_run();
}
