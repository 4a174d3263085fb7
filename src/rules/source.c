#include "rules/source.h"

#include <string.h>

#include "rules/label.h"
#include "rules/template.h"

const char *const extractor_names[] = {"label", "pattern", "value", "link", "card", "from", NULL};
const char *const action_names[] = {"submit", "hold", "ignore", NULL};

static const char *const root_keys[] = {"source", "when",    "authenticate", "action",
                                        "fields", "extends", "tests",        NULL};
static const char *const test_keys[] = {"mail", "expect", "source",    "action",
                                        "not",  "sender", "recipient", NULL};
static const char *const from_words[] = {"from", "reply_to", "sender", NULL};

/* A file being read. */
typedef struct {
    const YamlFile *file;
    PatternBook *book;
    Source *source;
    Diags *diags;
} Reader;

static void
extractor_free(gpointer data)
{
    Extractor *extractor = data;
    if (extractor->views)
        g_array_unref(extractor->views);
    if (extractor->labels)
        g_ptr_array_unref(extractor->labels);
    if (extractor->template)
        g_ptr_array_unref(extractor->template);
    pattern_unref(extractor->pattern);
    g_free(extractor);
}

void
field_free(gpointer data)
{
    Field *field = data;
    g_ptr_array_unref(field->extractors);
    g_free(field);
}

void
source_free(gpointer data)
{
    Source *source = data;
    if (!source)
        return;
    when_free(source->when);
    if (source->label_views)
        g_array_unref(source->label_views);
    g_ptr_array_unref(source->authenticate);
    g_ptr_array_unref(source->own);
    if (source->fields)
        g_ptr_array_unref(source->fields);
    label_set_free(source->labels);
    g_ptr_array_unref(source->extractors);
    g_ptr_array_unref(source->tests);
    g_free(source);
}

/* --- extractors --- */

static void
add_view(GArray *views, View which)
{
    const ViewRef view = {which, NULL, view_names[which], 0};
    g_array_append_val(views, view);
}

/* Not all of the text: what a forwarder signs with is not the inquirer's. */
static GArray *
default_views(Source *source, ExtractorKind kind)
{
    if (kind == EXTRACTOR_LABEL && source->label_views)
        return g_array_ref(source->label_views);
    GArray *views = g_array_new(FALSE, FALSE, sizeof(ViewRef));
    add_view(views, kind == EXTRACTOR_LINK ? VIEW_LINKS : VIEW_BODY);
    if (kind != EXTRACTOR_LABEL)
        return views;
    add_view(views, VIEW_SIGNATURE);
    return source->label_views = g_array_ref(views);
}

static void
read_views(Reader *reader, const YamlNode *in, Extractor *extractor)
{
    if (!in) {
        extractor->views = default_views(reader->source, extractor->kind);
        return;
    }
    extractor->views = g_array_new(FALSE, FALSE, sizeof(ViewRef));
    for (guint i = 0; i < yaml_list_length(in); i++) {
        const YamlNode *node = yaml_list_at(in, i);
        ViewRef view = {-1, NULL, "notes", 0};
        gboolean notes = extractor->kind == EXTRACTOR_PATTERN && node->kind == YAML_SCALAR &&
                         strcmp(node->text, "notes") == 0;
        extractor->in_notes |= notes;
        if (notes || view_parse(reader->file, node, "view", &view, reader->diags))
            g_array_append_val(extractor->views, view);
    }
}

static void
label_free(gpointer label)
{
    g_ref_string_release(label);
}

static void
read_labels(Reader *reader, const YamlNode *list, Extractor *extractor)
{
    extractor->labels = g_ptr_array_new_with_free_func(label_free);
    if (yaml_list_length(list) == 0)
        yaml_error(reader->file, list, reader->diags, "expected a label or a list of labels");
    for (guint i = 0; i < yaml_list_length(list); i++) {
        const YamlNode *node = yaml_list_at(list, i);
        const char *text;
        if (!yaml_text(reader->file, node, &text, reader->diags))
            continue;
        char *key = label_key(text, strlen(text));
        if (!key) {
            yaml_error(reader->file, node, reader->diags,
                       "a label needs a letter or digit, and %d bytes at most", LABEL_MAX);
            continue;
        }
        key = label_intern(key);
        g_ptr_array_add(extractor->labels, key);
        extractor->label_bits |= label_bit(key);
    }
}

