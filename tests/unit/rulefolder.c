#include "rulefolder.h"

#include <glib/gstdio.h>
#include <string.h>

RuleFolder *
rulefolder_new(void)
{
    static const char *const shipped[] = {"centerpoint.yaml", "patterns.yaml"};
    RuleFolder *folder = g_new0(RuleFolder, 1);
    folder->path = g_dir_make_tmp("rules-XXXXXX", NULL);
    g_assert_nonnull(folder->path);
    folder->files = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < G_N_ELEMENTS(shipped); i++) {
        g_autofree char *from = g_test_build_filename(G_TEST_DIST, "rules", shipped[i], NULL);
        g_autofree char *text = NULL;
        g_assert_true(g_file_get_contents(from, &text, NULL, NULL));
        rulefolder_write(folder, shipped[i], text);
    }
    return folder;
}

void
rulefolder_free(RuleFolder *folder)
{
    for (guint i = 0; i < folder->files->len; i++)
        g_unlink(g_ptr_array_index(folder->files, i));
    g_autofree char *samples = g_build_filename(folder->path, "samples", NULL);
    g_rmdir(samples);
    g_assert_cmpint(g_rmdir(folder->path), ==, 0);
    g_ptr_array_unref(folder->files);
    g_free(folder->path);
    g_free(folder);
}

void
rulefolder_write(RuleFolder *folder, const char *name, const char *text)
{
    char *path = g_build_filename(folder->path, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_ptr_array_add(folder->files, path);
}

static char *
all_of(const Diags *diags, const char *folder)
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autofree char *prefix = g_strconcat(folder, "/", NULL);
    for (guint i = 0; i < diags_length(diags); i++) {
        g_autofree char *line = diag_format(diags_at(diags, i));
        g_string_append_printf(all, "%s\n", line);
    }
    g_string_replace(all, prefix, "", 0);
    return g_strdup(all->str);
}

Ruleset *
rulefolder_load(const RuleFolder *folder)
{
    g_autoptr(Diags) diags = diags_new();
    Ruleset *ruleset = ruleset_load(folder->path, diags);
    g_autofree char *said = all_of(diags, folder->path);
    g_assert_cmpstr(said, ==, "");
    g_assert_nonnull(ruleset);
    return ruleset;
}

Ruleset *
rulefolder_load_one(const char *rule)
{
    g_autoptr(RuleFolder) folder = rulefolder_new();
    rulefolder_write(folder, "50-rule.yaml", rule);
    return rulefolder_load(folder);
}

char *
rulefolder_errors(const RuleFolder *folder)
{
    g_autoptr(Diags) diags = diags_new();
    g_assert_null(ruleset_load(folder->path, diags));
    g_assert_cmpuint(diags_errors(diags), >, 0);
    return all_of(diags, folder->path);
}

Extraction *
rulefolder_extract(Ruleset *ruleset, const char *mail)
{
    g_autoptr(Message) message = message_parse(mail, strlen(mail), NULL);
    return extraction_run(ruleset, message, NULL);
}
