#include <string.h>

#include "base/domain.h"
#include "base/limits.h"
#include "base/text.h"
#include "lead/value.h"
#include "mail/links.h"
#include "mail/mailboxkind.h"
#include "rules/label.h"
#include "rules/run.h"
#include "rules/template.h"
#include "rules/trust.h"

#define REJECTED_KEPT 3 /* of one extractor, in the account */
#define ADDRESS_LINES 4
#define ADDRESS_PARTS 4
#define LABEL_TWICE_LOSS 30 /* percent of trust */
#define PHONE_WORDS 40      /* bytes around a number */

/* One extractor at work. */
typedef struct {
    Run *run;
    const Field *field;
    const Extractor *extractor;
    guint candidates, rejected;
    gboolean elsewhere; /* a value was another field's: a cell phone */
    Step *won;          /* the last that did */
} Attempt;

/* --- the account --- */

/* Takes `why` over. */
static Step *
add_step(Attempt *attempt, StepOutcome outcome, const char *view, gsize offset, gsize length,
         const char *raw, char *why)
{
    const Extractor *extractor = attempt->extractor;
    /* Only whoever explains needs a whole text. */
    gboolean too_long = attempt->run->options->brief && length > LIMIT_VALUE;
    Step *step = g_new0(Step, 1);
    *step = (Step){
        .field = attempt->field->name,
        .kind = extractor_names[extractor->kind],
        .file = extractor->file,
        .line = extractor->line,
        .column = extractor->column,
        .source = extractor->source,
        .view = g_strdup(view),
        .offset = offset,
        .length = length,
        .raw = too_long ? NULL : g_strdup(raw),
        .why = why,
        .outcome = outcome,
    };
    g_ptr_array_add(attempt->run->result->steps, step);
    return step;
}

/* A candidate that is none. */
static void
reject(Attempt *attempt, const char *view, const char *raw, const char *why)
{
    attempt->candidates++;
    if (!attempt->run->options->brief)
        add_step(attempt, STEP_REJECTED, view, 0, 0, raw, g_strdup(why));
}

/* --- offering a candidate --- */

static gboolean
is_nobody(const Run *run, const char *address)
{
    g_autofree char *email = address ? value_normalise(TYPE_EMAIL, address, NULL) : NULL;
    const char *const *own = run->options->own_domains;
    return email && value_email_is_not_a_person(email, own);
}

/* Of a mail that a machine sent: an address in its domain, such as its help's. */
static gboolean
is_of_site(const Run *run, const char *value)
{
    const char *from = message_from(run->message).address;
    if (mailbox_kind(from) != MAILBOX_MACHINE)
        return FALSE;
    g_autofree char *email = value_normalise(TYPE_EMAIL, value, NULL);
    const char *at = email ? strrchr(email, '@') : NULL, *theirs = strrchr(from, '@');
    return at && (domain_is_below(at + 1, theirs + 1) || domain_is_below(theirs + 1, at + 1));
}

/* Try a value, of which `raw` is shown in the account; `view` NULL and `length` 0 when it stands in
 * no view. */
static gboolean
offer_as(Attempt *attempt, const char *view, gsize offset, gsize length, const char *raw,
         const char *value)
{
    Run *run = attempt->run;
    const char *name = attempt->field->name, *set = name;
    char *why = NULL;
    attempt->candidates++;
    /* Beside a cell, only a number that is called the office's is one more. */
    if (attempt->elsewhere && value_phone_mark(value) != PHONE_OFFICE)
        return FALSE;
    if (attempt->field->type == TYPE_EMAIL && is_nobody(run, value))
        why = g_strdup("an address of ours, a robot's or a relay's");
    else if (attempt->field->type == TYPE_EMAIL && is_of_site(run, value))
        why = g_strdup("an address of the site that sent it");
    else if (lead_set(run->lead, name, value, &set, &why)) {
        Step *step = add_step(attempt, STEP_WON, view, offset, length, raw, NULL);
        /* Names of the table and of the rules outlive the account; so must this. */
        step->set = g_intern_string(attribute_find(set) >= 0 ? set : name);
        step->value = g_strdup(lead_get(run->lead, set));
        step->trust = trust_of(run, attempt->extractor);
        attempt->won = step;
        g_free(why);
        attempt->elsewhere = attempt->field->type == TYPE_PHONE && strcmp(set, name) != 0;
        return !attempt->elsewhere;
    }
    if (attempt->rejected++ < REJECTED_KEPT && !run->options->brief)
        add_step(attempt, STEP_REJECTED, view, offset, length, raw, why);
    else
        g_free(why);
    return FALSE;
}

