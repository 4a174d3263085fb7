/* defaults: a mailbox's `defaults`, checked against the attribute table and applied. */
#ifndef LEAD_LEAD_DEFAULTS_H
#define LEAD_LEAD_DEFAULTS_H

#include "base/config.h"
#include "lead/lead.h"

/* Report unknown attributes (with a suggestion) and values that fail their type's check. */
void defaults_check(const Config *config, Diags *diags);
/* Set what the lead does not have yet. */
void defaults_apply(Lead *lead, const ConfigMailbox *mailbox);

#endif
