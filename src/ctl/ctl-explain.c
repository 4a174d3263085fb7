/* leadctl explain: where each value of a mail's lead comes from, and what was tried in vain. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/explain-html.h"
#include "ctl/explain-json.h"
#include "ctl/output.h"

#define RAW_SHOWN 160   /* characters of what was found */
#define VALUE_SHOWN 400 /* characters of a value */

static const CtlUsage usage = {
    "leadctl explain",
    "FILE",
    1,
    1,
    "Tells which source took the mail and why the others did not, each value with the rule that\n"
    "found it, its place and the text as it stood, what was rejected and why, and what the lead\n"
    "lacks. FILE may be - for standard input. In colours on a terminal, unless NO_COLOR is set.",
};

static void
heading(const char *text)
{
    printf("\n%s%s%s\n", output_colour(COLOUR_BOLD), text, output_colour(COLOUR_NONE));
}

/* How many characters the views have that are not empty; the body always: empty, it explains
 * much. */
static void
print_views(const Message *message)
{
    const char *separator = "  views    ";
    for (View view = 0; view < VIEW_N; view++) {
        glong length = g_utf8_strlen(message_view(message, view), -1);
        if (length == 0 && view != VIEW_BODY)
            continue;
        printf("%s%s %ld", separator, view_names[view], length);
        separator = ", ";
    }
    printf(" characters\n");
}

static void
print_mail(const char *file, const Message *message)
{
    MessageAddress from = message_from(message), via = message_via(message);
    g_autofree char *subject = output_clean(message_view(message, VIEW_SUBJECT), RAW_SHOWN);
    g_autofree char *address = output_clean(from.address, RAW_SHOWN);
    g_autofree char *forwarder = output_clean(via.address, RAW_SHOWN);
    const char *limits = message_limits_reached(message);
    printf("%s%s%s\n  subject  %s\n  from     %s\n", output_colour(COLOUR_BOLD), file,
           output_colour(COLOUR_NONE), subject, address);
    if (message_forwarded(message))
        printf("  via      %s, who forwarded it\n", forwarder);
    print_views(message);
    if (message_truncated(message))
        printf("  cut      longer than limits.message; only its beginning was read\n");
    if (limits)
        printf("  limits   reached: %s\n", limits);
}

static void
print_sources(const Extraction *extraction)
{
    heading("Sources, in the order they were asked");
    for (guint i = 0; i < extraction->trials->len; i++) {
        const Trial *trial = g_ptr_array_index(extraction->trials, i);
        if (trial->matched)
            printf("  %s%-16s yes%s  %s\n", output_colour(COLOUR_GREEN), trial->source,
                   output_colour(COLOUR_NONE), trial->file);
        else
            printf("  %-16s no   %s:%u:%u: %s %s\n", trial->source, trial->file, trial->line,
                   trial->column, trial->condition,
                   trial->limit                                ? "reached a limit"
                   : g_str_has_prefix(trial->condition, "not") ? "holds"
                                                               : "does not hold");
    }
    g_autofree char *reason = output_clean(extraction->reason, 0);
    Colour colour = extraction->action == ACTION_SUBMIT ? COLOUR_GREEN : COLOUR_YELLOW;
    printf("  %s→ %s%s%s%s\n", output_colour(colour), action_names[extraction->action],
           *reason ? ": " : "", reason, output_colour(COLOUR_NONE));
    if (extraction->lead)
        printf("  %u %% sure%s%s\n", extraction->trust, extraction->doubt ? ": " : "",
               extraction->doubt ? extraction->doubt : "");
}

/* "  contact.name  Ada Lovelace", its further lines below. */
static void
print_value(const char *name, const char *value, const char *remark)
{
    g_autofree char *shown = output_clean(value, VALUE_SHOWN);
    printf("  %s%-22s%s %s%s%s%s\n", output_colour(COLOUR_GREEN), name, output_colour(COLOUR_NONE),
           shown, output_colour(COLOUR_DIM), remark, output_colour(COLOUR_NONE));
}

static void
print_step(const Step *step, const Message *message)
{
    static const struct {
        const char *word;
        Colour colour;
    } outcomes[] = {
        [STEP_WON] = {"found by", COLOUR_NONE},
        [STEP_REJECTED] = {"rejected", COLOUR_RED},
        [STEP_NOTHING] = {"nothing", COLOUR_DIM},
        [STEP_LIMIT] = {"reached a limit:", COLOUR_RED},
    };
    g_autofree char *raw = output_clean(step->raw, RAW_SHOWN);
    g_autofree char *why = output_clean(step->why, 0);
    guint line, column;
    printf("    %s%s%s %s, %s:%u:%u", output_colour(outcomes[step->outcome].colour),
           outcomes[step->outcome].word, output_colour(COLOUR_NONE), step->kind, step->file,
           step->line, step->column);
    if (explain_place(message, step, &line, &column))
        printf("; %s %u:%u", step->view, line, column);
    else if (step->view)
        printf("; %s", step->view);
    if (step->raw)
        printf(": \"%s\"", raw);
    if (*why)
        printf("%s %s", step->raw ? "" : ":", why);
    if (step->outcome == STEP_WON)
        printf("; %u %% sure%s%s", step->trust, step->doubt ? ": " : "",
               step->doubt ? step->doubt : "");
    printf("\n");
}

