/* leadctl check: everything that is wrong with the configuration and the rules, in one run. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/output.h"
#include "lead/defaults.h"
#include "rules/ruletest.h"

static const CtlUsage usage = {
    "leadctl check",
    NULL,
    0,
    0,
    "Reads the configuration and the rules as lead-milter does, runs the rules' own tests, looks\n"
    "at the files and folders that the configuration names, and shows everything that is wrong,\n"
    "as FILE:LINE:COL: error: text. Status 1 if anything is.\n"
    "Without a configuration, only the rules.",
};

/* Where the rules are by a configuration that is wrong elsewhere; newly allocated. */
static char *
rules_of_broken(const char *path)
{
    g_autoptr(Diags) again = diags_new();
    g_autoptr(YamlFile) file = yaml_load(path, again);
    const YamlNode *node = file ? yaml_get(file->root, "rules") : NULL;
    return g_strdup(node && node->kind == YAML_SCALAR ? node->text : NULL);
}

/* The folder of rules; newly allocated, NULL when it cannot be known. */
static char *
check_config(Ctl *ctl, Diags *diags)
{
    const char *path = ctl_config_path(ctl);
    ctl->config = path ? config_load(path, diags) : config_builtin();
    if (ctl->config)
        defaults_check(ctl->config, diags);
    if (ctl->config && path)
        ctl_check_places(ctl->config, diags);
    if (ctl->rules)
        return g_strdup(ctl->rules);
    return ctl->config ? g_strdup(ctl->config->rules) : rules_of_broken(path);
}

static void
check_tests(Ruleset *ruleset, Diags *diags)
{
    g_autoptr(RuleTestReport) report = ruletest_run(ruleset, FALSE);
    for (guint i = 0; i < report->tests->len; i++) {
        const RuleTest *test = g_ptr_array_index(report->tests, i);
        if (test->passed)
            continue;
        g_autofree char *difference = g_strdup(test->difference);
        g_strdelimit(g_strchomp(difference), "\n", ';');
        diags_error(diags, test->file, test->line, test->column, "test of %s failed: %s",
                    test->mail, difference);
    }
}

static void
check_rules(Ctl *ctl, const char *folder, Diags *diags)
{
    ctl->ruleset = ruleset_load(folder, diags);
    if (!ctl->ruleset)
        return;
    const Config *config = ctl->config;
    if (config && config->listen && !config->authserv_id &&
        ruleset_wants_authentication(ctl->ruleset))
        diags_warning(diags, config->file, 0, 0,
                      "rules have \"authenticate\", which is not judged without \"authserv_id\"");
    check_tests(ctl->ruleset, diags);
}

static void
print_json(const Diags *diags)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    json_builder_begin_array(json);
    for (guint i = 0; i < diags_length(diags); i++) {
        const Diag *diag = diags_at(diags, i);
        json_builder_begin_object(json);
        output_member(json, "level", diag->level == DIAG_ERROR ? "error" : "warning");
        output_member(json, "file", diag->file);
        output_member_int(json, "line", diag->line);
        output_member_int(json, "column", diag->column);
        output_member(json, "text", diag->text);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    output_json(json);
}

static void
print_summary(const Ctl *ctl, const Diags *diags)
{
    if (diags_errors(diags)) {
        fprintf(stderr, "leadctl: %u errors, %u warnings\n", diags_errors(diags),
                diags_warnings(diags));
        return;
    }
    if (ctl->config->listen)
        printf("%s: %u accounts, %u mailboxes: good\n", ctl->config->file,
               ctl->config->accounts->len, ctl->config->mailboxes->len);
    printf("%s: %u sources, all their tests passed: good\n", ruleset_folder(ctl->ruleset),
           ruleset_sources(ctl->ruleset));
}

int
ctl_check(Ctl *ctl, char **argv)
{
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, NULL, &operands);
    if (status >= 0)
        return status;
    g_autoptr(Diags) diags = diags_new();
    g_autofree char *folder = check_config(ctl, diags);
    if (folder)
        check_rules(ctl, folder, diags);
    if (ctl->json) {
        print_json(diags);
    } else {
        diags_print(diags, stderr);
        print_summary(ctl, diags);
    }
    return diags_errors(diags) ? 1 : EX_OK;
}
