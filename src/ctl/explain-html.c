#include "ctl/explain-html.h"

#include <string.h>

#include "ctl/explain-json.h"

#define COLOURS 12
#define HUE_STEP 5    /* so that neighbours differ */
#define MARKS_MAX 200 /* in one view */

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" "
    "content=\"noindex\">\n";

static const char style[] =
    "<style>\n"
    ":root{--ground:#fbfaf8;--panel:#fff;--ink:#1d1c1a;--soft:#5f5b55;--line:#dcd8d0;--good:#"
    "17683a;"
    "--warn:#8a4b00;--bad:#a3201c;--mark:86%;--markink:#17140f}\n"
    "@media(prefers-color-scheme:dark){:root{--ground:#171614;--panel:#201f1c;--ink:#eceae5;"
    "--soft:#aaa59c;--line:#3a3833;--good:#6fd39b;--warn:#f0b35c;--bad:#ff8f88;--mark:26%;"
    "--markink:#f6f4ef}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;padding:1.25rem 1rem 9rem;background:var(--ground);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\n"
    "main{max-width:60rem;margin:0 auto}\n"
    "h1{font-size:1.35rem;margin:0 0 .25rem}\n"
    "h2{font-size:1rem;margin:2rem 0 .5rem;color:var(--soft);letter-spacing:.02em}\n"
    "p{margin:.25rem 0}.soft{color:var(--soft)}code{font:.85em ui-monospace,monospace}\n"
    ".badge{display:inline-block;padding:.05rem .6rem;border-radius:1rem;border:1px solid "
    "currentColor;font-weight:600}.submit{color:var(--good)}.hold{color:var(--warn)}"
    ".ignore{color:var(--bad)}\n"
    "pre{white-space:pre-wrap;margin:0;padding:.9rem 1rem;background:var(--panel);border:1px solid "
    "var(--line);border-radius:.5rem;font:.9rem/1.7 ui-monospace,monospace}\n"
    "mark{background:hsl(var(--h) 75% var(--mark));color:var(--markink);border-radius:.25rem;"
    "padding:.08rem .15rem;cursor:help}\n"
    "mark.wide{background:none;color:inherit;padding:0 0 0 .7rem;display:block;border-radius:0;"
    "border-left:.25rem solid hsl(var(--h) 60% 55%)}\n"
    "mark:focus{outline:.15rem solid hsl(var(--h) 80% 50%);outline-offset:.1rem}\n"
    ".tip{display:none;position:fixed;left:0;right:0;bottom:0;z-index:2;padding:.8rem 1rem "
    "1rem;background:var(--panel);color:var(--ink);border-top:.25rem solid hsl(var(--h) 60% 55%);"
    "box-shadow:0 -.3rem 1rem #0003;font:.95rem/1.45 system-ui,sans-serif;white-space:normal;"
    "max-height:45vh;overflow:auto}\n"
    "mark:focus>.tip{display:block}mark:hover>.tip{display:block;z-index:3}\n"
    "mark:has(mark:hover)>.tip,mark:has(mark:focus)>.tip{display:none}\n"
    ".tip b{display:block}\n"
    "dl{margin:0;border:1px solid var(--line);border-radius:.5rem;background:var(--panel)}\n"
    "dl>div{padding:.55rem 1rem;border-top:1px solid var(--line)}dl>div:first-child{border:0}\n"
    "dt{font-weight:600}dt i{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;"
    "margin-right:.5rem;background:hsl(var(--h) 60% 55%)}\n"
    "dd{margin:0}dd.value{white-space:pre-wrap}.no{color:var(--bad)}\n"
    "summary{cursor:pointer;padding:.2rem 0}ul{margin:.3rem 0;padding-left:1.2rem}\n"
    ".ctl{border:1px solid var(--bad);color:var(--bad);border-radius:.2rem;font-size:.75em;"
    "padding:0 .2em}\n"
    "@media(min-width:50rem){dl>div{display:grid;grid-template-columns:14rem 1fr;gap:.2rem 1rem}"
    "dd{grid-column:2}}\n"
    "</style>\n";

/* --- text --- */

/* Marks of writing direction, which can make a text look like another one. */
static gboolean
is_direction(gunichar c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E ||
           c == 0x200F || c == 0x061C;
}

