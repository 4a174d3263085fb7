/* The literals that patterns need, and that no text is turned away which a pattern would match. */
#include "rules/literal.h"

#include <string.h>

#include "rules/needles.h"
#include "rules/pattern.h"
#include "processor.h"

/* "one|two & three", or "" when nothing is known. */
static char *
literals_as_text(const char *pattern)
{
    g_autoptr(GPtrArray) sets = literal_required(pattern);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < sets->len; i++) {
        g_autofree char *joined = g_strjoinv("|", sets->pdata[i]);
        g_string_append_printf(text, "%s%s", i ? " & " : "", joined);
    }
    return g_string_free(text, FALSE);
}

/* `expected` is as it is before it is folded. */
static void
assert_literals(const char *pattern, const char *expected)
{
    g_autofree char *text = literals_as_text(pattern);
    g_autoptr(GString) folded = g_string_new(NULL);
    for (const char *p = expected; *p; p = g_utf8_next_char(p))
        g_string_append_c(folded, *p & 0x80 ? literal_fold(g_utf8_get_char(p)) : *p);
    if (strcmp(text, folded->str) != 0)
        g_test_message("of %s", pattern);
    g_assert_cmpstr(text, ==, folded->str);
}

static void
what_a_pattern_needs_is_found(void)
{
    assert_literals("@(.+\\.)?(angi|homeadvisor)\\.com$", "angi.com|homeadvisor.com");
    assert_literals("\\bNew Lead\\b", "new lead");
    assert_literals("^sent by .{1,20} listings", " listings & sent by ");
    assert_literals("new (message|phone|booking)", "new message|new phone|new booking");
    assert_literals("new (message |phone |)lead", "new message lead|new phone lead|new lead");
    assert_literals("abcd?efgh+ij", "efgh & abc");
    assert_literals("(?:listing)+s", "listing");
    assert_literals("(?<name>listing)s|(?P<other>lease)", "listings|lease");
    assert_literals("(?=.*\\bportal\\b)(?=.*\\bp17\\b)", "portal & p17");
    assert_literals("(?<=new )lead(?!s)", "new  & lead");
    assert_literals("\\p{Lu}\\pL\\P{^L}lead", "lead");
    assert_literals("request \\#?417", "request  & 417");
    assert_literals("portal .* (?:one .* two|three .* four)", "portal  & one |three ");
    assert_literals("site .* site .* 417", " site  & site  &  417");
    assert_literals("(?-i:Chicago)", "chicago");
    assert_literals("(?i)listing", "listing");
    assert_literals("lead\\.example[ ]?(?=id)", "lead.example");
    assert_literals("Task[ ]name", "task name");
    assert_literals("a(?>bcd|efg)h", "abcdh|aefgh");
    assert_literals("phone: (?&phone) today", "phone:  &  today");
    assert_literals("caf\u00e9 noir", "caf\u00e9 noir");
    assert_literals("\u0441\u0430\u0439\u0442 \u2116\\s", "\u0421\u0410\u0419\u0422 \u2116");
    assert_literals("\u0441\u0430\u0439\u0442+ \\\u00fcber?",
                    "\u0441\u0430\u0439\u0442 &  \u00dcbe");
    assert_literals("Stra\u00dfe", "stra"); /* some have no capital of it */
    assert_literals("(?x) K\u00fcche \u00e9", "k\u00fcche\u00e9");
    assert_literals("\\Q\u65e5\u672c\u8a9e\u5bb6\\E*", "\u65e5\u672c\u8a9e");
    assert_literals("[[:alpha:]\\]x]listing", "listing");
    assert_literals("a{2}bcd", "bcd");
    assert_literals("\\Qlist.(ing)|x\\E", "list.(ing)|x");
    assert_literals("\\bsite \\QA.*[1]?\\E\\b", "site a.*[1]?");
    assert_literals("(?:\\Qone)\\E|\\Qtwo\\\\E)+", "one)|two\\");
    assert_literals("\\Qlead", "lead");
    assert_literals("form\\Qs\\E*lead\\Q\\E?d", "form & lea");
    assert_literals("x*\\Qabc\\E{2}", "abc");
    assert_literals("(x|lead (a|b) form)", "");
    assert_literals("(?x) list ing # of (all)\n\\ 417 [ ] a", "listing 417 a");
    assert_literals("(?x: new \t lead ) form", "newlead form");
    assert_literals("((?x) new | old) form", " form & new|old");
    assert_literals("(?ix)lead s # any\n* (?-x) form", " form & lead");
    assert_literals("(?x)lead \\Q # 1\\E ?x", "lead # ");
    assert_literals("(?-x) #1 lead", " #1 lead");
}

