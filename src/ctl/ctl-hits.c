/* leadctl hits: how often each rule matched and won on a mailbox, and what is worth a new one. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/output.h"
#include "ctl/reading.h"
#include "rules/ruleset.h"

#define SUBJECT_SHOWN 70
#define CANDIDATES_SHOWN 20

static const CtlUsage usage = {
    "leadctl hits",
    "RULES MAIL|MBOX|MAILDIR…",
    2,
    G_MAXUINT,
    "Reads every mail with the rules of the folder RULES and counts: the mails of each source, "
    "and\n"
    "of each extractor how often it found something, had it refused, and won; then those that "
    "never\n"
    "won. At last the senders whose mails no source of their own took, with the fields that "
    "stayed\n"
    "empty: the best candidates for a new rule first. Nothing is queued, nothing is sent.",
};

/* Of an extractor: found and refused, won. Of a source: mails. */
typedef struct {
    char *key;
    RulePlace place;
    guint found, won;
} Hits;

/* Mails of one sender's domain that only a source without conditions took. */
typedef struct {
    char *domain, *subject;
    guint mails, missing; /* of the fields that matter, in all of its mails */
    guint empty[4];       /* how often each of them */
} Candidate;

static const char *const wanted[] = {"contact.name", "contact.email", "phone", "property.street"};

typedef struct {
    Ctl *ctl;
    GPtrArray *hits;      /* Hits, in the order of the rules */
    GHashTable *by_place; /* key → Hits */
    GHashTable *sources;  /* name → Hits */
    GHashTable *candidates;
    guint mails, ignored, failed, none;
} Count;

static void
hits_free(gpointer data)
{
    Hits *hits = data;
    g_free(hits->key);
    g_free(hits);
}

static void
candidate_free(gpointer data)
{
    Candidate *candidate = data;
    g_free(candidate->domain);
    g_free(candidate->subject);
    g_free(candidate);
}

static char *
place_key(const char *file, guint line, guint column)
{
    return g_strdup_printf("%s:%u:%u", file, line, column);
}

/* Every extractor, so that those that never match are known. */
static void
add_place(const RulePlace *place, gpointer data)
{
    Count *count = data;
    Hits *hits = g_new0(Hits, 1);
    *hits = (Hits){place_key(place->file, place->line, place->column), *place, 0, 0};
    g_ptr_array_add(count->hits, hits);
    if (place->field)
        g_hash_table_insert(count->by_place, hits->key, hits);
    else
        g_hash_table_insert(count->sources, (gpointer)place->source, hits);
}

/* --- counting --- */

static void
count_steps(Count *count, const Extraction *extraction)
{
    for (guint i = 0; i < extraction->steps->len; i++) {
        const Step *step = g_ptr_array_index(extraction->steps, i);
        g_autofree char *key = place_key(step->file, step->line, step->column);
        Hits *hits = g_hash_table_lookup(count->by_place, key);
        if (!hits || step->outcome == STEP_NOTHING || step->outcome == STEP_LIMIT)
            continue;
        hits->found++;
        hits->won += step->outcome == STEP_WON;
    }
}

static gboolean
is_empty(const Lead *lead, guint which)
{
    if (strcmp(wanted[which], "phone") != 0)
        return !lead_get(lead, wanted[which]);
    return !lead_get(lead, "contact.office") && !lead_get(lead, "contact.mobile");
}

static void
count_candidate(Count *count, const Reading *reading)
{
    const Message *message = reading->inquiry->message;
    MessageAddress from = message_from(message);
    const char *at = from.address ? strrchr(from.address, '@') : NULL;
    g_autofree char *domain = g_ascii_strdown(at ? at + 1 : "(no address)", -1);
    Candidate *candidate = g_hash_table_lookup(count->candidates, domain);
    if (!candidate) {
        candidate = g_new0(Candidate, 1);
        candidate->subject = g_strdup(message_view(message, VIEW_SUBJECT));
        candidate->domain = g_steal_pointer(&domain);
        g_hash_table_insert(count->candidates, candidate->domain, candidate);
    }
    candidate->mails++;
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
        gboolean empty = is_empty(reading->inquiry->extraction->lead, i);
        candidate->empty[i] += empty;
        candidate->missing += empty;
    }
}

