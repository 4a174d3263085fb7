#include "rules/draft.h"

#include <string.h>

#include "base/text.h"
#include "lead/value.h"
#include "rules/label.h"
#include "rules/ruleset-private.h"

#define LABELS_MAX 60
#define LABEL_CHARS 40
#define LABEL_WORDS 6
#define VALUE_SHOWN 60
#define LINKS_SHOWN 12
#define SUBJECT_WORDS 3

/* A label in the mail, and what follows it. */
typedef struct {
    char *label, *value;
    const char *field; /* that some source looks for with it, or that its value is; or NULL */
    gboolean guessed;
} Found;

static void
found_free(gpointer data)
{
    Found *found = data;
    g_free(found->label);
    g_free(found->value);
    g_free(found);
}

/* --- the mail's labels --- */

/* The field of the first source that knows a label. */
static const char *
field_of(const Ruleset *ruleset, const char *key)
{
    for (guint i = ruleset->sources->len; i-- > 0;) {
        const Source *source = g_ptr_array_index(ruleset->sources, i);
        for (guint j = 0; j < source->fields->len; j++) {
            const Field *field = g_ptr_array_index(source->fields, j);
            for (guint k = 0; k < field->extractors->len; k++) {
                const Extractor *extractor = g_ptr_array_index(field->extractors, k);
                if (extractor->kind == EXTRACTOR_LABEL &&
                    g_ptr_array_find_with_equal_func(extractor->labels, key, g_str_equal, NULL))
                    return field->name;
            }
        }
    }
    return NULL;
}

/* Text as a label is written: a letter first, few words, no sentence. */
static gboolean
may_be_label(const char *text, gsize length)
{
    guint words = 1;
    for (gsize i = 0; i < length; i++)
        words += text[i] == ' ';
    return length > 0 && length <= LABEL_CHARS && words <= LABEL_WORDS &&
           g_unichar_isalpha(g_utf8_get_char(text)) && !memchr(text, '.', length) &&
           !memchr(text, '@', length) && !memchr(text, '"', length) && !memchr(text, '\'', length);
}

static void
add_found(const Ruleset *ruleset, GPtrArray *all, GHashTable *seen, const char *label, gsize length,
          const char *value, gsize value_length)
{
    while (length > 0 && strchr(" *_-\t[(", *label)) {
        label++;
        length--;
    }
    while (length > 0 && strchr(" *_:\t])", label[length - 1]))
        length--;
    g_autofree char *key = may_be_label(label, length) ? label_key(label, length) : NULL;
    if (!key || all->len >= LABELS_MAX || !g_hash_table_add(seen, g_strdup(key)))
        return;
    Found *found = g_new(Found, 1);
    g_autofree char *raw = g_strndup(value, value_length);
    g_strstrip(raw);
    *found = (Found){g_strndup(label, length),
                     g_utf8_substring(raw, 0, MIN(g_utf8_strlen(raw, -1), VALUE_SHOWN)),
                     field_of(ruleset, key), FALSE};
    g_ptr_array_add(all, found);
}

/* "Label: value", "Label TAB value", and "Label" above its value when it is known. */
static GPtrArray *
find_labels(const Ruleset *ruleset, const char *text)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(found_free);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (const char *line = text; *line;) {
        gsize length = text_line(line);
        const char *end = line + length, *next = *end ? end + 1 : end;
        gsize label = strcspn(line, ":\t\n");
        if (label < length && strncmp(line + label, "://", 3) != 0) {
            const char *value = line + label + 1;
            gsize rest = end - value;
            add_found(ruleset, all, seen, line, label, value, rest);
        } else if (label == length && *next && *next != '\n') {
            g_autofree char *key = label_key(line, length);
            if (key && field_of(ruleset, key))
                add_found(ruleset, all, seen, line, length, next, text_line(next));
        }
        line = next;
    }
    return all;
}

/* --- labels that nobody knows --- */

static gboolean
is_capitalised(const char *value)
{
    guint words = 0;
    g_auto(GStrv) all = g_strsplit(value, " ", -1);
    for (guint i = 0; all[i]; i++) {
        if (!*all[i])
            continue;
        words++;
        if (!g_unichar_isupper(g_utf8_get_char(all[i])))
            return FALSE;
    }
    return words >= 2 && words <= 3;
}

static gboolean
is_company(const char *value)
{
    static const char *const forms[] = {" inc",  " inc.",  " llc", " ltd",    " ltd.",
                                        " corp", " corp.", " co.", " company"};
    g_autofree char *lower = g_ascii_strdown(value, -1);
    for (guint i = 0; i < G_N_ELEMENTS(forms); i++)
        if (g_str_has_suffix(lower, forms[i]))
            return TRUE;
    return FALSE;
}

