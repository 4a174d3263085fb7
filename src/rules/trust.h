/* trust: how far the values of a lead are to be believed, in percent.
 *
 * A value has the trust of how it was found; what contradicts it takes some away, with the reason:
 * a link that leads elsewhere than it says, the same label with two values, a sender that failed
 * authentication. A lead is trusted as its weaker half is: who it is, and how to reach them.
 * The numbers are an order, not a probability: what is below `hold_below` (lead-milter.yaml(5))
 * waits for somebody to look at it.
 */
#ifndef LEAD_RULES_TRUST_H
#define LEAD_RULES_TRUST_H

#include "rules/run.h"

/* Of what an extractor found, before anything contradicts it. */
guint trust_of(const Run *run, const Extractor *extractor);

/* Take `loss` away from a value, with the reason (newly allocated, taken over). */
void trust_lower(Step *step, guint loss, char *reason);

/* When all fields are done: sets the extraction's trust and doubt. */
void trust_judge(Run *run);

#endif