static void
escape(GString *out, const char *text, gsize length)
{
    const char *end = text + length;
    for (const char *p = text; p < end && *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == '&')
            g_string_append(out, "&amp;");
        else if (c == '<')
            g_string_append(out, "&lt;");
        else if (c == '>')
            g_string_append(out, "&gt;");
        else if (c == '"')
            g_string_append(out, "&quot;");
        else if (c == '\'')
            g_string_append(out, "&#39;");
        else if ((g_unichar_iscntrl(c) && c != '\n' && c != '\t') || is_direction(c))
            g_string_append_printf(out, "<span class=\"ctl\">U+%04X</span>", c);
        else
            g_string_append_unichar(out, c);
    }
}

static void
put(GString *out, const char *text)
{
    if (text)
        escape(out, text, strlen(text));
}

/* --- colours: one for each field that has a value --- */

static guint
hue_of(const Extraction *extraction, const char *field)
{
    guint n = 0;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < extraction->steps->len; i++) {
        const Step *step = g_ptr_array_index(extraction->steps, i);
        if (step->outcome != STEP_WON || !g_hash_table_add(seen, (gpointer)step->field))
            continue;
        if (strcmp(step->field, field) == 0)
            break;
        n++;
    }
    return n * HUE_STEP % COLOURS * 360 / COLOURS + n / COLOURS * 15;
}

/* --- marks --- */

static void
put_rule(GString *out, const Step *step)
{
    g_string_append_printf(out, "%s, <code>", step->kind);
    put(out, step->file);
    g_string_append_printf(out, ":%u:%u</code>", step->line, step->column);
}

static void
put_tip(GString *out, const Step *step)
{
    g_string_append(out, "<span class=\"tip\" role=\"note\"><b>");
    put(out, step->set);
    g_string_append(out, "</b>");
    if (strcmp(step->set, "opportunity.notes") != 0) {
        put(out, step->value);
        g_string_append(out, "<br>");
    }
    g_string_append(out, "found by ");
    put_rule(out, step);
    g_string_append_printf(out, ", %u&nbsp;%% sure", step->trust);
    if (step->doubt) {
        g_string_append(out, ": ");
        put(out, step->doubt);
    }
    if (strcmp(step->set, "opportunity.notes") != 0) {
        g_string_append(out, "<br>as it stood: ");
        put(out, step->raw);
    }
    g_string_append(out, "</span>");
}

/* A value's place in a view. */
typedef struct {
    const Step *step;
    gsize offset, length;
} Mark;

static int
by_place(gconstpointer a, gconstpointer b)
{
    const Mark *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->length == y->length ? 0 : x->length > y->length ? -1 : 1;
}

/* Where what a step found stands in this view. What was found in the notes stands in the body as
 * well; what a header gave has no place of its own. */
static gboolean
find_mark(const Step *step, View view, const char *text, Mark *mark)
{
    *mark = (Mark){step, step->offset, step->length};
    if (step->outcome != STEP_WON || !step->view || !step->raw)
        return FALSE;
    gboolean here = strcmp(step->view, view_names[view]) == 0;
    if (here && step->length > 0)
        return step->offset + step->length <= strlen(text);
    if (!here && (strcmp(step->view, "notes") != 0 || view != VIEW_BODY))
        return FALSE;
    const char *found = *step->raw ? strstr(text, step->raw) : NULL;
    mark->offset = found ? found - text : 0;
    mark->length = strlen(step->raw);
    return found != NULL;
}

/* What won in a view, by its place; Mark. */
static GArray *
marks_in(const Extraction *extraction, View view, const char *text)
{
    GArray *marks = g_array_new(FALSE, FALSE, sizeof(Mark));
    for (guint i = 0; i < extraction->steps->len && marks->len < MARKS_MAX; i++) {
        Mark mark;
        if (find_mark(g_ptr_array_index(extraction->steps, i), view, text, &mark))
            g_array_append_val(marks, mark);
    }
    g_array_sort(marks, by_place);
    return marks;
}

/* The text from `from` to `to` with the marks that begin in it; *next is the first of them. A mark
 * that goes on beyond its parent's end is cut there. */