/* In any thread. */
static gpointer
read_mail(const StoredMail *mail, gpointer data)
{
    const Count *count = data;
    const ReadingEnvelope envelope = {NULL, NULL, FALSE};
    return reading_of(count->ctl, mail, &envelope);
}

static gboolean
count_mail(const StoredMail *mail, gpointer result, gpointer data)
{
    (void)mail;
    const Reading *reading = result;
    Count *count = data;
    count->mails++;
    if (reading_status(reading) != EX_OK) {
        count->failed++;
        return TRUE;
    }
    const Extraction *extraction = reading->inquiry->extraction;
    Hits *source =
        extraction->source ? g_hash_table_lookup(count->sources, extraction->source) : NULL;
    if (source)
        source->won++;
    else
        count->none++;
    count_steps(count, extraction);
    if (!extraction->lead)
        count->ignored++;
    else if (!source || !source->place.conditional)
        count_candidate(count, reading);
    return TRUE;
}

/* --- showing --- */

static int
by_missing(gconstpointer a, gconstpointer b)
{
    const Candidate *x = *(const Candidate *const *)a, *y = *(const Candidate *const *)b;
    if (x->missing != y->missing)
        return x->missing < y->missing ? 1 : -1;
    if (x->mails != y->mails)
        return x->mails < y->mails ? 1 : -1;
    return strcmp(x->domain, y->domain);
}

static GPtrArray *
sorted_candidates(const Count *count)
{
    GPtrArray *sorted = g_ptr_array_new();
    GHashTableIter iter;
    gpointer candidate;
    g_hash_table_iter_init(&iter, count->candidates);
    while (g_hash_table_iter_next(&iter, NULL, &candidate))
        g_ptr_array_add(sorted, candidate);
    g_ptr_array_sort(sorted, by_missing);
    return sorted;
}

static void
print_heading(const char *text)
{
    printf("\n%s%s%s\n", output_colour(COLOUR_BOLD), text, output_colour(COLOUR_NONE));
}

static void
print_hits(const Count *count)
{
    g_autoptr(OutputTable) table = output_table_new(5);
    output_table_add(table, "SOURCE", "FIELD", "RULE", "FOUND", "WON", NULL);
    for (guint i = 0; i < count->hits->len; i++) {
        const Hits *hits = g_ptr_array_index(count->hits, i);
        if (hits->place.field && !hits->found)
            continue;
        g_autofree char *found = g_strdup_printf("%u", hits->found);
        g_autofree char *won = g_strdup_printf("%u", hits->won);
        g_autofree char *file = g_path_get_basename(hits->place.file);
        g_autofree char *rule = hits->place.field
                                    ? g_strdup_printf("%s:%u:%u %s", file, hits->place.line,
                                                      hits->place.column, hits->place.kind)
                                    : g_steal_pointer(&file);
        output_table_add(table, hits->place.source,
                         hits->place.field ? hits->place.field : "(mails)", rule,
                         hits->place.field ? found : "", won, NULL);
    }
    output_table_print(table);
}

static void
print_never(const Count *count)
{
    gboolean any = FALSE;
    for (guint i = 0; i < count->hits->len; i++) {
        const Hits *hits = g_ptr_array_index(count->hits, i);
        if (hits->won)
            continue;
        if (!any)
            print_heading("Never won");
        any = TRUE;
        if (hits->place.field)
            printf("  %s: %s: %s\n", hits->key, hits->place.field, hits->place.kind);
        else
            printf("  %s: source %s took no mail\n", hits->place.file, hits->place.source);
    }
}

