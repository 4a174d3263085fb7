#include "base/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"

#define FILE_MAX ((gsize)4 << 20)
#define DEPTH_MAX 32
#define NODES_MAX 200000
#define DURATION_MAX ((guint64)36500 * 86400) /* in microseconds far from what a gint64 holds */
#define BOM "\xEF\xBB\xBF"                    /* Windows' editors begin a file with it */

typedef struct {
    yaml_parser_t parser;
    const char *name, *text;
    gsize length;
    Diags *diags;
    guint nodes;
} Reader;

static void
node_free(YamlNode *node)
{
    if (!node)
        return;
    g_free(node->text);
    if (node->keys)
        g_ptr_array_unref(node->keys);
    if (node->items)
        g_ptr_array_unref(node->items);
    g_free(node);
}

static YamlNode *
node_new(YamlKind kind, yaml_mark_t mark)
{
    YamlNode *node = g_new0(YamlNode, 1);
    node->kind = kind;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    if (kind == YAML_MAPPING)
        node->keys = g_ptr_array_new_with_free_func((GDestroyNotify)node_free);
    if (kind != YAML_SCALAR)
        node->items = g_ptr_array_new_with_free_func((GDestroyNotify)node_free);
    return node;
}

static void G_GNUC_PRINTF(3, 4)
    reader_error(Reader *reader, yaml_mark_t mark, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    diags_error(reader->diags, reader->name, mark.line + 1, mark.column + 1, "%s", text);
}

/* The line and column of a byte. */
static yaml_mark_t
mark_at(const char *text, gsize offset)
{
    yaml_mark_t mark = {0};
    const char *line = text;
    for (const char *c; (c = memchr(line, '\n', text + offset - line)); line = c + 1)
        mark.line++;
    mark.column = g_utf8_strlen(line, text + offset - line);
    return mark;
}

/* libyaml would tell the byte's number alone, and of another character's byte at times. */
static gboolean
check_text(Reader *reader)
{
    const char *bad;
    if (reader->length >= 2 &&
        (memcmp(reader->text, "\xFF\xFE", 2) == 0 || memcmp(reader->text, "\xFE\xFF", 2) == 0)) {
        diags_error(reader->diags, reader->name, 1, 1, "not UTF-8 but UTF-16; save it as UTF-8");
        return FALSE;
    }
    if (g_utf8_validate_len(reader->text, reader->length, &bad))
        return TRUE;
    yaml_mark_t mark = mark_at(reader->text, bad - reader->text);
    if (*bad)
        reader_error(reader, mark, "not UTF-8 (byte 0x%02X); save the file as UTF-8", (guchar)*bad);
    else
        reader_error(reader, mark, "a NUL character");
    return FALSE;
}

static gboolean
next_event(Reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event))
        return TRUE;
    const yaml_parser_t *p = &reader->parser;
    yaml_mark_t mark = p->problem_mark;
    if (p->error == YAML_READER_ERROR)
        reader_error(reader, mark_at(reader->text, MIN(p->problem_offset, reader->length)),
                     "not YAML: %s (U+%04X)", p->problem, (guint)p->problem_value);
    else if (p->context)
        reader_error(reader, mark, "not YAML: %s, %s that began in line %zu", p->problem,
                     p->context, p->context_mark.line + 1);
    else
        reader_error(reader, mark, "not YAML: %s", p->problem ? p->problem : "out of memory");
    return FALSE;
}

static YamlNode *read_node(Reader *reader, yaml_event_t *event, guint depth);

static YamlNode *
read_scalar(Reader *reader, const yaml_event_t *event)
{
    if (memchr(event->data.scalar.value, 0, event->data.scalar.length)) {
        reader_error(reader, event->start_mark, "text with a NUL character");
        return NULL;
    }
    YamlNode *node = node_new(YAML_SCALAR, event->start_mark);
    node->text = g_strndup((const char *)event->data.scalar.value, event->data.scalar.length);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    guint quotes = node->plain ? 0 : 1;
    gsize written = event->end_mark.index - event->start_mark.index;
    if (event->start_mark.line == event->end_mark.line &&
        written == (gsize)g_utf8_strlen(node->text, -1) + 2 * quotes)
        node->text_column = node->column + quotes;
    return node;
}

