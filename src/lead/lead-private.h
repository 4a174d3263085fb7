/* lead-private: what complete.c needs of a lead beyond its public face. */
#ifndef LEAD_LEAD_LEAD_PRIVATE_H
#define LEAD_LEAD_LEAD_PRIVATE_H

#include "lead/lead.h"

/* Set an attribute (no custom field, no pseudo attribute) to `value` as it is, unchecked. */
void lead_put(Lead *lead, const char *name, const char *value);

#endif
