/* YAML files as trees with places, and the mistakes an admin makes in them. */
#include "base/yaml.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As GLib's own after it has waited for another thread, which was the first to call it. */
guint64
g_ascii_strtoull(const char *text, char **end, guint base)
{
    errno = EAGAIN;
    return strtoull(text, end, (int)base);
}

static void
reads_numbers_beside_other_threads(void)
{
    g_autoptr(Diags) diags = diags_new();
    const char text[] = "a: 64\nb: 18446744073709551616\n";
    g_autoptr(YamlFile) file = yaml_parse("f.yaml", text, sizeof text - 1, diags);
    guint64 number = 0;
    g_assert_true(yaml_number(file, yaml_get(file->root, "a"), 1, 64, &number, diags));
    g_assert_cmpuint(number, ==, 64);
    g_assert_false(yaml_number(file, yaml_get(file->root, "b"), 1, G_MAXUINT64, &number, diags));
}

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
        {"a: 1\nb: caf\xE9 au lait\n",
         "f.yaml:2:7: error: not UTF-8 (byte 0xE9); save the file as UTF-8"},
        {"a: 1\n\303\251: \x01\n",
         "f.yaml:2:4: error: not YAML: control characters are not allowed (U+0001)"},
        {"\xFF\xFE\x61", "f.yaml:1:1: error: not UTF-8 but UTF-16; save it as UTF-8"},
        {"\xEF\xBB\xBF\x61: &x 1\n",
         "f.yaml:1:4: error: anchors and aliases (& and *) are not supported; quote "
         "the text if it begins with one of them, or repeat the value"},
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
names_the_place_of_a_nul(void)
{
    g_autoptr(Diags) diags = diags_new();
    g_assert_null(yaml_parse("f.yaml", "a: 1\nb: x\0y\n", 12, diags));
    g_autofree char *line = diag_format(diags_at(diags, 0));
    g_assert_cmpstr(line, ==, "f.yaml:2:5: error: a NUL character");
}

static void
skips_a_byte_order_mark(void)
{
    static const char text[] = "\xEF\xBB\xBF# from Notepad\r\na: 1\r\n";
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(YamlFile) file = yaml_parse("f.yaml", text, sizeof text - 1, diags);
    g_assert_nonnull(file);
    g_assert_cmpstr(yaml_get(file->root, "a")->text, ==, "1");
    g_assert_cmpuint(diags_length(diags), ==, 0);
}

static void
assert_not_loaded(const char *path, const char *why)
{
    g_autoptr(Diags) diags = diags_new();
    g_assert_null(yaml_load(path, diags));
    g_assert_cmpuint(diags_errors(diags), ==, 1);
    g_autofree char *line = diag_format(diags_at(diags, 0));
    g_autofree char *expected = g_strdup_printf("%s: error: cannot read: %s", path, why);
    g_assert_cmpstr(line, ==, expected);
}

static void
reads_regular_files_alone_and_not_without_end(void)
{
    g_autofree char *folder = g_dir_make_tmp("test-yaml-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x.yaml", NULL);
    assert_not_loaded(path, "No such file or directory");
    assert_not_loaded(folder, "is no regular file");
    g_assert_cmpint(symlink("/dev/zero", path), ==, 0);
    assert_not_loaded(path, "is no regular file");
    g_unlink(path);
    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    assert_not_loaded(path, "is no regular file");
    g_unlink(path);
    g_assert_true(g_file_set_contents(path, "a: 1\n", -1, NULL));
    g_assert_cmpint(truncate(path, (off_t)1 << 40), ==, 0);
    assert_not_loaded(path, "larger than 4 MiB");
    g_assert_cmpint(truncate(path, 5), ==, 0);
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(YamlFile) file = yaml_load(path, diags);
    g_assert_nonnull(file);
    g_unlink(path);
    g_rmdir(folder);
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
    g_test_add_func("/yaml/reads-numbers-beside-other-threads", reads_numbers_beside_other_threads);
    g_test_add_func("/yaml/knows-where-a-text-begins", knows_where_a_text_begins);
    g_test_add_func("/yaml/names-the-place-of-a-mistake", names_the_place_of_a_mistake);
    g_test_add_func("/yaml/names-the-place-of-a-nul", names_the_place_of_a_nul);
    g_test_add_func("/yaml/skips-a-byte-order-mark", skips_a_byte_order_mark);
    g_test_add_func("/yaml/reads-regular-files-alone",
                    reads_regular_files_alone_and_not_without_end);
    g_test_add_func("/yaml/suggests-the-nearest-word", suggests_the_nearest_word);
    g_test_add_func("/yaml/refuses-deep-nesting", refuses_deep_nesting);
    return g_test_run();
}
