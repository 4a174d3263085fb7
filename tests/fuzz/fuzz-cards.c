/* Data meant for machines: the first byte says which kind. */
#include "fuzz.h"

#include "mail/card.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *text, GPtrArray *values) = {
        card_from_json, card_from_adf, card_from_vcard};
    if (size == 0)
        return 0;
    g_autofree char *text = fuzz_text(data + 1, size - 1);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(card_value_free);
    readers[data[0] % G_N_ELEMENTS(readers)](valid, values);
    return 0;
}
