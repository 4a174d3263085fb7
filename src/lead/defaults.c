/* A mailbox's `defaults`. */
#include "lead/defaults.h"

#include "lead/value.h"

static void
check_one(const Config *config, const ConfigDefault *given, Diags *diags)
{
    Object object;
    const char *label;
    int i = attribute_find(given->attribute);
    gboolean custom = i < 0 && attribute_custom(given->attribute, &object, &label);
    if (i < 0 && !custom) {
        const char *near = suggest(given->attribute, attribute_names);
        if (near)
            diags_error(diags, config->file, given->line, given->column,
                        "unknown field \"%s\"; did you mean \"%s\"?", given->attribute, near);
        else
            diags_error(diags, config->file, given->line, given->column, "unknown field \"%s\"",
                        given->attribute);
        return;
    }
    /* By way of a lead, whose own checks go further than the type's. */
    g_autoptr(Lead) lead = lead_new();
    g_autofree char *why = NULL;
    if (!lead_set(lead, given->attribute, given->value, NULL, &why))
        diags_error(diags, config->file, given->line, given->column, "the default for \"%s\" %s",
                    given->attribute, why);
}

void
defaults_check(const Config *config, Diags *diags)
{
    for (guint i = 0; i < config->mailboxes->len; i++) {
        const ConfigMailbox *mailbox = config->mailboxes->pdata[i];
        for (guint k = 0; mailbox->defaults && k < mailbox->defaults->len; k++)
            check_one(config, mailbox->defaults->pdata[k], diags);
    }
}

void
defaults_apply(Lead *lead, const ConfigMailbox *mailbox)
{
    for (guint k = 0; mailbox->defaults && k < mailbox->defaults->len; k++) {
        const ConfigDefault *given = mailbox->defaults->pdata[k];
        if (!lead_get(lead, given->attribute))
            lead_set(lead, given->attribute, given->value, NULL, NULL);
    }
}
