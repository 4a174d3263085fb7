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

typedef enum { BY_ADDRESS, BY_PHONE, WAYS } Way;

/* How a value reaches somebody, whatever the wire table calls it; WAYS when it does not. */
static Way
way_of(const char *value)
{
    guint digits = 0;
    if (strchr(value, '@'))
        return BY_ADDRESS;
    for (const char *p = value; *p; p++)
        digits += g_ascii_isdigit(*p);
    return digits >= PHONE_DIGITS ? BY_PHONE : WAYS;
}

/* Who is meant by a payload. */
typedef struct {
    GHashTable *ways[WAYS]; /* to reach them: sets of texts in small letters */
    char *name;             /* in small letters; NULL when there is none */
} Person;

static const char *
text_of(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;
    return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

static void
person_read(Person *person, const char *payload)
{
    *person = (Person){0};
    for (Way way = 0; way < WAYS; way++)
        person->ways[way] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!payload || !json_parser_load_from_data(parser, payload, -1, NULL))
        return;
    JsonNode *root = json_parser_get_root(parser);
    JsonObject *data =
        member(root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL, "data");
    JsonObject *relationships = member(data, "relationships");
    JsonObject *objects = relationships ? relationships : data;
    JsonObject *contact = member(objects, "contact");
    const char *name = text_of(contact ? contact : member(objects, "company"), "name");
    person->name = name ? g_utf8_strdown(name, -1) : NULL;
    g_autoptr(GList) names = contact ? json_object_get_members(contact) : NULL;
    for (GList *one = names; one; one = one->next) {
        const char *value = text_of(contact, one->data);
        Way way = value ? way_of(value) : WAYS;
        if (way < WAYS)
            g_hash_table_add(person->ways[way], g_utf8_strdown(value, -1));
    }
}

static void
person_clear(Person *person)
{
    for (Way way = 0; way < WAYS; way++)
        g_hash_table_unref(person->ways[way]);
    g_free(person->name);
}

static gboolean
have_one_in_common(GHashTable *one, GHashTable *other)
{
    GHashTableIter iter;
    gpointer text;
    g_hash_table_iter_init(&iter, one);
    while (g_hash_table_iter_next(&iter, &text, NULL))
        if (g_hash_table_contains(other, text))
            return TRUE;
    return FALSE;
}

/* By the first way that both have: a phone may be a mailbox's default, or a company's. */
static gboolean
are_two(const Person *one, const Person *other)
{
    for (Way way = 0; way < WAYS; way++)
        if (g_hash_table_size(one->ways[way]) > 0 && g_hash_table_size(other->ways[way]) > 0)
            return !have_one_in_common(one->ways[way], other->ways[way]);
    return one->name && other->name && strcmp(one->name, other->name) != 0;
}

gboolean
record_of_another(const char *payload, const char *other)
{
    Person one, two;
    person_read(&one, payload);
    person_read(&two, other);
    gboolean another = are_two(&one, &two);
    person_clear(&one);
    person_clear(&two);
    return another;
}
