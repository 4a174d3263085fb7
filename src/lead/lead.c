/* A lead being built: an array of values beside the attribute table, and the custom fields. */
#include "lead/lead-private.h"

#include <string.h>

#include "base/limits.h"
#include "base/once.h"
#include "lead/phone.h"
#include "lead/value-private.h"

#define ATTRIBUTES_MAX 40
#define LABEL_MAX 200 /* bytes of a custom field's name */

typedef struct {
    char *name, *value;
} Custom;

struct Lead {
    char
        *values[ATTRIBUTES_MAX]; /* beside `attributes`; of pseudo attributes the parts as a line */
    GPtrArray *custom;           /* Custom */
};

static void
custom_free(gpointer data)
{
    Custom *custom = data;
    g_free(custom->name);
    g_free(custom->value);
    g_free(custom);
}

Lead *
lead_new(void)
{
    g_assert(attributes_n <= ATTRIBUTES_MAX);
    Lead *lead = g_new0(Lead, 1);
    lead->custom = g_ptr_array_new_with_free_func(custom_free);
    return lead;
}

void
lead_free(Lead *lead)
{
    if (!lead)
        return;
    for (guint i = 0; i < attributes_n; i++)
        g_free(lead->values[i]);
    g_ptr_array_unref(lead->custom);
    g_free(lead);
}

static void
custom_add(Lead *lead, const char *name, const char *value)
{
    Custom *custom = g_new(Custom, 1);
    custom->name = g_strdup(name);
    custom->value = g_strdup(value);
    g_ptr_array_add(lead->custom, custom);
}

Lead *
lead_copy(const Lead *lead)
{
    Lead *copy = lead_new();
    for (guint i = 0; i < attributes_n; i++)
        copy->values[i] = g_strdup(lead->values[i]);
    for (guint i = 0; i < lead->custom->len; i++) {
        const Custom *custom = lead->custom->pdata[i];
        custom_add(copy, custom->name, custom->value);
    }
    return copy;
}

static Custom *
custom_find(const Lead *lead, const char *name)
{
    for (guint i = 0; i < lead->custom->len; i++) {
        Custom *custom = lead->custom->pdata[i];
        if (strcmp(custom->name, name) == 0)
            return custom;
    }
    return NULL;
}

/* An unknown name is our bug: rules and configuration are checked when they are loaded. */
static void
unknown(const char *name)
{
    g_error("no attribute is called \"%s\"", name);
}

static int
find_or_abort(const char *name)
{
    int i = attribute_find(name);
    if (i < 0)
        unknown(name);
    return i;
}

static gboolean
is_custom(const char *name)
{
    Object object;
    const char *label;
    return attribute_custom(name, &object, &label);
}

const char *
lead_get(const Lead *lead, const char *name)
{
    int i = attribute_find(name);
    if (i >= 0)
        return lead->values[i];
    if (!is_custom(name))
        unknown(name);
    const Custom *custom = custom_find(lead, name);
    return custom ? custom->value : NULL;
}

/* --- addresses --- */

#define LINE_PARTS 4

/* A pseudo attribute, its parts of which the first are what its line is made of. */
typedef struct {
    int address, parts[LINE_PARTS + 1];
} AddressLine;

/* "company" and "property" have one. */
static gpointer
make_address_lines(gpointer unused)
{
    static const char *const parts[] = {"street", "city", "state", "postalCode", "county"};
    (void)unused;
    AddressLine *lines = g_new(AddressLine, OBJECT_N);
    for (guint object = 0; object < OBJECT_N; object++) {
        g_autofree char *whole = g_strconcat(object_names[object], ".address", NULL);
        lines[object].address = attribute_find(whole);
        for (guint k = 0; k < G_N_ELEMENTS(parts); k++) {
            g_autofree char *name = g_strconcat(object_names[object], ".", parts[k], NULL);
            lines[object].parts[k] = attribute_find(name);
        }
    }
    return lines;
}

static const AddressLine *
address_of(Object object)
{
    static gpointer once;
    const AddressLine *lines = once_get(&once, make_address_lines, NULL);
    return &lines[object];
}

static gboolean
is_part(const AddressLine *line, int i)
{
    gboolean part = FALSE;
    for (guint k = 0; k < LINE_PARTS; k++)
        part |= line->parts[k] == i;
    return part || line->address == i;
}

/* The line of the pseudo attribute that `changed` is a part of anew. */
static void
join_address(Lead *lead, int changed)
{
    static const char *const separators[LINE_PARTS] = {"", ", ", ", ", " "};
    const AddressLine *address = address_of(attributes[changed].object);
    if (address->address < 0 || !is_part(address, changed))
        return;
    GString *line = g_string_new(NULL);
    for (guint k = 0; k < LINE_PARTS; k++) {
        const char *value = lead->values[address->parts[k]];
        if (value && line->len)
            g_string_append(line, separators[k]);
        if (value)
            g_string_append(line, value);
    }
    g_free(lead->values[address->address]);
    lead->values[address->address] = g_string_free(line, line->len == 0);
}