/* What a value looks like. */
static const char *
guess_field(const char *value)
{
    static const struct {
        AttributeType type;
        const char *field;
    } guesses[] = {
        {TYPE_EMAIL, "contact.email"},
        {TYPE_PHONE, "contact.office"},
        {TYPE_ADDRESS, "property.address"},
        {TYPE_NAME, "contact.name"},
    };
    if (is_company(value))
        return "company.name";
    for (guint i = 0; i < G_N_ELEMENTS(guesses); i++) {
        AttributeType type = guesses[i].type;
        g_autofree char *normal = value_normalise(type, value, NULL);
        if (!normal || (type == TYPE_ADDRESS && strcspn(value, "0123456789") == strlen(value)) ||
            (type == TYPE_NAME && !is_capitalised(value)))
            continue;
        return guesses[i].field;
    }
    return NULL;
}

static gboolean
has_field(const GPtrArray *labels, const char *field)
{
    for (guint i = 0; i < labels->len; i++)
        if (g_strcmp0(((const Found *)g_ptr_array_index(labels, i))->field, field) == 0)
            return TRUE;
    return FALSE;
}

/* The first label of each kind of value that no known label has. */
static void
guess_fields(GPtrArray *labels)
{
    for (guint i = 0; i < labels->len; i++) {
        Found *found = g_ptr_array_index(labels, i);
        const char *field = found->field ? NULL : guess_field(found->value);
        if (!field || has_field(labels, field))
            continue;
        found->field = field;
        found->guessed = TRUE;
    }
}

/* --- writing --- */

/* A YAML scalar in single quotes. */
static void
append_quoted(GString *out, const char *text)
{
    g_string_append_c(out, '\'');
    for (const char *p = text; *p; p++) {
        if (*p == '\'')
            g_string_append_c(out, '\'');
        g_string_append_c(out, (guchar)*p < ' ' ? ' ' : *p);
    }
    g_string_append_c(out, '\'');
}

static void
append_double_quoted(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '\n')
            g_string_append(out, "\\n");
        else if (*p == '\t')
            g_string_append(out, "\\t");
        else if (*p == '"' || *p == '\\')
            g_string_append_printf(out, "\\%c", *p);
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
}

static void
append_escaped(GString *out, const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (strchr("\\^$.[]|()?*+{}#", text[i]))
            g_string_append_c(out, '\\');
        g_string_append_c(out, text[i]);
    }
}

static const char *
domain_of(const Message *message)
{
    MessageAddress from = message_from(message);
    const char *at = from.address ? strrchr(from.address, '@') : NULL;
    return at ? at + 1 : NULL;
}

/* The words that a site's subjects begin with: up to a colon or dash, else the first few. */
static gsize
stable_subject(const char *subject)
{
    gsize at = strcspn(subject, ":#0123456789\"(-");
    if (at >= 5 && subject[at] == ':')
        return at;
    gsize end = 0;
    for (guint words = 0; words < SUBJECT_WORDS && subject[end]; words++) {
        gsize word = strcspn(subject + end, " ");
        if (strcspn(subject + end, "0123456789#\"") < word)
            break;
        end += word + strspn(subject + end + word, " ");
    }
    while (end > 0 && subject[end - 1] == ' ')
        end--;
    return end;
}

static void
append_when(GString *out, const Message *message)
{
    const char *domain = domain_of(message), *subject = message_view(message, VIEW_SUBJECT);
    g_string_append(out, "# Narrow it so that the site's bills and newsletters do not match: look "
                         "at several mails.\n"
                         "when:\n");
    if (domain) {
        g_autoptr(GString) pattern = g_string_new("@(.+\\.)?");
        append_escaped(pattern, domain, strlen(domain));
        g_string_append_c(pattern, '$');
        g_string_append(out, "  from: ");
        append_quoted(out, pattern->str);
        g_string_append_c(out, '\n');
    }
    gsize length = stable_subject(subject);
    if (length > 0) {
        g_autoptr(GString) pattern = g_string_new("^\\s*");
        append_escaped(pattern, subject, length);
        g_string_append(out, "  subject: ");
        append_quoted(out, pattern->str);
        g_string_append_printf(out, "\n");
    }
    if (domain)
        g_string_append_printf(
            out,
            "# Believe only mail that passed DKIM or DMARC for the site; else its leads are "
            "held:\n# authenticate: [%s]\n",
            domain);
}

/* All labels of a field in one extractor, in the mail's order. */
static void
append_field(GString *out, const GPtrArray *labels, const char *field)
{
    guint n = 0;
    gboolean guessed = FALSE;
    g_autoptr(GString) list = g_string_new(NULL);
    g_autoptr(GString) values = g_string_new(NULL);
    for (guint i = 0; i < labels->len; i++) {
        const Found *found = g_ptr_array_index(labels, i);
        if (g_strcmp0(found->field, field) != 0)
            continue;
        if (n++)
            g_string_append(list, ", ");
        append_quoted(list, found->label);
        guessed |= found->guessed;
        if (*found->value)
            g_string_append_printf(values, "%s%s", values->len ? "; " : "", found->value);
    }
    g_strdelimit(values->str, "\t\n", ' ');
    g_string_append_printf(out, n > 1 ? "  %s: {label: [%s]}" : "  %s: {label: %s}", field,
                           list->str);
    if (values->len)
        g_string_append_printf(out, " # %s%s", guessed ? "guessed of: " : "", values->str);
    g_string_append_c(out, '\n');
}

