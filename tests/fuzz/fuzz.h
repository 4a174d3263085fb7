/* fuzz: what the libFuzzer targets share. Each is one function from bytes to nothing: it must not
 * crash, hang, leak or read what is not its own, and what it checks must hold. */
#ifndef LEAD_TESTS_FUZZ_H
#define LEAD_TESTS_FUZZ_H

#include <glib.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* FUZZ_SOURCE: the source tree, for rules/. */
static inline char *
fuzz_source(const char *path)
{
    const char *source = g_getenv("FUZZ_SOURCE");
    if (!source)
        g_error("FUZZ_SOURCE must name the source tree");
    return g_build_filename(source, path, NULL);
}

/* A 0-terminated copy, without zeros inside. */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
    char *text = g_strndup((const char *)data, size);
    return text;
}

#endif
