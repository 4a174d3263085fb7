#include "rules/label.h"

#include <string.h>

#include "processor.h"

/* The labels that are looked for and end each other's values. */
static LabelSet *
labels(void)
{
    static const char *const names[] = {
        "Name",  "Full name", "Phone",   "Phone number", "Email",   "E-mail",        "City",
        "State", "Message",   "Company", "Title",        "Address", "Visitor's name"};
    LabelSet *known = label_set_new(); /* its keys stay interned */
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        label_set_add(known, label_intern(label_key(names[i], strlen(names[i]))));
    return known;
}

/* The n-th value of a label, or NULL. */
static char *
find(const char *text, const char *label, guint n, LabelExtent extent)
{
    LabelSet *known = labels();
    char *key = label_intern(label_key(label, strlen(label)));
    LabelIndex *index = label_index(text, known);
    gsize offset, length;
    char *value = NULL;
    if (label_find(index, key, n, extent, &offset, &length)) {
        g_assert_cmpuint(offset + length, <=, strlen(text));
        g_assert_true(label_has(index, key));
        g_assert_true(label_bits(index) & label_bit(key));
        value = g_strndup(text + offset, length);
    }
    label_index_free(index);
    label_set_free(known);
    g_ref_string_release(key);
    return value;
}

static void
assert_value(const char *text, const char *label, const char *expected)
{
    g_autofree char *got = find(text, label, 0, LABEL_LINE);
    if (g_strcmp0(got, expected) != 0)
        g_error("%s of \"%s\" is \"%s\", not \"%s\"", label, text, got, expected);
}

static void
assert_extent(const char *text, const char *label, LabelExtent extent, const char *expected)
{
    g_autofree char *got = find(text, label, 0, extent);
    g_assert_cmpstr(got, ==, expected);
}

/* --- what a label is --- */

static void
test_a_label_is_known_however_it_is_written(void)
{
    static const char *const written[] = {"Phone number",
                                          "PHONE NUMBER:",
                                          "*Phone number*",
                                          "Phone  number (required)",
                                          "> Phone number",
                                          "- Phone\tnumber",
                                          "\xE2\x80\xA2 Phone number",
                                          "[Phone number]",
                                          "Phone number *:",
                                          "__Phone number__",
                                          "Phone\xC2\xA0number?",
                                          "Phone number (optional)"};
    for (guint i = 0; i < G_N_ELEMENTS(written); i++) {
        g_autofree char *key = label_key(written[i], strlen(written[i]));
        g_assert_cmpstr(key, ==, "phone number");
    }
}

/* A small letter of three bytes, of a capital of two. */
static void
test_a_key_may_be_longer_than_its_label(void)
{
    g_autoptr(GString) label = g_string_new(NULL);
    while (label->len + 2 <= LABEL_MAX)
        g_string_append(label, "\xC8\xBA");
    g_autofree char *key = label_key(label->str, label->len);
    g_assert_cmpuint(strlen(key), ==, LABEL_MAX / 2 * 3);
}

static void
test_equal_keys_are_one_pointer(void)
{
    char *one = label_intern(g_strdup("roof age")), *same = label_intern(g_strdup("roof age"));
    char *other = label_intern(g_strdup("roof"));
    g_assert_true(one == same);
    g_assert_true(one != other);
    g_ref_string_release(one);
    g_ref_string_release(same);
    g_ref_string_release(other);
}

static void
test_letters_of_all_scripts_are_caseless(void)
{
    g_autofree char *upper = label_key("\xC3\x89TAT", 5), *lower = label_key("\xC3\xA9tat", 5);
    g_assert_cmpstr(upper, ==, lower);
}

static void
test_a_curly_apostrophe_is_a_straight_one(void)
{
    assert_value("Visitor\xE2\x80\x99s Name: Ada\n", "Visitor's name", "Ada");
}

static void
test_what_has_no_letter_or_is_too_long_is_no_label(void)
{
    g_autofree char *long_label = g_strnfill(LABEL_MAX + 1, 'x');
    g_assert_null(label_key("", 0));
    g_assert_null(label_key(" *: ", 4));
    g_assert_null(label_key(long_label, LABEL_MAX + 1));
    g_autofree char *key = label_key(long_label, LABEL_MAX);
    g_assert_nonnull(key);
}

/* --- where its value stands --- */