static void
read_word(Reader *reader, const YamlNode *node, const char *const *known, const char *what,
          Extractor *extractor)
{
    if (!yaml_text(reader->file, node, &extractor->word, reader->diags) ||
        g_strv_contains(known, extractor->word))
        return;
    const char *near = suggest(extractor->word, known);
    g_autofree char *all = g_strjoinv(", ", (char **)known);
    if (near)
        yaml_error(reader->file, node, reader->diags, "unknown %s \"%s\"; did you mean \"%s\"?",
                   what, extractor->word, near);
    else
        yaml_error(reader->file, node, reader->diags, "unknown %s \"%s\"; known are %s", what,
                   extractor->word, all);
}

static void
read_link(Reader *reader, const YamlNode *node, Extractor *extractor)
{
    static const char *const schemes[] = {"tel", "mailto", NULL};
    const char *text;
    if (!yaml_text(reader->file, node, &text, reader->diags))
        return;
    if (g_strv_contains(schemes, text))
        extractor->word = text;
    else
        extractor->pattern = when_pattern(reader->file, node, reader->book, reader->diags);
}

static void
read_from(Reader *reader, const YamlNode *node, AttributeType type, Extractor *extractor)
{
    if (type != TYPE_NAME && type != TYPE_EMAIL)
        yaml_error(reader->file, node, reader->diags,
                   "\"from\" gives a person's name or an email address; for another field use"
                   " value: '${from.name}'");
    read_word(reader, node, from_words, "sender", extractor);
}

/* The one key of a map that says what kind of extractor it is. */
static const YamlNode *
find_kind(Reader *reader, const YamlNode *map, ExtractorKind *kind)
{
    static const char *const keys[] = {"label", "pattern", "value", "link",
                                       "card",  "from",    "in",    NULL};
    const YamlNode *found = NULL;
    if (!yaml_check_keys(reader->file, map, "extractor", keys, reader->diags))
        return NULL;
    for (ExtractorKind k = 0; k < EXTRACTOR_N; k++) {
        const YamlNode *node = yaml_get(map, extractor_names[k]);
        if (node && found) {
            yaml_error(reader->file, node, reader->diags,
                       "one extractor has one of label, pattern, value, link, card, from; write"
                       " two as a list");
            return NULL;
        }
        if (node) {
            found = node;
            *kind = k;
        }
    }
    if (!found)
        yaml_error(reader->file, map, reader->diags,
                   "expected one of label, pattern, value, link, card, from");
    return found;
}

static void
read_extractor(Reader *reader, const YamlNode *map, Field *field)
{
    ExtractorKind kind;
    const YamlNode *node = find_kind(reader, map, &kind), *in = yaml_get(map, "in");
    if (!node)
        return;
    Extractor *extractor = g_new0(Extractor, 1);
    *extractor = (Extractor){.kind = kind,
                             .file = reader->file->name,
                             .source = reader->source->name,
                             .line = map->line,
                             .column = map->column};
    g_ptr_array_add(reader->source->extractors, extractor);
    g_ptr_array_add(field->extractors, extractor);
    if (in && kind != EXTRACTOR_LABEL && kind != EXTRACTOR_PATTERN)
        yaml_error(reader->file, in, reader->diags, "\"in\" belongs to label and pattern");
    read_views(reader, in, extractor);
    switch (kind) {
    case EXTRACTOR_LABEL:
        read_labels(reader, node, extractor);
        break;
    case EXTRACTOR_PATTERN:
        extractor->pattern = when_pattern(reader->file, node, reader->book, reader->diags);
        break;
    case EXTRACTOR_VALUE:
        extractor->template = template_new(reader->file, node, reader->diags);
        break;
    case EXTRACTOR_LINK:
        read_link(reader, node, extractor);
        break;
    case EXTRACTOR_CARD:
        read_word(reader, node, card_keys, "card key", extractor);
        break;
    case EXTRACTOR_FROM:
        read_from(reader, node, field->type, extractor);
        break;
    case EXTRACTOR_N:
        break;
    }
}

