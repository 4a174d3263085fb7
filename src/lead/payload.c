/* The request's body: a completed lead in the API's words. */
#include "lead/wire-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define NAMES_SIZE 40 /* bytes around the members of an object, to begin with */

/* Written as it goes: a tree of nodes would be made, copied and freed for each lead. */
typedef struct {
    const Wire *wire;
    GString *objects[OBJECT_N], *custom[OBJECT_N]; /* the members of each */
} Payload;

static void
append_escaped(GString *json, guchar c)
{
    static const char letters[] = "\b\f\n\r\t", names[] = "bfnrt";
    const char *letter = c ? strchr(letters, c) : NULL;
    if (!letter && c != '"' && c != '\\') {
        g_string_append_printf(json, "\\u%04x", c);
        return;
    }
    g_string_append_c(json, '\\');
    g_string_append_c(json, letter ? names[letter - letters] : (char)c);
}

/* Small letters first, as most are. */
static gboolean
is_plain(guchar c)
{
    return (c > '\\' && c != 0x7F) || (c >= 0x20 && c < '\\' && c != '"');
}

static void
append_string(GString *json, const char *text)
{
    g_string_append_c(json, '"');
    for (const char *p = text; *p;) {
        const char *run = p;
        while (is_plain((guchar)*p))
            p++;
        g_string_append_len(json, run, p - run);
        if (*p)
            append_escaped(json, (guchar)*p++);
    }
    g_string_append_c(json, '"');
}

static void
append_name(GString *json, const char *name)
{
    if (json->len)
        g_string_append_c(json, ',');
    append_string(json, name);
    g_string_append_c(json, ':');
}

static void
append_braced(GString *json, const GString *members)
{
    g_string_append_c(json, '{');
    g_string_append_len(json, members->str, (gssize)members->len);
    g_string_append_c(json, '}');
}

/* Exact for whole numbers; others as the double nearest to them. */
static void
append_number(GString *json, const char *value)
{
    gint64 whole;
    if (g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, &whole, NULL)) {
        char text[32];
        int length = g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, whole);
        g_string_append_len(json, text, length);
        return;
    }
    g_autoptr(JsonNode) node =
        json_node_init_double(json_node_alloc(), g_ascii_strtod(value, NULL));
    g_autofree char *text = json_to_string(node, FALSE);
    g_string_append(json, text);
}

static void
add_value(const char *name, const char *value, gpointer data)
{
    Payload *payload = data;
    Object object;
    const char *label;
    if (attribute_custom(name, &object, &label)) {
        append_name(payload->custom[object], label);
        append_string(payload->custom[object], value);
        return;
    }
    const Attribute *attribute = &attributes[attribute_find(name)];
    GString *json = payload->objects[attribute->object];
    append_name(json, wire_name(payload->wire, name));
    if (attribute->type == TYPE_NUMBER)
        append_number(json, value);
    else if (attribute->type == TYPE_BOOLEAN)
        g_string_append(json, strcmp(value, "true") == 0 ? "true" : "false");
    else
        append_string(json, value);
}

/* The object's members, its custom fields last. */
static void
append_object(GString *json, const Payload *payload, Object object)
{
    GString *members = payload->objects[object];
    const GString *custom = payload->custom[object];
    if (custom->len) {
        g_autofree char *attribute = g_strconcat(object_names[object], ".custom", NULL);
        append_name(members, wire_name(payload->wire, attribute));
        append_braced(members, custom);
    }
    append_name(json, object_names[object]);
    append_braced(json, members);
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
    gsize size = OBJECT_N * NAMES_SIZE;
    for (guint i = 0; i < OBJECT_N; i++) {
        payload.objects[i] = g_string_new(NULL);
        payload.custom[i] = g_string_new(NULL);
    }
    lead_foreach(lead, add_value, &payload);
    for (guint i = 0; i < OBJECT_N; i++)
        size += payload.objects[i]->len + payload.custom[i]->len;
    GString *json = g_string_sized_new(size);
    g_string_append(json, "{\"data\":{\"type\":\"leads\"");
    gsize begin = json->len;
    for (guint i = 0; i < OBJECT_N; i++) {
        if (is_sent(lead, (Object)i))
            append_object(json, &payload, (Object)i);
        g_string_free(payload.objects[i], TRUE);
        g_string_free(payload.custom[i], TRUE);
    }
    if (relationships) {
        g_string_insert(json, (gssize)begin, ",\"relationships\":{");
        g_string_erase(json, (gssize)(begin + strlen(",\"relationships\":{")), 1);
        g_string_append_c(json, '}');
    }
    g_string_append(json, "}}");
    return g_string_free(json, FALSE);
}