static void
append_fields(GString *out, const GPtrArray *labels, const char *name)
{
    g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);
    g_string_append(out, "\nfields:\n");
    for (guint i = 0; i < labels->len; i++) {
        const Found *found = g_ptr_array_index(labels, i);
        if (found->field && g_hash_table_add(done, (gpointer)found->field))
            append_field(out, labels, found->field);
    }
    g_string_append(out, "  opportunity.leadType: {value: ");
    append_quoted(out, name);
    g_string_append(out, "}\n");
    gboolean any = FALSE;
    for (guint i = 0; i < labels->len; i++) {
        const Found *found = g_ptr_array_index(labels, i);
        if (found->field)
            continue;
        if (!any)
            g_string_append(out,
                            "  # Labels that no rule knows. Take away the # and say which field "
                            "they are, if any:\n");
        any = TRUE;
        g_string_append_printf(out, "  # opportunity.custom.%s: {label: ", found->label);
        append_quoted(out, found->label);
        g_autofree char *value = g_strdelimit(g_strdup(found->value), "\t\n", ' ');
        g_string_append_printf(out, "} # %s\n", value);
    }
}

static void
append_links(GString *out, const Message *message)
{
    const GPtrArray *links = message_links(message);
    if (links->len)
        g_string_append(out,
                        "  # Its links, for {link: tel}, {link: mailto} or {link: 'PATTERN'}:\n");
    for (guint i = 0; i < MIN(links->len, LINKS_SHOWN); i++) {
        const HtmlLink *link = g_ptr_array_index(links, i);
        g_autofree char *target = g_strdup(link->target), *text = g_strdup(link->text);
        g_strdelimit(target, "\t\n", ' ');
        g_strdelimit(text, "\t\n", ' ');
        g_string_append_printf(
            out, "  #   %.*s  \"%.*s\"\n",
            (int)(g_utf8_offset_to_pointer(target, MIN(g_utf8_strlen(target, -1), 100)) - target),
            target,
            (int)(g_utf8_offset_to_pointer(text, MIN(g_utf8_strlen(text, -1), VALUE_SHOWN)) - text),
            text);
    }
}

char *
draft_name(const Message *message)
{
    const char *domain = domain_of(message);
    if (!domain)
        return g_strdup("new-source");
    /* The name before the last dot: "acme-listings" of "mail.acme-listings.com". */
    const char *end = strrchr(domain, '.'), *begin;
    if (!end)
        end = domain + strlen(domain);
    for (begin = end; begin > domain && begin[-1] != '.';)
        begin--;
    GString *name = g_string_new(NULL);
    for (const char *p = begin; p < end; p++)
        g_string_append_c(name, g_ascii_isalnum(*p) ? g_ascii_tolower(*p) : '-');
    return g_string_free(name, FALSE);
}

char *
draft_source(const Ruleset *ruleset, const Message *message, const char *name)
{
    if (!domain_of(message) && stable_subject(message_view(message, VIEW_SUBJECT)) == 0)
        return NULL;
    GString *out = g_string_new(NULL);
    const char *body = message_view(message, VIEW_BODY);
    g_autoptr(GPtrArray) labels =
        find_labels(ruleset, *body ? body : message_view(message, VIEW_TEXT));
    guess_fields(labels);
    g_string_append_printf(
        out,
        "# %s: written from one mail by leadctl new-source.\n"
        "# leadctl explain MAIL shows what each line finds, leadctl test runs the "
        "tests below.\n\nsource: %s\n",
        name, name);
    /* Where From is a site, never the inquirer. */
    if (ruleset_find(ruleset, "web-form"))
        g_string_append(out, "extends: web-form\n");
    g_string_append_c(out, '\n');
    append_when(out, message);
    append_fields(out, labels, name);
    append_links(out, message);
    return g_string_free(out, FALSE);
}

static void
append_expected(const char *name, const char *value, gpointer data)
{
    GString *out = data;
    g_string_append_printf(out, "      %s: ", name);
    append_double_quoted(out, value);
    g_string_append_c(out, '\n');
}

char *
draft_tests(const char *sample, const Lead *lead)
{
    GString *out = g_string_new("\ntests:\n  - mail: ");
    append_quoted(out, sample);
    g_string_append(out, "\n    expect:\n");
    lead_foreach(lead, append_expected, out);
    return g_string_free(out, FALSE);
}