static gboolean
offer(Attempt *attempt, const char *view, gsize offset, gsize length, const char *raw)
{
    return offer_as(attempt, view, offset, length, raw, raw);
}

static gboolean
offer_range(Attempt *attempt, const char *view, const char *text, gsize offset, gsize length)
{
    g_autofree char *raw = g_strndup(text + offset, length);
    return offer(attempt, view, offset, length, raw);
}

/* A number that a pattern found, with the words around it that say whose it is: "my cell is …",
 * "Fax: …", "… (c)". They reach to the next number, bar or line. */
static gboolean
offer_phone(Attempt *attempt, const char *view, const char *text, gsize offset, gsize length)
{
    static const char stops[] = "0123456789|;\n";
    gsize begin = offset, end = offset + length;
    while (begin > 0 && offset - begin < PHONE_WORDS && !strchr(stops, text[begin - 1]))
        begin--;
    while (begin < offset && ((guchar)text[begin] & 0xC0) == 0x80)
        begin++;
    gsize open = end + strspn(text + end, " ");
    gsize close = open + strcspn(text + open, ")\n");
    if (text[open] == '(' && text[close] == ')' && close - open < PHONE_WORDS)
        end = close + 1;
    g_autofree char *raw = g_strndup(text + offset, length);
    g_autofree char *words = g_strndup(text + begin, end - begin);
    return offer_as(attempt, view, offset, length, raw, words);
}

static gboolean
may_go_on(const Attempt *attempt)
{
    return attempt->candidates < LIMIT_CANDIDATES;
}

/* --- label --- */

static const LabelIndex *
index_of(Run *run, const ViewRef *view)
{
    if (view->view >= 0 && run->of_view[view->view])
        return run->of_view[view->view];
    const char *text = view_text(view, run->message);
    LabelIndex *index = g_hash_table_lookup(run->indexes, text);
    if (!index) {
        index = label_index(text, run->source->labels);
        g_hash_table_insert(run->indexes, (gpointer)text, index);
    }
    if (view->view >= 0)
        run->of_view[view->view] = index;
    return index;
}

static guint
address_parts(const char *text, gsize length)
{
    g_autofree char *raw = g_strndup(text, length);
    Address address;
    if (!address_split(raw, &address))
        return 0;
    guint parts = (address.street != NULL) + (address.city != NULL) + (address.state != NULL) +
                  (address.postal_code != NULL);
    address_clear(&address);
    return parts;
}

/* How much of a block is the address: the fewest lines that have the most parts. */
static gsize
address_length(const char *text, gsize length)
{
    gsize best = length;
    guint most = 0, lines = 0;
    for (gsize end = 0; end < length && lines < ADDRESS_LINES && most < ADDRESS_PARTS; lines++) {
        end += text_line(text + end);
        end = MIN(end, length);
        guint parts = address_parts(text, end);
        if (parts > most) {
            most = parts;
            best = end;
        }
        end++;
    }
    return best;
}

/* The same label stands there twice, with another value. */
static void
look_for_another(Attempt *attempt, const ViewRef *view, const char *key, guint n)
{
    AttributeType type = attempt->field->type;
    if ((type != TYPE_PHONE && type != TYPE_EMAIL) || !attempt->won)
        return;
    const char *text = view_text(view, attempt->run->message);
    gsize offset, length;
    for (; n < LIMIT_CANDIDATES &&
           label_find(index_of(attempt->run, view), key, n, LABEL_LINE, &offset, &length);
         n++) {
        g_autofree char *raw = g_strndup(text + offset, length);
        g_autofree char *value = value_normalise(type, raw, NULL);
        if (!value || strcmp(value, attempt->won->value) == 0 ||
            (type == TYPE_EMAIL && is_nobody(attempt->run, value)))
            continue;
        trust_lower(attempt->won, LABEL_TWICE_LOSS,
                    g_strdup("the same label has another value, too"));
        return;
    }
}

