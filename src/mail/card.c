#include "mail/card.h"

#include <string.h>

#include "base/limits.h"

#define WORD_MAX 64

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
    "company_street",
    "company_city",
    "company_state",
    "company_postal_code",
    "price",
    NULL,
};

/* Other words for a key, met in <meta name="lead_…"> and in JSON. */
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
    {"budget", "price"},
    {"fullname", "name"},
    {"your_name", "name"},
    {"contact_name", "name"},
    {"customer_name", "name"},
    {"first", "first_name"},
    {"last", "last_name"},
    {"given_name", "first_name"},
    {"family_name", "last_name"},
    {"surname", "last_name"},
    {"e_mail", "email"},
    {"mail", "email"},
    {"your_email", "email"},
    {"contact_email", "email"},
    {"customer_email", "email"},
    {"e_mail_address", "email"},
    {"tel", "phone"},
    {"your_phone", "phone"},
    {"phonenumber", "phone"},
    {"contact_phone", "phone"},
    {"customer_phone", "phone"},
    {"cellphone", "mobile"},
    {"mobile_number", "mobile"},
    {"organization", "company"},
    {"organisation", "company"},
    {"business", "company"},
    {"business_name", "company"},
    {"role", "position"},
    {"body", "message"},
    {"text", "message"},
    {"inquiry", "message"},
    {"question", "message"},
    {"details", "message"},
    {"description", "message"},
    {"your_message", "message"},
    {"street_address", "street"},
    {"address_line_1", "street"},
    {"address1", "street"},
    {"line1", "street"},
    {"locality", "city"},
    {"address_locality", "city"},
    {"town", "city"},
    {"region", "state"},
    {"address_region", "state"},
    {"province", "state"},
    {"postcode", "postal_code"},
    {"postalcode", "postal_code"},
};

static const char *
find_key(const char *word)
{
    for (guint i = 0; card_keys[i]; i++)
        if (strcmp(card_keys[i], word) == 0)
            return card_keys[i];
    for (guint i = 0; i < G_N_ELEMENTS(synonyms); i++)
        if (strcmp(synonyms[i].word, word) == 0)
            return find_key(synonyms[i].key);
    return NULL;
}

/* Words in small letters with "_" between them: "firstName", "First-Name" → "first_name". */
const char *
card_key(const char *word)
{
    if (strlen(word) > WORD_MAX)
        return NULL;
    g_autoptr(GString) snake = g_string_new(NULL);
    for (const char *p = word; *p; p++) {
        gboolean new_word = g_ascii_isupper(*p) && p > word && g_ascii_islower(p[-1]);
        gboolean gap = strchr("-:. _/", *p) != NULL;
        if ((new_word || gap) && snake->len > 0 && snake->str[snake->len - 1] != '_')
            g_string_append_c(snake, '_');
        if (!gap)
            g_string_append_c(snake, g_ascii_tolower(*p));
    }
    return find_key(snake->str);
}

void
card_add(GPtrArray *values, const char *format, const char *key, const char *text)
{
    if (!key || !text || values->len >= LIMIT_CARD_VALUES)
        return;
    g_autofree char *trimmed = g_strstrip(g_strdup(text));
    if (!*trimmed)
        return;
    CardValue *value = g_new(CardValue, 1);
    *value = (CardValue){format, key, g_steal_pointer(&trimmed)};
    g_ptr_array_add(values, value);
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
    if (g_ascii_strncasecmp(name, "lead", 4) != 0 || !name[4] || !strchr("_-:.", name[4]))
        return NULL;
    return card_key(name + 5);
}

void
card_from_metas(const GPtrArray *metas, GPtrArray *values)
{
    for (guint i = 0; i < metas->len; i++) {
        const HtmlMeta *meta = g_ptr_array_index(metas, i);
        card_add(values, "lead-metadata", lead_metadata_key(meta->name), meta->content);
    }
}
