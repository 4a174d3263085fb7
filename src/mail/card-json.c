/* JSON-LD (https://schema.org: Person, Organization, PostalAddress, wherever they are nested) and
 * any other JSON with the words that forms use. */
#include "mail/card.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "base/limits.h"

#define DEPTH_MAX 32   /* json-glib reads by recursion; so do we */
#define NODES_MAX 5000 /* looked at */

typedef struct {
    GPtrArray *values;
    guint nodes;
    gboolean linked; /* JSON-LD: only what has a type counts */
} Walk;

/* Whose things are in an object under such a key: not the inquirer's. */
static const char *const others[] = {"vendor", "provider", "dealer",    "seller",    "broker",
                                     "owner",  "assignee", "publisher", "recipient", "to",
                                     "site",   "source",   "account",   "brand",     NULL};

/* Brackets outside of strings. */
static gboolean
is_too_deep(const char *text)
{
    guint depth = 0;
    gboolean quoted = FALSE;
    for (const char *p = text; *p; p++) {
        if (quoted) {
            if (*p == '\\' && p[1])
                p++;
            else if (*p == '"')
                quoted = FALSE;
        } else if (*p == '"') {
            quoted = TRUE;
        } else if (*p == '{' || *p == '[') {
            if (++depth > DEPTH_MAX)
                return TRUE;
        } else if ((*p == '}' || *p == ']') && depth > 0) {
            depth--;
        }
    }
    return FALSE;
}

/* A text or number; newly allocated, NULL for anything else. */
static char *
scalar(JsonNode *node)
{
    if (!node || !JSON_NODE_HOLDS_VALUE(node))
        return NULL;
    switch (json_node_get_value_type(node)) {
    case G_TYPE_STRING:
        return g_strdup(json_node_get_string(node));
    case G_TYPE_INT64:
        return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    case G_TYPE_DOUBLE:
        return g_strdup_printf("%.2f", json_node_get_double(node));
    default:
        return NULL;
    }
}

static char *
member(JsonObject *object, const char *name)
{
    return scalar(json_object_get_member(object, name));
}

static void
add(Walk *walk, const char *key, JsonObject *object, const char *name)
{
    g_autofree char *text = member(object, name);
    card_add(walk->values, "json", key, text);
}

/* Whether "@type" is one of these, alone or in a list. */
static gboolean
has_type(JsonObject *object, const char *const *types)
{
    JsonNode *node = json_object_get_member(object, "@type");
    g_autofree char *one = scalar(node);
    if (one)
        return g_strv_contains(types, one);
    if (!node || !JSON_NODE_HOLDS_ARRAY(node))
        return FALSE;
    JsonArray *list = json_node_get_array(node);
    for (guint i = 0; i < MIN(json_array_get_length(list), 10); i++) {
        g_autofree char *type = scalar(json_array_get_element(list, i));
        if (type && g_strv_contains(types, type))
            return TRUE;
    }
    return FALSE;
}

static JsonObject *
object_of(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* --- JSON-LD --- */

static void
take_postal_address(Walk *walk, JsonObject *person)
{
    JsonObject *address = object_of(person, "address");
    if (!address) {
        add(walk, "address", person, "address");
        return;
    }
    add(walk, "street", address, "streetAddress");
    add(walk, "city", address, "addressLocality");
    add(walk, "state", address, "addressRegion");
    add(walk, "postal_code", address, "postalCode");
}

static void
take_person(Walk *walk, JsonObject *person)
{
    add(walk, "name", person, "name");
    add(walk, "first_name", person, "givenName");
    add(walk, "last_name", person, "familyName");
    add(walk, "position", person, "jobTitle");
    add(walk, "email", person, "email");
    add(walk, "phone", person, "telephone");
    JsonObject *company = object_of(person, "worksFor");
    if (!company)
        company = object_of(person, "affiliation");
    if (company)
        add(walk, "company", company, "name");
    else
        add(walk, "company", person, "worksFor");
    take_postal_address(walk, person);
}

static void
take_linked(Walk *walk, JsonObject *object)
{
    static const char *const people[] = {"Person", NULL};
    static const char *const messages[] = {"ContactAction", "AskAction",    "CommunicateAction",
                                           "EmailMessage",  "Message",      "Question",
                                           "Comment",       "Conversation", NULL};
    if (has_type(object, people))
        take_person(walk, object);
    if (has_type(object, messages)) {
        add(walk, "message", object, "text");
        add(walk, "message", object, "description");
    }
}

/* --- any JSON --- */

/* {"label": "Your name", "value": "Ada"} */
static void
take_pair(Walk *walk, JsonObject *object)
{
    static const char *const labels[] = {"label", "name", "key", "field", "title", "question"};
    static const char *const answers[] = {"value", "answer"};
    for (guint a = 0; a < G_N_ELEMENTS(answers); a++) {
        g_autofree char *value = member(object, answers[a]);
        for (guint i = 0; value && i < G_N_ELEMENTS(labels); i++) {
            g_autofree char *label = member(object, labels[i]);
            if (label && card_key(label)) {
                card_add(walk->values, "json", card_key(label), value);
                return;
            }
        }
    }
}

static gboolean
is_pair(JsonObject *object)
{
    return json_object_has_member(object, "value") || json_object_has_member(object, "answer");
}

static void walk_node(Walk *walk, JsonNode *node);

static void
walk_object(Walk *walk, JsonObject *object)
{
    if (walk->linked)
        take_linked(walk, object);
    else if (is_pair(object))
        take_pair(walk, object);
    g_autoptr(GList) names = json_object_get_members(object);
    for (GList *name = names; name; name = name->next) {
        JsonNode *node = json_object_get_member(object, name->data);
        g_autofree char *lower = g_ascii_strdown(name->data, -1);
        if (g_strv_contains(others, lower))
            continue;
        if (!JSON_NODE_HOLDS_VALUE(node)) {
            walk_node(walk, node);
        } else if (!walk->linked && !is_pair(object)) {
            g_autofree char *text = scalar(node);
            card_add(walk->values, "json", card_key(name->data), text);
        }
    }
}

static void
walk_node(Walk *walk, JsonNode *node)
{
    if (++walk->nodes > NODES_MAX || walk->values->len >= LIMIT_CARD_VALUES)
        return;
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        walk_object(walk, json_node_get_object(node));
    } else if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);
        for (guint i = 0; i < json_array_get_length(array) && walk->nodes <= NODES_MAX; i++)
            walk_node(walk, json_array_get_element(array, i));
    }
}

gboolean
card_from_json(const char *text, GPtrArray *values)
{
    if (strnlen(text, LIMIT_CARD + 1) > LIMIT_CARD)
        return FALSE;
    if (is_too_deep(text))
        return TRUE;
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    JsonNode *root =
        json_parser_load_from_data(parser, text, -1, NULL) ? json_parser_get_root(parser) : NULL;
    Walk walk = {.values = values, .linked = strstr(text, "\"@type\"") != NULL};
    if (root)
        walk_node(&walk, root);
    return TRUE;
}