static gboolean
run_one_label(Attempt *attempt, const ViewRef *view, const LabelIndex *index, const char *key)
{
    AttributeType type = attempt->field->type;
    LabelExtent extent = type == TYPE_NOTES                           ? LABEL_ALL
                         : type == TYPE_ADDRESS || type == TYPE_LINES ? LABEL_BLOCK
                                                                      : LABEL_LINE;
    const char *text = view_text(view, attempt->run->message);
    gsize offset, length;
    for (guint n = 0; may_go_on(attempt) && label_find(index, key, n, extent, &offset, &length);
         n++) {
        if (type == TYPE_ADDRESS)
            length = address_length(text + offset, length);
        if (offer_range(attempt, view->name, text, offset, length)) {
            look_for_another(attempt, view, key, n + 1);
            return TRUE;
        }
    }
    return FALSE;
}

/* NULL when the mail has no such view. */
static const LabelIndex *
index_if_any(Run *run, const ViewRef *view)
{
    return gates_open(run->gates, view->gate) ? index_of(run, view) : NULL;
}

static void
look_for_labels(Run *run, const GArray *views)
{
    run->label_views = views;
    run->label_bits = 0;
    for (guint i = 0; i < views->len; i++) {
        const LabelIndex *index = index_if_any(run, &g_array_index(views, ViewRef, i));
        run->label_bits |= index ? label_bits(index) : 0;
    }
}

/* What costs least, since of very many labels there are mostly none in a mail. */
static gboolean
may_have_label(Run *run, const Extractor *extractor)
{
    if (run->label_views != extractor->views)
        look_for_labels(run, extractor->views);
    return (run->label_bits & extractor->label_bits) != 0;
}

static gboolean
run_label(Attempt *attempt)
{
    const Extractor *extractor = attempt->extractor;
    for (guint v = 0; v < extractor->views->len; v++) {
        const ViewRef *view = &g_array_index(extractor->views, ViewRef, v);
        const LabelIndex *index = index_if_any(attempt->run, view);
        for (guint i = 0; index && i < extractor->labels->len; i++) {
            const char *key = g_ptr_array_index(extractor->labels, i);
            if (label_has(index, key) && run_one_label(attempt, view, index, key))
                return TRUE;
        }
    }
    return FALSE;
}

/* --- pattern --- */

/* TRUE when it won. A limit ends the extractor: *limit is TRUE then. */
static gboolean
run_pattern_in(Attempt *attempt, const char *view, const char *text, gboolean *limit)
{
    gsize length = strlen(text);
    PatternMatch match;
    const char *which;
    for (gsize offset = 0; offset <= length && may_go_on(attempt);
         offset = pattern_next(text, &match)) {
        PatternResult result = pattern_match(attempt->extractor->pattern, text, length, offset,
                                             &attempt->run->budget, &match, &which);
        if (result == PATTERN_LIMIT) {
            add_step(attempt, STEP_LIMIT, view, 0, 0, NULL, g_strdup(which));
            attempt->candidates++;
            *limit = TRUE;
            return FALSE;
        }
        if (result == PATTERN_NONE)
            return FALSE;
        gsize found = match.value_end - match.value_start;
        gboolean phone = attempt->field->type == TYPE_PHONE;
        if (found > 0 &&
            (phone ? offer_phone : offer_range)(attempt, view, text, match.value_start, found))
            return TRUE;
    }
    return FALSE;
}

/* NULL when the pattern cannot match there. */
static const char *
text_of(const Run *run, const ViewRef *view)
{
    if (view->view >= 0 || view->header)
        return gates_open(run->gates, view->gate) ? view_text(view, run->message) : NULL;
    return gates_open_in(run->gates, view->gate, run->notes) ? run->notes : NULL;
}

static gboolean
run_pattern(Attempt *attempt)
{
    const Extractor *extractor = attempt->extractor;
    gboolean limit = FALSE;
    for (guint v = 0; v < extractor->views->len && !limit; v++) {
        const ViewRef *view = &g_array_index(extractor->views, ViewRef, v);
        const char *text = text_of(attempt->run, view);
        if (text && run_pattern_in(attempt, view->name, text, &limit))
            return TRUE;
    }
    return FALSE;
}

/* --- link --- */

/* Whether a link is beside what was written: its words are in the text, but not in what is left of
 * it without footer and quotes. */
static gboolean
is_outside(const Message *message, const HtmlLink *link)
{
    return *link->text && strstr(message_view(message, VIEW_TEXT), link->text) &&
           !strstr(message_view(message, VIEW_BODY), link->text) &&
           !strstr(message_view(message, VIEW_SIGNATURE), link->text);
}

