/* intake: the end of a message of ours: read it, commit its leads, mark the mail.
 *
 * The lead is on disk when this returns. When it cannot be committed the configuration's on_error
 * decides between "try again" and letting the mail go on without a lead; either is logged. Logs
 * name the queue id, the rules' places and the lead's id, nothing of the mail.
 */
#ifndef LEAD_MILTER_INTAKE_H
#define LEAD_MILTER_INTAKE_H

#include "milter/message-state.h"

#include <libmilter/mfapi.h>

/* Call at end of message only (libmilter takes header changes nowhere else). */
sfsistat intake_message(SMFICTX *ctx, MessageState *state, Queue *queue);

#endif
