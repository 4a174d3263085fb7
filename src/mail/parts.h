/* parts: which text of a MIME tree is what the sender wrote, decoded.
 *
 * Of multipart/alternative the plain text unless it is empty, a stub or clearly poorer than the
 * HTML; of signed, related, mixed and the rest the first text that is not blank. Attachments are
 * neither decoded nor copied, but for small ones that are ADF, JSON or a vCard by type or name.
 * Ownership: parts_clear; `inner` is the tree's.
 */
#ifndef LEAD_MAIL_PARTS_H
#define LEAD_MAIL_PARTS_H

#include <gmime/gmime.h>

#include "mail/html.h"

typedef enum { ATTACHED_ADF, ATTACHED_JSON, ATTACHED_VCARD } AttachedKind;

/* An attachment that is data about a person. */
typedef struct {
    AttachedKind kind;
    char *text;
} Attached;

typedef struct {
    char *text;        /* plain, once chosen of the best part; "" when there is none, never NULL */
    char *html_source; /* of the HTML part, decoded, when it is not read yet; or NULL */
    gsize html_length;
    HtmlText *html;      /* of the HTML part, when it had to be read; or NULL; its text may be gone */
    GPtrArray *attached; /* Attached, at most ATTACHED_MAX */
    GMimeMessage *inner; /* the first message/rfc822, or NULL */
    gboolean parts_limit, text_limit;
} Parts;

#define ATTACHED_MAX 8
#define ATTACHED_BYTES (256 << 10) /* encoded; larger ones are left alone */

/* `root`, or nothing when it is NULL, comes of a mimestream; all but `inner` is decoded from it. */
void parts_read(GMimeObject *root, Parts *parts);
/* The mail's bytes may be gone by then. The HTML is read only if it may be the best part; else it
 * is left to whoever wants its links. Once is enough. */
void parts_choose(Parts *parts);
void parts_clear(Parts *parts);

#endif
