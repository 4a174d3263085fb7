#include "base/memory.h"

#include <string.h>

void *
memory_new(gsize size)
{
    return g_malloc(MAX(size, 1));
}

void *
memory_new_n(gsize n, gsize size)
{
    return g_malloc0_n(MAX(n, 1), MAX(size, 1));
}

void *
memory_resize(void *memory, gsize size)
{
    return g_realloc(memory, MAX(size, 1));
}

void
memory_wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

void
memory_out(const char *what)
{
    g_error("%s: out of memory", what);
}
