/* view: a place that a rule looks in: one of message.h's views, or header.NAME. */
#ifndef LEAD_RULES_VIEW_H
#define LEAD_RULES_VIEW_H

#include "base/yaml.h"
#include "mail/message.h"

typedef struct {
    int view;           /* View, or -1 for a header, or the lead's notes, which a mail has not */
    const char *header; /* its name, borrowed from the rule file; NULL for the notes */
    const char *name;   /* as the admin wrote it */
    guint gate;         /* of what looks there (gate.h); 0: none */
} ViewRef;

/* FALSE, with a diagnostic, when there is no such view. */
gboolean view_parse(const YamlFile *file, const YamlNode *node, const char *what, ViewRef *view,
                    Diags *diags);
const char *view_text(const ViewRef *view, const Message *message); /* never NULL */

#endif