/* --- fields --- */

static gboolean
field_type(const char *name, AttributeType *type)
{
    Object object;
    const char *label;
    int index = attribute_find(name);
    if (index >= 0)
        *type = attributes[index].type;
    else if (attribute_custom(name, &object, &label))
        *type = TYPE_TEXT;
    else
        return FALSE;
    return TRUE;
}

static void
unknown_field(Reader *reader, const YamlNode *key)
{
    const char *near = suggest(key->text, attribute_names);
    if (near)
        yaml_error(reader->file, key, reader->diags, "unknown field \"%s\"; did you mean \"%s\"?",
                   key->text, near);
    else
        yaml_error(reader->file, key, reader->diags,
                   "unknown field \"%s\"; leadctl api names shows all; custom ones are"
                   " OBJECT.custom.LABEL",
                   key->text);
}

static Field *
field_new(const char *name, AttributeType type)
{
    Field *field = g_new0(Field, 1);
    field->name = name;
    field->type = type;
    field->extractors = g_ptr_array_new();
    return field;
}

/* The word for where the extended source's extractors belong. */
static gboolean
is_inherited(const YamlNode *node)
{
    return node->kind == YAML_SCALAR && strcmp(node->text, "inherited") == 0;
}

static void
read_fields(Reader *reader, const YamlNode *map)
{
    if (!map)
        return;
    if (map->kind != YAML_MAPPING) {
        yaml_error(reader->file, map, reader->diags,
                   "expected fields such as contact.name: {label: Name}");
        return;
    }
    for (guint i = 0; i < map->keys->len; i++) {
        const YamlNode *key = g_ptr_array_index(map->keys, i);
        const YamlNode *value = g_ptr_array_index(map->items, i);
        AttributeType type;
        if (!field_type(key->text, &type)) {
            unknown_field(reader, key);
            continue;
        }
        Field *field = field_new(key->text, type);
        g_ptr_array_add(reader->source->own, field);
        if (yaml_list_length(value) == 0)
            yaml_error(reader->file, value, reader->diags, "\"%s\" has no extractor", key->text);
        guint inherited = 0;
        for (guint j = 0; j < yaml_list_length(value); j++) {
            const YamlNode *node = yaml_list_at(value, j);
            if (!is_inherited(node)) {
                read_extractor(reader, node, field);
                continue;
            }
            field->inherit_at = field->extractors->len;
            if (inherited++)
                yaml_error(reader->file, node, reader->diags, "\"inherited\" stands here twice");
        }
        if (!inherited)
            field->inherit_at = field->extractors->len;
    }
}

/* --- tests --- */

static void
check_expectations(Reader *reader, const YamlNode *expect)
{
    if (expect->kind != YAML_MAPPING) {
        yaml_error(reader->file, expect, reader->diags,
                   "expected fields and their values, as in {contact.name: Ada Lovelace}");
        return;
    }
    for (guint i = 0; i < expect->keys->len; i++) {
        const YamlNode *key = g_ptr_array_index(expect->keys, i);
        const YamlNode *value = g_ptr_array_index(expect->items, i);
        AttributeType type;
        if (!field_type(key->text, &type))
            unknown_field(reader, key);
        if (value->kind != YAML_SCALAR)
            yaml_error(reader->file, value, reader->diags, "expected a text, or null for none");
    }
}

