/* domain: whether a DNS domain is one of a list or below one of them. ASCII caseless. Pure. */
#ifndef LEAD_BASE_DOMAIN_H
#define LEAD_BASE_DOMAIN_H

#include <glib.h>

/* `domains` ends in NULL and may be NULL; empty ones hold nothing. */
gboolean domain_is_in(const char *domain, const char *const *domains);
gboolean domain_is_below(const char *domain, const char *of);

#endif
