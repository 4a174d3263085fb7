/* ADF/XML 1.0, the format of car and property portals:
 *   <adf><prospect><customer><contact><name part="first">… <email> <phone type="cellphone">
 *   <address><street line="1">… </contact><comments>…
 * The vendor and the provider are contacts as well, but nobody's lead. */
#include "mail/card.h"

#include <string.h>

#include <libxml/parser.h>

#include "base/limits.h"
#include "base/memory.h"
#include "mail/xml.h"

#define ATTRIBUTES_MAX 200 /* of one tag */
#define TEXT_MAX 20000     /* bytes of one element's text */

typedef struct {
    GPtrArray *values;
    guint customer, other; /* how deep inside of <customer>; of <vendor> and the like */
    GString *text;         /* of the element we are in */
    char *part;            /* the attribute that says which: part, type */
    GString *street;       /* of all its lines */
} Adf;

static const struct {
    const char *element, *part, *key; /* part NULL: any */
} fields[] = {
    {"name", "first", "first_name"},
    {"name", "last", "last_name"},
    {"name", "middle", NULL},
    {"name", "suffix", NULL},
    {"name", NULL, "name"},
    {"email", NULL, "email"},
    {"phone", "cellphone", "mobile"},
    {"phone", "cell", "mobile"},
    {"phone", "mobile", "mobile"},
    {"phone", "fax", NULL},
    {"phone", "pager", NULL},
    {"phone", NULL, "phone"},
    {"city", NULL, "city"},
    {"regioncode", NULL, "state"},
    {"postalcode", NULL, "postal_code"},
    {"comments", NULL, "message"},
};

static const char *const not_the_customer[] = {"vendor", "provider", "vehicle", "trade", NULL};

static gboolean
is(const xmlChar *name, const char *word)
{
    return g_ascii_strcasecmp((const char *)name, word) == 0;
}

static gboolean
is_other(const xmlChar *name)
{
    for (guint i = 0; not_the_customer[i]; i++)
        if (is(name, not_the_customer[i]))
            return TRUE;
    return FALSE;
}

static void
on_start(void *data, const xmlChar *name, const xmlChar **attributes)
{
    Adf *adf = data;
    adf->customer += is(name, "customer");
    adf->other += is_other(name);
    g_string_truncate(adf->text, 0);
    g_clear_pointer(&adf->part, g_free);
    for (guint i = 0; attributes && attributes[i]; i += 2)
        if (attributes[i + 1] &&
            (is(attributes[i], "part") || (is(name, "phone") && is(attributes[i], "type"))))
            adf->part = g_ascii_strdown((const char *)attributes[i + 1], -1);
}

static void
take(Adf *adf, const xmlChar *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (!is(name, fields[i].element) ||
            (fields[i].part && g_strcmp0(fields[i].part, adf->part) != 0))
            continue;
        card_add(adf->values, "adf", fields[i].key, adf->text->str);
        return;
    }
    if (!is(name, "street") || !*g_strstrip(adf->text->str))
        return;
    g_string_append_printf(adf->street, "%s%s", adf->street->len ? ", " : "", adf->text->str);
}

static void
on_end(void *data, const xmlChar *name)
{
    Adf *adf = data;
    gboolean comments = is(name, "comments"); /* stand beside the customer as well */
    if (!adf->other && (adf->customer || comments))
        take(adf, name);
    if (is(name, "address") && adf->customer && !adf->other) {
        card_add(adf->values, "adf", "street", adf->street->str);
        g_string_truncate(adf->street, 0);
    }
    adf->customer -= adf->customer && is(name, "customer");
    adf->other -= adf->other && is_other(name);
    g_string_truncate(adf->text, 0);
    g_clear_pointer(&adf->part, g_free);
}

static void
on_text(void *data, const xmlChar *text, int length)
{
    Adf *adf = data;
    if (length > 0 && adf->text->len + (gsize)length <= TEXT_MAX)
        g_string_append_len(adf->text, (const char *)text, length);
}

/* From <adf> on, where no declaration can be wrong and none can declare an entity. */
static const char *
find_root(const char *text)
{
    for (const char *p = strchr(text, '<'); p; p = strchr(p + 1, '<'))
        if (g_ascii_strncasecmp(p, "<adf", 4) == 0 && (p[4] == '>' || g_ascii_isspace(p[4])))
            return p;
    return NULL;
}

/* libxml2 compares a tag's attributes each with each; ADF's have three at most. */
static gboolean
has_swarm_of_attributes(const char *xml)
{
    guint attributes = 0;
    for (const char *p = xml; *p; p++) {
        if (*p == '<')
            attributes = 0;
        else if (*p == '=' && strchr("\"'", p[1 + strspn(p + 1, " \t\r\n")]) &&
                 ++attributes > ATTRIBUTES_MAX)
            return TRUE;
        if (*p == '=')
            p += strspn(p + 1, " \t\r\n");
    }
    return FALSE;
}

gboolean
card_from_adf(const char *text, GPtrArray *values)
{
    const char *root = find_root(text);
    gsize length = root ? strnlen(root, LIMIT_CARD + 1) : 0;
    if (length > LIMIT_CARD)
        return FALSE;
    if (!root || has_swarm_of_attributes(root))
        return TRUE;
    xmlSAXHandler handler = {
        .startElement = on_start,
        .endElement = on_end,
        .characters = on_text,
        .cdataBlock = on_text,
    };
    Adf adf = {.values = values, .text = g_string_new(NULL), .street = g_string_new(NULL)};
    xml_begin();
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&handler, &adf, NULL, 0, NULL);
    if (!parser)
        memory_out("libxml2");
    xmlCtxtUseOptions(parser, XML_PARSE_RECOVER | XML_PARSE_NONET | XML_PARSE_NOERROR |
                                  XML_PARSE_NOWARNING);
    xmlParseChunk(parser, root, (int)length, 1);
    xmlFreeDoc(parser->myDoc);
    xmlFreeParserCtxt(parser);
    g_string_free(adf.text, TRUE);
    g_string_free(adf.street, TRUE);
    g_free(adf.part);
    return TRUE;
}
