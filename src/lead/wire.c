/* rules/centerpoint.yaml: the API's names. */
#include "lead/wire-private.h"

#include <string.h>

#define ROWS_MAX 40
#define NAME_MAX_BYTES 64

struct Wire {
    WireRow rows[ROWS_MAX];
    guint n;
};

static const char *const type_names[] = {
    [TYPE_TEXT] = "text",     [TYPE_LINES] = "lines",     [TYPE_NOTES] = "notes",
    [TYPE_NAME] = "name",     [TYPE_EMAIL] = "email",     [TYPE_PHONE] = "phone",
    [TYPE_STATE] = "state",   [TYPE_POSTAL] = "postal",   [TYPE_ZONE] = "zone",
    [TYPE_NUMBER] = "number", [TYPE_BOOLEAN] = "boolean",
};
static const char custom_type[] = "fields";
static const char *const known_words[] = {"documented", "vendor", "assumed", NULL};

static const char *const custom_names[] = {"company.custom", "property.custom", "contact.custom",
                                           "opportunity.custom"};

/* The 35 names in DESIGN's order, custom fields at the end of their object; ends in NULL. */
static void
expected_rows(WireRow rows[ROWS_MAX], guint *n)
{
    *n = 0;
    for (guint object = 0; object < OBJECT_N; object++) {
        for (guint i = 0; i < attributes_n; i++)
            if (attributes[i].object == object && attributes[i].type != TYPE_ADDRESS)
                rows[(*n)++] = (WireRow){.attribute = attributes[i].name,
                                         .type = type_names[attributes[i].type],
                                         .required = attributes[i].required};
        rows[(*n)++] = (WireRow){.attribute = custom_names[object], .type = custom_type};
    }
    g_assert(*n < ROWS_MAX);
}

static gboolean
name_is_good(const char *name)
{
    gsize length = strlen(name);
    if (!length || length > NAME_MAX_BYTES)
        return FALSE;
    for (const char *p = name; *p; p++)
        if (g_ascii_iscntrl(*p) || *p == ' ')
            return FALSE;
    return TRUE;
}

static void
read_name(const YamlFile *file, const YamlNode *node, const YamlNode *entry, WireRow *row,
          Diags *diags)
{
    const char *name = NULL;
    if (!node)
        yaml_error(file, entry, diags, "\"%s\" needs a `wire` name", row->attribute);
    else if (yaml_text(file, node, &name, diags) && !name_is_good(name))
        yaml_error(file, node, diags, "a wire name has 1 to %d characters and no white space",
                   NAME_MAX_BYTES);
    row->wire = g_strdup(name ? name : "");
}

/* Type and `required` are what the program checks a lead by; the file repeats them for its readers,
 * so they must be right. */
static void
read_entry(const YamlFile *file, const YamlNode *entry, WireRow *row, Diags *diags)
{
    static const char *const keys[] = {"wire", "type", "required", "name", NULL};
    row->wire = g_strdup("");
    row->known = known_words[G_N_ELEMENTS(known_words) - 2];
    yaml_check_keys(file, entry, "key", keys, diags);
    if (entry->kind != YAML_MAPPING)
        return;
    g_free((char *)row->wire);
    read_name(file, yaml_get(entry, "wire"), entry, row, diags);

    const YamlNode *type = yaml_get(entry, "type");
    const char *word = NULL;
    if (!type)
        yaml_error(file, entry, diags, "\"%s\" needs its `type`: %s", row->attribute, row->type);
    else if (yaml_text(file, type, &word, diags) && strcmp(word, row->type) != 0)
        yaml_error(file, type, diags, "\"%s\" is of type %s", row->attribute, row->type);

    const YamlNode *required = yaml_get(entry, "required");
    gboolean value = FALSE;
    if ((!required || yaml_boolean(file, required, &value, diags)) && value != row->required)
        yaml_error(file, required ? required : entry, diags,
                   row->required ? "\"%s\" is required: the API takes no %.*s without it"
                                 : "\"%s\" cannot be required: a mail need not have it",
                   row->attribute, (int)strcspn(row->attribute, "."), row->attribute);

    const YamlNode *known = yaml_get(entry, "name");
    guint choice;
    if (!known)
        yaml_error(file, entry, diags, "\"%s\" needs `name`: documented, vendor or assumed",
                   row->attribute);
    else if (yaml_choice(file, known, known_words, &choice, diags))
        row->known = known_words[choice];
}

/* Two attributes of one object under one name would overwrite each other. */
static void
check_twice(const YamlFile *file, const YamlNode *table, const Wire *wire, guint i, Diags *diags)
{
    gsize object = strcspn(wire->rows[i].attribute, ".") + 1;
    for (guint k = 0; k < i; k++)
        if (*wire->rows[i].wire && wire->rows[k].wire &&
            strcmp(wire->rows[k].wire, wire->rows[i].wire) == 0 &&
            strncmp(wire->rows[k].attribute, wire->rows[i].attribute, object) == 0)
            yaml_error(file, yaml_get(yaml_get(table, wire->rows[i].attribute), "wire"), diags,
                       "\"%s\" has the wire name of \"%s\"", wire->rows[i].attribute,
                       wire->rows[k].attribute);
}

Wire *
wire_new(const YamlFile *file, Diags *diags)
{
    static const char *const root_keys[] = {"wire", NULL};
    guint before = diags_errors(diags);
    yaml_check_keys(file, file->root, "key", root_keys, diags);
    const YamlNode *table = yaml_get(file->root, "wire");
    if (!table) {
        diags_error(diags, file->name, 0, 0, "the wire table has no `wire` key");
        return NULL;
    }
    g_autoptr(Wire) wire = g_new0(Wire, 1);
    expected_rows(wire->rows, &wire->n);
    const char *names[ROWS_MAX + 1] = {NULL};
    for (guint i = 0; i < wire->n; i++)
        names[i] = wire->rows[i].attribute;
    yaml_check_keys(file, table, "attribute", names, diags);
    if (table->kind != YAML_MAPPING)
        return NULL;
    for (guint i = 0; i < wire->n; i++) {
        const YamlNode *entry = yaml_get(table, names[i]);
        if (!entry) {
            yaml_error(file, table, diags, "the wire table lacks \"%s\"", names[i]);
            continue;
        }
        read_entry(file, entry, &wire->rows[i], diags);
        check_twice(file, table, wire, i, diags);
    }
    return diags_errors(diags) == before ? g_steal_pointer(&wire) : NULL;
}

void
wire_free(Wire *wire)
{
    if (!wire)
        return;
    for (guint i = 0; i < wire->n; i++)
        g_free((char *)wire->rows[i].wire);
    g_free(wire);
}

gboolean
wire_row(const Wire *wire, guint i, WireRow *row)
{
    if (i >= wire->n)
        return FALSE;
    *row = wire->rows[i];
    return TRUE;
}

const char *
wire_name(const Wire *wire, const char *attribute)
{
    for (guint i = 0; i < wire->n; i++) /* mostly the table's own name */
        if (wire->rows[i].attribute == attribute)
            return wire->rows[i].wire;
    for (guint i = 0; i < wire->n; i++)
        if (strcmp(wire->rows[i].attribute, attribute) == 0)
            return wire->rows[i].wire;
    g_error("the wire table has no \"%s\"", attribute);
}