/* Take one child: TRUE while there are more; *node is NULL at the end of the collection or on
 * an error, which *failed tells apart. */
static YamlNode *
read_child(Reader *reader, yaml_event_type_t end, guint depth, gboolean *failed)
{
    yaml_event_t event;
    if (!next_event(reader, &event)) {
        *failed = TRUE;
        return NULL;
    }
    YamlNode *node = NULL;
    if (event.type != end) {
        node = read_node(reader, &event, depth);
        *failed = node == NULL;
    }
    yaml_event_delete(&event);
    return node;
}

static gboolean
key_is_good(Reader *reader, const YamlNode *map, const YamlNode *key)
{
    yaml_mark_t mark = {0, key->line - 1, key->column - 1};
    if (key->kind != YAML_SCALAR) {
        reader_error(reader, mark, "a key must be plain text");
        return FALSE;
    }
    for (guint i = 0; i < map->keys->len; i++) {
        const YamlNode *other = g_ptr_array_index(map->keys, i);
        if (g_str_equal(other->text, key->text)) {
            reader_error(reader, mark, "\"%s\" is given twice; it first stands in line %u",
                         key->text, other->line);
            return FALSE;
        }
    }
    return TRUE;
}

static YamlNode *
read_mapping(Reader *reader, const yaml_event_t *start, guint depth)
{
    YamlNode *map = node_new(YAML_MAPPING, start->start_mark);
    gboolean failed = FALSE;
    YamlNode *key;
    while ((key = read_child(reader, YAML_MAPPING_END_EVENT, depth, &failed))) {
        if (!key_is_good(reader, map, key)) {
            node_free(key);
            failed = TRUE;
            break;
        }
        g_ptr_array_add(map->keys, key);
        YamlNode *value = read_child(reader, YAML_NO_EVENT, depth, &failed);
        if (!value)
            break;
        g_ptr_array_add(map->items, value);
    }
    if (failed) {
        node_free(map);
        return NULL;
    }
    return map;
}

static YamlNode *
read_sequence(Reader *reader, const yaml_event_t *start, guint depth)
{
    YamlNode *list = node_new(YAML_SEQUENCE, start->start_mark);
    gboolean failed = FALSE;
    YamlNode *item;
    while ((item = read_child(reader, YAML_SEQUENCE_END_EVENT, depth, &failed)))
        g_ptr_array_add(list->items, item);
    if (failed) {
        node_free(list);
        return NULL;
    }
    return list;
}

static gboolean
has_anchor(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor != NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor != NULL;
    default:
        return event->type == YAML_ALIAS_EVENT;
    }
}

static YamlNode *
read_node(Reader *reader, yaml_event_t *event, guint depth)
{
    if (depth > DEPTH_MAX) {
        reader_error(reader, event->start_mark, "nested deeper than %d", DEPTH_MAX);
        return NULL;
    }
    if (++reader->nodes > NODES_MAX) {
        reader_error(reader, event->start_mark, "more than %d values in one file", NODES_MAX);
        return NULL;
    }
    if (has_anchor(event)) {
        reader_error(reader, event->start_mark,
                     "anchors and aliases (& and *) are not supported; quote the text if it "
                     "begins with one of them, or repeat the value");
        return NULL;
    }
    if (event->type == YAML_SCALAR_EVENT)
        return read_scalar(reader, event);
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return read_sequence(reader, event, depth + 1);
    return read_mapping(reader, event, depth + 1);
}

