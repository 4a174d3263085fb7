/* Authentication-Results, RFC 8601. */
#include "fuzz.h"

#include "mail/authres.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *value = fuzz_text(data, size);
    g_autoptr(GPtrArray) domains = g_ptr_array_new_with_free_func(g_free);
    authres_add(value, "mx.example.com", domains);
    for (guint i = 0; i < domains->len; i++)
        g_assert(*(const char *)g_ptr_array_index(domains, i));
    return 0;
}