static void
test_the_value_behind_a_separator(void)
{
    static const char *const texts[] = {
        "Phone: 312-555-0142\n",
        "Phone:312-555-0142\n",
        "phone = 312-555-0142\n",
        "  - PHONE: 312-555-0142\n",
        "\xE2\x80\xA2 Phone: 312-555-0142\n",
        "*Phone:* 312-555-0142\n",
        "*Phone*: 312-555-0142\n",
        "Phone* : 312-555-0142  \n",
        "Phone (required): 312-555-0142\n",
        "Phone | 312-555-0142 |\n",
        "Phone - 312-555-0142\n",
        "Phone \xE2\x80\x93 312-555-0142\n",
        "Phone\uFF1A312-555-0142\n",
        "[Phone]  312-555-0142\n",
        "[Phone]: 312-555-0142\n",
        "Phone?: 312-555-0142",
        "Hello,\n\nName: Ada\nPhone: 312-555-0142\nEmail: a@b.example\n",
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_value(texts[i], "Phone", "312-555-0142");
}

static void
test_the_value_in_the_next_cell(void)
{
    assert_value("Name\tAda Lovelace\n", "Name", "Ada Lovelace");
    assert_value("*Name:*\tAda Lovelace\n", "Name", "Ada Lovelace");
    assert_value("Name\tAda\tCity\tChicago\n", "City", "Chicago");
    assert_value("Name\tAda\tCity\tChicago\n", "Name", "Ada");
    assert_value("Name\t\nCity\tChicago\n", "Name", NULL);
}

static void
test_the_value_below_in_a_row_of_values(void)
{
    static const char text[] = "Name\tCity\tState\nAda\tChicago\tIL\n";
    assert_value(text, "Name", "Ada");
    assert_value(text, "City", "Chicago");
    assert_value(text, "State", "IL");
}

static void
test_the_value_on_the_line_below(void)
{
    assert_value("Name\nAda Lovelace\nPhone\n312-555-0142\n", "Name", "Ada Lovelace");
    assert_value("Name\nAda Lovelace\nPhone\n312-555-0142\n", "Phone", "312-555-0142");
    assert_value("Name:\n\nAda Lovelace\n", "Name", "Ada Lovelace");
    assert_value("Name\n----\nAda Lovelace\n", "Name", "Ada Lovelace");
    assert_value("Your data\n*Name*\nAda Lovelace", "Name", "Ada Lovelace");
}

static void
test_a_value_far_below_is_not_the_labels(void)
{
    assert_value("Name:\n\n\n\n\nAda Lovelace\n", "Name", NULL);
}

static void
test_two_labels_in_one_line(void)
{
    static const char text[] = "Name: Ada Lovelace Phone: 312-555-0142, Email: ada@b.example\n";
    assert_value(text, "Name", "Ada Lovelace");
    g_autofree char *phone = find(text, "Phone", 0, LABEL_LINE);
    g_assert_true(g_str_has_prefix(phone, "312-555-0142"));
    assert_value(text, "Email", "ada@b.example");
    assert_value("City: Oak Park State: IL\n", "City", "Oak Park");
}

static void
test_the_longest_label_in_a_line_wins(void)
{
    static const char text[] = "City: Chicago Phone number: 312-555-0142\n";
    assert_value(text, "Phone number", "312-555-0142");
    assert_value(text, "City", "Chicago");
    assert_value("City: Chicago Full name: Ada\n", "Name", NULL);
}

/* --- what is none --- */

static void
test_an_empty_value_is_not_that_of_the_next_label(void)
{
    static const char text[] = "Name:\nPhone: 312-555-0142\nCompany:\n\nEmail: ada@b.example\n";
    assert_value(text, "Name", NULL);
    assert_value(text, "Company", NULL);
    assert_value("Name\nPhone\n312-555-0142\n", "Name", NULL);
    assert_value("Message", "Message", NULL);
    assert_value("Message:\n", "Message", NULL);
}

static void
test_an_empty_value_is_passed_over(void)
{
    assert_value("Phone:\nName: Ada\nPhone: 312-555-0142\n", "Phone", "312-555-0142");
}

static void
test_a_word_in_prose_is_no_label(void)
{
    assert_value("My name is Ada\n", "Name", NULL);
    assert_value("Company policy: no calls\n", "Company", NULL);
    assert_value("the title of the house\n", "Title", NULL);
    assert_value("Stated: nothing\n", "State", NULL);
    assert_value("http://phone.example/\n", "Phone", NULL);
}

static void
test_a_value_keeps_its_own_colons_and_bars(void)
{
    assert_value("Title: Re: the roof | urgent\n", "Title", "Re: the roof | urgent");
    assert_value("Company: A-B = C, Inc.\n", "Company", "A-B = C, Inc.");
}

static void
test_every_value_of_a_label_can_be_asked_for(void)
{
    static const char text[] = "Phone: 1\nName: Ada\nPhone: 2\nPhone: 3\n";
    for (guint n = 0; n < 4; n++) {
        g_autofree char *expected = n < 3 ? g_strdup_printf("%u", n + 1) : NULL;
        g_autofree char *got = find(text, "Phone", n, LABEL_LINE);
        g_assert_cmpstr(got, ==, expected);
    }
}

static void
test_a_text_without_labels_has_no_bits(void)
{
    LabelSet *known = labels();
    LabelIndex *index = label_index("Please call me.\n", known);
    g_assert_cmpuint(label_bits(index), ==, 0);
    label_index_free(index);
    label_set_free(known);
}

/* --- how far a value goes --- */

static void
test_a_line_ends_with_the_line(void)
{
    assert_extent("Address: 1 A St\nChicago\n", "Address", LABEL_LINE, "1 A St");
}

static void
test_a_block_ends_at_an_empty_line_a_rule_a_label_or_six_lines(void)
{
    assert_extent("Address: 1 A St\nChicago, IL\n\nBye\n", "Address", LABEL_BLOCK,
                  "1 A St\nChicago, IL");
    assert_extent("Address: 1 A St\nChicago, IL\n-----\nBye\n", "Address", LABEL_BLOCK,
                  "1 A St\nChicago, IL");
    assert_extent("Address:\n1 A St\nChicago, IL\nPhone: 1\n", "Address", LABEL_BLOCK,
                  "1 A St\nChicago, IL");
    assert_extent("Address: 1\n2\n3\n4\n5\n6\n7\n", "Address", LABEL_BLOCK, "1\n2\n3\n4\n5\n6");
}

static void
test_all_ends_at_the_next_label_alone(void)
{
    static const char text[] = "Message: Hello,\n\nthe roof:\n- leaks\n\n-- \nAda\nPhone: 1\n";
    assert_extent(text, "Message", LABEL_ALL, "Hello,\n\nthe roof:\n- leaks\n\n-- \nAda");
    assert_extent("Message:\nOne\n\n\nTwo\n", "Message", LABEL_ALL, "One\n\n\nTwo");
}

static void
test_a_label_alone_on_its_line_does_not_end_prose(void)
{
    static const char text[] = "Message: We have\n\ntitle\n\nand deed.\nPhone: 1\n";
    assert_extent(text, "Message", LABEL_ALL, "We have\n\ntitle\n\nand deed.");
}

/* --- hostile text --- */

static void
test_any_cut_of_a_text_is_survived(void)
{
    static const char text[] =
        "[Name]\tCity\nAda \xE2\x80\x93 x\tB\n*Phone*:\n---\n1\nName: a Email: b";
    for (gsize length = 0; length < sizeof text; length++) {
        g_autofree char *part = g_strndup(text, length);
        if (!g_utf8_validate(part, -1, NULL))
            continue;
        g_free(find(part, "Name", 0, LABEL_ALL));
        g_free(find(part, "Phone", 0, LABEL_BLOCK));
    }
}

/* Texts that would take minutes if any step were quadratic in them. */
static void
test_the_time_is_linear(void)
{
    static const char *const pieces[] = {"Name:", "Name: ", "Name\n",       "Name\t", "a\t",
                                         ":",     "name ",  "Message: \n",  "\n",     "[",
                                         "- ",    "x",      "Phone: Name\n"};
    gint64 began = processor_time();
    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        while (text->len < 1 << 20)
            g_string_append(text, pieces[i]);
        for (guint n = 0; n < 50; n += 49) {
            g_free(find(text->str, "Name", n, LABEL_LINE));
            g_free(find(text->str, "Message", n, LABEL_ALL));
        }
    }
    g_assert_cmpint(processor_time() - began, <, 60 * G_USEC_PER_SEC);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(path, name) g_test_add_func("/label/" path, test_##name)
    TEST("key/written", a_label_is_known_however_it_is_written);
    TEST("key/long", a_key_may_be_longer_than_its_label);
    TEST("key/interned", equal_keys_are_one_pointer);
    TEST("key/scripts", letters_of_all_scripts_are_caseless);
    TEST("key/apostrophe", a_curly_apostrophe_is_a_straight_one);
    TEST("key/none", what_has_no_letter_or_is_too_long_is_no_label);
    TEST("place/separator", the_value_behind_a_separator);
    TEST("place/cell", the_value_in_the_next_cell);
    TEST("place/row", the_value_below_in_a_row_of_values);
    TEST("place/below", the_value_on_the_line_below);
    TEST("place/far-below", a_value_far_below_is_not_the_labels);
    TEST("place/two-in-a-line", two_labels_in_one_line);
    TEST("place/longest", the_longest_label_in_a_line_wins);
    TEST("none/empty", an_empty_value_is_not_that_of_the_next_label);
    TEST("none/passed-over", an_empty_value_is_passed_over);
    TEST("none/bits", a_text_without_labels_has_no_bits);
    TEST("none/prose", a_word_in_prose_is_no_label);
    TEST("value/own-marks", a_value_keeps_its_own_colons_and_bars);
    TEST("value/nth", every_value_of_a_label_can_be_asked_for);
    TEST("extent/line", a_line_ends_with_the_line);
    TEST("extent/block", a_block_ends_at_an_empty_line_a_rule_a_label_or_six_lines);
    TEST("extent/all", all_ends_at_the_next_label_alone);
    TEST("extent/prose", a_label_alone_on_its_line_does_not_end_prose);
    TEST("hostile/cut", any_cut_of_a_text_is_survived);
    TEST("hostile/linear", the_time_is_linear);
    return g_test_run();
}
