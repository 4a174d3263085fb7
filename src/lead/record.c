#include "lead/record.h"

void
record_free(LeadRecord *record)
{
    if (!record)
        return;
    g_free(record->account);
    g_free(record->source);
    g_free(record->reason);
    g_free(record->payload);
    g_free(record->message_key);
    g_free(record->digest);
    g_free(record->queue_id);
    g_free(record);
}