static void
in_doubt_there_is_none(void)
{
    static const char *const patterns[] = {
        "",
        ".*",
        "ab",
        "\\d{5}",
        "listing|",
        "listing|x",
        "(?:listing)?",
        "(?:listing)*",
        "(?:listing){0,3}",
        "(listing){0}",
        "(?!listing)",
        "(?<!listing)",
        "(?=listing)?",
        "(?<!listing)x",

        "(?xx) listing [ab c]",
        "(?x)listing\u200E*",
        "(?x) x* +listing",
        "(?x) # listing",
        "listing\\E",
        "a*\\E+listing",
        "x*\\Q\\E+listing",
        "list(?#a)*ing",
        "(*UTF)listing",
        "(?(?=a)listing|x)",
        "(a)(?(1)listing|x)",
        "(?R)?",
        "(?|listing|x)",
        "[listing]",
        "[^listing]",
        "lis{,3}t",
        "(x)\\1",
        "\\x{6c}\\x{69}",
        "\\p{L}+",
        "\\N{U+6c}",
        "(?1)(listing)?",
        "(?C)x",
        "l\\ist?",
        "(?:(?:(?:a|)|))",
        "listing{0,}",
        "[[:<:]]listing",
        "[\\c]x]listing",
    };
    for (guint i = 0; i < G_N_ELEMENTS(patterns); i++) {
        gboolean but_for_the_last = strcmp(patterns[i], "listing{0,}") == 0;
        assert_literals(patterns[i], but_for_the_last ? "listin" : "");
    }
}

static void
too_many_and_too_long_are_left_out(void)
{
    g_autoptr(GString) many = g_string_new("(aaa0");
    for (guint i = 1; i <= LITERALS_MAX; i++)
        g_string_append_printf(many, "|aaa%u", i);
    g_string_append(many, ")");
    assert_literals(many->str, "");
    g_string_truncate(many, many->len - strlen("|aaa" G_STRINGIFY(LITERALS_MAX) ")"));
    g_string_append(many, ")");
    g_autoptr(GPtrArray) sets = literal_required(many->str);
    g_assert_cmpuint(g_strv_length(sets->pdata[0]), ==, LITERALS_MAX);

    g_autofree char *longer = g_strnfill(1000, 'a'), *most = g_strndup(longer, LITERAL_MAX);
    assert_literals(longer, most);

    assert_literals("one.+three.+seventeen.+twenty.+eleven.+five",
                    "seventeen & twenty & eleven & three");

    g_autoptr(GString) deep = g_string_new(NULL);
    for (guint i = 0; i < 200; i++)
        g_string_append_c(deep, '(');
    g_string_append(deep, "listing");
    for (guint i = 0; i < 200; i++)
        g_string_append_c(deep, ')');
    assert_literals(deep->str, "");
}

/* --- beside PCRE2 --- */

/* Whether the text has one of each set of the pattern's literals, or needs none. */
static gboolean
is_let_through(const char *pattern, const char *text)
{
    g_autoptr(GPtrArray) sets = literal_required(pattern);
    gboolean through = TRUE;
    for (guint i = 0; i < sets->len && through; i++) {
        Needles *needles = needles_new();
        for (char **literal = sets->pdata[i]; *literal; literal++)
            needles_add(needles, *literal);
        needles_compile(needles);
        guint8 found[LITERALS_MAX] = {0};
        needles_find(needles, text, strlen(text), found);
        needles_free(needles);
        through = memchr(found, 1, sizeof found) != NULL;
    }
    return through;
}

static gboolean
matches(const char *pattern, const char *text)
{
    PatternError error;
    g_autoptr(Pattern) compiled = pattern_compile(pattern, NULL, &error);
    if (!compiled) {
        pattern_error_clear(&error);
        return FALSE;
    }
    return pattern_match(compiled, text, strlen(text), 0, NULL, NULL, NULL) == PATTERN_MATCH;
}

static void
assert_let_through(const char *pattern, const char *text)
{
    if (matches(pattern, text) && !is_let_through(pattern, text))
        g_error("%s matches \"%s\", which has none of its literals", pattern, text);
}

/* Whatever has cases, or is alike without: a few marks and signs. */
static gboolean
may_be_like_another(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);
    return g_unichar_islower(c) || g_unichar_isupper(c) || g_unichar_istitle(c) ||
           type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_LETTER_NUMBER ||
           type == G_UNICODE_OTHER_SYMBOL || g_unichar_tolower(c) != g_unichar_toupper(c);
}

static char
fold(gunichar c)
{
    return c < 0x80 ? g_ascii_tolower((char)c) : literal_fold(c);
}

