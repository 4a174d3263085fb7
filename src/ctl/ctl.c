#include <config.h>

#include "ctl/ctl.h"

#include <stdarg.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/progress.h"
#include "lead/defaults.h"

void
ctl_clear(Ctl *ctl)
{
    g_clear_pointer(&ctl->config_file, g_free);
    g_clear_pointer(&ctl->rules, g_free);
    g_clear_pointer(&ctl->ruleset, ruleset_unref);
    g_clear_pointer(&ctl->config, config_unref);
}

void
ctl_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    progress_clear();
    fprintf(stderr, "leadctl: %s\n", text);
}

/* --- configuration, rules, queue --- */

const char *
ctl_config_path(const Ctl *ctl)
{
    if (ctl->config_file)
        return ctl->config_file;
    /* With rules of one's own and no -c, what comes out must not depend on the machine. */
    return !ctl->rules && g_file_test(CTL_CONFIG_FILE, G_FILE_TEST_EXISTS) ? CTL_CONFIG_FILE : NULL;
}

int
ctl_config(Ctl *ctl)
{
    if (ctl->config)
        return EX_OK;
    const char *path = ctl_config_path(ctl);
    if (!path) {
        ctl->config = config_builtin();
        return EX_OK;
    }
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Config) config = config_load(path, diags);
    if (config)
        defaults_check(config, diags);
    if (config && diags_errors(diags) == 0) {
        ctl->config = g_steal_pointer(&config);
        return EX_OK;
    }
    diags_print(diags, stderr);
    return EX_CONFIG;
}

int
ctl_ruleset(Ctl *ctl)
{
    if (ctl->ruleset)
        return EX_OK;
    int status = ctl_config(ctl);
    if (status != EX_OK)
        return status;
    g_autoptr(Diags) diags = diags_new();
    ctl->ruleset = ruleset_load(ctl->rules ? ctl->rules : ctl->config->rules, diags);
    if (ctl->ruleset)
        return EX_OK;
    diags_print(diags, stderr);
    return EX_CONFIG;
}

int
ctl_queue_failed(const GError *error)
{
    static const int statuses[] = {
        [QUEUE_ERROR_BUSY] = EX_TEMPFAIL,
        [QUEUE_ERROR_FULL] = EX_IOERR,
        [QUEUE_ERROR_IO] = EX_IOERR,
        [QUEUE_ERROR_PERMISSION] = EX_NOPERM,
        [QUEUE_ERROR_NOT_A_QUEUE] = EX_DATAERR,
        [QUEUE_ERROR_NEWER] = EX_DATAERR,
        [QUEUE_ERROR_OLDER] = EX_DATAERR,
        [QUEUE_ERROR_NOT_FOUND] = 1,
    };
    ctl_error("%s", error->message);
    return error->domain == QUEUE_ERROR && error->code >= 0 &&
                   error->code < (int)G_N_ELEMENTS(statuses)
               ? statuses[error->code]
               : EX_SOFTWARE;
}

Queue *
ctl_queue_open(Ctl *ctl, gboolean readonly, int *status)
{
    g_autoptr(GError) error = NULL;
    *status = ctl_config(ctl);
    if (*status != EX_OK)
        return NULL;
    if (!ctl->config->queue) {
        ctl_error("which queue? There is no " CTL_CONFIG_FILE "; name a configuration with -c");
        *status = EX_USAGE;
        return NULL;
    }
    /* Also before it is opened for writing, which would make a queue that is not there. */
    g_autoptr(Queue) queue = queue_open_readonly(ctl->config->queue, &error);
    if (queue && !readonly) {
        queue_close(g_steal_pointer(&queue));
        queue = queue_open(ctl->config->queue, &error);
    }
    if (!queue)
        *status = ctl_queue_failed(error);
    return g_steal_pointer(&queue);
}

/* --- options --- */

typedef struct {
    gboolean help, version;
    char **rest;
} Parsed;