/* The step that gave a field its value, or NULL. */
static const Step *
winner(const GPtrArray *steps, const char *field)
{
    for (guint i = 0; i < steps->len; i++) {
        const Step *step = g_ptr_array_index(steps, i);
        if (step->outcome == STEP_WON && strcmp(step->field, field) == 0)
            return step;
    }
    return NULL;
}

/* Whether a field got no value and has none from elsewhere (an address split into its parts). */
static gboolean
is_missing(const Extraction *extraction, const char *field)
{
    return !winner(extraction->steps, field) && !lead_get(extraction->lead, field);
}

/* All that found nothing at all fits on one line: "label 12:7, card 13:7 in FILE". */
static void
print_vain(const GPtrArray *steps, const char *field)
{
    const char *file = NULL;
    for (guint i = 0; i < steps->len; i++) {
        const Step *step = g_ptr_array_index(steps, i);
        if (step->outcome != STEP_NOTHING || strcmp(step->field, field) != 0)
            continue;
        if (g_strcmp0(file, step->file) != 0)
            printf("%s    nothing  %s:", file ? "\n" : "", step->file);
        printf("%s %s %u:%u", g_strcmp0(file, step->file) == 0 ? "," : "", step->kind, step->line,
               step->column);
        file = step->file;
    }
    if (file)
        printf("\n");
}

/* Fields in the order of their first step, with all their steps: those that have a value, or
 * those that lack one. */
static void
print_fields(const Extraction *extraction, const Message *message, gboolean found)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const GPtrArray *steps = extraction->steps;
    for (guint i = 0; i < steps->len; i++) {
        const Step *first = g_ptr_array_index(steps, i), *won = winner(steps, first->field);
        if ((found ? !won : !is_missing(extraction, first->field)) ||
            !g_hash_table_add(seen, (gpointer)first->field))
            continue;
        if (won)
            print_value(won->set, won->value, "");
        else
            printf("  %s%s%s\n", output_colour(COLOUR_YELLOW), first->field,
                   output_colour(COLOUR_NONE));
        for (guint k = i; k < steps->len; k++) {
            const Step *step = g_ptr_array_index(steps, k);
            if (step->outcome != STEP_NOTHING && strcmp(step->field, first->field) == 0)
                print_step(step, message);
        }
        print_vain(steps, first->field);
    }
}

static gboolean
any_missing(const Extraction *extraction)
{
    for (guint i = 0; i < extraction->steps->len; i++)
        if (is_missing(extraction, ((const Step *)extraction->steps->pdata[i])->field))
            return TRUE;
    return FALSE;
}

static void
print_added(const char *name, const char *value, gpointer data)
{
    const Reading *reading = data;
    const char *origin = explain_origin(reading, name);
    if (strcmp(origin, "found") != 0)
        print_value(name, value,
                    strcmp(origin, "default") == 0 ? "  (default of the mailbox)"
                                                   : "  (completed)");
}

static void
print_missing(const Lead *lead)
{
    const char *separator = "  ";
    heading("Without a value");
    for (guint i = 0; i < attributes_n; i++) {
        if (attributes[i].type == TYPE_ADDRESS || lead_get(lead, attributes[i].name))
            continue;
        printf("%s%s", separator, attributes[i].name);
        separator = " ";
    }
    printf("\n");
}

static void
explain_text(const char *file, const Reading *reading)
{
    const Extraction *extraction = reading->inquiry->extraction;
    const Message *message = reading->inquiry->message;
    print_mail(file, message);
    print_sources(extraction);
    if (!reading->lead)
        return;
    heading("Found");
    print_fields(extraction, message, TRUE);
    if (any_missing(extraction)) {
        heading("Not found");
        print_fields(extraction, message, FALSE);
    }
    heading("Added");
    lead_foreach(reading->lead, print_added, (gpointer)reading);
    print_missing(reading->lead);
}

/* The page, whole or not at all: with the inquirer's data in it, for nobody else to read. */
static int
write_html(const char *out, const char *page)
{
    if (strcmp(out, "-") == 0) {
        printf("%s", page);
        return EX_OK;
    }
    g_autoptr(GError) error = NULL;
    if (g_file_set_contents_full(out, page, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
        return EX_OK;
    ctl_error("%s", error->message);
    return EX_CANTCREAT;
}

int
ctl_explain(Ctl *ctl, char **argv)
{
    g_autofree char *recipient = NULL, *sender = NULL, *html = NULL;
    const GOptionEntry entries[] = {
        {"recipient", 't', 0, G_OPTION_ARG_FILENAME, &recipient,
         "the mailbox it came to (else by its header, else the first)", "ADDRESS"},
        {"sender", 'f', 0, G_OPTION_ARG_FILENAME, &sender, "the envelope sender (else Return-Path)",
         "ADDRESS"},
        {"html", 'H', 0, G_OPTION_ARG_FILENAME, &html,
         "write a page with the mail's text and every value marked (-: standard output)", "OUT"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, entries, &operands);
    if (status >= 0)
        return status;
    const ReadingEnvelope envelope = {recipient, sender, TRUE};
    g_autoptr(Reading) reading = reading_new(ctl, operands[0], &envelope, &status);
    if (!reading)
        return status;
    if (html) {
        g_autofree char *page = explain_html(operands[0], reading);
        return write_html(html, page);
    }
    if (ctl->json)
        explain_json(operands[0], reading);
    else
        explain_text(operands[0], reading);
    return EX_OK;
}