/* All that a letter matches, of all letters that there are. */
static guint
assert_all_folded(gunichar letter, const char *all, gsize length)
{
    g_autofree char *text = g_strdup_printf("\\x{%x}", letter);
    PatternError error;
    g_autoptr(Pattern) pattern = pattern_compile(text, NULL, &error);
    PatternMatch match;
    guint matches = 0;
    for (gsize at = 0; at < length; at = pattern_next(all, &match), matches++) {
        if (pattern_match(pattern, all, length, at, NULL, &match, NULL) != PATTERN_MATCH)
            break;
        gunichar other = g_utf8_get_char(all + match.value_start);
        if (fold(other) != fold(letter))
            g_error("U+%04X matches U+%04X, which is folded otherwise", letter, other);
    }
    return matches;
}

static void
all_that_pcre2_takes_for_one_another_is_folded_alike(void)
{
    g_autoptr(GString) all = g_string_new(NULL);
    guint several = 0;
    for (gunichar c = 1; c <= 0x10FFFF; c++)
        if (may_be_like_another(c))
            g_string_append_unichar(all, c);
    for (const char *p = all->str; *p; p = g_utf8_next_char(p))
        several += assert_all_folded(g_utf8_get_char(p), all->str, all->len) > 1;
    g_assert_cmpuint(several, >, 2000);
}

static void
letters_that_pcre2_takes_for_others_are_folded(void)
{
    static const struct {
        const char *pattern, *text;
    } cases[] = {
        {"kiosk", "\u212Aio\u017F\u212A"}, {"SMITH", "\u017Fmith"},        {"lease", "LEA\u017FE"},
        {"(?-i:kiosk)", "kiosk"},          {"bricks", "BRIC\u212A\u017F"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_true(matches(cases[i].pattern, cases[i].text));
        g_assert_true(is_let_through(cases[i].pattern, cases[i].text));
    }
    g_assert_false(matches("(?-i:kiosk)", "\u212Aiosk"));
    g_assert_false(is_let_through("kiosk", "kios \u212Ai osk"));
    g_assert_false(is_let_through("kiosk", ""));
}

/* Patterns grown at random out of all that the language has, on texts of the same letters. */
static void
grow(GRand *random, GString *pattern, guint depth)
{
    static const char *const atoms[] = {
        "a",          "b",           "k",
        "S",          "ab",          "ks",
        "abc",        ".",           "\\b",
        "\\w",        "[ab]",        "[^k]",
        "[a]",        "^",           "$",
        "\\.",        "(?i)",        "(?-i)",
        "\\K",        "\\s",         "(?=a)",
        "(?!kab)",    "(?<=b)",      "(?<!s)",
        "\u00e9",     "\u017F",      "\u212A",
        "-",          "\\Qa",        "\\E*",
        "\\Q\\E",     "\\Q|)b\\E",   " ",
        "\\-",        "[[:alpha:]]", "(?#a)",
        "\\x61",      "\\Qab\\E",    "\\141",
        "\\R",        "]",           "}",
        "[]a]",       "(?:)",        "[\\c]x]",
        "[^\\c]x]",   "[\\]x]",      "[\\x{5d}x]",
        "[a\\-k]",    "[\\w]",       "[^\\]]",
        "[\\Qx]\\E]", "[[.a.]]",     "[\\pLk]",
        "\\c]",       "\\g1",        "\\1",
        "(?1)",       "(?R)",        "\\pL",
        "\\p{Ll}",    "\\P{^Lu}",    "\\N",
        "\\X",        "\\h",         "(*ACCEPT)",
        "(*SKIP)",    "(*F)",        "(?U)",
        "(?m)",       "\\E",         "#",
        "[",          "{",           "(?x)",
        "(?x-i)",     "(?-x)",       " # \n",
        "(?xx)",      "\u00c9",      "\u044f\u0416",
        "\u0436",     "\u00fc",      "[\u00e9]",
        "\\\u00e9",   "\u2116",      "\u0345",
        "\u03b9",     "\u00df",      "\u2170",
        "\xC2\x85",     "\u200E",
    };
    static const char *const times[] = {"",    "",    "",      "",     "",     "?",  "*",  "+",
                                        "{0}", "{2}", "{0,2}", "{1,}", "{,2}", "??", "*+", "+?"};
    static const char *const groups[] = {
        "(",   "(?:", "(?>",  "(?|",   "(?-i:", "(?<n%u>", "(?im-s:",
        "(?=", "(?!", "(?x:", "(?=a|", "(?x: ", "((?x) "};
    static const char *const plain[] = {"abc", "kas",     "ba",           "s",
                                        "KSA", "sab|bak", "\u0416\u044f", "b\u00fcs"};
    guint pieces = (guint)g_rand_int_range(random, 1, 5);
    for (guint i = 0; i < pieces; i++) {
        if (depth < 3 && g_rand_int_range(random, 0, 4) == 0) {
            guint kind = (guint)g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(groups));
            g_autofree char *number = g_strdup_printf("n%u>", (guint)pattern->len);
            gsize named = strcspn(groups[kind], "%");
            g_string_append_len(pattern, groups[kind], (gssize)named);
            if (groups[kind][named])
                g_string_overwrite(pattern, pattern->len - 1, number);
            grow(random, pattern, depth + 1);
            g_string_append_c(pattern, ')');
        } else if (g_rand_boolean(random)) {
            g_string_append(pattern,
                            plain[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(plain))]);
        } else {
            g_string_append(pattern,
                            atoms[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(atoms))]);
        }
        g_string_append(pattern, times[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(times))]);
        if (g_rand_int_range(random, 0, 7) == 0)
            g_string_append_c(pattern, '|');
    }
}

