/* token: the account's JWT, read from its file and read again when that changes.
 *
 * Refused: not a regular file, readable or writable by group or others (mode must be 0600 or
 * stricter), empty, larger than LIMIT_TOKEN, in quotes, with white space or anything else inside that
 * is not printable ASCII. A byte order mark is skipped.
 * The token appears in no message, log or error. Thread rule: one thread.
 */
#ifndef LEAD_SUBMIT_TOKEN_H
#define LEAD_SUBMIT_TOKEN_H

#include <glib.h>

typedef struct Token Token;

Token *token_new(const char *path);
void token_free(Token *token); /* takes NULL; wipes it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Token, token_free)

/* Look at the file; *changed (may be NULL) is TRUE when it was read anew and differs. NULL with
 * *error when the file is unusable. The text is the token's and valid until the next call. */
const char *token_get(Token *token, gboolean *changed, GError **error);
/* Whether the text is what the last good look found. */
gboolean token_is(const Token *token, const char *text);
/* Expiry from the JWT's exp claim, seconds since 1970, from 1 to the year 9999; 0 when it has none
 * that makes sense or is no JWT. */
gint64 token_expiry(const char *text);

#endif
