#include "rules/trust.h"

#include <string.h>

#include "mail/links.h"

enum {
    TRUST_CARD = 98,      /* meant for machines */
    TRUST_SITE = 95,      /* a rule for just this site's mail */
    TRUST_LABEL = 88,     /* any form's words */
    TRUST_FROM = 85,      /* the header's */
    TRUST_LINK = 80,      /* tel: and mailto: */
    TRUST_HEURISTIC = 65, /* a pattern in any mail's text */

    LOSS_LINK = 40,
    LOSS_AUTHENTICATION = 50,

    TRUST_NO_NAME = 50,
    TRUST_NO_WAY = 20, /* to reach them */
};

guint
trust_of(const Run *run, const Extractor *extractor)
{
    static const guint kinds[] = {
        [EXTRACTOR_LABEL] = TRUST_LABEL, [EXTRACTOR_PATTERN] = TRUST_HEURISTIC,
        [EXTRACTOR_VALUE] = TRUST_LABEL, [EXTRACTOR_LINK] = TRUST_LINK,
        [EXTRACTOR_CARD] = TRUST_CARD,   [EXTRACTOR_FROM] = TRUST_FROM,
    };
    gboolean own =
        when_is_conditional(run->source->when) && strcmp(extractor->source, run->source->name) == 0;
    return own ? MAX(kinds[extractor->kind], (guint)TRUST_SITE) : kinds[extractor->kind];
}

void
trust_lower(Step *step, guint loss, char *reason)
{
    step->trust -= MIN(loss, step->trust);
    if (!step->doubt) {
        step->doubt = reason;
        return;
    }
    char *both = g_strconcat(step->doubt, "; ", reason, NULL);
    g_free(step->doubt);
    g_free(reason);
    step->doubt = both;
}

/* --- links --- */

/* A link whose text shows the value, but which leads to another one. */
static gboolean
is_belied(const Message *message, const Step *step, const char *scheme)
{
    const GPtrArray *links = message_links(message);
    gsize length = strlen(scheme);
    for (guint i = 0; i < links->len; i++) {
        const HtmlLink *link = g_ptr_array_index(links, i);
        if (g_ascii_strncasecmp(link->target, scheme, length) == 0 && step->raw &&
            strstr(link->text, step->raw) && link_lies(link, link->target + length))
            return TRUE;
    }
    return FALSE;
}

static void
judge_links(Run *run)
{
    for (guint i = 0; i < run->result->steps->len; i++) {
        Step *step = g_ptr_array_index(run->result->steps, i);
        if (step->outcome != STEP_WON || !g_str_has_prefix(step->set, "contact."))
            continue;
        gboolean email = strcmp(step->set, "contact.email") == 0;
        gboolean phone =
            strcmp(step->set, "contact.office") == 0 || strcmp(step->set, "contact.mobile") == 0;
        if ((email && is_belied(run->message, step, "mailto:")) ||
            (phone && is_belied(run->message, step, "tel:")))
            trust_lower(step, LOSS_LINK, g_strdup("its link leads elsewhere than it says"));
    }
}

/* --- the lead --- */

static const Step *
winner(const Run *run, const char *attribute)
{
    for (guint i = 0; i < run->result->steps->len; i++) {
        const Step *step = g_ptr_array_index(run->result->steps, i);
        if (step->outcome == STEP_WON && strcmp(step->set, attribute) == 0)
            return step;
    }
    return NULL;
}

/* How a value was found, in words. */
static const char *
found_by(const Step *step)
{
    static const struct {
        const char *kind, *words;
    } words[] = {
        {"label", "its label"}, {"pattern", "a pattern"},      {"value", "other values"},
        {"link", "a link"},     {"card", "data for machines"}, {"from", "the header"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i].kind, step->kind) == 0)
            return words[i].words;
    return step->kind;
}

static void
set_trust(Extraction *result, guint trust, const Step *step, const char *lacking)
{
    if (trust >= result->trust)
        return;
    result->trust = trust;
    g_free(result->doubt);
    result->doubt = !step         ? g_strdup(lacking)
                    : step->doubt ? g_strdup_printf("%s: %s", step->set, step->doubt)
                                  : g_strdup_printf("only %s gives %s", found_by(step), step->set);
}

void
trust_judge(Run *run)
{
    static const char *const ways[] = {"contact.email", "contact.mobile", "contact.office"};
    Extraction *result = run->result;
    const Step *name = winner(run, "contact.name"), *best = NULL;
    if (run->options->judge_links)
        judge_links(run);
    for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
        const Step *way = winner(run, ways[i]);
        if (way && (!best || way->trust > best->trust))
            best = way;
    }
    result->trust = 100;
    set_trust(result, name ? name->trust : TRUST_NO_NAME, name, "no name was found");
    set_trust(result, best ? best->trust : TRUST_NO_WAY, best,
              "neither an email nor a phone was found");
    if (result->unauthenticated) {
        result->trust -= MIN(result->trust, (guint)LOSS_AUTHENTICATION);
        g_free(result->doubt);
        result->doubt = g_strdup("its sender is not authenticated");
    }
}