static void
read_test(Reader *reader, const YamlNode *map)
{
    if (!yaml_check_keys(reader->file, map, "key of a test", test_keys, reader->diags))
        return;
    SourceTest *test = g_new0(SourceTest, 1);
    guint action = 0;
    g_ptr_array_add(reader->source->tests, test);
    test->file = reader->file->name;
    test->line = map->line;
    test->column = map->column;
    test->action = -1;
    test->source = reader->source->name;
    if (!yaml_get(map, "mail"))
        yaml_error(reader->file, map, reader->diags, "\"mail\" is missing");
    yaml_text(reader->file, yaml_get(map, "mail"), &test->mail, reader->diags);
    test->source_node = yaml_get(map, "source");
    yaml_text(reader->file, test->source_node, &test->source, reader->diags);
    const YamlNode *sender = yaml_get(map, "sender"); /* '' is that of a bounce */
    if (sender && sender->kind == YAML_SCALAR)
        test->sender = sender->text;
    if (yaml_get(map, "recipient"))
        yaml_text(reader->file, yaml_get(map, "recipient"), &test->recipient, reader->diags);
    yaml_boolean(reader->file, yaml_get(map, "not"), &test->not, reader->diags);
    if (yaml_get(map, "action") &&
        yaml_choice(reader->file, yaml_get(map, "action"), action_names, &action, reader->diags))
        test->action = (int)action;
    test->expect = yaml_get(map, "expect");
    if (test->expect)
        check_expectations(reader, test->expect);
    if (test->not &&(test->expect || test->action >= 0))
        yaml_error(reader->file, map, reader->diags,
                   "\"not\" says that this source leaves the mail alone; it goes with mail and"
                   " sender only");
}

/* --- the file --- */

static void
read_domains(Reader *reader, const YamlNode *list)
{
    if (list && yaml_list_length(list) == 0)
        yaml_error(reader->file, list, reader->diags, "expected domains, such as angi.com");
    for (guint i = 0; list && i < yaml_list_length(list); i++) {
        const YamlNode *node = yaml_list_at(list, i);
        const char *domain;
        if (!yaml_text(reader->file, node, &domain, reader->diags))
            continue;
        if (!strchr(domain, '.') || strpbrk(domain, " @/*"))
            yaml_error(reader->file, node, reader->diags,
                       "\"%s\" is no domain; expected one such as angi.com", domain);
        else
            g_ptr_array_add(reader->source->authenticate, (gpointer)domain);
    }
}

Source *
source_new(const YamlFile *file, PatternBook *book, Diags *diags)
{
    guint errors = diags_errors(diags), action = ACTION_SUBMIT;
    const YamlNode *root = file->root, *name = yaml_get(root, "source");
    Source *source = g_new0(Source, 1);
    source->file = file;
    source->line = name->line;
    source->column = name->column;
    source->authenticate = g_ptr_array_new();
    source->extractors = g_ptr_array_new_with_free_func(extractor_free);
    source->own = g_ptr_array_new_with_free_func(field_free);
    source->tests = g_ptr_array_new_with_free_func(g_free);
    Reader reader = {file, book, source, diags};
    yaml_check_keys(file, root, "key", root_keys, diags);
    yaml_text(file, name, &source->name, diags);
    yaml_choice(file, yaml_get(root, "action"), action_names, &action, diags);
    source->action = action;
    source->when = when_new(file, yaml_get(root, "when"), book, diags);
    read_domains(&reader, yaml_get(root, "authenticate"));
    source->extends = yaml_get(root, "extends");
    const char *unused;
    yaml_text(file, source->extends, &unused, diags);
    read_fields(&reader, yaml_get(root, "fields"));
    if (source->action == ACTION_IGNORE && yaml_get(root, "fields"))
        yaml_warning(file, yaml_get(root, "fields"), diags,
                     "ignored mail makes no lead: its fields are never used");
    const YamlNode *tests = yaml_get(root, "tests");
    for (guint i = 0; tests && i < yaml_list_length(tests); i++)
        read_test(&reader, yaml_list_at(tests, i));
    if (diags_errors(diags) == errors)
        return source;
    source_free(source);
    return NULL;
}

/* --- resolving --- */

