/* YAML files as trees with places, and the mistakes an admin makes in them. */
#include "base/yaml.h"

static void
reads_lines_and_columns(void)
{
    g_autoptr(Diags) diags = diags_new();
    const char text[] = "a: 1\nlist:\n  - x\n  - 'y z'\n";
    g_autoptr(YamlFile) file = yaml_parse("f.yaml", text, sizeof text - 1, diags);
    g_assert_nonnull(file);
    const YamlNode *list = yaml_get(file->root, "list");
    g_assert_cmpuint(yaml_list_length(list), ==, 2);
    const YamlNode *second = yaml_list_at(list, 1);
    g_assert_cmpstr(second->text, ==, "y z");
    g_assert_cmpuint(second->line, ==, 4);
    g_assert_cmpuint(second->column, ==, 5);
    g_assert_false(second->plain);
    g_assert_null(yaml_get(file->root, "b"));
}

static void
knows_where_a_text_begins(void)
{
    g_autoptr(Diags) diags = diags_new();
    const char text[] = "a: x\nb: 'x'\nc: 'it''s'\nd: |\n  x\n";
    g_autoptr(YamlFile) file = yaml_parse("f.yaml", text, sizeof text - 1, diags);
    g_assert_nonnull(file);
    g_assert_cmpuint(yaml_get(file->root, "a")->text_column, ==, 4);
    g_assert_cmpuint(yaml_get(file->root, "b")->text_column, ==, 5);
    g_assert_cmpuint(yaml_get(file->root, "c")->text_column, ==, 0);
    g_assert_cmpuint(yaml_get(file->root, "d")->text_column, ==, 0);
}

typedef struct {
    const char *text, *message;
} Mistake;

static void
names_the_place_of_a_mistake(void)
{
    static const Mistake mistakes[] = {
        {"a: 1\na: 2\n", "f.yaml:2:1: error: \"a\" is given twice; it first stands in line 1"},
        {"a: &x 1\n", "f.yaml:1:4: error: anchors and aliases (& and *) are not supported; quote "
                      "the text if it begins with one of them, or repeat the value"},
        {"a: 1\n---\nb: 2\n", "f.yaml:2:1: error: a second document begins; one file holds one"},
        {"? [a]\n: 1\n", "f.yaml:1:3: error: a key must be plain text"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autoptr(Diags) diags = diags_new();
        const Mistake *m = &mistakes[i];
        g_assert_null(yaml_parse("f.yaml", m->text, strlen(m->text), diags));
        g_assert_cmpuint(diags_errors(diags), ==, 1);
        g_autofree char *line = diag_format(diags_at(diags, 0));
        g_assert_cmpstr(line, ==, m->message);
    }
}

static void
suggests_the_nearest_word(void)
{
    static const char *const words[] = {"contact.name", "contact.email", "company.name", NULL};
    g_assert_cmpstr(suggest("contact.nme", words), ==, "contact.name");
    g_assert_cmpstr(suggest("Contact.Email", words), ==, "contact.email");
    g_assert_cmpstr(suggest("contact.nmae", words), ==, "contact.name");
    g_assert_null(suggest("weather", words));
}

static void
refuses_deep_nesting(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 100; i++)
        g_string_append_c(text, '[');
    for (int i = 0; i < 100; i++)
        g_string_append_c(text, ']');
    g_autoptr(Diags) diags = diags_new();
    g_assert_null(yaml_parse("f.yaml", text->str, text->len, diags));
    g_assert_cmpuint(diags_errors(diags), ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/yaml/reads-lines-and-columns", reads_lines_and_columns);
    g_test_add_func("/yaml/knows-where-a-text-begins", knows_where_a_text_begins);
    g_test_add_func("/yaml/names-the-place-of-a-mistake", names_the_place_of_a_mistake);
    g_test_add_func("/yaml/suggests-the-nearest-word", suggests_the_nearest_word);
    g_test_add_func("/yaml/refuses-deep-nesting", refuses_deep_nesting);
    return g_test_run();
}
