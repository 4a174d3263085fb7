#include "base/domain.h"

#include <string.h>

gboolean
domain_is_below(const char *domain, const char *of)
{
    gsize length = strlen(domain), own = strlen(of);
    return own && own <= length && (own == length || domain[length - own - 1] == '.') &&
           g_ascii_strcasecmp(domain + length - own, of) == 0;
}

gboolean
domain_is_in(const char *domain, const char *const *domains)
{
    for (guint i = 0; domains && domains[i]; i++)
        if (domain_is_below(domain, domains[i]))
            return TRUE;
    return FALSE;
}
