/* Making a lead valid: what the API requires, from what is true of the mail. */
#include "lead/lead-private.h"

#include <string.h>

#include "base/limits.h"
#include "lead/value-private.h"

static gboolean
set_if_missing(Lead *lead, const char *name, const char *value)
{
    return lead_get(lead, name) || (value && lead_set(lead, name, value, NULL, NULL));
}

/* The sender's own name, if a person's: of a robot's or relay's address only as "Jane Doe via …",
 * for "Angi Leads" is nobody. Newly allocated or NULL. */
static char *
sender_name(const LeadFallback *fallback)
{
    if (!fallback->from_name)
        return NULL;
    const char *address = fallback->from_address;
    if (!address || value_email_is_not_a_person(address, fallback->own_domains)) {
        g_autofree char *lower = g_ascii_strdown(fallback->from_name, -1);
        if (!strstr(lower, " via "))
            return NULL;
    }
    return value_normalise(TYPE_NAME, fallback->from_name, NULL);
}

/* The lead's own address, the writer's, the envelope's: each checked, and only if a person's. */
static void
addresses_of(const Lead *lead, const LeadFallback *fallback, char *addresses[3])
{
    const char *raw[3] = {lead_get(lead, "contact.email"), fallback->from_address,
                          fallback->sender};
    for (guint i = 0; i < 3; i++) {
        addresses[i] = raw[i] ? value_normalise(TYPE_EMAIL, raw[i], NULL) : NULL;
        if (addresses[i] && value_email_is_not_a_person(addresses[i], fallback->own_domains))
            g_clear_pointer(&addresses[i], g_free);
    }
}

static gboolean
is_sender(const Lead *lead, const LeadFallback *fallback)
{
    const char *email = lead_get(lead, "contact.email");
    return !email ||
           (fallback->from_address && g_ascii_strcasecmp(email, fallback->from_address) == 0);
}

static void
complete_company(Lead *lead, const LeadFallback *fallback)
{
    if (set_if_missing(lead, "company.name", lead_get(lead, "contact.name")))
        return;
    /* Whoever has another address than the sender is somebody else. */
    g_autofree char *person = is_sender(lead, fallback) ? sender_name(fallback) : NULL;
    char *addresses[3];
    addresses_of(lead, fallback, addresses);
    const char *domain = NULL, *address = NULL;
    for (guint i = 0; i < 3; i++) {
        if (!addresses[i])
            continue;
        if (!domain && !email_domain_is_free(email_domain(addresses[i])))
            domain = email_domain(addresses[i]);
        if (!address)
            address = addresses[i];
    }
    const char *phone = lead_get(lead, "contact.office");
    if (!phone)
        phone = lead_get(lead, "contact.mobile");
    const char *const candidates[] = {person, domain, address, phone, "Unknown sender"};
    for (guint i = 0; i < G_N_ELEMENTS(candidates); i++)
        if (set_if_missing(lead, "company.name", candidates[i]))
            break;
    for (guint i = 0; i < 3; i++)
        g_free(addresses[i]);
}

/* One word with a digit, of one letter or two, or without a vowel is some abbreviation: "rfk1974". */
static gboolean
is_abbreviation(const char *local)
{
    gsize letters = strcspn(local, "._-");
    return !local[letters] &&
           (letters < 3 || strpbrk(local, "0123456789") || !strpbrk(local, "aeiouyAEIOUY"));
}

/* "jane.doe" → "Jane Doe"; NULL when the local part is no name ("info"). */
static char *
name_of_address(const char *address)
{
    g_autofree char *local = g_strndup(address, strcspn(address, "@+"));
    if (is_abbreviation(local))
        return NULL;
    for (char *p = local; *p; p++)
        if (strchr("._-0123456789", *p))
            *p = ' ';
    g_autofree char *folded = value_fold(local, LIMIT_VALUE);
    return value_normalise(TYPE_NAME, folded, NULL);
}

static gboolean
has_any(const Lead *lead, const char *const *names)
{
    for (guint i = 0; names[i]; i++)
        if (lead_get(lead, names[i]))
            return TRUE;
    return FALSE;
}

typedef struct {
    const char *prefix;
    gboolean found;
} CustomSearch;

static void
custom_seen(const char *name, const char *value, gpointer data)
{
    CustomSearch *search = data;
    search->found |= g_str_has_prefix(name, search->prefix);
}

static gboolean
has_custom(const Lead *lead, const char *prefix)
{
    CustomSearch search = {prefix, FALSE};
    lead_foreach(lead, custom_seen, &search);
    return search.found;
}

static void
complete_contact(Lead *lead, const LeadFallback *fallback)
{
    static const char *const data[] = {"contact.email", "contact.mobile", "contact.office",
                                       "contact.position", NULL};
    if (lead_get(lead, "contact.name") ||
        (!has_any(lead, data) && !has_custom(lead, "contact.custom.")))
        return;
    const char *email = lead_get(lead, "contact.email");
    g_autofree char *local = email ? name_of_address(email) : NULL;
    g_autofree char *person = sender_name(fallback);
    const char *const candidates[] = {is_sender(lead, fallback) ? person : NULL, local};
    for (guint i = 0; i < G_N_ELEMENTS(candidates); i++)
        if (candidates[i] && set_if_missing(lead, "contact.name", candidates[i]))
            return;
    /* No name is known, but without one the API would not take the rest of the contact. */
    lead_put(lead, "contact.name", lead_get(lead, "company.name"));
}

static void
complete_property(Lead *lead)
{
    set_if_missing(lead, "property.name", lead_get(lead, "property.street"));
    set_if_missing(lead, "property.name", lead_get(lead, "property.address"));
    set_if_missing(lead, "property.name", lead_get(lead, "property.externalId"));
    if (lead_get(lead, "property.name"))
        set_if_missing(lead, "property.timezone", lead_get(lead, "company.timezone"));
}

void
lead_complete(Lead *lead, const LeadFallback *fallback)
{
    complete_company(lead, fallback);
    complete_contact(lead, fallback);
    complete_property(lead);
    set_if_missing(lead, "company.residential", "false");
    set_if_missing(lead, "opportunity.price", "0");
    if (!set_if_missing(lead, "opportunity.notes", fallback->text))
        set_if_missing(lead, "opportunity.notes", fallback->subject);
}