static void
put_marked(GString *out, const Extraction *extraction, const char *text, gsize from, gsize to,
           const GArray *marks, guint *next)
{
    while (*next < marks->len) {
        const Mark *mark = &g_array_index(marks, Mark, *next);
        const Step *step = mark->step;
        if (mark->offset >= to)
            break;
        ++*next;
        if (mark->offset < from)
            continue;
        gsize end = MIN(mark->offset + mark->length, to);
        gboolean wide = strcmp(step->field, "opportunity.notes") == 0;
        escape(out, text + from, mark->offset - from);
        g_string_append_printf(out, "<mark%s style=\"--h:%u\" tabindex=\"0\" data-field=\"",
                               wide ? " class=\"wide\"" : "", hue_of(extraction, step->field));
        put(out, step->set);
        g_string_append(out, "\">");
        put_marked(out, extraction, text, mark->offset, end, marks, next);
        put_tip(out, step);
        g_string_append(out, "</mark>");
        from = end;
    }
    escape(out, text + from, to - from);
}

static void
put_views(GString *out, const Reading *reading)
{
    const Message *message = reading->inquiry->message;
    const Extraction *extraction = reading->inquiry->extraction;
    for (View view = 0; view < VIEW_N; view++) {
        const char *text = message_view(message, view);
        g_autoptr(GArray) marks = marks_in(extraction, view, text);
        guint next = 0;
        if (!*text || (view != VIEW_SUBJECT && view != VIEW_BODY && view != VIEW_SIGNATURE &&
                       marks->len == 0))
            continue;
        g_string_append_printf(out, "<h2>The mail: %s</h2>\n<pre id=\"view-%s\">", view_names[view],
                               view_names[view]);
        put_marked(out, extraction, text, 0, strlen(text), marks, &next);
        g_string_append(out, "</pre>\n");
    }
    const char *body = message_view(message, VIEW_BODY), *text = message_view(message, VIEW_TEXT);
    if (strcmp(body, text) != 0) {
        g_string_append(out, "<details><summary>All of its text, as it stands</summary><pre>");
        put(out, text);
        g_string_append(out, "</pre></details>\n");
    }
}

/* --- the fields --- */

/* The step that gave an attribute its value; a part of an address has the address's. */
static const Step *
winner(const Extraction *extraction, const char *name)
{
    const Step *address = NULL;
    gsize object = strcspn(name, ".");
    for (guint i = 0; i < extraction->steps->len; i++) {
        const Step *step = g_ptr_array_index(extraction->steps, i);
        if (step->outcome != STEP_WON)
            continue;
        if (strcmp(step->set, name) == 0)
            return step;
        if (strncmp(step->set, name, object) == 0 && strcmp(step->set + object, ".address") == 0)
            address = step;
    }
    return address;
}

static void
put_rejected(GString *out, const Extraction *extraction, const char *field)
{
    for (guint i = 0; i < extraction->steps->len; i++) {
        const Step *step = g_ptr_array_index(extraction->steps, i);
        if (strcmp(step->field, field) != 0 ||
            (step->outcome != STEP_REJECTED && step->outcome != STEP_LIMIT))
            continue;
        g_string_append(out, "<dd class=\"no\">rejected: ");
        put_rule(out, step);
        g_string_append(out, ": ");
        put(out, step->raw);
        g_string_append(out, " — ");
        put(out, step->why);
        g_string_append(out, "</dd>");
    }
}

typedef struct {
    GString *out;
    const Reading *reading;
} Fields;

static void
put_field(const char *name, const char *value, gpointer data)
{
    const Fields *fields = data;
    GString *out = fields->out;
    const Extraction *extraction = fields->reading->inquiry->extraction;
    const char *origin = explain_origin(fields->reading, name);
    gboolean found = strcmp(origin, "found") == 0;
    const Step *step = found ? winner(extraction, name) : NULL;
    g_string_append_printf(out, "<div style=\"--h:%u\"><dt>",
                           step ? hue_of(extraction, step->field) : 0);
    if (step)
        g_string_append(out, "<i></i>");
    put(out, name);
    g_string_append(out, "</dt><dd class=\"value\">");
    put(out, value);
    g_string_append(out, "</dd><dd class=\"soft\">");
    if (step) {
        put_rule(out, step);
        g_string_append_printf(out, "; %u&nbsp;%% sure", step->trust);
        if (step->doubt) {
            g_string_append(out, ": ");
            put(out, step->doubt);
        }
    } else {
        g_string_append(out, strcmp(origin, "default") == 0
                                 ? "default of the mailbox"
                                 : "completed: the mail does not say it");
    }
    g_string_append(out, "</dd>");
    if (step)
        put_rejected(out, extraction, step->field);
    g_string_append(out, "</div>\n");
}