/* --help's text or a mistake's answer, for any context. -1 to go on. */
static int
parse(Ctl *ctl, GOptionContext *context, const char *name, char **argv, Parsed *parsed)
{
    g_autofree char *config_file = NULL, *rules = NULL;
    gboolean json = FALSE;
    const GOptionEntry common[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &config_file,
         "configuration (" CTL_CONFIG_FILE ", if it is there)", "FILE"},
        {"rules", 'r', 0, G_OPTION_ARG_FILENAME, &rules,
         "folder of rules, instead of the configuration's", "DIR"},
        {"json", 'j', 0, G_OPTION_ARG_NONE, &json, "print JSON, for scripts", NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &parsed->help, "show this help", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &parsed->rest, NULL, NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) words = g_strdupv(argv);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, common, NULL);
    if (!g_option_context_parse_strv(context, &words, &error)) {
        ctl_error("%s; see %s --help", error->message, name);
        return EX_USAGE;
    }
    if (config_file) {
        g_free(ctl->config_file);
        ctl->config_file = g_steal_pointer(&config_file);
    }
    if (rules) {
        g_free(ctl->rules);
        ctl->rules = g_steal_pointer(&rules);
    }
    ctl->json |= json;
    return -1;
}

static void
print_help(GOptionContext *context, const char *name)
{
    g_set_prgname(name); /* what the line of usage begins with */
    g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);
    fputs(help, stdout);
}

int
ctl_parse(Ctl *ctl, char **argv, const CtlUsage *usage, const GOptionEntry *entries,
          char ***operands)
{
    g_autoptr(GOptionContext) context = g_option_context_new(usage->operands);
    g_auto(GStrv) rest = NULL;
    Parsed parsed = {0};
    if (entries)
        g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, usage->about);
    int status = parse(ctl, context, usage->name, argv, &parsed);
    rest = parsed.rest ? parsed.rest : g_new0(char *, 1);
    if (status >= 0)
        return status;
    if (parsed.help) {
        print_help(context, usage->name);
        return EX_OK;
    }
    guint n = g_strv_length(rest);
    if (n < usage->least || n > usage->most) {
        ctl_error("usage: %s [OPTION…]%s%s", usage->name, usage->operands ? " " : "",
                  usage->operands ? usage->operands : "");
        return EX_USAGE;
    }
    *operands = g_steal_pointer(&rest);
    return -1;
}

static char *
describe(const char *path, const CtlCommand *commands)
{
    g_autoptr(GString) text = g_string_new("Commands:\n");
    for (const CtlCommand *c = commands; c->name; c++) {
        g_autofree char *left = g_strjoin(" ", c->name, c->operands, NULL);
        int pad = 24 - (int)g_utf8_strlen(left, -1);
        g_string_append_printf(text, "  %s%*s %s\n", left, MAX(pad, 0), "", c->summary);
    }
    g_string_append_printf(text, "\n%s COMMAND --help tells more.", path);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static int
unknown_command(const char *path, const char *word, const CtlCommand *commands)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const CtlCommand *c = commands; c->name; c++)
        g_ptr_array_add(names, (gpointer)c->name);
    g_ptr_array_add(names, NULL);
    const char *near = suggest(word, (const char *const *)names->pdata);
    if (near)
        ctl_error("unknown command \"%s\"; did you mean \"%s\"?", word, near);
    else
        ctl_error("unknown command \"%s\"; see %s --help", word, path);
    return EX_USAGE;
}

int
ctl_dispatch(Ctl *ctl, const char *path, const CtlCommand *commands, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("COMMAND …");
    g_auto(GStrv) rest = NULL;
    Parsed parsed = {0};
    const GOptionEntry top[] = {
        {"version", 'V', 0, G_OPTION_ARG_NONE, &parsed.version, "show the version", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autofree char *description = describe(path, commands);
    g_option_context_set_strict_posix(context, TRUE);
    g_option_context_set_description(context, description);
    g_option_context_add_main_entries(context, top, NULL);
    int status = parse(ctl, context, path, argv, &parsed);
    rest = parsed.rest;
    if (status >= 0)
        return status;
    if (parsed.version) {
        printf("leadctl %s\n", PACKAGE_VERSION);
        return EX_OK;
    }
    if (parsed.help) {
        print_help(context, path);
        return EX_OK;
    }
    if (!rest) {
        ctl_error("which command? See %s --help", path);
        return EX_USAGE;
    }
    for (const CtlCommand *c = commands; c->name; c++)
        if (strcmp(c->name, rest[0]) == 0)
            return c->run(ctl, rest);
    return unknown_command(path, rest[0], commands);
}