static void
store(Lead *lead, int i, const char *value)
{
    char *copy = g_strdup(value);
    g_free(lead->values[i]);
    lead->values[i] = copy;
    join_address(lead, i);
}

void
lead_put(Lead *lead, const char *name, const char *value)
{
    store(lead, find_or_abort(name), value);
}

void
lead_unset(Lead *lead, const char *name)
{
    if (is_custom(name)) {
        Custom *custom = custom_find(lead, name);
        if (custom)
            g_ptr_array_remove(lead->custom, custom);
        return;
    }
    int i = find_or_abort(name);
    if (attributes[i].type != TYPE_ADDRESS) {
        store(lead, i, NULL);
        return;
    }
    const AddressLine *parts = address_of(attributes[i].object);
    for (guint k = 0; k < G_N_ELEMENTS(parts->parts); k++)
        store(lead, parts->parts[k], NULL);
}

static gboolean
refuse(char **why, const char *text)
{
    if (why)
        *why = g_strdup(text);
    return FALSE;
}

static gboolean
set_custom(Lead *lead, const char *name, const char *raw, char **why)
{
    if (strlen(name) > LABEL_MAX)
        return refuse(why, "has too long a label");
    g_autofree char *value = value_normalise(TYPE_LINES, raw, why);
    if (!value)
        return FALSE;
    Custom *custom = custom_find(lead, name);
    if (custom) {
        g_free(custom->value);
        custom->value = g_steal_pointer(&value);
        return TRUE;
    }
    if (lead->custom->len >= LIMIT_CUSTOM)
        return refuse(why, "is beyond the number of custom fields a lead may have");
    custom_add(lead, name, value);
    return TRUE;
}

static gboolean
set_address(Lead *lead, int i, const char *raw, char **why)
{
    Address address;
    if (!address_split(raw, &address))
        return refuse(why, "has no street, nor a city with state or ZIP");
    const char *const values[] = {address.street, address.city, address.state, address.postal_code,
                                  address.county};
    const AddressLine *parts = address_of(attributes[i].object);
    for (guint k = 0; k < G_N_ELEMENTS(values); k++)
        if (values[k] && !lead->values[parts->parts[k]])
            store(lead, parts->parts[k], values[k]);
    address_clear(&address);
    return TRUE;
}

/* One number is one attribute: a cell's goes to mobile, and office does not repeat it. */
static gboolean
set_phone(Lead *lead, int i, const char *raw, const char **set, char **why)
{
    int mobile = attribute_find("contact.mobile"), office = attribute_find("contact.office");
    PhoneMark mark;
    g_autofree char *number = phone_find(raw, "US", &mark);
    if (!number)
        return refuse(why, mark == PHONE_FAX ? "is a fax number" : "is no phone number");
    if (i == office && mark == PHONE_MOBILE) {
        if (lead->values[mobile])
            return refuse(why, "is a mobile number, and one is known already");
        i = mobile;
    }
    if (i == office && g_strcmp0(number, lead->values[mobile]) == 0)
        return refuse(why, "is the mobile number again");
    if (i == mobile && g_strcmp0(number, lead->values[office]) == 0)
        store(lead, office, NULL);
    store(lead, i, number);
    if (set)
        *set = attributes[i].name;
    return TRUE;
}

gboolean
lead_set(Lead *lead, const char *name, const char *raw, const char **set, char **why)
{
    int i = attribute_find(name);
    if (i < 0 && is_custom(name)) {
        if (set)
            *set = name;
        return set_custom(lead, name, raw, why);
    }
    if (i < 0)
        unknown(name);
    if (set)
        *set = attributes[i].name;
    if (attributes[i].type == TYPE_ADDRESS)
        return set_address(lead, i, raw, why);
    if (attributes[i].type == TYPE_PHONE)
        return set_phone(lead, i, raw, set, why);
    g_autofree char *value = value_normalise(attributes[i].type, raw, why);
    if (!value)
        return FALSE;
    if (attributes[i].type == TYPE_EMAIL && value_email_is_not_a_person(value, NULL))
        return refuse(why, "is a robot's or relay's address");
    store(lead, i, value);
    return TRUE;
}

void
lead_foreach(const Lead *lead, LeadVisitor visit, gpointer data)
{
    for (guint i = 0; i < attributes_n; i++)
        if (lead->values[i] && attributes[i].type != TYPE_ADDRESS)
            visit(attributes[i].name, lead->values[i], data);
    for (guint i = 0; i < lead->custom->len; i++) {
        const Custom *custom = lead->custom->pdata[i];
        visit(custom->name, custom->value, data);
    }
}
