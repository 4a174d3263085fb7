#include "rules/ruletest.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/parallel.h"
#include "rules/run.h"

static void
test_free(gpointer data)
{
    RuleTest *test = data;
    g_free(test->difference);
    g_free(test);
}

void
ruletest_free(RuleTestReport *report)
{
    if (!report)
        return;
    g_ptr_array_unref(report->tests);
    if (report->unreached)
        g_ptr_array_unref(report->unreached);
    g_free(report);
}

static void G_GNUC_PRINTF(2, 3) differ(GString *difference, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (difference->len > 0)
        g_string_append_c(difference, '\n');
    g_string_append_vprintf(difference, format, args);
    va_end(args);
}

static void
compare_fields(const SourceTest *test, const Lead *lead, GString *difference)
{
    for (guint i = 0; i < test->expect->keys->len; i++) {
        const YamlNode *key = g_ptr_array_index(test->expect->keys, i);
        const YamlNode *value = g_ptr_array_index(test->expect->items, i);
        gboolean absent = value->plain && (!*value->text || strcmp(value->text, "null") == 0 ||
                                           strcmp(value->text, "~") == 0);
        const char *got = lead ? lead_get(lead, key->text) : NULL;
        if (absent && got)
            differ(difference, "%s: expected none, got \"%s\"", key->text, got);
        else if (!absent && !got)
            differ(difference, "%s: expected \"%s\", got none", key->text, value->text);
        else if (!absent && strcmp(got, value->text) != 0)
            differ(difference, "%s: expected \"%s\", got \"%s\"", key->text, value->text, got);
    }
}

static void
compare(const SourceTest *test, const char *own_source, const Extraction *extraction,
        GString *difference)
{
    const char *took = extraction->source ? extraction->source : SOURCE_NONE;
    if (test->not ) {
        if (strcmp(took, own_source) == 0)
            differ(difference, "source: expected another one, got %s", took);
        return;
    }
    if (strcmp(took, test->source) != 0)
        differ(difference, "source: expected %s, got %s", test->source, took);
    if (test->action >= 0 && extraction->action != (Action)test->action)
        differ(difference, "action: expected %s, got %s", action_names[test->action],
               action_names[extraction->action]);
    if (test->expect)
        compare_fields(test, extraction->lead, difference);
}

/* What won, by its address: an extractor of this ruleset is one, wherever it is inherited. */
static char *
place_of(const char *file, guint line, guint column)
{
    return g_strdup_printf("%s:%u:%u", file, line, column);
}

/* A test and whose it is. */
typedef struct {
    const Source *source;
    const SourceTest *test;
} Task;

/* What the threads share. */
typedef struct {
    Ruleset *ruleset;
    const GArray *tasks; /* Task */
    RuleTest **results;  /* as many */
    GMutex lock;         /* of `reached` */
    GHashTable *reached; /* names of sources, and places of extractors that won; NULL: not asked */
} Batch;

static void
remember(Batch *batch, const Extraction *extraction)
{
    if (!batch->reached)
        return;
    g_mutex_lock(&batch->lock);
    if (extraction->source)
        g_hash_table_add(batch->reached, g_strdup(extraction->source));
    for (guint i = 0; i < extraction->steps->len; i++) {
        const Step *step = g_ptr_array_index(extraction->steps, i);
        if (step->outcome == STEP_WON)
            g_hash_table_add(batch->reached, place_of(step->file, step->line, step->column));
    }
    g_mutex_unlock(&batch->lock);
}

static RuleTest *
run_test(Batch *batch, const Source *source, const SourceTest *test)
{
    Ruleset *ruleset = batch->ruleset;
    g_autofree char *path = g_build_filename(ruleset->folder, test->mail, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) difference = g_string_new(NULL);
    gsize length;
    g_autofree char *mail = file_read(path, LIMIT_MESSAGE_DEFAULT, &length, &error);
    if (!mail) {
        differ(difference, "mail: %s: %s", path, error->message);
    } else {
        const char *const recipients[] = {test->recipient, NULL};
        MessageOptions options = {.sender = test->sender, .recipients = recipients};
        g_autoptr(Message) message = message_parse(mail, length, &options);
        g_autoptr(Extraction) extraction = extraction_run(ruleset, message, NULL);
        remember(batch, extraction);
        compare(test, source->name, extraction, difference);
    }
    RuleTest *result = g_new0(RuleTest, 1);
    *result = (RuleTest){.file = test->file,
                         .line = test->line,
                         .column = test->column,
                         .mail = test->mail,
                         .passed = difference->len == 0};
    if (!result->passed)
        result->difference = g_strdup(difference->str);
    return result;
}

typedef struct {
    GHashTable *reached;
    GPtrArray *unreached;
} Unreached;

static void
list_unreached(const RulePlace *place, gpointer data)
{
    Unreached *list = data;
    g_autofree char *at = place_of(place->file, place->line, place->column);
    if (g_hash_table_contains(list->reached, place->field ? at : place->source))
        return;
    g_ptr_array_add(list->unreached,
                    place->field ? g_strdup_printf("%s: %s: %s", at, place->field, place->kind)
                                 : g_strdup_printf("%s: source %s", place->file, place->source));
}

static void
run_task(guint i, gpointer data)
{
    Batch *batch = data;
    const Task *task = &g_array_index(batch->tasks, Task, i);
    batch->results[i] = run_test(batch, task->source, task->test);
}

static GArray *
list_tasks(const Ruleset *ruleset)
{
    GArray *tasks = g_array_new(FALSE, FALSE, sizeof(Task));
    for (guint i = 0; i < ruleset->sources->len; i++) {
        const Source *source = g_ptr_array_index(ruleset->sources, i);
        for (guint j = 0; j < source->tests->len; j++) {
            Task task = {source, g_ptr_array_index(source->tests, j)};
            g_array_append_val(tasks, task);
        }
    }
    return tasks;
}

RuleTestReport *
ruletest_run(Ruleset *ruleset, gboolean unreached)
{
    g_autoptr(GArray) tasks = list_tasks(ruleset);
    g_autofree RuleTest **results = g_new0(RuleTest *, tasks->len);
    g_autoptr(GHashTable) reached =
        unreached ? g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) : NULL;
    Batch batch = {.ruleset = ruleset, .tasks = tasks, .results = results, .reached = reached};
    g_mutex_init(&batch.lock);
    parallel_each(tasks->len, run_task, &batch);
    g_mutex_clear(&batch.lock);

    RuleTestReport *report = g_new0(RuleTestReport, 1);
    report->tests = g_ptr_array_new_with_free_func(test_free);
    for (guint i = 0; i < tasks->len; i++) {
        g_ptr_array_add(report->tests, results[i]);
        if (results[i]->passed)
            report->passed++;
        else
            report->failed++;
    }
    if (unreached) {
        report->unreached = g_ptr_array_new_with_free_func(g_free);
        Unreached list = {reached, report->unreached};
        ruleset_foreach(ruleset, list_unreached, &list);
    }
    return report;
}
