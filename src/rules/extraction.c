#include "rules/extraction.h"

#include <string.h>

#include "base/domain.h"
#include "base/limits.h"
#include "rules/label.h"
#include "rules/run.h"
#include "rules/template.h"
#include "rules/trust.h"

static void
step_free(gpointer data)
{
    Step *step = data;
    g_free(step->view);
    g_free(step->raw);
    g_free(step->value);
    g_free(step->why);
    g_free(step->doubt);
    g_free(step);
}

static void
trial_free(gpointer data)
{
    Trial *trial = data;
    g_free(trial->condition);
    g_free(trial);
}

void
extraction_free(Extraction *extraction)
{
    if (!extraction)
        return;
    g_free(extraction->reason);
    g_free(extraction->doubt);
    lead_free(extraction->lead);
    g_ptr_array_unref(extraction->steps);
    g_ptr_array_unref(extraction->trials);
    ruleset_unref(extraction->ruleset);
    g_free(extraction);
}

/* --- which source --- */

static void
add_trial(Run *run, const Source *source, const WhenResult *result)
{
    char *condition =
        result->view ? g_strconcat(result->unwanted ? "not." : "", result->view, NULL) : NULL;
    Trial *trial = g_new0(Trial, 1);
    *trial = (Trial){source->name, source->file->name, result->holds, condition,
                     result->line, result->column,     result->limit};
    g_ptr_array_add(run->result->trials, trial);
}

/* Those that cannot take the mail are asked for the account only. */
static const Source *
choose_source(Run *run, const Ruleset *ruleset)
{
    g_autofree gboolean *may = choice_may(ruleset->choice, run->gates);
    for (guint i = 0; i < ruleset->sources->len; i++) {
        const Source *source = g_ptr_array_index(ruleset->sources, i);
        if (!may[i] && run->options->brief)
            continue;
        WhenResult result = when_judge(source->when, run->message, run->gates, &run->budget);
        if (!run->options->brief || result.limit)
            add_trial(run, source, &result);
        if (result.holds)
            return source;
    }
    return NULL;
}

/* Whether one of us passed it on: a person, not a list that writes in a stranger's name, who may
 * have made up what it "forwards". */
static gboolean
is_passed_on_by_us(const Run *run)
{
    MessageAddress via = message_via(run->message);
    const char *at = via.address ? strrchr(via.address, '@') : NULL;
    return message_forwarded(run->message) && at &&
           domain_is_in(at + 1, run->options->own_domains) &&
           !(via.name && strstr(via.name, " via "));
}

/* Of a mail that one of us passed on, our own domain must have passed: the site's signature is no
 * more in it. */
static gboolean
is_authenticated(const Run *run)
{
    const Source *source = run->source;
    const char *const *domains = message_authenticated(run->message);
    gboolean forwarded = is_passed_on_by_us(run);
    for (guint i = 0; domains[i]; i++) {
        if (forwarded && domain_is_in(domains[i], run->options->own_domains))
            return TRUE;
        for (guint j = 0; j < source->authenticate->len; j++)
            if (domain_is_below(domains[i], g_ptr_array_index(source->authenticate, j)))
                return TRUE;
    }
    return FALSE;
}

static void
judge_action(Run *run)
{
    const Source *source = run->source;
    Extraction *result = run->result;
    result->action = source->action;
    if (source->action == ACTION_HOLD)
        result->reason = g_strdup_printf("the rule %s holds its leads", source->name);
    else if (source->action == ACTION_IGNORE)
        result->reason = g_strdup_printf("the rule %s ignores it", source->name);
    if (source->action != ACTION_SUBMIT || source->authenticate->len == 0 ||
        !run->options->judge_authentication || is_authenticated(run))
        return;
    result->action = ACTION_HOLD;
    result->unauthenticated = TRUE;
    result->reason =
        g_strdup_printf("no DKIM or DMARC pass for %s%s: perhaps forged",
                        (char *)g_ptr_array_index(source->authenticate, 0),
                        message_forwarded(run->message) ? " or, as it was forwarded, for us" : "");
}

/* --- fields --- */

/* How far a field has come. */
typedef struct {
    const Field *field;
    guint next;             /* the extractor to go on with */
    gboolean done, waiting; /* waiting: for the fields that its value refers to */
} Progress;

/* Whether the header's address is the inquirer's depends on who that is. */
static gboolean
needs_name(const Field *field, const Extractor *extractor)
{
    return extractor->kind == EXTRACTOR_FROM && field->type == TYPE_EMAIL;
}

/* Whether an extractor needs other fields. */
static gboolean
needs_others(const Field *field, const Extractor *extractor)
{
    return extractor->kind == EXTRACTOR_VALUE || extractor->in_notes ||
           needs_name(field, extractor);
}

/* Try the extractors from `next` on; those that need other fields only when `with_values`. */
static void
try_field(Run *run, Progress *progress, gboolean with_values)
{
    const Field *field = progress->field;
    if (field->type != TYPE_ADDRESS && lead_get(run->lead, field->name)) {
        progress->done = TRUE; /* by another field's extractor, as with a cell phone */
        return;
    }
    for (; progress->next < field->extractors->len; progress->next++) {
        const Extractor *extractor = g_ptr_array_index(field->extractors, progress->next);
        if (needs_others(field, extractor) && !with_values)
            return;
        if (extractor_run(run, field, extractor))
            break;
    }
    progress->done = TRUE;
}