static void
print_candidates(const Count *count)
{
    g_autoptr(GPtrArray) sorted = sorted_candidates(count);
    if (!sorted->len)
        return;
    print_heading("No source of their own: candidates for a new rule (leadctl new-source)");
    g_autoptr(OutputTable) table = output_table_new(7);
    output_table_add(table, "FROM", "MAILS", "NO NAME", "NO EMAIL", "NO PHONE", "NO ADDRESS",
                     "FOR EXAMPLE", NULL);
    for (guint i = 0; i < MIN(sorted->len, CANDIDATES_SHOWN); i++) {
        const Candidate *c = g_ptr_array_index(sorted, i);
        char *cells[5];
        cells[0] = g_strdup_printf("%u", c->mails);
        for (guint k = 0; k < 4; k++)
            cells[k + 1] = g_strdup_printf("%u", c->empty[k]);
        g_autofree char *subject = output_clean(c->subject, SUBJECT_SHOWN);
        output_table_add(table, c->domain, cells[0], cells[1], cells[2], cells[3], cells[4],
                         subject, NULL);
        for (guint k = 0; k < 5; k++)
            g_free(cells[k]);
    }
    output_table_print(table);
    if (sorted->len > CANDIDATES_SHOWN)
        printf("and %u more\n", sorted->len - CANDIDATES_SHOWN);
}

static void
json_place(JsonBuilder *json, const Hits *hits)
{
    json_builder_begin_object(json);
    output_member(json, "source", hits->place.source);
    output_member(json, "file", hits->place.file);
    output_member_int(json, "line", hits->place.line);
    output_member_int(json, "column", hits->place.column);
    if (hits->place.field) {
        output_member(json, "field", hits->place.field);
        output_member(json, "extractor", hits->place.kind);
        output_member_int(json, "found", hits->found);
        output_member_int(json, "won", hits->won);
    } else {
        output_member_int(json, "mails", hits->won);
    }
    json_builder_end_object(json);
}

static void
json_places(JsonBuilder *json, const Count *count, const char *name, gboolean sources)
{
    json_builder_set_member_name(json, name);
    json_builder_begin_array(json);
    for (guint i = 0; i < count->hits->len; i++) {
        const Hits *hits = g_ptr_array_index(count->hits, i);
        if (sources == !hits->place.field)
            json_place(json, hits);
    }
    json_builder_end_array(json);
}

static void
print_json(const Count *count)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(GPtrArray) sorted = sorted_candidates(count);
    json_builder_begin_object(json);
    output_member_int(json, "mails", count->mails);
    output_member_int(json, "ignored", count->ignored);
    json_places(json, count, "sources", TRUE);
    json_places(json, count, "extractors", FALSE);
    json_builder_set_member_name(json, "candidates");
    json_builder_begin_array(json);
    for (guint i = 0; i < sorted->len; i++) {
        const Candidate *c = g_ptr_array_index(sorted, i);
        json_builder_begin_object(json);
        output_member(json, "from", c->domain);
        output_member(json, "subject", c->subject);
        output_member_int(json, "mails", c->mails);
        json_builder_set_member_name(json, "empty");
        json_builder_begin_object(json);
        for (guint k = 0; k < G_N_ELEMENTS(wanted); k++)
            output_member_int(json, wanted[k], c->empty[k]);
        json_builder_end_object(json);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    json_builder_end_object(json);
    output_json(json);
}

int
ctl_hits(Ctl *ctl, char **argv)
{
    static const LineupSteps steps = {read_mail, count_mail, (GDestroyNotify)reading_free};
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, NULL, &operands);
    if (status >= 0)
        return status;
    g_free(ctl->rules);
    ctl->rules = g_strdup(operands[0]);
    status = ctl_ruleset(ctl);
    if (status != EX_OK)
        return status;
    Count count = {
        .ctl = ctl,
        .hits = g_ptr_array_new_with_free_func(hits_free),
        .by_place = g_hash_table_new(g_str_hash, g_str_equal),
        .sources = g_hash_table_new(g_str_hash, g_str_equal),
        .candidates = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, candidate_free),
    };
    ruleset_foreach(ctl->ruleset, add_place, &count);
    status = mailstore_each((const char *const *)operands + 1, ctl->config->limit_message, &steps,
                            &count);
    if (ctl->json) {
        print_json(&count);
    } else {
        printf("%u mails, %u ignored\n\n", count.mails, count.ignored);
        print_hits(&count);
        print_never(&count);
        print_candidates(&count);
    }
    g_ptr_array_unref(count.hits);
    g_hash_table_unref(count.by_place);
    g_hash_table_unref(count.sources);
    g_hash_table_unref(count.candidates);
    return count.failed ? EX_DATAERR : status;
}
