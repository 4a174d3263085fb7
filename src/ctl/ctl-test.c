/* leadctl test: the tests that the rule files carry. */

#include <stdio.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/output.h"
#include "rules/ruletest.h"

static const CtlUsage usage = {
    "leadctl test",
    "[DIR]",
    0,
    1,
    "Runs the tests in the rule files of DIR (else --rules, else the configuration's) and shows\n"
    "each that fails, with what was expected and what came. Then what no test has reached: it is\n"
    "no failure, but nobody would notice when it breaks. Status 1 if a test failed.",
};

static void
print_json(const RuleTestReport *report)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    json_builder_begin_object(json);
    output_member_int(json, "passed", report->passed);
    output_member_int(json, "failed", report->failed);
    json_builder_set_member_name(json, "tests");
    json_builder_begin_array(json);
    for (guint i = 0; i < report->tests->len; i++) {
        const RuleTest *test = g_ptr_array_index(report->tests, i);
        json_builder_begin_object(json);
        output_member(json, "file", test->file);
        output_member_int(json, "line", test->line);
        output_member_int(json, "column", test->column);
        output_member(json, "mail", test->mail);
        output_member_bool(json, "passed", test->passed);
        output_member(json, "difference", test->difference);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    json_builder_set_member_name(json, "unreached");
    json_builder_begin_array(json);
    for (guint i = 0; i < report->unreached->len; i++)
        json_builder_add_string_value(json, g_ptr_array_index(report->unreached, i));
    json_builder_end_array(json);
    json_builder_end_object(json);
    output_json(json);
}

static void
print_failure(const RuleTest *test)
{
    printf("%s:%u:%u: %sfailed%s: %s\n", test->file, test->line, test->column,
           output_colour(COLOUR_RED), output_colour(COLOUR_NONE), test->mail);
    g_auto(GStrv) lines = g_strsplit(test->difference, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *shown = output_clean(*line, 0);
        if (*shown)
            printf("    %s\n", shown);
    }
}

static void
print_text(const RuleTestReport *report)
{
    for (guint i = 0; i < report->tests->len; i++) {
        const RuleTest *test = g_ptr_array_index(report->tests, i);
        if (!test->passed)
            print_failure(test);
    }
    if (report->unreached->len)
        printf("No test reached:\n");
    for (guint i = 0; i < report->unreached->len; i++)
        printf("  %s\n", (const char *)g_ptr_array_index(report->unreached, i));
    printf("%s%u tests: %u passed, %u failed%s\n",
           output_colour(report->failed ? COLOUR_RED : COLOUR_GREEN), report->tests->len,
           report->passed, report->failed, output_colour(COLOUR_NONE));
}

int
ctl_test(Ctl *ctl, char **argv)
{
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, NULL, &operands);
    if (status >= 0)
        return status;
    if (operands[0]) {
        g_free(ctl->rules);
        ctl->rules = g_strdup(operands[0]);
    }
    status = ctl_ruleset(ctl);
    if (status != EX_OK)
        return status;
    g_autoptr(RuleTestReport) report = ruletest_run(ctl->ruleset, TRUE);
    if (ctl->json)
        print_json(report);
    else
        print_text(report);
    return report->failed ? 1 : EX_OK;
}