static gboolean
run_scheme(Attempt *attempt)
{
    const char *scheme = attempt->extractor->word;
    gsize length = strlen(scheme);
    const GPtrArray *links = message_links(attempt->run->message);
    for (guint i = 0; i < links->len && may_go_on(attempt); i++) {
        const HtmlLink *link = g_ptr_array_index(links, i);
        if (g_ascii_strncasecmp(link->target, scheme, length) != 0 || link->target[length] != ':')
            continue;
        const char *target = link->target + length + 1;
        g_autofree char *encoded = g_strndup(target, strcspn(target, "?;"));
        g_autofree char *value = g_uri_unescape_string(encoded, NULL);
        if (!value || !g_utf8_validate(value, -1, NULL) || !*value)
            continue;
        const char *why = link_lies(link, value) ? "the link leads elsewhere than it says"
                          : is_outside(attempt->run->message, link)
                              ? "the link stands in a footer or a quote"
                              : NULL;
        if (why) {
            reject(attempt, "links", value, why);
        } else if (offer(attempt, "links", 0, 0, value)) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
run_link(Attempt *attempt)
{
    return attempt->extractor->word ? run_scheme(attempt) : run_pattern(attempt);
}

/* --- card --- */

static const char *
card_value(const Message *message, const char *key, guint n)
{
    const GPtrArray *cards = message_cards(message);
    for (guint i = 0; i < cards->len; i++) {
        const CardValue *card = g_ptr_array_index(cards, i);
        if (strcmp(card->key, key) == 0 && n-- == 0)
            return card->value;
    }
    return NULL;
}

static gboolean
run_card(Attempt *attempt)
{
    const Message *message = attempt->run->message;
    const char *key = attempt->extractor->word, *value;
    if (message_cards(message)->len == 0)
        return FALSE;
    for (guint n = 0; may_go_on(attempt) && (value = card_value(message, key, n)); n++)
        if (offer(attempt, "card", 0, 0, value))
            return TRUE;
    const char *first = card_value(message, "first_name", 0);
    const char *last = card_value(message, "last_name", 0);
    if (strcmp(key, "name") != 0 || !first || !last)
        return FALSE;
    g_autofree char *whole = g_strconcat(first, " ", last, NULL);
    return offer(attempt, "card", 0, 0, whole);
}

/* --- from --- */

/* Whether the writer was named by something else than the header: the header is then a site's. */
static gboolean
is_named_elsewhere(const Run *run)
{
    for (guint i = 0; i < run->result->steps->len; i++) {
        const Step *step = g_ptr_array_index(run->result->steps, i);
        if (step->outcome == STEP_WON && strcmp(step->set, "contact.name") == 0)
            return strcmp(step->kind, "from") != 0 && g_strcmp0(step->view, "signature") != 0;
    }
    return FALSE;
}

/* "Acme Listings" of leads@acme-listings.example: what a domain is called is no person, unless it
 * is called after the one who writes. */
static gboolean
is_domain_name(const char *name, const char *address)
{
    const char *at = address ? strrchr(address, '@') : NULL;
    if (!at || value_email_is_free(address))
        return FALSE;
    g_autoptr(GString) letters = g_string_new(NULL);
    for (const char *p = name; *p; p++)
        if (g_ascii_isalnum(*p))
            g_string_append_c(letters, g_ascii_tolower(*p));
    g_autoptr(GString) label = g_string_new(NULL);
    const char *end = strrchr(at, '.'), *begin = end ? end : at;
    while (begin > at + 1 && begin[-1] != '.')
        begin--;
    for (const char *p = begin; end && p < end; p++)
        if (g_ascii_isalnum(*p))
            g_string_append_c(label, g_ascii_tolower(*p));
    g_autofree char *local = g_ascii_strdown(address, at - address);
    gsize first = strcspn(name, " ");
    g_autofree char *word = g_ascii_strdown(name, (gssize)first);
    gboolean same =
        strcmp(letters->str, label->str) == 0 ||
        (mailbox_kind(address) != MAILBOX_PERSON && g_str_has_prefix(label->str, letters->str));
    return letters->len >= 4 && same && !strstr(local, word);
}

static gboolean
run_from(Attempt *attempt)
{
    const Message *message = attempt->run->message;
    const char *word = attempt->extractor->word;
    MessageAddress address = strcmp(word, "from") == 0       ? message_from(message)
                             : strcmp(word, "reply_to") == 0 ? message_reply_to(message)
                                                             : (MessageAddress){0};
    if (strcmp(word, "sender") == 0 && *message_sender(message))
        address.address = message_sender(message);
    const char *value = attempt->field->type == TYPE_EMAIL ? address.address : address.name;
    if (!value)
        return FALSE;
    const char *why = NULL;
    gboolean machine = mailbox_kind(address.address) == MAILBOX_MACHINE;
    if (attempt->field->type == TYPE_NAME && (machine || is_nobody(attempt->run, address.address)))
        why = "the name of an address of ours, a robot's or a relay's";
    else if (machine)
        why = "a site's own address";
    else if (attempt->field->type == TYPE_NAME && is_domain_name(value, address.address))
        why = "the name of the sender's site or company, not of a person";
    else if (attempt->field->type == TYPE_EMAIL && mailbox_kind(value) == MAILBOX_OFFICE &&
             is_named_elsewhere(attempt->run))
        why = "a site's address: who writes is named in the mail";
    if (!why)
        return offer(attempt, word, 0, 0, value);
    reject(attempt, word, value, why);
    return FALSE;
}

/* --- value --- */

/* What a reference stands for, or NULL; borrowed, or in *own. */
static const char *
dereference(Attempt *attempt, const Reference *reference, char **own)
{
    Run *run = attempt->run;
    static const ViewRef views[] = {{.view = VIEW_BODY}, {.view = VIEW_SIGNATURE}};
    switch (reference->kind) {
    case REFERENCE_NONE:
        return reference->name;
    case REFERENCE_FIELD:
        return lead_get(run->lead, reference->name);
    case REFERENCE_SOURCE:
        return run->source->name;
    case REFERENCE_SUBJECT:
        return message_view(run->message, VIEW_SUBJECT);
    case REFERENCE_FROM_NAME:
        return message_from(run->message).name;
    case REFERENCE_FROM_ADDRESS:
        return message_from(run->message).address;
    case REFERENCE_CARD:
        return card_value(run->message, reference->name, 0);
    case REFERENCE_LABEL:
        for (guint i = 0; i < G_N_ELEMENTS(views); i++) {
            const LabelIndex *index = index_of(run, &views[i]);
            gsize offset, length;
            if (label_find(index, reference->name, 0, LABEL_LINE, &offset, &length))
                return *own = g_strndup(view_text(&views[i], run->message) + offset, length);
        }
        return NULL;
    }
    return NULL;
}

static gboolean
run_value(Attempt *attempt)
{
    g_autoptr(GString) text = NULL; /* mostly the first part is missing already */
    const GPtrArray *template = attempt->extractor->template;
    for (guint i = 0; i < template->len; i++) {
        g_autofree char *own = NULL;
        const char *part = dereference(attempt, g_ptr_array_index(template, i), &own);
        if (!part || !*part)
            return FALSE;
        if (!text)
            text = g_string_new(NULL);
        g_string_append(text, part);
    }
    return offer(attempt, NULL, 0, 0, text ? text->str : "");
}

/* Apart from extractor_run, so that what finds nothing makes no Attempt. */
static G_GNUC_NO_INLINE gboolean
make_attempt(Run *run, const Field *field, const Extractor *extractor)
{
    static gboolean (*const kinds[])(Attempt *) = {
        [EXTRACTOR_LABEL] = run_label, [EXTRACTOR_PATTERN] = run_pattern,
        [EXTRACTOR_VALUE] = run_value, [EXTRACTOR_LINK] = run_link,
        [EXTRACTOR_CARD] = run_card,   [EXTRACTOR_FROM] = run_from,
    };
    Attempt attempt = {.run = run, .field = field, .extractor = extractor};
    gboolean won = kinds[extractor->kind](&attempt);
    if (attempt.candidates == 0 && !run->options->brief)
        add_step(&attempt, STEP_NOTHING, NULL, 0, 0, NULL, NULL);
    return won || attempt.elsewhere;
}

gboolean
extractor_run(Run *run, const Field *field, const Extractor *extractor)
{
    if (run->options->brief && extractor->kind == EXTRACTOR_LABEL &&
        !may_have_label(run, extractor))
        return FALSE;
    return make_attempt(run, field, extractor);
}
