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
    if (size == 0)
        return 0;
    g_autofree char *text = fuzz_text(data + 1, size - 1);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(card_value_free);
    switch (data[0] % 3) {
    case 0:
        card_from_json(valid, values);
        break;
    case 1:
        card_from_adf(valid, values);
        break;
    default:
        card_from_vcard(valid, values);
    }
    return 0;
}
