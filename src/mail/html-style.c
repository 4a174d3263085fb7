#include "mail/html-style.h"

#include <string.h>

#define STYLE_MAX 4096 /* bytes of one style attribute looked at */

const char *
html_attribute(const char *const *attributes, const char *name)
{
    for (guint i = 0; attributes && attributes[i]; i += 2)
        if (g_ascii_strcasecmp(attributes[i], name) == 0)
            return attributes[i + 1] && *attributes[i + 1] ? attributes[i + 1] : NULL;
    return NULL;
}

static gboolean
has_attribute(const char *const *attributes, const char *name)
{
    for (guint i = 0; attributes && attributes[i]; i += 2)
        if (g_ascii_strcasecmp(attributes[i], name) == 0)
            return TRUE;
    return FALSE;
}

/* "0", "0px", "0.0em !important", "-0"; not "0.5em" nor "01px". */
static gboolean
is_zero(const char *value)
{
    char *end;
    return g_ascii_strtod(value, &end) == 0 && end != value;
}

static gboolean
begins_with_word(const char *value, const char *words)
{
    gsize length = strcspn(value, " \t\r\n!;");
    for (const char *w = words; *w; w += strcspn(w, " "), w += strspn(w, " "))
        if (strcspn(w, " ") == length && g_ascii_strncasecmp(w, value, length) == 0)
            return TRUE;
    return FALSE;
}

/* One pixel or nothing; percentages are no pixels. */
static gboolean
is_tiny(const char *value)
{
    char *end;
    double pixels = value ? g_ascii_strtod(value, &end) : 100;
    return value && end != value && *end != '%' && pixels >= 0 && pixels <= 1 &&
           g_ascii_strncasecmp(end, "em", 2) != 0 && g_ascii_strncasecmp(end, "rem", 3) != 0;
}

static void
set_font_size(HtmlStyle *style, const char *value)
{
    const char *unit = value + strspn(value, "0123456789.+- ");
    gboolean relative = *unit == '%' || g_ascii_strncasecmp(unit, "em", 2) == 0;
    style->font_zero = is_zero(value);
    style->font_sized = !style->font_zero && !relative;
}

static void
set_display(HtmlStyle *style, const char *value)
{
    style->hidden |= begins_with_word(value, "none");
    style->block |= begins_with_word(value, "block list-item table table-row flex grid");
}

static void
set_visibility(HtmlStyle *style, const char *value)
{
    style->hidden |= begins_with_word(value, "hidden collapse");
}

static void
set_mso_hide(HtmlStyle *style, const char *value)
{
    style->hidden |= begins_with_word(value, "all");
}

static void
set_hidden_if_zero(HtmlStyle *style, const char *value)
{
    style->hidden |= is_zero(value);
}

static void
set_white_space(HtmlStyle *style, const char *value)
{
    style->preformatted = begins_with_word(value, "pre pre-wrap pre-line break-spaces");
    style->folded = begins_with_word(value, "normal nowrap");
}

static void
set_extent(HtmlStyle *style, const char *value)
{
    style->tiny |= is_tiny(value);
}

static const struct {
    const char *name;
    void (*set)(HtmlStyle *style, const char *value);
} properties[] = {
    {"display", set_display},         {"visibility", set_visibility},
    {"mso-hide", set_mso_hide},       {"max-height", set_hidden_if_zero},
    {"opacity", set_hidden_if_zero},  {"font-size", set_font_size},
    {"white-space", set_white_space}, {"width", set_extent},
    {"height", set_extent},
};

static void
read_declaration(HtmlStyle *style, const char *declaration)
{
    const char *colon = strchr(declaration, ':');
    if (!colon)
        return;
    const char *name = declaration + strspn(declaration, " \t\r\n");
    gsize length = 0;
    while (name + length < colon && !g_ascii_isspace(name[length]))
        length++;
    const char *value = colon + 1 + strspn(colon + 1, " \t\r\n");
    for (guint i = 0; i < G_N_ELEMENTS(properties); i++)
        if (strlen(properties[i].name) == length &&
            g_ascii_strncasecmp(properties[i].name, name, length) == 0)
            properties[i].set(style, value);
}

HtmlStyle
html_style(const char *const *attributes)
{
    HtmlStyle style = {.hidden = has_attribute(attributes, "hidden")};
    style.tiny = is_tiny(html_attribute(attributes, "width")) ||
                 is_tiny(html_attribute(attributes, "height"));
    const char *text = html_attribute(attributes, "style");
    if (!text)
        return style;
    g_autofree char *copy = g_strndup(text, STYLE_MAX);
    for (char *next, *p = copy; p; p = next) {
        next = strchr(p, ';');
        if (next)
            *next++ = '\0';
        read_declaration(&style, p);
    }
    return style;
}
