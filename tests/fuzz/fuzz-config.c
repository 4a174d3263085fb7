/* lead-milter.yaml. */
#include "fuzz.h"

#include "lead/defaults.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = fuzz_text(data, size);
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Config) config = config_parse("fuzz.yaml", text, diags);
    g_assert(config || diags_errors(diags) > 0);
    if (config) {
        defaults_check(config, diags);
        config_mailbox(config, "<Leads@Example.com>");
    }
    return 0;
}
