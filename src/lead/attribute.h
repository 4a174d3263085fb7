/* attribute: what a lead is made of (DESIGN section 3), as one table.
 *
 * A name is OBJECT.ATTRIBUTE ("contact.mobile") or OBJECT.custom.LABEL. Attributes are indices
 * into `attributes`; custom fields are carried by name.
 */
#ifndef LEAD_LEAD_ATTRIBUTE_H
#define LEAD_LEAD_ATTRIBUTE_H

#include <glib.h>

typedef enum { OBJECT_COMPANY, OBJECT_PROPERTY, OBJECT_CONTACT, OBJECT_OPPORTUNITY, OBJECT_N } Object;
extern const char *const object_names[]; /* company property contact opportunity, NULL */

typedef enum {
    TYPE_TEXT,    /* one line, white space folded, LIMIT_VALUE */
    TYPE_LINES,   /* text with line breaks kept */
    TYPE_NOTES,   /* TYPE_LINES, LIMIT_NOTES, cut at a line end and saying so */
    TYPE_NAME,    /* a person, "First Last" */
    TYPE_EMAIL,
    TYPE_PHONE,   /* "(811) 123-1234", with extension "(811) 123-1234 x 123" */
    TYPE_STATE,   /* two letters */
    TYPE_POSTAL,  /* ZIP, ZIP+4 or Canadian */
    TYPE_ZONE,    /* IANA zone that tzdata knows */
    TYPE_NUMBER,  /* money or a plain number, kept as decimal text */
    TYPE_BOOLEAN, /* "true" or "false" */
    TYPE_ADDRESS  /* not an attribute of the API: property.address and company.address, split */
} AttributeType;

typedef struct {
    const char *name; /* "company.name" */
    Object object;
    AttributeType type;
    gboolean required; /* its object is not sent without it */
} Attribute;

/* All attributes but the custom ones, in DESIGN's order; the pseudo attributes property.address
 * and company.address last. */
extern const Attribute attributes[];
extern const guint attributes_n;
extern const char *const attribute_names[]; /* for suggest(); ends in NULL */

/* The attribute's index or -1. "contact.custom.Roof age" gives -1 here. */
int attribute_find(const char *name);
/* TRUE for OBJECT.custom.LABEL with a label; *object and *label (inside `name`) are set. */
gboolean attribute_custom(const char *name, Object *object, const char **label);

#endif
