/* The request's body: a completed lead in the API's words. */
#include "lead/wire-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

typedef struct {
    const Wire *wire;
    JsonObject *objects[OBJECT_N];
} Payload;

/* Exact for whole numbers; others as the double nearest to them. */
static void
add_number(JsonObject *object, const char *name, const char *value)
{
    gint64 whole;
    if (g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, &whole, NULL))
        json_object_set_int_member(object, name, whole);
    else
        json_object_set_double_member(object, name, g_ascii_strtod(value, NULL));
}

static void
add_custom(Payload *payload, Object object, const char *label, const char *value)
{
    g_autofree char *attribute = g_strconcat(object_names[object], ".custom", NULL);
    const char *name = wire_name(payload->wire, attribute);
    JsonObject *to = payload->objects[object];
    if (!json_object_has_member(to, name))
        json_object_set_object_member(to, name, json_object_new());
    json_object_set_string_member(json_object_get_object_member(to, name), label, value);
}

static void
add_value(const char *name, const char *value, gpointer data)
{
    Payload *payload = data;
    Object object;
    const char *label;
    if (attribute_custom(name, &object, &label)) {
        add_custom(payload, object, label, value);
        return;
    }
    const Attribute *attribute = &attributes[attribute_find(name)];
    JsonObject *to = payload->objects[attribute->object];
    const char *key = wire_name(payload->wire, name);
    if (attribute->type == TYPE_NUMBER)
        add_number(to, key, value);
    else if (attribute->type == TYPE_BOOLEAN)
        json_object_set_boolean_member(to, key, strcmp(value, "true") == 0);
    else
        json_object_set_string_member(to, key, value);
}

static gboolean
is_sent(const Lead *lead, Object object)
{
    if (object == OBJECT_PROPERTY)
        return lead_get(lead, "property.name") != NULL;
    if (object == OBJECT_CONTACT)
        return lead_get(lead, "contact.name") != NULL;
    return TRUE;
}

char *
payload_build(const Lead *lead, const Wire *wire, gboolean relationships)
{
    Payload payload = {.wire = wire};
    for (guint i = 0; i < OBJECT_N; i++)
        payload.objects[i] = json_object_new();
    lead_foreach(lead, add_value, &payload);

    JsonObject *data = json_object_new(), *around = data;
    json_object_set_string_member(data, "type", "leads");
    if (relationships) {
        around = json_object_new();
        json_object_set_object_member(data, "relationships", around);
    }
    for (guint i = 0; i < OBJECT_N; i++) {
        if (is_sent(lead, (Object)i))
            json_object_set_object_member(around, object_names[i], payload.objects[i]);
        else
            json_object_unref(payload.objects[i]);
    }
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_object_member(body, "data", data);
    g_autoptr(JsonNode) root = json_node_init_object(json_node_alloc(), body);
    return json_to_string(root, FALSE);
}