/* The events of one document: STREAM-START DOCUMENT-START node DOCUMENT-END STREAM-END. */
static gboolean
read_stream(Reader *reader, YamlNode **root)
{
    guint documents = 0;
    for (;;) {
        yaml_event_t event;
        if (!next_event(reader, &event))
            return FALSE;
        yaml_event_type_t type = event.type;
        gboolean good = TRUE;
        if (type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
            reader_error(reader, event.start_mark, "a second document begins; one file holds one");
            good = FALSE;
        } else if (type != YAML_STREAM_START_EVENT && type != YAML_STREAM_END_EVENT &&
                   type != YAML_DOCUMENT_START_EVENT && type != YAML_DOCUMENT_END_EVENT) {
            *root = read_node(reader, &event, 0);
            good = *root != NULL;
        }
        yaml_event_delete(&event);
        if (!good || type == YAML_STREAM_END_EVENT)
            return good;
    }
}

YamlFile *
yaml_parse(const char *name, const char *text, gsize length, Diags *diags)
{
    if (length > FILE_MAX) {
        diags_error(diags, name, 0, 0, "larger than %zu MiB", FILE_MAX >> 20);
        return NULL;
    }
    if (length >= strlen(BOM) && memcmp(text, BOM, strlen(BOM)) == 0) {
        text += strlen(BOM);
        length -= strlen(BOM);
    }
    Reader reader = {.name = name, .text = text, .length = length, .diags = diags};
    if (!check_text(&reader))
        return NULL;
    if (!yaml_parser_initialize(&reader.parser))
        g_error("yaml_parser_initialize: out of memory");
    yaml_parser_set_input_string(&reader.parser, (const guint8 *)text, length);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    YamlNode *root = NULL;
    gboolean good = read_stream(&reader, &root);
    yaml_parser_delete(&reader.parser);
    if (!good) {
        node_free(root);
        return NULL;
    }
    YamlFile *file = g_new0(YamlFile, 1);
    file->name = g_strdup(name);
    file->length = length;
    file->root = root;
    return file;
}

YamlFile *
yaml_load(const char *path, Diags *diags)
{
    g_autoptr(GError) error = NULL;
    gsize length;
    g_autofree char *text = file_read(path, FILE_MAX, &length, &error);
    if (!text) {
        diags_error(diags, path, 0, 0, "cannot read: %s", error->message);
        return NULL;
    }
    return yaml_parse(path, text, length, diags);
}

void
yaml_file_free(YamlFile *file)
{
    if (!file)
        return;
    node_free(file->root);
    g_free(file->name);
    g_free(file);
}

const YamlNode *
yaml_get(const YamlNode *map, const char *key)
{
    if (!map || map->kind != YAML_MAPPING)
        return NULL;
    for (guint i = 0; i < map->keys->len; i++) {
        const YamlNode *node = g_ptr_array_index(map->keys, i);
        if (g_str_equal(node->text, key))
            return g_ptr_array_index(map->items, i);
    }
    return NULL;
}

guint
yaml_list_length(const YamlNode *node)
{
    if (!node)
        return 0;
    return node->kind == YAML_SEQUENCE ? node->items->len : 1;
}

const YamlNode *
yaml_list_at(const YamlNode *node, guint i)
{
    return node->kind == YAML_SEQUENCE ? g_ptr_array_index(node->items, i) : node;
}

void
yaml_error(const YamlFile *file, const YamlNode *node, Diags *diags, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    diags_error(diags, file->name, node ? node->line : 0, node ? node->column : 0, "%s", text);
}

void
yaml_warning(const YamlFile *file, const YamlNode *node, Diags *diags, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    diags_warning(diags, file->name, node ? node->line : 0, node ? node->column : 0, "%s", text);
}

gboolean
yaml_check_keys(const YamlFile *file, const YamlNode *map, const char *what,
                const char *const *allowed, Diags *diags)
{
    if (!map || map->kind != YAML_MAPPING) {
        g_autofree char *keys = g_strjoinv(", ", (char **)allowed);
        yaml_error(file, map, diags, "expected \"key: value\" lines with the keys %s", keys);
        return FALSE;
    }
    gboolean good = TRUE;
    for (guint i = 0; i < map->keys->len; i++) {
        const YamlNode *key = g_ptr_array_index(map->keys, i);
        if (g_strv_contains(allowed, key->text))
            continue;
        const char *near = suggest(key->text, allowed);
        if (near) {
            yaml_error(file, key, diags, "unknown %s \"%s\"; did you mean \"%s\"?", what, key->text,
                       near);
        } else {
            g_autofree char *keys = g_strjoinv(", ", (char **)allowed);
            yaml_error(file, key, diags, "unknown %s \"%s\"; known are %s", what, key->text, keys);
        }
        good = FALSE;
    }
    return good;
}

