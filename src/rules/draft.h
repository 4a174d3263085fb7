/* draft: a first rule file for a site, written from one of its mails.
 *
 * Sender and subject become its `when`; the labels in the mail that some source of the ruleset
 * knows become extractors, the others stand as comments ready for use, as do the links.
 * Ownership: the text is newly allocated. Thread rule: one thread.
 */
#ifndef LEAD_RULES_DRAFT_H
#define LEAD_RULES_DRAFT_H

#include "lead/lead.h"
#include "mail/message.h"
#include "rules/ruleset.h"

/* The YAML of a source called `name`, without tests. NULL when the mail has neither a sender's
 * domain nor a subject of words: nothing would tell its like from all other mail. */
char *draft_source(const Ruleset *ruleset, const Message *message, const char *name);

/* Its tests: that the mail in `sample` (relative to the rules folder) gives the lead's values, of
 * which there must be one. */
char *draft_tests(const char *sample, const Lead *lead);

/* A name for a source, from the domain that the mail is from: "acme-listings". */
char *draft_name(const Message *message);

#endif