static Field *
find_field(const GPtrArray *fields, const char *name)
{
    for (guint i = 0; i < fields->len; i++) {
        Field *field = g_ptr_array_index(fields, i);
        if (strcmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

static void
inherit(Source *source, const Source *from)
{
    for (guint i = 0; i < from->own->len; i++) {
        const Field *theirs = g_ptr_array_index(from->own, i);
        Field *field = find_field(source->fields, theirs->name);
        if (!field) {
            field = field_new(theirs->name, theirs->type);
            g_ptr_array_add(source->fields, field);
        }
        for (guint j = 0; j < theirs->extractors->len; j++)
            g_ptr_array_insert(field->extractors, (gint)(field->inherit_at + j),
                               g_ptr_array_index(theirs->extractors, j));
        field->inherit_at += theirs->inherit_at;
    }
}

/* A part with extractors of its own wins over the address it is a part of: that comes last. */
static void
put_addresses_last(GPtrArray *fields)
{
    GPtrArray *sorted = g_ptr_array_new();
    for (guint pass = 0; pass < 2; pass++)
        for (guint i = 0; i < fields->len; i++) {
            Field *field = g_ptr_array_index(fields, i);
            if ((field->type == TYPE_ADDRESS) == (pass == 1))
                g_ptr_array_add(sorted, field);
        }
    for (guint i = 0; i < sorted->len; i++)
        fields->pdata[i] = sorted->pdata[i];
    g_ptr_array_unref(sorted);
}

void
source_add_gates(Source *source, GateBook *book)
{
    when_add_gates(source->when, book);
    for (guint i = 0; i < source->extractors->len; i++) {
        Extractor *extractor = g_ptr_array_index(source->extractors, i);
        if (!extractor->pattern && !extractor->labels)
            continue;
        for (guint v = 0; v < extractor->views->len; v++) {
            ViewRef *view = &g_array_index(extractor->views, ViewRef, v);
            view->gate = gate_book_add(book, view, extractor->pattern);
        }
    }
}

static void
collect_labels(Source *source)
{
    for (guint i = 0; i < source->fields->len; i++) {
        const Field *field = g_ptr_array_index(source->fields, i);
        for (guint j = 0; j < field->extractors->len; j++) {
            const Extractor *extractor = g_ptr_array_index(field->extractors, j);
            for (guint k = 0; extractor->labels && k < extractor->labels->len; k++)
                label_set_add(source->labels, g_ptr_array_index(extractor->labels, k));
            for (guint k = 0; extractor->template && k < extractor->template->len; k++) {
                const Reference *reference = g_ptr_array_index(extractor->template, k);
                if (reference->kind == REFERENCE_LABEL)
                    label_set_add(source->labels, reference->name);
            }
        }
    }
}

/* Does a field's value lead back to `goal`? `seen` keeps it from going round in other circles. */
static const Extractor *
find_circle(const Source *source, const Field *field, const char *goal, GHashTable *seen)
{
    if (!field || !g_hash_table_add(seen, (gpointer)field))
        return NULL;
    for (guint i = 0; i < field->extractors->len; i++) {
        const Extractor *extractor = g_ptr_array_index(field->extractors, i);
        if (extractor->in_notes && strcmp(goal, "opportunity.notes") == 0)
            return extractor;
        for (guint j = 0; extractor->template && j < extractor->template->len; j++) {
            const Reference *reference = g_ptr_array_index(extractor->template, j);
            if (reference->kind == REFERENCE_FIELD &&
                (strcmp(reference->name, goal) == 0 ||
                 find_circle(source, find_field(source->fields, reference->name), goal, seen)))
                return extractor;
        }
    }
    return NULL;
}

void
source_resolve(Source *source, const GPtrArray *chain, Diags *diags)
{
    source->fields = g_ptr_array_new_with_free_func(field_free);
    source->labels = label_set_new();
    for (guint i = 0; i < chain->len; i++)
        inherit(source, g_ptr_array_index(chain, i));
    put_addresses_last(source->fields);
    collect_labels(source);
    for (guint i = 0; i < source->fields->len; i++) {
        const Field *field = g_ptr_array_index(source->fields, i);
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
        const Extractor *extractor = find_circle(source, field, field->name, seen);
        if (extractor && strcmp(extractor->file, source->file->name) == 0)
            diags_error(diags, extractor->file, extractor->line, extractor->column,
                        "\"%s\" is made of itself", field->name);
    }
}
