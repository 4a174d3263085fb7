#include "rules/ruleset.h"

#include <string.h>

#include "base/limits.h"
#include "base/parallel.h"
#include "rules/ruleset-private.h"

static void
clear(gpointer data)
{
    Ruleset *ruleset = data;
    g_free(ruleset->folder);
    if (ruleset->sources)
        g_ptr_array_unref(ruleset->sources);
    wire_free(ruleset->wire);
    pattern_book_free(ruleset->book);
    gate_book_free(ruleset->gates);
    choice_free(ruleset->choice);
    g_ptr_array_unref(ruleset->files); /* the sources borrow from them */
}

Ruleset *
ruleset_ref(Ruleset *ruleset)
{
    return g_atomic_rc_box_acquire(ruleset);
}

void
ruleset_unref(Ruleset *ruleset)
{
    if (ruleset)
        g_atomic_rc_box_release_full(ruleset, clear);
}

/* Things made of others, all at once, and what is wrong with each, which is told in their order. */
typedef struct Batch Batch;
struct Batch {
    const Ruleset *ruleset;
    const GPtrArray *from;
    gpointer (*make)(const Batch *batch, gpointer from, Diags *diags);
    gboolean complete; /* nothing was wrong so far */
    guint *order;      /* in which they are made; NULL: theirs */
    gpointer *made;    /* or NULL, of each */
    Diags **diags;
};

static void
make_one(guint i, gpointer data)
{
    Batch *batch = data;
    if (batch->order)
        i = batch->order[i];
    batch->diags[i] = diags_new();
    batch->made[i] = batch->make(batch, g_ptr_array_index(batch->from, i), batch->diags[i]);
}

static void
make_all(Batch *batch)
{
    batch->made = g_new0(gpointer, batch->from->len);
    batch->diags = g_new0(Diags *, batch->from->len);
    parallel_each(batch->from->len, make_one, batch);
}

/* What was made of this one; call it once for each. */
static gpointer
take_made(Batch *batch, guint i, Diags *diags)
{
    diags_take(diags, batch->diags[i]);
    return batch->made[i];
}

static void
batch_clear(Batch *batch)
{
    g_free(batch->order);
    g_free(batch->made);
    g_free(batch->diags);
}

static int
by_bytes(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The paths of the folder's rule files in byte order; NULL when it cannot be read. */
static GPtrArray *
list_files(const char *folder, Diags *diags)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    if (!dir) {
        diags_error(diags, folder, 0, 0, "cannot read the rules: %s", error->message);
        return NULL;
    }
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir));)
        if (g_str_has_suffix(name, ".yaml") && *name != '.')
            g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    g_ptr_array_sort(paths, by_bytes);
    if (paths->len == 0)
        diags_error(diags, folder, 0, 0, "no rules here: there is no *.yaml file");
    return paths;
}

static gpointer
load_file(const Batch *unused, gpointer path, Diags *diags)
{
    (void)unused;
    return yaml_load(path, diags);
}

static void
load_files(Ruleset *ruleset, Diags *diags)
{
    g_autoptr(GPtrArray) paths = list_files(ruleset->folder, diags);
    if (!paths)
        return;
    Batch batch = {.ruleset = ruleset, .from = paths, .make = load_file};
    make_all(&batch);
    for (guint i = 0; i < paths->len; i++) {
        YamlFile *file = take_made(&batch, i, diags);
        if (file)
            g_ptr_array_add(ruleset->files, file);
    }
    batch_clear(&batch);
}

static void
unknown_kind(const YamlFile *file, const char *const *kinds, Diags *diags)
{
    const GPtrArray *keys = file->root ? file->root->keys : NULL;
    for (guint i = 0; keys && i < keys->len; i++) {
        const YamlNode *key = g_ptr_array_index(keys, i);
        const char *near = suggest(key->text, kinds);
        if (near) {
            yaml_error(file, key, diags, "unknown key \"%s\"; did you mean \"%s\"?", key->text,
                       near);
            return;
        }
    }
    yaml_error(file, file->root, diags,
               "expected a rule file with \"source\", \"patterns\" or \"wire\"");
}

