#include "ctl/explain-json.h"

#include <string.h>

#include "ctl/output.h"

static const char *const outcome_names[] = {
    [STEP_WON] = "won",
    [STEP_REJECTED] = "rejected",
    [STEP_NOTHING] = "nothing",
    [STEP_LIMIT] = "limit",
};

const char *
explain_origin(const Reading *reading, const char *name)
{
    if (lead_get(reading->inquiry->extraction->lead, name))
        return "found";
    return lead_get(reading->defaulted, name) ? "default" : "completed";
}

/* A view's text by its name, or NULL. */
static const char *
view_text(const Message *message, const char *name)
{
    for (View view = 0; view < VIEW_N; view++)
        if (strcmp(view_names[view], name) == 0)
            return message_view(message, view);
    return g_str_has_prefix(name, "header.") ? message_header(message, name + strlen("header."))
                                             : NULL;
}

gboolean
explain_place(const Message *message, const Step *step, guint *line, guint *column)
{
    const char *text = step->view && step->length ? view_text(message, step->view) : NULL;
    if (!text || step->offset > strlen(text))
        return FALSE;
    const char *start = text;
    *line = 1;
    for (const char *p = text; p < text + step->offset; p++) {
        if (*p == '\n') {
            ++*line;
            start = p + 1;
        }
    }
    *column = g_utf8_strlen(start, text + step->offset - start) + 1;
    return TRUE;
}

static void
add_trials(JsonBuilder *json, const Extraction *extraction)
{
    json_builder_set_member_name(json, "asked");
    json_builder_begin_array(json);
    for (guint i = 0; i < extraction->trials->len; i++) {
        const Trial *trial = g_ptr_array_index(extraction->trials, i);
        json_builder_begin_object(json);
        output_member(json, "source", trial->source);
        output_member(json, "file", trial->file);
        output_member_bool(json, "matched", trial->matched);
        if (!trial->matched) {
            output_member(json, "condition", trial->condition);
            output_member_int(json, "line", trial->line);
            output_member_int(json, "column", trial->column);
            output_member_bool(json, "limit", trial->limit);
        }
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

static void
add_step(JsonBuilder *json, const Step *step, const Message *message)
{
    guint line, column;
    json_builder_begin_object(json);
    output_member(json, "field", step->field);
    output_member(json, "outcome", outcome_names[step->outcome]);
    output_member(json, "extractor", step->kind);
    output_member(json, "source", step->source);
    output_member(json, "file", step->file);
    output_member_int(json, "line", step->line);
    output_member_int(json, "column", step->column);
    if (step->outcome == STEP_WON) {
        output_member(json, "set", step->set);
        output_member(json, "value", step->value);
        output_member_int(json, "trust", step->trust);
        if (step->doubt)
            output_member(json, "doubt", step->doubt);
    }
    if (step->why)
        output_member(json, "why", step->why);
    if (step->raw)
        output_member(json, "raw", step->raw);
    if (step->view)
        output_member(json, "view", step->view);
    if (explain_place(message, step, &line, &column)) {
        output_member_int(json, "offset", step->offset);
        output_member_int(json, "length", step->length);
        output_member_int(json, "view_line", line);
        output_member_int(json, "view_column", column);
    }
    json_builder_end_object(json);
}

typedef struct {
    JsonBuilder *json;
    const Reading *reading;
} Values;

static void
add_value(const char *name, const char *value, gpointer data)
{
    Values *values = data;
    json_builder_set_member_name(values->json, name);
    json_builder_begin_object(values->json);
    output_member(values->json, "value", value);
    output_member(values->json, "origin", explain_origin(values->reading, name));
    json_builder_end_object(values->json);
}

static void
add_lead(JsonBuilder *json, const Reading *reading)
{
    Values values = {json, reading};
    json_builder_set_member_name(json, "lead");
    json_builder_begin_object(json);
    lead_foreach(reading->lead, add_value, &values);
    json_builder_end_object(json);
    json_builder_set_member_name(json, "missing");
    json_builder_begin_array(json);
    for (guint i = 0; i < attributes_n; i++)
        if (attributes[i].type != TYPE_ADDRESS && !lead_get(reading->lead, attributes[i].name))
            json_builder_add_string_value(json, attributes[i].name);
    json_builder_end_array(json);
}

static void
add_mail(JsonBuilder *json, const Message *message)
{
    MessageAddress from = message_from(message), via = message_via(message);
    output_member(json, "subject", message_view(message, VIEW_SUBJECT));
    output_member(json, "from", from.address);
    output_member(json, "via", via.address);
    output_member_bool(json, "truncated", message_truncated(message));
    output_member(json, "limits", message_limits_reached(message));
    json_builder_set_member_name(json, "views"); /* characters of each */
    json_builder_begin_object(json);
    for (View view = 0; view < VIEW_N; view++)
        output_member_int(json, view_names[view], g_utf8_strlen(message_view(message, view), -1));
    json_builder_end_object(json);
}

void
explain_json(const char *file, const Reading *reading)
{
    const Extraction *extraction = reading->inquiry->extraction;
    g_autoptr(JsonBuilder) json = json_builder_new();
    json_builder_begin_object(json);
    output_member(json, "file", file);
    add_mail(json, reading->inquiry->message);
    output_member(json, "source", extraction->source);
    output_member(json, "action", action_names[extraction->action]);
    output_member(json, "reason", extraction->reason);
    if (extraction->lead) {
        output_member_int(json, "trust", extraction->trust);
        output_member(json, "doubt", extraction->doubt);
    }
    add_trials(json, extraction);
    json_builder_set_member_name(json, "steps");
    json_builder_begin_array(json);
    for (guint i = 0; i < extraction->steps->len; i++)
        add_step(json, g_ptr_array_index(extraction->steps, i), reading->inquiry->message);
    json_builder_end_array(json);
    if (reading->lead)
        add_lead(json, reading);
    output_member_json(json, "payload", reading->payload);
    json_builder_end_object(json);
    output_json(json);
}
