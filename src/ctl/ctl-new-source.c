/* leadctl new-source: a rule file from one sample mail, with a test that passes. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/output.h"
#include "ctl/reading.h"
#include "rules/draft.h"
#include "rules/ruletest.h"

static const CtlUsage usage = {
    "leadctl new-source",
    "MAIL",
    1,
    1,
    "Writes a rule for mails like this one into the rules folder (--rules, else the\n"
    "configuration's): NN-NAME.yaml, with the mail's sender, subject, labels and links already in\n"
    "place, and the mail as samples/NAME-1.eml with a test that passes. Files that are there are\n"
    "left alone. The mail is kept as it is: put invented people into it before you pass it on.",
};

typedef struct {
    Ctl *ctl;
    char *folder, *name;
    char *rule, *sample, *sample_name; /* paths; as the test says it */
    char *bytes;
    gsize length;
} Draft;

static void
draft_clear(Draft *draft)
{
    g_free(draft->folder);
    g_free(draft->name);
    g_free(draft->rule);
    g_free(draft->sample);
    g_free(draft->sample_name);
    g_free(draft->bytes);
}

/* A file that is not there yet. */
static int
write_new(const char *path, const char *text, gsize length)
{
    FILE *out = fopen(path, "wbxe");
    gboolean good = out && fwrite(text, 1, length, out) == length;
    int error = errno;
    if (out && fclose(out) != 0 && good) {
        good = FALSE;
        error = errno;
    }
    if (good)
        return EX_OK;
    ctl_error("%s: %s", path, g_strerror(error));
    return error == EEXIST ? EX_USAGE : EX_CANTCREAT;
}

static Extraction *
extract(Ruleset *ruleset, const Draft *draft, Message **message)
{
    const ExtractionOptions options = {
        .own_domains = (const char *const *)draft->ctl->config->own_domains,
        .keep_lead_open = TRUE,
    };
    *message = message_parse(draft->bytes, draft->length, NULL);
    return extraction_run(ruleset, *message, &options);
}

/* A source by its name. */
typedef struct {
    const char *name;
    const char *file; /* NULL: there is none */
    gboolean conditional;
} Search;

static void
look(const RulePlace *place, gpointer data)
{
    Search *search = data;
    if (place->field || g_strcmp0(place->source, search->name) != 0)
        return;
    search->file = place->file;
    search->conditional = place->conditional;
}

/* Where the files go; a rule that takes the mail already is asked later. */
static int
choose_files(Draft *draft, const char *taken_by)
{
    Search same = {draft->name, NULL, FALSE}, taking = {taken_by, NULL, FALSE};
    ruleset_foreach(draft->ctl->ruleset, look, &same);
    ruleset_foreach(draft->ctl->ruleset, look, &taking);
    if (same.file) {
        ctl_error("there is a source %s already, in %s; give another --name", draft->name,
                  same.file);
        return EX_USAGE;
    }
    const char *number = taking.conditional ? "05" : "20";
    g_autofree char *samples = g_build_filename(draft->folder, "samples", NULL);
    if (g_mkdir_with_parents(samples, 0755) != 0) {
        ctl_error("%s: %s", samples, g_strerror(errno));
        return EX_CANTCREAT;
    }
    g_autofree char *rule = g_strdup_printf("%s-%s.yaml", number, draft->name);
    draft->sample_name = g_strdup_printf("samples/%s-1.eml", draft->name);
    draft->rule = g_build_filename(draft->folder, rule, NULL);
    draft->sample = g_build_filename(draft->folder, draft->sample_name, NULL);
    return EX_OK;
}

/* Load the rules with the new one; what it makes of the mail. NULL: told. */
static Extraction *
try_rule(const Draft *draft, Ruleset **ruleset)
{
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Message) message = NULL;
    *ruleset = ruleset_load(draft->folder, diags);
    if (!*ruleset) {
        diags_print(diags, stderr);
        return NULL;
    }
    Extraction *extraction = extract(*ruleset, draft, &message);
    if (g_strcmp0(extraction->source, draft->name) == 0)
        return extraction;
    ctl_error("the source %s takes this mail before the new one would", extraction->source);
    extraction_free(extraction);
    return NULL;
}

/* The rule without tests is tried; what it finds becomes its test. */
static int
write_rule(Draft *draft, const char *source)
{
    int status = write_new(draft->rule, source, strlen(source));
    if (status != EX_OK)
        return status;
    g_autoptr(Ruleset) ruleset = NULL;
    g_autoptr(Extraction) extraction = try_rule(draft, &ruleset);
    g_autofree char *tests =
        extraction && extraction->lead ? draft_tests(draft->sample_name, extraction->lead) : NULL;
    g_autofree char *whole = tests ? g_strconcat(source, tests, NULL) : NULL;
    unlink(draft->rule);
    if (!whole)
        return EX_DATAERR;
    status = write_new(draft->sample, draft->bytes, draft->length);
    if (status == EX_OK)
        status = write_new(draft->rule, whole, strlen(whole));
    if (status != EX_OK)
        return status;
    printf("%s\n%s\n", draft->rule, draft->sample);
    printf("Next: look at the rule, then\n  leadctl --rules %s explain %s\n  leadctl test %s\n",
           draft->folder, draft->sample, draft->folder);
    return EX_OK;
}

static int
make(Draft *draft)
{
    g_autoptr(Message) message = NULL;
    g_autoptr(Extraction) before = extract(draft->ctl->ruleset, draft, &message);
    if (before->action == ACTION_IGNORE) {
        ctl_error("the source %s ignores this mail; leadctl explain says why", before->source);
        return EX_DATAERR;
    }
    if (!draft->name)
        draft->name = draft_name(message);
    g_autofree char *source = draft_source(draft->ctl->ruleset, message, draft->name);
    if (!source) {
        ctl_error("this mail has neither a sender's address nor words in its subject: a rule for it"
                  " would take all other mail too; write one by hand, by what its text has");
        return EX_DATAERR;
    }
    int status = choose_files(draft, before->source);
    return status == EX_OK ? write_rule(draft, source) : status;
}

static gboolean
is_good_name(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

int
ctl_new_source(Ctl *ctl, char **argv)
{
    g_autofree char *name = NULL;
    const GOptionEntry entries[] = {
        {"name", 'n', 0, G_OPTION_ARG_FILENAME, &name,
         "the source's name (else from the sender's domain)", "NAME"},
        G_OPTION_ENTRY_NULL,
    };
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, entries, &operands);
    if (status >= 0)
        return status;
    if (name && !is_good_name(name)) {
        ctl_error("--name %s: use small letters, digits and -", name);
        return EX_USAGE;
    }
    status = ctl_ruleset(ctl);
    if (status != EX_OK)
        return status;
    g_autoptr(GError) error = NULL;
    Draft draft = {.ctl = ctl,
                   .folder = g_strdup(ruleset_folder(ctl->ruleset)),
                   .name = g_steal_pointer(&name)};
    if (g_file_get_contents(operands[0], &draft.bytes, &draft.length, &error)) {
        status = make(&draft);
    } else {
        ctl_error("%s", error->message);
        status = EX_NOINPUT;
    }
    draft_clear(&draft);
    return status;
}