static void finish_field(Run *run, GArray *all, Progress *progress);

static void
finish_field_named(Run *run, GArray *all, const char *name)
{
    for (guint i = 0; i < all->len; i++) {
        Progress *progress = &g_array_index(all, Progress, i);
        if (strcmp(progress->field->name, name) == 0)
            finish_field(run, all, progress);
    }
}

/* The notes as the lead has them: of a form, what was said in it. */
static const char *
notes_of(const Run *run)
{
    const char *notes = lead_get(run->lead, "opportunity.notes");
    return notes ? notes : message_view(run->message, VIEW_BODY);
}

/* All fields that its extractors may need come first. */
static void
finish_field(Run *run, GArray *all, Progress *progress)
{
    if (progress->done || progress->waiting)
        return;
    progress->waiting = TRUE;
    gboolean in_notes = FALSE;
    for (guint k = progress->next; k < progress->field->extractors->len; k++) {
        const Extractor *extractor = g_ptr_array_index(progress->field->extractors, k);
        if (extractor->in_notes && !in_notes) {
            finish_field_named(run, all, "opportunity.notes");
            in_notes = TRUE;
        }
        if (needs_name(progress->field, extractor))
            finish_field_named(run, all, "contact.name");
        for (guint i = 0; extractor->template && i < extractor->template->len; i++) {
            const Reference *reference = g_ptr_array_index(extractor->template, i);
            if (reference->kind == REFERENCE_FIELD)
                finish_field_named(run, all, reference->name);
        }
    }
    if (in_notes)
        run->notes = notes_of(run);
    try_field(run, progress, TRUE);
}

static void
index_free(gpointer index)
{
    label_index_free(index);
}

static void
run_fields(Run *run)
{
    const GPtrArray *fields = run->source->fields;
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Progress));
    run->indexes = g_hash_table_new_full(NULL, NULL, NULL, index_free);
    for (guint i = 0; i < fields->len; i++) {
        Progress progress = {.field = g_ptr_array_index(fields, i)};
        try_field(run, &progress, FALSE);
        g_array_append_val(all, progress);
    }
    for (guint i = 0; i < all->len; i++)
        finish_field(run, all, &g_array_index(all, Progress, i));
    g_hash_table_unref(run->indexes);
}

/* --- the whole --- */

static void
judge_trust(Run *run)
{
    Extraction *result = run->result;
    trust_judge(run);
    if (result->action != ACTION_SUBMIT || result->trust >= run->options->hold_below)
        return;
    result->action = ACTION_HOLD;
    result->reason =
        g_strdup_printf("%u %% sure, which is below hold_below: %s", result->trust, result->doubt);
}

static void
make_lead(Run *run)
{
    run->result->lead = run->lead = lead_new();
    if (run->source)
        run_fields(run);
    judge_trust(run);
    if (!run->options->keep_lead_open)
        extraction_complete(run->lead, run->message, run->options);
}

Extraction *
extraction_run(Ruleset *ruleset, const Message *message, const ExtractionOptions *options)
{
    static const ExtractionOptions none;
    Extraction *result = g_new0(Extraction, 1);
    result->ruleset = ruleset_ref(ruleset);
    result->steps = g_ptr_array_new_with_free_func(step_free);
    result->trials = g_ptr_array_new_with_free_func(trial_free);
    Run run = {.result = result, .message = message, .options = options ? options : &none};
    pattern_budget_begin(&run.budget, LIMIT_PATTERN_TIME);
    run.gates = gates_new(ruleset->gates, message);
    run.source = choose_source(&run, ruleset);
    if (run.source) {
        result->source = run.source->name;
        judge_action(&run);
    }
    if (result->action != ACTION_IGNORE)
        make_lead(&run);
    gates_free(run.gates);
    return result;
}

/* The notes say that there was more. */
static void
note_cut(Lead *lead)
{
    const char *notes = lead_get(lead, "opportunity.notes");
    g_autofree char *more = g_strconcat(
        notes ? notes : "", notes ? "\n\n" : "",
        "[The mail was larger than limits.message allows; this is its beginning.]", NULL);
    lead_set(lead, "opportunity.notes", more, NULL, NULL);
}

void
extraction_complete(Lead *lead, const Message *message, const ExtractionOptions *options)
{
    MessageAddress reply_to = message_reply_to(message), from = message_from(message);
    const char *body = message_view(message, VIEW_BODY);
    gboolean blank = body[strspn(body, " \t\n")] == '\0';
    LeadFallback fallback = {
        .from_name = from.name,
        .from_address = reply_to.address ? reply_to.address : from.address,
        .sender = message_sender(message),
        .subject = message_view(message, VIEW_SUBJECT),
        .text = blank ? message_view(message, VIEW_TEXT) : body,
        .own_domains = options ? options->own_domains : NULL,
    };
    lead_complete(lead, &fallback);
    if (message_truncated(message))
        note_cut(lead);
}