static void
no_text_is_turned_away_that_a_pattern_matches(void)
{
    static const char *const pieces[] = {"a",      "b",      "k",      "s",      "ab",     "abc",
                                         "K",      "S",      "\u212A", "\u017F", "\u00e9", " ",
                                         "-",      ".",      "\n",     "]",      "}",      "x",
                                         "\u0436", "\u042f", "\u044f", "\u00dc", "\u00c9", "\u2160",
                                         "\u0399", "\u0345", "\u1e9e", "\u2116"};
    g_autoptr(GRand) random = g_rand_new_with_seed(20261126);
    guint matched = 0, known = 0, several = 0;
    for (guint i = 0; i < 4000; i++) {
        g_autoptr(GString) pattern = g_string_new(i % 4 ? NULL : "(?x)");
        grow(random, pattern, 0);
        PatternError error;
        g_autoptr(Pattern) compiled = pattern_compile(pattern->str, NULL, &error);
        if (!compiled) {
            pattern_error_clear(&error);
            continue;
        }
        if (pattern_needs_text(compiled) && matches(pattern->str, ""))
            g_error("%s matches an empty text", pattern->str);
        for (guint k = 0; k < 12; k++) {
            g_autoptr(GString) text = g_string_new(NULL);
            for (guint n = (guint)g_rand_int_range(random, 0, 12); n > 0; n--)
                g_string_append(text,
                                pieces[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(pieces))]);
            gboolean match =
                pattern_match(compiled, text->str, text->len, 0, NULL, NULL, NULL) == PATTERN_MATCH;
            matched += match;
            if (match && !is_let_through(pattern->str, text->str))
                g_error("%s matches \"%s\", which has none of its literals", pattern->str,
                        text->str);
        }
        g_autoptr(GPtrArray) sets = literal_required(pattern->str);
        known += sets->len > 0;
        several += sets->len > 1;
    }
    /* It is no proof when nothing matches, or nothing is known of anything. */
    g_assert_cmpuint(matched, >, 1000);
    g_assert_cmpuint(known, >, 100);
    g_assert_cmpuint(several, >, 10);
}

static void
hand_made_patterns_let_their_texts_through(void)
{
    static const char *const patterns[] = {
        "(?:list(?:ing)?|lease)s?",
        "\\blead(?=\\b)",
        "(?<=new )lead",
        "(?i:LEAD) (?-i:ID)",
        "lead(?:er)??ship",
        "[Ll][Ee][Aa][Dd] form",
        "(?:a|b|)lead",
        "le\\x61d",
        "lead\\Q.\\E",
        "\\Qlead\\E(?:er)?|\\Q|lead\\E",
        "(?x) l e a d",
        "lead{1}",
        "lead{0,1}s",
        "(?|lead|lease) x",
        "(?:(lead)|(lease))\\b",
        "le(?#comment)ad",
        "^(?:re: )?new lead\\s*$",
        "lead\\K form",
        "(?>lead|leads) form",
        "new (?:lead|(?!x)request)s",
        "\\Alead",
        "lead(?:s|)\\z",
    };
    static const char *const texts[] = {
        "lead",      "LEAD ID",     "new lead",     "Leadership",  "lead form", "lease x",
        "le\u017Fe", "LEA\u017FES", "re: new lead", "leads form",  "leaders",   "listings",
        "lead.",     "lead x",      "new requests", "new leads\n", "leas",      "leadship",
        "lea",       "leas",        "\u017Fleads",  "leadd",       "le ad",     "",
    };
    for (guint i = 0; i < G_N_ELEMENTS(patterns); i++)
        for (guint k = 0; k < G_N_ELEMENTS(texts); k++)
            assert_let_through(patterns[i], texts[k]);
}

