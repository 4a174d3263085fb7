/* A mail to its payload, with the shipped rules. */
#include "fuzz.h"

#include <json-glib/json-glib.h>

#include "rules/inquiry.h"

static const char configuration[] =
    "listen: fd:3\nqueue: sqlite:/q\nauthserv_id: mx.example.com\nown_domains: [example.com]\n"
    "hold_below: 50\n"
    "accounts: [{name: main, endpoint: 'https://api.example/a', token_file: /t}]\n"
    "mailboxes: [{recipient: leads@example.com, account: main}]\n";

static Config *config;
static Ruleset *ruleset;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    g_autoptr(Diags) diags = diags_new();
    g_autofree char *rules = fuzz_source("rules");
    config = config_parse("fuzz", configuration, diags);
    ruleset = ruleset_load(rules, diags);
    g_assert(config && ruleset);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *const recipients[] = {"leads@example.com", NULL};
    const InquiryMail mail = {.bytes = (const char *)data,
                              .length = size,
                              .sender = "ada@lovelace.example",
                              .recipients = recipients};
    g_autoptr(Inquiry) inquiry = inquiry_read(config, ruleset, &mail);
    for (guint i = 0; i < inquiry->records->len; i++) {
        const LeadRecord *record = g_ptr_array_index(inquiry->records, i);
        g_autoptr(JsonParser) parser = json_parser_new();
        g_assert(g_utf8_validate(record->payload, -1, NULL));
        g_assert(!strchr(record->payload, '\n'));
        g_assert(json_parser_load_from_data(parser, record->payload, -1, NULL));
    }
    for (View view = 0; view < VIEW_N; view++)
        g_assert(g_utf8_validate(message_view(inquiry->message, view), -1, NULL));
    return 0;
}
