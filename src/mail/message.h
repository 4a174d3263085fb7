/* message: one mail, parsed, as the views that rules look in (DESIGN section 4).
 *
 * Never fails: of broken mail it holds what could be read, at worst the envelope sender.
 * Every view is valid UTF-8 without NUL and without \r, lines end in \n, LIMIT_TEXT at most.
 *
 * A view is text:
 *   subject            of the original, when forwarded, as are from, to, reply_to and body
 *   from reply_to to   for each address two lines: the display name (if any), the bare address
 *   sender             the envelope sender, bare, on one line; empty for <>
 *   recipient          of the envelope, those of ours, bare, one a line
 *   header.NAME        all fields of that name, decoded and unfolded, one a line; of the outer mail
 *   body               what the inquirer wrote: unwrapped, without quotes, signature and footer
 *   signature quoted   what was taken off the body
 *   text               all of the best part's text, as it stood
 *   links              one line a link: the target, a space, the visible text
 * Cells of a table row are separated by TAB (see mail/html.h).
 *
 * Best part: of multipart/alternative the plain text unless it is empty, a stub ("view this in
 * HTML") or clearly poorer than the HTML; signed, related and mixed by their first text; text
 * attachments are not body. An attachment is never decoded.
 *
 * Limits: base/limits.h; message_limits_reached names those that were reached.
 * Ownership: message_free; strings returned live as long as the message. Thread rule: parse and
 * use in one thread at a time.
 */
#ifndef LEAD_MAIL_MESSAGE_H
#define LEAD_MAIL_MESSAGE_H

#include "mail/card.h"
#include "mail/html.h"

typedef enum {
    VIEW_SUBJECT,
    VIEW_FROM,
    VIEW_REPLY_TO,
    VIEW_SENDER,
    VIEW_RECIPIENT,
    VIEW_TO,
    VIEW_BODY,
    VIEW_SIGNATURE,
    VIEW_QUOTED,
    VIEW_TEXT,
    VIEW_LINKS,
    VIEW_N
} View;

/* "subject" … "links", in the order of View; ends in NULL. header.NAME is not among them. */
extern const char *const view_names[];

typedef struct {
    const char *name;    /* display name, decoded, unquoted; NULL when there is none */
    const char *address; /* bare, as written; NULL when it has no usable one */
} MessageAddress;

typedef struct {
    const char *sender;            /* envelope sender, with or without <>; NULL when unknown */
    const char *const *recipients; /* envelope recipients of ours; ends in NULL; may be NULL */
    const char *authserv_id;       /* whose Authentication-Results count; NULL: none do */
    /* Mail from these is passed on rather than an inquiry. Ends in NULL; may be NULL. */
    const char *const *own_domains;
    gboolean truncated;        /* the bytes given are not the whole mail */
    GDestroyNotify bytes_read; /* or NULL; called once, with `data`, when the bytes may go */
    gpointer data;
} MessageOptions;

typedef struct Message Message;

/* Parse. The bytes are read only during the call, and not after bytes_read. CRLF or LF line ends.
 * `options` may be NULL. */
Message *message_parse(const char *bytes, gsize length, const MessageOptions *options);
void message_free(Message *message); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Message, message_free)

/* Never NULL; "" when there is nothing. */
const char *message_view(const Message *message, View view);
/* header.NAME, any case; NULL when there is no such field. */
const char *message_header(const Message *message, const char *name);
/* To go over all of them, in no order: names in lower case, and their texts. */
void message_headers(const Message *message, GHashTableIter *headers);

/* The first address of each; both members NULL when there is none. Of the original, when
 * forwarded: the one who wrote first, however often it was passed on. `via` is who forwarded it
 * last, empty otherwise. */
MessageAddress message_from(const Message *message);
MessageAddress message_reply_to(const Message *message);
MessageAddress message_via(const Message *message);
const char *message_sender(const Message *message); /* envelope sender, bare, "" for <> */
gboolean message_forwarded(const Message *message);

/* Message-ID of the outer mail without <> and white space; NULL when missing or unusable. */
const char *message_id(const Message *message);

const GPtrArray *message_links(const Message *message); /* HtmlLink, plain-text URLs included */
const GPtrArray *message_cards(const Message *message); /* CardValue, the most trusted first */

/* Domains for which our own authserv-id reported dkim=pass or dmarc=pass (RFC 8601), lower case,
 * ending in NULL, never NULL itself. Empty unless options->authserv_id was given. */
const char *const *message_authenticated(const Message *message);

gboolean message_truncated(const Message *message);
/* "parts, header, text": the limits reached, comma separated, or NULL. */
const char *message_limits_reached(const Message *message);

#endif
