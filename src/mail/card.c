#include "mail/card.h"

#include <string.h>

#include "base/limits.h"

const char *const card_keys[] = {
    "name",
    "first_name",
    "last_name",
    "email",
    "phone",
    "mobile",
    "office",
    "company",
    "position",
    "message",
    "source",
    "type",
    "address",
    "street",
    "city",
    "state",
    "postal_code",
    "county",
    "property_name",
    "property_address",
    "property_street",
    "property_city",
    "property_state",
    "property_postal_code",
    "property_county",
    "price",
    NULL,
};

/* Other words for a key, met in <meta name="lead_…">. */
static const struct {
    const char *word, *key;
} synonyms[] = {
    {"full_name", "name"},
    {"firstname", "first_name"},
    {"lastname", "last_name"},
    {"email_address", "email"},
    {"phone_number", "phone"},
    {"telephone", "phone"},
    {"cell", "mobile"},
    {"cell_phone", "mobile"},
    {"mobile_phone", "mobile"},
    {"office_phone", "office"},
    {"work_phone", "office"},
    {"company_name", "company"},
    {"title", "position"},
    {"job_title", "position"},
    {"comments", "message"},
    {"comment", "message"},
    {"notes", "message"},
    {"provider", "source"},
    {"zip", "postal_code"},
    {"zipcode", "postal_code"},
    {"zip_code", "postal_code"},
    {"property_zip", "property_postal_code"},
    {"property_zipcode", "property_postal_code"},
    {"property_zip_code", "property_postal_code"},
    {"property_price", "price"},
};

static const char *
card_key(const char *word)
{
    for (guint i = 0; card_keys[i]; i++)
        if (strcmp(card_keys[i], word) == 0)
            return card_keys[i];
    for (guint i = 0; i < G_N_ELEMENTS(synonyms); i++)
        if (strcmp(synonyms[i].word, word) == 0)
            return card_key(synonyms[i].key);
    return NULL;
}

void
card_value_free(gpointer data)
{
    CardValue *value = data;
    if (!value)
        return;
    g_free(value->value);
    g_free(value);
}

/* "lead_name" and, as some write it, "Lead-Name" or "lead:name"; NULL for any other meta. */
static const char *
lead_metadata_key(const char *name)
{
    if (strlen(name) > 64 || g_ascii_strncasecmp(name, "lead", 4) != 0 || !strchr("_-:.", name[4]))
        return NULL;
    if (name[4] == '\0')
        return NULL;
    g_autofree char *word = g_strdelimit(g_ascii_strdown(name + 5, -1), "-:. ", '_');
    return card_key(word);
}

void
card_from_metas(const GPtrArray *metas, GPtrArray *values)
{
    for (guint i = 0; i < metas->len && values->len < LIMIT_CARD_VALUES; i++) {
        const HtmlMeta *meta = g_ptr_array_index(metas, i);
        const char *key = lead_metadata_key(meta->name);
        g_autofree char *text = g_strstrip(g_strdup(meta->content));
        if (!key || !*text)
            continue;
        CardValue *value = g_new(CardValue, 1);
        *value = (CardValue){"lead-metadata", key, g_steal_pointer(&text)};
        g_ptr_array_add(values, value);
    }
}