/* Each file is one of three things. */
static const char *
kind_of(const YamlFile *file, Diags *diags)
{
    static const char *const kinds[] = {"source", "patterns", "wire", NULL};
    const char *kind = NULL;
    for (guint i = 0; kinds[i]; i++) {
        const YamlNode *node = yaml_get(file->root, kinds[i]);
        if (node && kind) {
            yaml_error(file, node, diags,
                       "a file has one of source, patterns, wire; this one has"
                       " \"%s\" as well",
                       kind);
            return NULL;
        }
        if (node)
            kind = kinds[i];
    }
    if (!kind)
        unknown_kind(file, kinds, diags);
    return kind;
}

static gboolean
is_name(const char *text)
{
    return g_ascii_isalpha(*text) && strlen(text) <= 32 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
               strlen(text);
}

static void
add_patterns(Ruleset *ruleset, const YamlFile *file, Diags *diags)
{
    static const char *const keys[] = {"patterns", NULL};
    const YamlNode *map = yaml_get(file->root, "patterns");
    yaml_check_keys(file, file->root, "key", keys, diags);
    if (map->kind != YAML_MAPPING) {
        yaml_error(file, map, diags, "expected names and patterns, as in zip: '\\b\\d{5}\\b'");
        return;
    }
    for (guint i = 0; i < map->keys->len; i++) {
        const YamlNode *key = g_ptr_array_index(map->keys, i);
        const char *text;
        if (!is_name(key->text))
            yaml_error(file, key, diags,
                       "\"%s\" is no name for a pattern: letters, digits and"
                       " \"_\", 32 at most",
                       key->text);
        else if (yaml_text(file, g_ptr_array_index(map->items, i), &text, diags) &&
                 !pattern_book_add(ruleset->book, key->text, text))
            yaml_error(file, key, diags, "a second pattern \"%s\"", key->text);
    }
}

/* Once all are there, since they may use one another. */
static void
check_patterns(const Ruleset *ruleset, const YamlFile *file, Diags *diags)
{
    const YamlNode *map = yaml_get(file->root, "patterns");
    for (guint i = 0; map->keys && i < map->keys->len; i++) {
        const YamlNode *key = g_ptr_array_index(map->keys, i);
        const YamlNode *value = g_ptr_array_index(map->items, i);
        PatternError error;
        if (!is_name(key->text) || value->kind != YAML_SCALAR || !*value->text)
            continue; /* told already */
        if (pattern_book_check(ruleset->book, key->text, &error))
            continue;
        guint column = value->column;
        if (error.offset >= 0 && value->text_column > 0)
            column = value->text_column +
                     g_utf8_pointer_to_offset(value->text, value->text + error.offset);
        diags_error(diags, file->name, value->line, column, "pattern: %s", error.message);
        pattern_error_clear(&error);
    }
}

Source *
ruleset_find(const Ruleset *ruleset, const char *name)
{
    for (guint i = 0; i < ruleset->sources->len; i++) {
        Source *source = g_ptr_array_index(ruleset->sources, i);
        if (strcmp(source->name, name) == 0)
            return source;
    }
    return NULL;
}

/* The source that the file has, or NULL. */
static gpointer
read_file(const Batch *batch, gpointer data, Diags *diags)
{
    const Ruleset *ruleset = batch->ruleset;
    const YamlFile *file = data;
    if (yaml_get(file->root, "patterns"))
        check_patterns(ruleset, file, diags);
    return yaml_get(file->root, "source") ? source_new(file, ruleset->book, diags) : NULL;
}

static void
add_source(Ruleset *ruleset, Source *source, Diags *diags)
{
    const Source *other = ruleset_find(ruleset, source->name);
    if (other)
        diags_error(diags, source->file->name, source->line, source->column,
                    "a second source \"%s\"; the first is in %s", source->name, other->file->name);
    g_ptr_array_add(ruleset->sources, source);
}

static void
add_wire(Ruleset *ruleset, const YamlFile *file, Diags *diags)
{
    if (ruleset->wire)
        yaml_error(file, yaml_get(file->root, "wire"), diags, "a second wire table");
    else
        ruleset->wire = wire_new(file, diags);
}

