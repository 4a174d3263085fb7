/* Which lead a mail already has.
 *
 * A lead's message_key is its Message-ID. There are programs that give one Message-ID to all they
 * send: of the second inquiry and those that follow it is the Message-ID, a line end and the digest
 * of the content. Purged leads are known by a fingerprint of Message-ID, line end and digest.
 */
#include "queue/queue-private.h"

#include <string.h>

#define LEAD_IDS_MAX 20  /* that are looked for, of one mail */
#define COMPARED_MAX 100 /* leads of one Message-ID or content whose people are compared */

/* The id that a statement finds, of a lead that this message already has. TRUE when there is one.
 */
static gboolean
found(Queue *queue, sqlite3_stmt *statement, char *id, GError **error)
{
    if (!statement)
        return FALSE;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        g_strlcpy(id, queue_text(statement, 0), LEAD_ID_SIZE);
    else if (result != SQLITE_DONE)
        queue_fail(queue, "reading", error);
    sqlite3_reset(statement);
    return result == SQLITE_ROW;
}

/* Of the leads that a statement finds (id, digest, payload), the one with the same content, else
 * one of the same person. *any: there were some. */
static gboolean
found_same(Queue *queue, sqlite3_stmt *statement, const LeadRecord *record, gboolean content_counts,
           char *id, gboolean *any, GError **error)
{
    gboolean same = FALSE, exact = FALSE;
    int result;
    *any = FALSE;
    if (!statement)
        return FALSE;
    while (!exact && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        *any = TRUE;
        exact = content_counts && g_strcmp0(queue_text(statement, 1), record->digest) == 0;
        if (!exact && (same || record_of_another(queue_text(statement, 2), record->payload)))
            continue;
        g_strlcpy(id, queue_text(statement, 0), LEAD_ID_SIZE);
        same = TRUE;
    }
    if (!exact && result != SQLITE_DONE)
        queue_fail(queue, "reading", error);
    sqlite3_reset(statement);
    return same;
}

/* One Message-ID is one mail if what it says is the same, whatever rules made of it then, or if it
 * is the same person's, whatever was added to it on its way. *others: it is somebody else's. */
static gboolean
find_by_message(Queue *queue, const LeadRecord *record, char *id, gboolean *others, GError **error)
{
    const char *key = record->message_key, *account = record->account;
    sqlite3_stmt *statement = queue_statement(
        queue, error,
        "SELECT id, digest, payload FROM leads WHERE account = ? AND message_key >= ?"
        " AND message_key < ? || char(11) ORDER BY message_key LIMIT " G_STRINGIFY(COMPARED_MAX),
        "sss", account, key, key);
    if (found_same(queue, statement, record, TRUE, id, others, error) || *error)
        return !*error;
    return *others && found(queue,
                            queue_statement(queue, error,
                                            "SELECT id FROM leads WHERE account = ?"
                                            " AND message_key = ? || char(10) || ?",
                                            "sss", account, key, record->digest),
                            id, error);
}

/* The same words of the same person, whose Message-ID was rewritten or is missing. */
static gboolean
find_by_content(Queue *queue, const LeadRecord *record, gint64 now, char *id, GError **error)
{
    gboolean for_ever = record->same_within == RECORD_FOR_EVER, any;
    gint64 since = for_ever ? 0 : now - (gint64)record->same_within * G_USEC_PER_SEC;
    if (record->same_within == 0)
        return FALSE;
    sqlite3_stmt *statement =
        queue_statement(queue, error,
                        "SELECT id, digest, payload FROM leads WHERE account = ? AND digest = ?"
                        " AND created > ? ORDER BY created DESC LIMIT " G_STRINGIFY(COMPARED_MAX),
                        "ssi", record->account, record->digest, since);
    return found_same(queue, statement, record, FALSE, id, &any, error) && !*error;
}

/* Version 1 and 2 of the program kept the fingerprint of the Message-ID alone. Two searches: for
 * the list of an IN, SQLite builds a table, more work than both. */
static gboolean
find_purged(Queue *queue, const LeadRecord *record, char *id, GError **error)
{
    const char *key = record->message_key ? record->message_key : "";
    if (!*key && record->same_within != RECORD_FOR_EVER)
        return FALSE;
    return found(queue,
                 queue_statement(queue, error,
                                 "SELECT id FROM purged WHERE account = ?"
                                 " AND fingerprint = fingerprint(? || char(10) || ?)"
                                 " UNION ALL SELECT id FROM purged WHERE account = ?"
                                 " AND fingerprint = fingerprint(?)",
                                 "sssss", record->account, key, record->digest, record->account,
                                 key),
                 id, error);
}

/* By the ids that it says to have: of the lead that one of them is in this account, purged or not.
 * `purged` has no index by id. */
static gboolean
find_by_id(Queue *queue, const LeadRecord *record, char *id, GError **error)
{
    static const char *const searches[] = {
        "SELECT id FROM leads WHERE account = ? AND id = ?",
        "SELECT id FROM purged WHERE account = ? AND id = ?",
    };
    g_auto(GStrv) ids = g_strsplit(record->lead_ids, "\n", LEAD_IDS_MAX);
    for (guint i = 0; i < G_N_ELEMENTS(searches); i++)
        for (char **one = ids; *one && !*error; one++)
            if (g_uuid_string_is_valid(*one) &&
                found(queue,
                      queue_statement(queue, error, searches[i], "ss", record->account, *one), id,
                      error))
                return TRUE;
    return FALSE;
}

gboolean
queue_find_known(Queue *queue, const LeadRecord *record, gint64 now, char *id, char **key,
                 GError **error)
{
    gboolean others = FALSE;
    *key = NULL;
    if ((record->message_key && find_by_message(queue, record, id, &others, error)) ||
        (!*error && find_by_content(queue, record, now, id, error)) ||
        (!*error && find_purged(queue, record, id, error)) ||
        (!*error && record->lead_ids && find_by_id(queue, record, id, error)))
        return TRUE;
    *key = others ? g_strconcat(record->message_key, "\n", record->digest, NULL)
                  : g_strdup(record->message_key);
    return FALSE;
}
