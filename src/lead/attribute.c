/* The table of DESIGN section 3; OBJECT.custom.LABEL is carried by name and not in it. */
#include "lead/attribute.h"

#include <string.h>

#include "base/once.h"

const char *const object_names[] = {"company", "property", "contact", "opportunity", NULL};

/* X(name, object, type, required) */
#define ATTRIBUTES(X)                                                                              \
    X("company.name", COMPANY, TEXT, TRUE)                                                         \
    X("company.externalId", COMPANY, TEXT, FALSE)                                                  \
    X("company.residential", COMPANY, BOOLEAN, FALSE)                                              \
    X("company.street", COMPANY, TEXT, FALSE)                                                      \
    X("company.city", COMPANY, TEXT, FALSE)                                                        \
    X("company.state", COMPANY, STATE, FALSE)                                                      \
    X("company.postalCode", COMPANY, POSTAL, FALSE)                                                \
    X("company.county", COMPANY, TEXT, FALSE)                                                      \
    X("company.timezone", COMPANY, ZONE, FALSE)                                                    \
    X("company.manager", COMPANY, NAME, FALSE)                                                     \
    X("company.billingAddress", COMPANY, LINES, FALSE)                                             \
    X("company.billingInstructions", COMPANY, LINES, FALSE)                                        \
    X("property.name", PROPERTY, TEXT, TRUE)                                                       \
    X("property.externalId", PROPERTY, TEXT, FALSE)                                                \
    X("property.street", PROPERTY, TEXT, FALSE)                                                    \
    X("property.city", PROPERTY, TEXT, FALSE)                                                      \
    X("property.state", PROPERTY, STATE, FALSE)                                                    \
    X("property.postalCode", PROPERTY, POSTAL, FALSE)                                              \
    X("property.county", PROPERTY, TEXT, FALSE)                                                    \
    X("property.timezone", PROPERTY, ZONE, FALSE)                                                  \
    X("contact.name", CONTACT, NAME, TRUE)                                                         \
    X("contact.position", CONTACT, TEXT, FALSE)                                                    \
    X("contact.email", CONTACT, EMAIL, FALSE)                                                      \
    X("contact.mobile", CONTACT, PHONE, FALSE)                                                     \
    X("contact.office", CONTACT, PHONE, FALSE)                                                     \
    X("opportunity.leadType", OPPORTUNITY, TEXT, FALSE)                                            \
    X("opportunity.manager", OPPORTUNITY, NAME, FALSE)                                             \
    X("opportunity.product", OPPORTUNITY, TEXT, FALSE)                                             \
    X("opportunity.price", OPPORTUNITY, NUMBER, FALSE)                                             \
    X("opportunity.forecasted", OPPORTUNITY, BOOLEAN, FALSE)                                       \
    X("opportunity.notes", OPPORTUNITY, NOTES, FALSE)                                              \
    X("property.address", PROPERTY, ADDRESS, FALSE)                                                \
    X("company.address", COMPANY, ADDRESS, FALSE)

#define AS_ROW(name, object, type, required) {name, OBJECT_##object, TYPE_##type, required},
#define AS_NAME(name, object, type, required) name,

const Attribute attributes[] = {ATTRIBUTES(AS_ROW)};
const guint attributes_n = G_N_ELEMENTS(attributes);
const char *const attribute_names[] = {ATTRIBUTES(AS_NAME) NULL};

#define SLOTS 128 /* more than there are attributes */

/* Those of one object and length differ in a letter of their end. */
static guint
slot_of(const char *name)
{
    gsize length = strlen(name);
    guint end = length > 1 ? (guint)name[length - 2] * 7 + (guint)name[length - 1] : 0;
    return ((guint)name[0] * 5 + end + (guint)length * 3) % SLOTS;
}

/* Index + 1 by the slot of the name, or the next one that is free. */
static gpointer
make_slots(gpointer unused)
{
    (void)unused;
    guint8 *slots = g_new0(guint8, SLOTS);
    for (guint i = 0; i < attributes_n; i++) {
        guint slot = slot_of(attributes[i].name);
        while (slots[slot])
            slot = (slot + 1) % SLOTS;
        slots[slot] = (guint8)(i + 1);
    }
    return slots;
}

int
attribute_find(const char *name)
{
    static gpointer once;
    const guint8 *slots = once_get(&once, make_slots, NULL);
    for (guint slot = slot_of(name); slots[slot]; slot = (slot + 1) % SLOTS)
        if (strcmp(attributes[slots[slot] - 1].name, name) == 0)
            return slots[slot] - 1;
    return -1;
}

gboolean
attribute_custom(const char *name, Object *object, const char **label)
{
    const char *dot = strchr(name, '.');
    if (!dot || strncmp(dot, ".custom.", strlen(".custom.")) != 0 || !dot[strlen(".custom.")])
        return FALSE;
    for (guint i = 0; i < OBJECT_N; i++) {
        if (strncmp(name, object_names[i], dot - name) != 0 || object_names[i][dot - name])
            continue;
        *object = (Object)i;
        *label = dot + strlen(".custom.");
        return TRUE;
    }
    return FALSE;
}
