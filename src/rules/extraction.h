/* extraction: one message through a ruleset, with an account of each step.
 *
 * Ownership: extraction_free; it borrows nothing of the message but names and places are the
 * ruleset's, which it keeps a reference to. Thread rule: one thread at a time.
 */
#ifndef LEAD_RULES_EXTRACTION_H
#define LEAD_RULES_EXTRACTION_H

#include "mail/message.h"
#include "rules/ruleset.h"

typedef enum { ACTION_SUBMIT, ACTION_HOLD, ACTION_IGNORE } Action;
extern const char *const action_names[]; /* submit hold ignore, NULL */

typedef enum {
    STEP_WON,      /* its value is the field's */
    STEP_REJECTED, /* it found something that failed the type's check: `why` */
    STEP_NOTHING,  /* it found nothing */
    STEP_LIMIT,    /* its pattern reached a limit: `why` names which */
} StepOutcome;

typedef struct {
    const char *field; /* "contact.name", as the rule says */
    const char *set;   /* the attribute really set, STEP_WON only */
    const char *kind;  /* label pattern value link card from */
    const char *file;  /* the rule's place */
    guint line, column;
    const char *source;   /* the source it belongs to: another one through `extends` */
    char *view;           /* where it was found: "body", "header.x-phone", "card"; NULL */
    gsize offset, length; /* of `raw` in that view's text, bytes; length 0 when there is no place */
    char *raw;            /* what was found; NULL for STEP_NOTHING, and a long one when `brief` */
    char *value;          /* normalised, STEP_WON only */
    char *why;            /* STEP_REJECTED, STEP_LIMIT */
    guint trust;          /* percent, see trust.h; STEP_WON only */
    char *doubt;          /* what contradicts it, or NULL; STEP_WON only */
    StepOutcome outcome;
} Step;

typedef struct {
    const char *source;
    const char *file;
    gboolean matched;
    char *condition; /* the first condition that failed ("from", "not.subject"); NULL if matched */
    guint line, column; /* of that condition */
    gboolean limit;     /* a pattern of it reached a limit; taken as not matching */
} Trial;

typedef struct {
    const char *source; /* the source that took the mail; NULL when none did */
    Action action;
    char *reason;             /* why held or ignored; NULL for submit */
    guint trust;              /* of the whole lead, percent; 0 when ignored */
    char *doubt;              /* why it is not more; NULL when nothing is doubted, or ignored */
    gboolean unauthenticated; /* `authenticate` was judged, and failed */
    Lead *lead;               /* completed; NULL when ignored */
    GPtrArray *steps;         /* Step, in the order tried */
    GPtrArray *trials;        /* Trial: the sources asked, up to the one that matched */
    Ruleset *ruleset;
} Extraction;

typedef struct {
    const char *const *own_domains; /* may be NULL */
    gboolean judge_authentication;  /* an authserv_id is configured */
    guint hold_below;               /* percent of trust below which a lead is held; 0: none is */
    gboolean judge_links;           /* look for links that lead elsewhere than they say */
    gboolean keep_lead_open;        /* do not complete the lead: the caller adds defaults first */
    gboolean brief; /* of the account, only what won and which limits were reached */
} ExtractionOptions;

Extraction *extraction_run(Ruleset *ruleset, const Message *message,
                           const ExtractionOptions *options);
void extraction_free(Extraction *extraction); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Extraction, extraction_free)

/* lead_complete with what the message knows. */
void extraction_complete(Lead *lead, const Message *message, const ExtractionOptions *options);

#endif