/* `but` is none that could be meant, or NULL. */
static void
unknown_source(const Ruleset *ruleset, const YamlFile *file, const YamlNode *node,
               const Source *but, Diags *diags)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < ruleset->sources->len; i++) {
        const Source *source = g_ptr_array_index(ruleset->sources, i);
        if (source != but)
            g_ptr_array_add(names, (gpointer)source->name);
    }
    g_ptr_array_add(names, NULL);
    const char *near = suggest(node->text, (const char *const *)names->pdata);
    if (near)
        yaml_error(file, node, diags, "unknown source \"%s\"; did you mean \"%s\"?", node->text,
                   near);
    else
        yaml_error(file, node, diags, "unknown source \"%s\"", node->text);
}

/* The sources that this one's fields come from, itself first; NULL on an error. */
static GPtrArray *
chain_of(const Ruleset *ruleset, Source *source, gboolean complete, Diags *diags)
{
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    for (Source *next = source; next;) {
        g_ptr_array_add(chain, next);
        if (!next->extends)
            break;
        Source *base = ruleset_find(ruleset, next->extends->text);
        if (!base) {
            if (next == source && complete) /* else told with that one, or its file is broken */
                unknown_source(ruleset, source->file, source->extends, source, diags);
            return NULL;
        }
        if (g_ptr_array_find(chain, base, NULL) || chain->len > LIMIT_EXTENDS) {
            yaml_error(source->file, source->extends, diags,
                       "\"extends\" goes in a circle: \"%s\" comes"
                       " back to \"%s\"",
                       source->name, base->name);
            return NULL;
        }
        next = base;
    }
    return g_steal_pointer(&chain);
}

/* Sources that tests name must be there; "none": no source takes the mail. */
static void
check_tests(const Ruleset *ruleset, const Source *source, Diags *diags)
{
    for (guint i = 0; i < source->tests->len; i++) {
        const SourceTest *test = g_ptr_array_index(source->tests, i);
        if (test->source_node && strcmp(test->source, SOURCE_NONE) != 0 &&
            !ruleset_find(ruleset, test->source))
            unknown_source(ruleset, source->file, test->source_node, NULL, diags);
    }
}

static gpointer
resolve_source(const Batch *batch, gpointer data, Diags *diags)
{
    Source *source = data;
    g_autoptr(GPtrArray) chain = chain_of(batch->ruleset, source, batch->complete, diags);
    if (chain)
        source_resolve(source, chain, diags);
    if (batch->complete) /* else the missing one may be in a file that is broken */
        check_tests(batch->ruleset, source, diags);
    return NULL;
}

static void
resolve(Ruleset *ruleset, gboolean complete, Diags *diags)
{
    Batch batch = {
        .ruleset = ruleset, .from = ruleset->sources, .make = resolve_source, .complete = complete};
    make_all(&batch);
    for (guint i = 0; i < ruleset->sources->len; i++)
        take_made(&batch, i, diags);
    batch_clear(&batch);
}

/* The files that are what they should be, those of patterns first, whatever their names: the
 * sources use them. */
static GPtrArray *
sort_files(Ruleset *ruleset, Diags *diags)
{
    GPtrArray *sorted = g_ptr_array_new();
    guint patterns = 0;
    for (guint i = 0; i < ruleset->files->len; i++) {
        YamlFile *file = g_ptr_array_index(ruleset->files, i);
        const char *kind = kind_of(file, diags);
        if (!kind)
            continue;
        gboolean first = strcmp(kind, "patterns") == 0;
        if (first)
            add_patterns(ruleset, file, diags);
        g_ptr_array_insert(sorted, first ? (gint)patterns++ : -1, file);
    }
    return sorted;
}

static int
by_length(gconstpointer a, gconstpointer b, gpointer data)
{
    const GPtrArray *files = data;
    const YamlFile *first = g_ptr_array_index(files, *(const guint *)a);
    const YamlFile *second = g_ptr_array_index(files, *(const guint *)b);
    return (first->length < second->length) - (first->length > second->length);
}

