/* wire-private: what payload.c asks of the wire table. */
#ifndef LEAD_LEAD_WIRE_PRIVATE_H
#define LEAD_LEAD_WIRE_PRIVATE_H

#include "lead/wire.h"

/* The API's name of one of the 35 ("company.name", "company.custom"); the wire's own string. Any
 * other is our bug: abort. */
const char *wire_name(const Wire *wire, const char *attribute);

#endif
