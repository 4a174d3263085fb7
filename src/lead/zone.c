/* Time zones: IANA names that tzdata has, and what Americans call theirs. */
#include "lead/value-private.h"

#include <stdio.h>
#include <string.h>

#define ZONEINFO "/usr/share/zoneinfo"
#define ZONE_MAX 48 /* bytes; tzdata's longest name has 32 */

static const struct {
    const char *said, *zone;
} aliases[] = {
    {"eastern", "America/New_York"},
    {"est", "America/New_York"},
    {"edt", "America/New_York"},
    {"et", "America/New_York"},
    {"central", "America/Chicago"},
    {"cst", "America/Chicago"},
    {"cdt", "America/Chicago"},
    {"ct", "America/Chicago"},
    {"mountain", "America/Denver"},
    {"mst", "America/Denver"},
    {"mdt", "America/Denver"},
    {"mt", "America/Denver"},
    {"arizona", "America/Phoenix"},
    {"pacific", "America/Los_Angeles"},
    {"pst", "America/Los_Angeles"},
    {"pdt", "America/Los_Angeles"},
    {"pt", "America/Los_Angeles"},
    {"alaska", "America/Anchorage"},
    {"akst", "America/Anchorage"},
    {"hawaii", "Pacific/Honolulu"},
    {"hst", "Pacific/Honolulu"},
    {"atlantic", "America/Halifax"},
    {"newfoundland", "America/St_Johns"},
};

/* "Eastern Standard Time", "Eastern time (US & Canada)" and "eastern" are the same. */
static const char *
alias(const char *raw)
{
    for (guint i = 0; i < G_N_ELEMENTS(aliases); i++) {
        gsize length = strlen(aliases[i].said);
        if (g_ascii_strncasecmp(raw, aliases[i].said, length) != 0)
            continue;
        const char *rest = raw + length;
        if (!*rest || g_ascii_strncasecmp(rest, " time", 5) == 0 ||
            g_ascii_strncasecmp(rest, " standard", 9) == 0 ||
            g_ascii_strncasecmp(rest, " daylight", 9) == 0)
            return aliases[i].zone;
    }
    return NULL;
}

/* A compiled zone file begins so (RFC 8536, 3.1). The name comes from a mail: it must not lead out
 * of the folder, nor to the copies in posix/ and right/. */
static gboolean
tzdata_has(const char *name)
{
    gsize length = strlen(name);
    if (length > ZONE_MAX || !g_ascii_isupper(name[0]) || !strchr(name, '/') ||
        strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") !=
            length)
        return FALSE;
    g_autofree char *path = g_strconcat(ZONEINFO "/", name, NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
        return FALSE;
    FILE *file = fopen(path, "rbe");
    char magic[4] = "";
    gboolean known = file && fread(magic, 1, sizeof magic, file) == sizeof magic &&
                     memcmp(magic, "TZif", sizeof magic) == 0;
    if (file)
        fclose(file);
    return known;
}

/* "america/new york" as tzdata writes it: a capital after "/" and "_"; "of" and "es" and the like
 * in the middle stay as they were, so such a zone has to be written right. */
static char *
capitalised(const char *raw)
{
    char *name = g_strdup(raw);
    gboolean start = TRUE;
    for (char *p = name; *p; p++) {
        if (*p == ' ')
            *p = '_';
        *p = start ? g_ascii_toupper(*p) : g_ascii_tolower(*p);
        start = *p == '/' || *p == '_' || *p == '-';
    }
    return name;
}

char *
zone_normalise(const char *raw)
{
    const char *known = alias(raw);
    if (known)
        return g_strdup(known);
    if (g_ascii_strcasecmp(raw, "UTC") == 0 || g_ascii_strcasecmp(raw, "GMT") == 0)
        return g_strdup("Etc/UTC");
    if (strlen(raw) > ZONE_MAX)
        return NULL;
    if (tzdata_has(raw))
        return g_strdup(raw);
    g_autofree char *name = capitalised(raw);
    return tzdata_has(name) ? g_steal_pointer(&name) : NULL;
}
