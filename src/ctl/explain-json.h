/* explain-json: leadctl --json explain. */
#ifndef LEAD_CTL_EXPLAIN_JSON_H
#define LEAD_CTL_EXPLAIN_JSON_H

#include "ctl/reading.h"

/* How a lead got a value, by its name: "found", "default" or "completed". */
const char *explain_origin(const Reading *reading, const char *name);

/* Line and column (from 1) of a step's raw text in its view; FALSE when it has no place there. */
gboolean explain_place(const Message *message, const Step *step, guint *line, guint *column);

/* One JSON object about one mail to standard output. */
void explain_json(const char *file, const Reading *reading);

#endif
