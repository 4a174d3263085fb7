/* callbacks: what libmilter calls, and what the MTA is answered.
 *
 * MAIL and RCPT are taken in without a reply. At DATA a message for others is accepted, so that
 * neither its header nor its body crosses the socket; an MTA whose protocol has no DATA (version
 * 2 and 3) gets that answer at the first header. A message of ours is collected, and at its end
 * read, committed and marked.
 */
#ifndef LEAD_MILTER_CALLBACKS_H
#define LEAD_MILTER_CALLBACKS_H

#include "milter/service.h"

#include <libmilter/mfapi.h>

/* Register with libmilter. `service` is used as long as the process lives. */
gboolean callbacks_register(Service *service);

#endif
