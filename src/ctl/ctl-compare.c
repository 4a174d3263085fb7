/* leadctl compare: what another set of rules would make of the same mails. */

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/output.h"
#include "ctl/reading.h"

#define VALUE_SHOWN 120

static const CtlUsage usage = {
    "leadctl compare",
    "RULES_A RULES_B MAIL|MBOX|MAILDIR…",
    3,
    G_MAXUINT,
    "Reads every mail with the rules of folder A and of folder B and shows what differs in the\n"
    "lead: - only by A, + only by B, ~ both, but not the same. Then how many values each field\n"
    "would gain, lose and change. Nothing is queued, nothing is sent. Status 0 also when there "
    "are\n"
    "differences.",
};

typedef struct {
    guint gained, lost, changed;
} Change;

typedef struct {
    Ctl sides[2];        /* the same but for the rules */
    GPtrArray *names;    /* char *, of fields, in order of appearance */
    GHashTable *changes; /* field → Change */
    guint mails, different, failed;
    JsonBuilder *json; /* or NULL */
    gboolean told;     /* of this mail */
    const StoredMail *mail;
    char *subject;
} Compare;

/* --- one difference --- */

static void
tell_mail(Compare *compare)
{
    if (compare->told)
        return;
    compare->told = TRUE;
    compare->different++;
    if (compare->json) {
        json_builder_begin_object(compare->json);
        output_member(compare->json, "mail", compare->mail->name);
        output_member(compare->json, "subject", compare->subject);
        json_builder_set_member_name(compare->json, "differences");
        json_builder_begin_array(compare->json);
        return;
    }
    g_autofree char *subject = output_clean(compare->subject, VALUE_SHOWN);
    printf("%s%s%s  %s\n", output_colour(COLOUR_BOLD), compare->mail->name,
           output_colour(COLOUR_NONE), subject);
}

static void
print_side(char sign, Colour colour, const char *field, const char *value)
{
    g_autofree char *shown = output_clean(value, VALUE_SHOWN);
    printf("  %s%c %-22s %s%s\n", output_colour(colour), sign, field, shown,
           output_colour(COLOUR_NONE));
}

/* Either may be NULL. */
static void
tell(Compare *compare, const char *field, const char *a, const char *b)
{
    if (g_strcmp0(a, b) == 0)
        return;
    tell_mail(compare);
    Change *change = g_hash_table_lookup(compare->changes, field);
    if (!change) {
        char *name = g_strdup(field);
        g_ptr_array_add(compare->names, name);
        change = g_new0(Change, 1);
        g_hash_table_insert(compare->changes, name, change);
    }
    change->gained += !a;
    change->lost += !b;
    change->changed += a && b;
    if (compare->json) {
        json_builder_begin_object(compare->json);
        output_member(compare->json, "field", field);
        output_member(compare->json, "a", a);
        output_member(compare->json, "b", b);
        json_builder_end_object(compare->json);
        return;
    }
    if (a && b) {
        g_autofree char *old = output_clean(a, VALUE_SHOWN), *new = output_clean(b, VALUE_SHOWN);
        printf("  %s~ %-22s %s → %s%s\n", output_colour(COLOUR_YELLOW), field, old, new,
               output_colour(COLOUR_NONE));
    } else if (a) {
        print_side('-', COLOUR_RED, field, a);
    } else {
        print_side('+', COLOUR_GREEN, field, b);
    }
}

/* --- one mail --- */

typedef struct {
    Compare *compare;
    const Lead *other;
    gboolean reversed; /* visiting B, for what A lacks */
} Visit;

static void
visit_value(const char *name, const char *value, gpointer data)
{
    Visit *visit = data;
    const char *other = visit->other ? lead_get(visit->other, name) : NULL;
    if (!visit->reversed)
        tell(visit->compare, name, value, other);
    else if (!other)
        tell(visit->compare, name, NULL, value);
}

static const char *
source_of(const Reading *reading)
{
    const char *source = reading->inquiry->extraction->source;
    return source ? source : "none";
}

typedef struct {
    Reading *a, *b;
} Pair;

static void
pair_free(gpointer data)
{
    Pair *pair = data;
    if (!pair)
        return;
    reading_free(pair->a);
    reading_free(pair->b);
    g_free(pair);
}

/* In any thread. */
static gpointer
read_mail(const StoredMail *mail, gpointer data)
{
    const Compare *compare = data;
    const ReadingEnvelope envelope = {NULL, NULL, FALSE};
    Pair *pair = g_new(Pair, 1);
    pair->a = reading_of(&compare->sides[0], mail, &envelope);
    pair->b = reading_of(&compare->sides[1], mail, &envelope);
    return pair;
}

