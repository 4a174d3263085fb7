#include "rules/when.h"

#include <string.h>

typedef struct {
    ViewRef view;
    GPtrArray *patterns; /* Pattern */
    GArray *gates;       /* guint, of each */
    guint line, column;
} Condition;

typedef struct {
    GPtrArray *all;  /* Condition: each must hold */
    GPtrArray *none; /* Condition: none may hold */
} Alternative;

struct When {
    GPtrArray *alternatives; /* Alternative; empty: always */
};

static void
condition_free(gpointer data)
{
    Condition *condition = data;
    g_ptr_array_unref(condition->patterns);
    g_array_unref(condition->gates);
    g_free(condition);
}

static void
alternative_free(gpointer data)
{
    Alternative *alternative = data;
    g_ptr_array_unref(alternative->all);
    g_ptr_array_unref(alternative->none);
    g_free(alternative);
}

void
when_free(When *when)
{
    if (!when)
        return;
    g_ptr_array_unref(when->alternatives);
    g_free(when);
}

Pattern *
when_pattern(const YamlFile *file, const YamlNode *node, PatternBook *book, Diags *diags)
{
    const char *text;
    PatternError error;
    if (!yaml_text(file, node, &text, diags))
        return NULL;
    Pattern *pattern = pattern_compile(text, book, &error);
    if (pattern)
        return pattern;
    guint column = node->column;
    if (error.offset >= 0 && node->text_column > 0)
        column = node->text_column + g_utf8_pointer_to_offset(text, text + error.offset);
    diags_error(diags, file->name, node->line, column, "pattern: %s", error.message);
    pattern_error_clear(&error);
    return NULL;
}

static Condition *
read_condition(const YamlFile *file, const YamlNode *key, const YamlNode *value, PatternBook *book,
               Diags *diags)
{
    Condition *condition = g_new0(Condition, 1);
    condition->patterns = g_ptr_array_new_with_free_func((GDestroyNotify)pattern_unref);
    condition->gates = g_array_new(FALSE, FALSE, sizeof(guint));
    condition->line = key->line;
    condition->column = key->column;
    view_parse(file, key, "condition", &condition->view, diags);
    if (yaml_list_length(value) == 0)
        yaml_error(file, value, diags, "expected a pattern or a list of patterns");
    for (guint i = 0; i < yaml_list_length(value); i++) {
        Pattern *pattern = when_pattern(file, yaml_list_at(value, i), book, diags);
        if (pattern)
            g_ptr_array_add(condition->patterns, pattern);
    }
    return condition;
}

/* The keys of a map into `into`; `not` into `none`, which is NULL inside of `not`. */
static void
read_map(const YamlFile *file, const YamlNode *map, GPtrArray *into, GPtrArray *none,
         PatternBook *book, Diags *diags)
{
    if (map->kind != YAML_MAPPING || map->keys->len == 0) {
        yaml_error(file, map, diags, "expected conditions such as {from: '@example\\.com$'}");
        return;
    }
    for (guint i = 0; i < map->keys->len; i++) {
        const YamlNode *key = g_ptr_array_index(map->keys, i);
        const YamlNode *value = g_ptr_array_index(map->items, i);
        if (strcmp(key->text, "not") != 0)
            g_ptr_array_add(into, read_condition(file, key, value, book, diags));
        else if (none)
            read_map(file, value, none, NULL, book, diags);
        else
            yaml_error(file, key, diags, "\"not\" cannot stand inside of \"not\"");
    }
}

When *
when_new(const YamlFile *file, const YamlNode *node, PatternBook *book, Diags *diags)
{
    guint errors = diags_errors(diags);
    When *when = g_new0(When, 1);
    when->alternatives = g_ptr_array_new_with_free_func(alternative_free);
    if (node && yaml_list_length(node) == 0)
        yaml_error(file, node, diags, "expected conditions such as {from: '@example\\.com$'}");
    for (guint i = 0; node && i < yaml_list_length(node); i++) {
        Alternative *alternative = g_new(Alternative, 1);
        alternative->all = g_ptr_array_new_with_free_func(condition_free);
        alternative->none = g_ptr_array_new_with_free_func(condition_free);
        g_ptr_array_add(when->alternatives, alternative);
        read_map(file, yaml_list_at(node, i), alternative->all, alternative->none, book, diags);
    }
    if (diags_errors(diags) == errors)
        return when;
    when_free(when);
    return NULL;
}

