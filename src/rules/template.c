#include "rules/template.h"

#include <string.h>

#include "lead/attribute.h"
#include "mail/card.h"
#include "rules/label.h"

static const struct {
    const char *name;
    ReferenceKind kind;
} words[] = {
    {"source", REFERENCE_SOURCE},
    {"subject", REFERENCE_SUBJECT},
    {"from.name", REFERENCE_FROM_NAME},
    {"from.address", REFERENCE_FROM_ADDRESS},
};

static void
reference_free(gpointer data)
{
    Reference *reference = data;
    if (reference->kind == REFERENCE_LABEL)
        g_ref_string_release(reference->name);
    else
        g_free(reference->name);
    g_free(reference);
}

static void
add(GPtrArray *parts, ReferenceKind kind, char *name)
{
    Reference *reference = g_new(Reference, 1);
    *reference = (Reference){kind, name};
    g_ptr_array_add(parts, reference);
}

static void
unknown(const YamlFile *file, const YamlNode *node, const char *name, Diags *diags)
{
    g_autoptr(GPtrArray) candidates = g_ptr_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        g_ptr_array_add(candidates, (gpointer)words[i].name);
    for (guint i = 0; attribute_names[i]; i++)
        g_ptr_array_add(candidates, (gpointer)attribute_names[i]);
    g_ptr_array_add(candidates, NULL);
    const char *near = suggest(name, (const char *const *)candidates->pdata);
    if (near)
        yaml_error(file, node, diags, "unknown reference \"${%s}\"; did you mean \"${%s}\"?", name,
                   near);
    else
        yaml_error(file, node, diags,
                   "unknown reference \"${%s}\"; expected a field, source,"
                   " subject, from.name, from.address, label.LABEL or card.KEY",
                   name);
}

/* FALSE when the name means nothing. */
static gboolean
add_reference(GPtrArray *parts, const char *name)
{
    Object object;
    const char *label;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i].name, name) == 0) {
            add(parts, words[i].kind, NULL);
            return TRUE;
        }
    }
    if (g_str_has_prefix(name, "label.")) {
        char *key = label_key(name + 6, strlen(name + 6));
        if (key)
            add(parts, REFERENCE_LABEL, label_intern(key));
        return key != NULL;
    }
    if (g_str_has_prefix(name, "card.")) {
        gboolean known = g_strv_contains(card_keys, name + 5);
        if (known)
            add(parts, REFERENCE_CARD, g_strdup(name + 5));
        return known;
    }
    if (attribute_find(name) < 0 && !attribute_custom(name, &object, &label))
        return FALSE;
    add(parts, REFERENCE_FIELD, g_strdup(name));
    return TRUE;
}

GPtrArray *
template_new(const YamlFile *file, const YamlNode *node, Diags *diags)
{
    const char *text;
    if (!yaml_text(file, node, &text, diags))
        return NULL;
    guint errors = diags_errors(diags);
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(reference_free);
    while (*text) {
        const char *open = strstr(text, "${");
        if (!open) {
            add(parts, REFERENCE_NONE, g_strdup(text));
            break;
        }
        if (open > text)
            add(parts, REFERENCE_NONE, g_strndup(text, open - text));
        const char *close = strchr(open, '}');
        YamlNode place = *node; /* of this reference, for errors */
        if (node->text_column > 0)
            place.column = node->text_column + g_utf8_pointer_to_offset(node->text, open);
        if (!close) {
            yaml_error(file, &place, diags, "\"${\" without its \"}\"");
            break;
        }
        g_autofree char *name = g_strndup(open + 2, close - open - 2);
        if (!add_reference(parts, name))
            unknown(file, &place, name, diags);
        text = close + 1;
    }
    return diags_errors(diags) == errors ? g_steal_pointer(&parts) : NULL;
}
