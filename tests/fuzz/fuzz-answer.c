/* The API's answers: status in two bytes, type of content up to the first line end, body. */
#include "fuzz.h"

#include "submit/answer.h"
#include "submit/token.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    g_autofree char *text = fuzz_text(data + 2, size - 2);
    gsize line = strcspn(text, "\n");
    g_autofree char *type = g_strndup(text, line);
    const Answer answer = {.status = (data[0] << 8 | data[1]) % 600,
                           .content_type = *type ? type : NULL,
                           .body = text[line] ? text + line + 1 : text + line,
                           .retry_after = data[1],
                           .attempts = data[0],
                           .give_up_after = 3600};
    Verdict verdict = answer_judge(&answer);
    g_assert(g_utf8_validate(verdict.words, -1, NULL));
    g_assert(verdict.kind != ANSWER_DONE || (answer.status >= 200 && answer.status < 300));
    verdict_clear(&verdict);
    token_expiry(text);
    return 0;
}
