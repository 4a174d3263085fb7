/* The index of the words: it never hides an entry that a text begins with. */
#include "mail/wording.h"

#include <string.h>

static const struct {
    gconstpointer entries;
    gsize size;
} lists[] = {
    [WORDING_LABELS] = {wording_labels, sizeof *wording_labels},
    [WORDING_SEPARATORS] = {wording_separators, sizeof *wording_separators},
    [WORDING_ATTRIBUTIONS] = {wording_attributions, sizeof *wording_attributions},
    [WORDING_FORWARD_SUBJECTS] = {wording_forward_subjects, sizeof *wording_forward_subjects},
    [WORDING_BEHALF] = {wording_behalf, sizeof *wording_behalf},
    [WORDING_DEVICE_LINES] = {wording_device_lines, sizeof *wording_device_lines},
    [WORDING_CLOSINGS] = {wording_closings, sizeof *wording_closings},
    [WORDING_DISCLAIMERS] = {wording_disclaimers, sizeof *wording_disclaimers},
    [WORDING_BANNERS] = {wording_banners, sizeof *wording_banners},
    [WORDING_FOOTERS] = {wording_footers, sizeof *wording_footers},
    [WORDING_BUTTONS] = {wording_buttons, sizeof *wording_buttons},
    [WORDING_FORM_META] = {wording_form_meta, sizeof *wording_form_meta},
};
G_STATIC_ASSERT(G_N_ELEMENTS(lists) == WORDING_LISTS);

static const char *
words_of(guint list, guint number)
{
    const char *const *texts =
        (const char *const *)(gconstpointer)((const char *)lists[list].entries +
                                             number * lists[list].size);
    return texts[0] ? texts[1] : NULL;
}

/* What the index says, and what asking every entry says. */
static void
check(const char *text, gsize length)
{
    for (guint list = 0; list < WORDING_LISTS; list++) {
        const guint16 *next = wording_candidates((WordingList)list, text, text + length);
        const char *words;
        for (guint i = 0; (words = words_of(list, i)); i++) {
            while (*next < i)
                next++;
            if (wording_skip(text, text + length, words) && *next != i)
                g_error("\"%.*s\" begins with \"%s\"", (int)length, text, words);
        }
    }
}

static void
all_that_a_text_begins_with_are_candidates(void)
{
    const char *words;
    for (guint list = 0; list < WORDING_LISTS; list++) {
        for (guint i = 0; (words = words_of(list, i)); i++) {
            g_autofree char *upper = g_utf8_strup(words, -1), *lower = g_utf8_strdown(words, -1);
            g_autofree char *longer = g_strconcat(words, ": Ada", NULL);
            check(words, strlen(words));
            check(upper, strlen(upper));
            check(lower, strlen(lower));
            check(longer, strlen(longer));
        }
    }
}

static void
letters_of_one_first_byte_are_others(void)
{
    static const char *const pairs[][2] = {
        {"Envoy\u00E8", "envoy\u00E9"}, {"\u53D1\u4EF4", "\u53D1\u4EF6"}, {"\u0416", "\u0430"}};
    for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
        const char *text = pairs[i][0], *words = pairs[i][1];
        g_assert_null(wording_skip(text, text + strlen(text), words));
        g_assert_nonnull(wording_skip(words, words + strlen(words), words));
    }
}

static void
letters_that_fold_to_others_are_candidates(void)
{
    /* KELVIN SIGN, a typographic apostrophe, Turkish dots. */
    static const char *const texts[] = {"\u212Aimden: Ada", "\u2019",  "\u0130leti",
                                        "\u0131leti",       "s\u0130", "Gönderen\u0130",
                                        "\u00A0From: Ada"};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        check(texts[i], strlen(texts[i]));
    const guint16 *n = wording_candidates(WORDING_LABELS, texts[0], texts[0] + strlen(texts[0]));
    while (*n != WORDING_END && strcmp(wording_labels[*n].words, "Kimden") != 0)
        n++;
    g_assert_cmpuint(*n, !=, WORDING_END);
}

static void
any_text_is_judged_as_without_the_index(void)
{
    static const char *const pieces[] = {"F",      "f",      "r", "om", "S",  "ent", " ",
                                         "\u00A0", "é",      "Ö", "От", "転", ":",   "-",
                                         "İ",      "\u2019", "u", "n",  "",   "V"};
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    for (guint i = 0; i < 3000; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint k = 0; k < 4; k++)
            g_string_append(text,
                            pieces[g_rand_int_range(random, 0, (gint32)G_N_ELEMENTS(pieces))]);
        check(text->str, text->len);
    }
}

static void
prose_has_no_candidates(void)
{
    static const char line[] = "Zwölf leaks";
    g_assert_cmpuint(*wording_candidates(WORDING_LABELS, line, line + strlen(line)), ==,
                     WORDING_END);
    g_assert_cmpuint(*wording_candidates(WORDING_FOOTERS, line, line), ==, WORDING_END);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wording/all-that-a-text-begins-with-are-candidates",
                    all_that_a_text_begins_with_are_candidates);
    g_test_add_func("/wording/letters-that-fold-to-others-are-candidates",
                    letters_that_fold_to_others_are_candidates);
    g_test_add_func("/wording/any-text-is-judged-as-without-the-index",
                    any_text_is_judged_as_without_the_index);
    g_test_add_func("/wording/prose-has-no-candidates", prose_has_no_candidates);
    g_test_add_func("/wording/letters-of-one-first-byte-are-others",
                    letters_of_one_first_byte_are_others);
    return g_test_run();
}