gboolean
yaml_text(const YamlFile *file, const YamlNode *node, const char **out, Diags *diags)
{
    if (!node)
        return TRUE;
    if (node->kind != YAML_SCALAR || !*node->text) {
        yaml_error(file, node, diags, "expected a text");
        return FALSE;
    }
    *out = node->text;
    return TRUE;
}

gboolean
yaml_boolean(const YamlFile *file, const YamlNode *node, gboolean *out, Diags *diags)
{
    static const char *const words[] = {"false", "true", NULL};
    guint index;
    if (!node)
        return TRUE;
    if (!yaml_choice(file, node, words, &index, diags))
        return FALSE;
    *out = index == 1;
    return TRUE;
}

/* Parse the digits at the start of a scalar; *rest is what follows. */
static gboolean
digits(const YamlNode *node, guint64 *value, const char **rest)
{
    if (node->kind != YAML_SCALAR || !g_ascii_isdigit(node->text[0]))
        return FALSE;
    char *end;
    errno = 0;
    *value = g_ascii_strtoull(node->text, &end, 10);
    *rest = end;
    return errno != ERANGE; /* waiting for another thread's first use of it sets EAGAIN */
}

gboolean
yaml_number(const YamlFile *file, const YamlNode *node, guint64 min, guint64 max, guint64 *out,
            Diags *diags)
{
    if (!node)
        return TRUE;
    guint64 value;
    const char *rest;
    if (!digits(node, &value, &rest) || *rest || value < min || value > max) {
        yaml_error(file, node, diags,
                   "expected a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, min,
                   max);
        return FALSE;
    }
    *out = value;
    return TRUE;
}

typedef struct {
    const char *name;
    guint64 factor;
} Unit;

static gboolean
with_unit(const YamlNode *node, const Unit *units, guint64 *out)
{
    guint64 value;
    const char *rest;
    if (!digits(node, &value, &rest))
        return FALSE;
    for (; units->name; units++)
        if (g_str_equal(rest, units->name))
            return g_uint64_checked_mul(out, value, units->factor);
    return FALSE;
}

gboolean
yaml_size(const YamlFile *file, const YamlNode *node, guint64 *bytes, Diags *diags)
{
    static const Unit units[] = {{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {0}};
    if (!node || with_unit(node, units, bytes))
        return TRUE;
    yaml_error(file, node, diags, "expected a size in bytes such as 500K, 10M or 1G");
    return FALSE;
}

gboolean
yaml_duration(const YamlFile *file, const YamlNode *node, guint64 *seconds, Diags *diags)
{
    static const Unit units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {0}};
    guint64 value;
    if (!node)
        return TRUE;
    if (with_unit(node, units, &value)) {
        if (value <= DURATION_MAX) {
            *seconds = value;
            return TRUE;
        }
        yaml_error(file, node, diags, "a time of more than 100 years (36500d)");
        return FALSE;
    }
    yaml_error(file, node, diags, "expected a time such as 30s, 10m, 2h or 5d");
    return FALSE;
}

gboolean
yaml_choice(const YamlFile *file, const YamlNode *node, const char *const *words, guint *out,
            Diags *diags)
{
    if (!node)
        return TRUE;
    for (guint i = 0; node->kind == YAML_SCALAR && words[i]; i++) {
        if (g_str_equal(words[i], node->text)) {
            *out = i;
            return TRUE;
        }
    }
    g_autofree char *list = g_strjoinv(", ", (char **)words);
    const char *near = node->kind == YAML_SCALAR ? suggest(node->text, words) : NULL;
    if (near)
        yaml_error(file, node, diags, "\"%s\" is not one of %s; did you mean \"%s\"?", node->text,
                   list, near);
    else
        yaml_error(file, node, diags, "expected one of %s", list);
    return FALSE;
}
