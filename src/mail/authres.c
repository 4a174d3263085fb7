#include "mail/authres.h"

#include <string.h>

#define DOMAINS_MAX 50

static const struct {
    const char *method, *property;
} trusted[] = {
    {"dkim", "header.d"},
    {"dkim", "header.i"},
    {"dmarc", "header.from"},
};

/* Without comments; quoted strings keep their insides, as words. */
static char *
without_comments(const char *value)
{
    GString *out = g_string_new(NULL);
    guint depth = 0;
    gboolean quoted = FALSE;
    for (const char *p = value; *p; p++) {
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '"' && depth == 0) {
            quoted = !quoted;
            continue;
        } else if (*p == '(' && !quoted) {
            depth++;
            continue;
        } else if (*p == ')' && !quoted && depth > 0) {
            depth--;
            g_string_append_c(out, ' ');
            continue;
        }
        if (depth > 0)
            continue;
        /* What is quoted cannot end a statement. */
        g_string_append_c(out, quoted && strchr("; =", *p) ? '_' : *p);
    }
    return g_string_free(out, FALSE);
}

/* "header.d = example.com" may have spaces around its sign. */
static char *
without_spaces_at_signs(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *p = text; *p; p++) {
        if (*p == '=') {
            while (out->len > 0 && g_ascii_isspace(out->str[out->len - 1]))
                g_string_truncate(out, out->len - 1);
            g_string_append_c(out, '=');
            while (g_ascii_isspace(p[1]))
                p++;
            continue;
        }
        g_string_append_c(out, *p);
    }
    return g_string_free(out, FALSE);
}

static void
add_domain(const char *value, GPtrArray *domains)
{
    const char *at = strrchr(value, '@');
    g_autofree char *domain = g_ascii_strdown(at ? at + 1 : value, -1);
    for (guint i = 0; i < domains->len; i++)
        if (strcmp(g_ptr_array_index(domains, i), domain) == 0)
            return;
    if (*domain && domains->len < DOMAINS_MAX)
        g_ptr_array_add(domains, g_steal_pointer(&domain));
}

/* One "method=result property=value …". */
static void
read_result(const char *statement, GPtrArray *domains)
{
    g_auto(GStrv) words = g_strsplit_set(statement, " \t", -1);
    const char *method = NULL;
    for (guint i = 0; words[i]; i++) {
        char *sign = strchr(words[i], '=');
        if (!sign)
            continue;
        *sign = '\0';
        const char *name = words[i], *value = sign + 1;
        if (!method) {
            /* dkim/1=pass: a method may have a version. */
            words[i][strcspn(words[i], "/")] = '\0';
            if (g_ascii_strcasecmp(value, "pass") != 0)
                return;
            method = name;
            continue;
        }
        for (guint t = 0; t < G_N_ELEMENTS(trusted); t++)
            if (g_ascii_strcasecmp(method, trusted[t].method) == 0 &&
                g_ascii_strcasecmp(name, trusted[t].property) == 0)
                add_domain(value, domains);
    }
}

void
authres_add(const char *value, const char *authserv_id, GPtrArray *domains)
{
    g_autofree char *plain = without_comments(value);
    g_autofree char *text = without_spaces_at_signs(plain);
    g_auto(GStrv) statements = g_strsplit(text, ";", -1);
    if (!statements[0])
        return;
    g_strstrip(statements[0]);
    statements[0][strcspn(statements[0], " \t")] = '\0'; /* its version */
    if (g_ascii_strcasecmp(statements[0], authserv_id) != 0)
        return;
    for (guint i = 1; statements[i]; i++)
        read_result(statements[i], domains);
}