gboolean
when_is_conditional(const When *when)
{
    return when->alternatives->len > 0;
}

static gboolean
condition_holds(const Condition *condition, const Message *message, Gates *gates,
                PatternBudget *budget, gboolean *limit)
{
    const char *text = NULL;
    gsize length = 0;
    for (guint i = 0; i < condition->patterns->len; i++) {
        if (gates && !gates_open(gates, g_array_index(condition->gates, guint, i)))
            continue;
        if (!text) {
            text = view_text(&condition->view, message);
            length = strlen(text);
        }
        PatternResult result = pattern_match(g_ptr_array_index(condition->patterns, i), text,
                                             length, 0, budget, NULL, NULL);
        if (result == PATTERN_MATCH)
            return TRUE;
        *limit |= result == PATTERN_LIMIT;
    }
    return FALSE;
}

static void
fails(WhenResult *result, const Condition *condition, gboolean unwanted)
{
    if (result->view)
        return; /* the first alternative's says most */
    result->view = condition->view.name;
    result->unwanted = unwanted;
    result->line = condition->line;
    result->column = condition->column;
}

static gboolean
alternative_holds(const Alternative *alternative, const Message *message, Gates *gates,
                  PatternBudget *budget, WhenResult *result)
{
    for (guint i = 0; i < alternative->all->len; i++) {
        const Condition *condition = g_ptr_array_index(alternative->all, i);
        if (!condition_holds(condition, message, gates, budget, &result->limit)) {
            fails(result, condition, FALSE);
            return FALSE;
        }
    }
    for (guint i = 0; i < alternative->none->len; i++) {
        const Condition *condition = g_ptr_array_index(alternative->none, i);
        gboolean limit = FALSE;
        gboolean holds = condition_holds(condition, message, gates, budget, &limit);
        result->limit |= limit;
        /* What could not be judged to its end might have turned the mail away. */
        if (holds || limit) {
            fails(result, condition, TRUE);
            return FALSE;
        }
    }
    return TRUE;
}

WhenResult
when_judge(const When *when, const Message *message, Gates *gates, PatternBudget *budget)
{
    WhenResult result = {.holds = when->alternatives->len == 0};
    for (guint i = 0; i < when->alternatives->len && !result.holds; i++)
        result.holds = alternative_holds(g_ptr_array_index(when->alternatives, i), message, gates,
                                         budget, &result);
    if (result.holds)
        result.view = NULL;
    return result;
}

/* --- gates --- */

static void
add_gates(GPtrArray *conditions, GateBook *book)
{
    for (guint i = 0; i < conditions->len; i++) {
        Condition *condition = g_ptr_array_index(conditions, i);
        for (guint k = 0; k < condition->patterns->len; k++) {
            guint gate = gate_book_add(book, &condition->view, condition->patterns->pdata[k]);
            g_array_append_val(condition->gates, gate);
        }
    }
}

void
when_add_gates(When *when, GateBook *book)
{
    for (guint i = 0; i < when->alternatives->len; i++) {
        Alternative *alternative = g_ptr_array_index(when->alternatives, i);
        add_gates(alternative->all, book);
        add_gates(alternative->none, book);
    }
}

/* How many patterns have a condition's gates, together; 0 when one of its has none. */
static guint
gate_users(const GArray *gates, const GateBook *book)
{
    guint users = 0;
    for (guint i = 0; i < gates->len; i++) {
        guint gate = g_array_index(gates, guint, i);
        if (gate == GATE_NONE)
            return 0;
        users += gate_book_users(book, gate);
    }
    return users;
}

/* Of the condition whose gates the fewest have; NULL when there is none. */
static const GArray *
rarest_gates(const Alternative *alternative, const GateBook *book)
{
    const GArray *best = NULL;
    guint least = G_MAXUINT;
    for (guint i = 0; i < alternative->all->len; i++) {
        const Condition *condition = g_ptr_array_index(alternative->all, i);
        guint users = gate_users(condition->gates, book);
        if (users > 0 && users < least) {
            best = condition->gates;
            least = users;
        }
    }
    return best;
}

GArray *
when_gates(const When *when, const GateBook *book)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < when->alternatives->len; i++) {
        const GArray *gates = rarest_gates(g_ptr_array_index(when->alternatives, i), book);
        if (!gates)
            return NULL;
        g_array_append_vals(all, gates->data, gates->len);
    }
    return all->len ? g_steal_pointer(&all) : NULL;
}