static gboolean
compare_mail(const StoredMail *mail, gpointer result, gpointer data)
{
    Compare *compare = data;
    const Reading *a = ((Pair *)result)->a, *b = ((Pair *)result)->b;
    compare->mails++;
    /* Both have one configuration, and so the same mailboxes. */
    if (reading_status(a) != EX_OK) {
        compare->failed++;
        return TRUE;
    }
    compare->mail = mail;
    compare->told = FALSE;
    g_free(compare->subject);
    compare->subject = g_strdup(message_view(a->inquiry->message, VIEW_SUBJECT));
    tell(compare, "source", source_of(a), source_of(b));
    tell(compare, "action", action_names[a->inquiry->extraction->action],
         action_names[b->inquiry->extraction->action]);
    Visit forth = {compare, b->lead, FALSE}, back = {compare, a->lead, TRUE};
    if (a->lead)
        lead_foreach(a->lead, visit_value, &forth);
    if (b->lead)
        lead_foreach(b->lead, visit_value, &back);
    if (compare->told && compare->json) {
        json_builder_end_array(compare->json);
        json_builder_end_object(compare->json);
    }
    return TRUE;
}

/* --- in total --- */

static void
print_total(const Compare *compare)
{
    g_autoptr(OutputTable) table = output_table_new(4);
    output_table_add(table, "FIELD", "GAINED", "LOST", "CHANGED", NULL);
    for (guint i = 0; i < compare->names->len; i++) {
        const char *name = g_ptr_array_index(compare->names, i);
        const Change *change = g_hash_table_lookup(compare->changes, name);
        g_autofree char *gained = g_strdup_printf("%u", change->gained);
        g_autofree char *lost = g_strdup_printf("%u", change->lost);
        g_autofree char *changed = g_strdup_printf("%u", change->changed);
        output_table_add(table, name, gained, lost, changed, NULL);
    }
    if (compare->names->len) {
        printf("\n");
        output_table_print(table);
    }
    printf("%u mails, %u with another lead\n", compare->mails, compare->different);
}

static void
json_total(const Compare *compare)
{
    JsonBuilder *json = compare->json;
    json_builder_end_array(json);
    output_member_int(json, "mails", compare->mails);
    output_member_int(json, "different", compare->different);
    json_builder_set_member_name(json, "fields");
    json_builder_begin_object(json);
    for (guint i = 0; i < compare->names->len; i++) {
        const char *name = g_ptr_array_index(compare->names, i);
        const Change *change = g_hash_table_lookup(compare->changes, name);
        json_builder_set_member_name(json, name);
        json_builder_begin_object(json);
        output_member_int(json, "gained", change->gained);
        output_member_int(json, "lost", change->lost);
        output_member_int(json, "changed", change->changed);
        json_builder_end_object(json);
    }
    json_builder_end_object(json);
    json_builder_end_object(json);
    output_json(json);
}

static int
load_sides(Ctl *ctl, char **folders, Compare *compare)
{
    for (guint i = 0; i < 2; i++) {
        Ctl *side = &compare->sides[i];
        *side = (Ctl){.config = ctl->config, .rules = folders[i]};
        int status = ctl_ruleset(side);
        if (status != EX_OK)
            return status;
    }
    return EX_OK;
}

int
ctl_compare(Ctl *ctl, char **argv)
{
    static const LineupSteps steps = {read_mail, compare_mail, pair_free};
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, NULL, &operands);
    if (status >= 0)
        return status;
    status = ctl_config(ctl);
    if (status != EX_OK)
        return status;
    g_autoptr(JsonBuilder) json = ctl->json ? json_builder_new() : NULL;
    Compare compare = {
        .names = g_ptr_array_new(),
        .changes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        .json = json,
    };
    status = load_sides(ctl, operands, &compare);
    if (status == EX_OK) {
        if (json) {
            json_builder_begin_object(json);
            json_builder_set_member_name(json, "mails_that_differ");
            json_builder_begin_array(json);
        }
        status = mailstore_each((const char *const *)operands + 2, ctl->config->limit_message,
                                &steps, &compare);
        if (json)
            json_total(&compare);
        else
            print_total(&compare);
        if (compare.failed)
            status = EX_DATAERR;
    }
    for (guint i = 0; i < 2; i++)
        ruleset_unref(compare.sides[i].ruleset);
    g_ptr_array_unref(compare.names);
    g_hash_table_unref(compare.changes);
    g_free(compare.subject);
    return status;
}