/* The fields without a value, with all that was tried for each. */
static void
put_missing(GString *out, const Reading *reading)
{
    const Extraction *extraction = reading->inquiry->extraction;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < extraction->steps->len; i++) {
        const Step *first = g_ptr_array_index(extraction->steps, i);
        if (winner(extraction, first->field) || lead_get(extraction->lead, first->field) ||
            !g_hash_table_add(seen, (gpointer)first->field))
            continue;
        if (g_hash_table_size(seen) == 1)
            g_string_append(out, "<h2>Not found</h2>\n");
        g_string_append(out, "<details><summary>");
        put(out, first->field);
        g_string_append(out, "</summary><ul>");
        for (guint k = i; k < extraction->steps->len; k++) {
            const Step *step = g_ptr_array_index(extraction->steps, k);
            if (strcmp(step->field, first->field) != 0)
                continue;
            g_string_append(out, "<li>");
            put_rule(out, step);
            g_string_append(out, step->outcome == STEP_NOTHING ? ": nothing" : ": ");
            put(out, step->raw);
            g_string_append(out, step->why && step->raw ? " — " : "");
            put(out, step->why);
            g_string_append(out, "</li>");
        }
        g_string_append(out, "</ul></details>\n");
    }
}

/* --- the whole --- */

static void
put_sources(GString *out, const Extraction *extraction)
{
    g_string_append(out, "<h2>Sources, in the order they were asked</h2>\n<ul>");
    for (guint i = 0; i < extraction->trials->len; i++) {
        const Trial *trial = g_ptr_array_index(extraction->trials, i);
        g_string_append(out, trial->matched ? "<li><b>" : "<li class=\"soft\">");
        put(out, trial->source);
        g_string_append(out, trial->matched ? "</b>: takes it, <code>" : ": ");
        if (!trial->matched) {
            put(out, trial->condition);
            g_string_append(out, trial->limit ? " reached a limit, <code>"
                                 : g_str_has_prefix(trial->condition, "not")
                                     ? " holds, <code>"
                                     : " does not hold, <code>");
        }
        put(out, trial->file);
        if (!trial->matched)
            g_string_append_printf(out, ":%u:%u", trial->line, trial->column);
        g_string_append(out, "</code></li>\n");
    }
    g_string_append(out, "</ul>\n");
}

static void
put_mail(GString *out, const char *file, const Reading *reading)
{
    const Message *message = reading->inquiry->message;
    const Extraction *extraction = reading->inquiry->extraction;
    MessageAddress from = message_from(message), via = message_via(message);
    g_string_append(out, "<h1>");
    put(out, message_view(message, VIEW_SUBJECT));
    g_string_append(out, "</h1>\n<p class=\"soft\">from ");
    put(out, from.name);
    g_string_append(out, from.name && from.address ? ", " : "");
    put(out, from.address);
    if (message_forwarded(message)) {
        g_string_append(out, "; forwarded by ");
        put(out, via.address ? via.address : via.name);
    }
    g_string_append(out, "; <code>");
    put(out, file);
    g_string_append_printf(out, "</code></p>\n<p><span class=\"badge %s\">%s</span> ",
                           action_names[extraction->action], action_names[extraction->action]);
    g_string_append(out, extraction->source ? "by the source " : "no source took it");
    put(out, extraction->source);
    if (extraction->lead)
        g_string_append_printf(out, ", %u&nbsp;%% sure", extraction->trust);
    const char *reason = extraction->reason ? extraction->reason : extraction->doubt;
    g_string_append(out, reason ? ": " : "");
    put(out, reason);
    g_string_append(out, "</p>\n");
}

char *
explain_html(const char *file, const Reading *reading)
{
    GString *out = g_string_new(head);
    const Extraction *extraction = reading->inquiry->extraction;
    g_string_append(out, "<title>");
    put(out, message_view(reading->inquiry->message, VIEW_SUBJECT));
    g_string_append_printf(out, " — leadctl explain</title>\n%s</head>\n<body>\n<main>\n", style);
    put_mail(out, file, reading);
    put_views(out, reading);
    if (reading->lead) {
        Fields fields = {out, reading};
        g_string_append(out, "<h2>The lead</h2>\n<dl>\n");
        lead_foreach(reading->lead, put_field, &fields);
        g_string_append(out, "</dl>\n");
        put_missing(out, reading);
    }
    put_sources(out, extraction);
    g_string_append(out, "</main>\n</body>\n</html>\n");
    return g_string_free(out, FALSE);
}
