/* A rule file, and a mail through what it says. */
#include "fuzz.h"

#include <glib/gstdio.h>
#include <stdlib.h>

#include "rules/inquiry.h"

static char *folder, *file;

static void
clean(void)
{
    g_unlink(file);
    g_rmdir(folder);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    folder = g_strdup("/dev/shm/fuzz-rules-XXXXXX");
    if (!g_mkdtemp(folder))
        g_error("%s cannot be made", folder);
    file = g_build_filename(folder, "10-fuzz.yaml", NULL);
    atexit(clean);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char mail[] = "From: Ada <ada@lovelace.example>\nSubject: Roof\n\n"
                               "Name: Ada\nPhone: (312) 555-0142\nThe roof leaks.\n";
    g_autoptr(Diags) diags = diags_new();
    if (!g_file_set_contents_full(file, (const char *)data, (gssize)size, G_FILE_SET_CONTENTS_NONE,
                                  0600, NULL))
        return 0;
    g_autoptr(Ruleset) ruleset = ruleset_load(folder, diags);
    g_assert(ruleset || diags_errors(diags) > 0);
    if (!ruleset)
        return 0;
    g_autoptr(Message) message = message_parse(mail, sizeof mail - 1, NULL);
    const ExtractionOptions options = {0};
    extraction_free(extraction_run(ruleset, message, &options));
    return 0;
}