/* The longest first: begun last, it would keep all processors but one waiting. */
static guint *
longest_first(GPtrArray *files)
{
    guint *order = g_new(guint, files->len);
    for (guint i = 0; i < files->len; i++)
        order[i] = i;
    g_qsort_with_data(order, (gint)files->len, sizeof *order, by_length, files);
    return order;
}

static void
read_files(Ruleset *ruleset, Diags *diags)
{
    g_autoptr(GPtrArray) files = sort_files(ruleset, diags);
    Batch batch = {
        .ruleset = ruleset, .from = files, .make = read_file, .order = longest_first(files)};
    make_all(&batch);
    for (guint i = 0; i < files->len; i++) {
        const YamlFile *file = g_ptr_array_index(files, i);
        Source *source = take_made(&batch, i, diags);
        if (source)
            add_source(ruleset, source, diags);
        else if (yaml_get(file->root, "wire"))
            add_wire(ruleset, file, diags);
    }
    batch_clear(&batch);
}

/* What lets most patterns alone; see gate.h and choice.h. */
static void
make_gates(Ruleset *ruleset)
{
    ruleset->gates = gate_book_new();
    for (guint i = 0; i < ruleset->sources->len; i++)
        source_add_gates(g_ptr_array_index(ruleset->sources, i), ruleset->gates);
    gate_book_compile(ruleset->gates);
    ruleset->choice = choice_new(ruleset->sources, ruleset->gates);
}

Ruleset *
ruleset_load(const char *folder, Diags *diags)
{
    guint errors = diags_errors(diags);
    g_autoptr(Ruleset) ruleset = g_atomic_rc_box_new0(Ruleset);
    ruleset->folder = g_strdup(folder);
    ruleset->files = g_ptr_array_new_with_free_func((GDestroyNotify)yaml_file_free);
    ruleset->sources = g_ptr_array_new_with_free_func(source_free);
    ruleset->book = pattern_book_new();
    load_files(ruleset, diags);
    gboolean readable = diags_errors(diags) == errors;
    read_files(ruleset, diags);
    resolve(ruleset, diags_errors(diags) == errors, diags);
    if (readable && diags_errors(diags) == errors && !ruleset->wire)
        diags_error(diags, folder, 0, 0, "no wire table: the file centerpoint.yaml is missing");
    if (diags_errors(diags) != errors)
        return NULL;
    make_gates(ruleset);
    return g_steal_pointer(&ruleset);
}

const Wire *
ruleset_wire(const Ruleset *ruleset)
{
    return ruleset->wire;
}

guint
ruleset_sources(const Ruleset *ruleset)
{
    return ruleset->sources->len;
}

const char *
ruleset_folder(const Ruleset *ruleset)
{
    return ruleset->folder;
}

gboolean
ruleset_wants_authentication(const Ruleset *ruleset)
{
    for (guint i = 0; i < ruleset->sources->len; i++)
        if (((Source *)g_ptr_array_index(ruleset->sources, i))->authenticate->len > 0)
            return TRUE;
    return FALSE;
}

static void
visit_extractors(const Source *source, RulePlace place, RuleVisitor visit, gpointer data)
{
    for (guint i = 0; i < source->own->len; i++) {
        const Field *field = g_ptr_array_index(source->own, i);
        for (guint j = 0; j < field->extractors->len; j++) {
            const Extractor *extractor = g_ptr_array_index(field->extractors, j);
            place.file = extractor->file;
            place.line = extractor->line;
            place.column = extractor->column;
            place.field = field->name;
            place.kind = extractor_names[extractor->kind];
            visit(&place, data);
        }
    }
}

void
ruleset_foreach(const Ruleset *ruleset, RuleVisitor visit, gpointer data)
{
    for (guint i = 0; i < ruleset->sources->len; i++) {
        const Source *source = g_ptr_array_index(ruleset->sources, i);
        const RulePlace place = {
            .source = source->name,
            .file = source->file->name,
            .line = source->line,
            .column = source->column,
            .conditional = when_is_conditional(source->when),
        };
        visit(&place, data);
        visit_extractors(source, place, visit, data);
    }
}
