#include "lead/record.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define PHONE_DIGITS 7

void
record_free(LeadRecord *record)
{
    if (!record)
        return;
    g_free(record->account);
    g_free(record->source);
    g_free(record->reason);
    g_free(record->payload);
    g_free(record->message_key);
    g_free(record->digest);
    g_free(record->queue_id);
    g_free(record->lead_ids);
    g_free(record);
}

static JsonObject *
member(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* An e-mail address or a phone, whatever the wire table calls them. */
static gboolean
reaches_someone(const char *value)
{
    guint digits = 0;
    for (const char *p = value; *p; p++)
        digits += g_ascii_isdigit(*p);
    return strchr(value, '@') || digits >= PHONE_DIGITS;
}

/* Of a payload's contact; a set of newly allocated texts in small letters. */
static GHashTable *
ways_to_reach(const char *payload)
{
    GHashTable *ways = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!payload || !json_parser_load_from_data(parser, payload, -1, NULL))
        return ways;
    JsonNode *root = json_parser_get_root(parser);
    JsonObject *data =
        member(JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL, "data");
    JsonObject *relationships = member(data, "relationships");
    JsonObject *contact = member(relationships ? relationships : data, "contact");
    g_autoptr(GList) names = contact ? json_object_get_members(contact) : NULL;
    for (GList *name = names; name; name = name->next) {
        JsonNode *node = json_object_get_member(contact, name->data);
        const char *value = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
        if (value && reaches_someone(value))
            g_hash_table_add(ways, g_utf8_strdown(value, -1));
    }
    return ways;
}

gboolean
record_of_another(const char *payload, const char *other)
{
    g_autoptr(GHashTable) ours = ways_to_reach(payload), theirs = ways_to_reach(other);
    GHashTableIter iter;
    gpointer way;
    g_hash_table_iter_init(&iter, ours);
    while (g_hash_table_iter_next(&iter, &way, NULL))
        if (g_hash_table_contains(theirs, way))
            return FALSE;
    return g_hash_table_size(ours) > 0 && g_hash_table_size(theirs) > 0;
}