/* --- needles --- */

static void
needles_are_found_wherever_they_are(void)
{
    static const char *const words[] = {"lead", "leads", "eads", "ads ", "new lead", "she", "hers",
                                        "his",  "aaa",   "aaab", "k-s",  "...",      "ssk"};
    static const char letters[] = "leadsnwhriaab-. kSLEADK";
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    Needles *needles = needles_new();
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        g_assert_cmpuint(needles_add(needles, words[i]), ==, i);
    g_assert_cmpuint(needles_add(needles, "lead"), ==, 0);
    g_assert_cmpuint(needles_count(needles), ==, G_N_ELEMENTS(words));
    needles_compile(needles);
    for (guint i = 0; i < 3000; i++) {
        g_autoptr(GString) text = g_string_new(NULL), plain = g_string_new(NULL);
        for (guint n = (guint)g_rand_int_range(random, 0, 40); n > 0; n--) {
            gsize at = (gsize)g_rand_int_range(random, 0, (gint32)sizeof letters - 1);
            char c = g_ascii_tolower(letters[at]);
            gboolean other = g_rand_int_range(random, 0, 5) == 0;
            g_string_append_c(plain, c);
            if (c == 'k' && other)
                g_string_append(text, "\u212A");
            else if (c == 's' && other)
                g_string_append(text, "\u017F");
            else
                g_string_append_c(text, letters[at]);
        }
        guint8 found[G_N_ELEMENTS(words)] = {0};
        needles_find(needles, text->str, text->len, found);
        for (guint k = 0; k < G_N_ELEMENTS(words); k++)
            g_assert_cmpuint(found[k], ==, strstr(plain->str, words[k]) != NULL);
    }
    needles_free(needles);
}

static void
a_text_that_ends_within_a_letter_is_no_trouble(void)
{
    Needles *needles = needles_new();
    needles_add(needles, "kks");
    needles_compile(needles);
    guint8 found[1] = {0};
    static const char cut[] = "kk\xC5"; /* not even UTF-8 */
    for (gsize length = 0; length < sizeof cut; length++)
        needles_find(needles, cut, length, found);
    needles_find(needles, "kk\xE2\x84", 4, found);
    g_assert_cmpuint(found[0], ==, 0);
    needles_find(needles, "kk\xC5\xBF", 4, found);
    g_assert_cmpuint(found[0], ==, 1);
    needles_free(needles);
}

static void
foreign_letters_take_linear_time(void)
{
    Needles *needles = needles_new();
    needles_add(needles, "skylight");
    needles_compile(needles);
    g_autoptr(GString) text = g_string_new(NULL);
    while (text->len < 1 << 20)
        g_string_append(text, "\u017F\u212A");
    guint8 found[1] = {0};
    gint64 began = processor_time();
    needles_find(needles, text->str, text->len, found);
    g_assert_cmpint(processor_time() - began, <, G_USEC_PER_SEC);
    g_string_append(text, "Sky\u017Fkylight");
    needles_find(needles, text->str, text->len, found);
    g_assert_cmpuint(found[0], ==, 1);
    needles_free(needles);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/literal/what-a-pattern-needs-is-found", what_a_pattern_needs_is_found);
    g_test_add_func("/literal/in-doubt-there-is-none", in_doubt_there_is_none);
    g_test_add_func("/literal/too-many-and-too-long-are-left-out",
                    too_many_and_too_long_are_left_out);
    g_test_add_func("/literal/all-that-pcre2-takes-for-one-another-is-folded-alike",
                    all_that_pcre2_takes_for_one_another_is_folded_alike);
    g_test_add_func("/literal/letters-that-pcre2-takes-for-others-are-folded",
                    letters_that_pcre2_takes_for_others_are_folded);
    g_test_add_func("/literal/no-text-is-turned-away-that-a-pattern-matches",
                    no_text_is_turned_away_that_a_pattern_matches);
    g_test_add_func("/literal/hand-made-patterns-let-their-texts-through",
                    hand_made_patterns_let_their_texts_through);
    g_test_add_func("/needles/found-wherever-they-are", needles_are_found_wherever_they_are);
    g_test_add_func("/needles/a-text-that-ends-within-a-letter",
                    a_text_that_ends_within_a_letter_is_no_trouble);
    g_test_add_func("/needles/foreign-letters-take-linear-time", foreign_letters_take_linear_time);
    return g_test_run();
}
