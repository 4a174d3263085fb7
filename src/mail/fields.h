/* fields: a mail's own header fields as they stand, and where its body begins.
 *
 * What a field is is told much as GMime 3.2 tells it of an attached mail's (RFC 5322 section 2.2,
 * blanks before the colon allowed): a line without a name is left out, with what is folded below it,
 * but one at the very beginning means that there is no header at all; only mbox's "From " may stand
 * there. Of a mail that breaks off in a name, as one over limits.message may, the fields before it
 * count.
 * Ownership: a Fields is the caller's, its texts are valid as long as it.
 */
#ifndef LEAD_MAIL_FIELDS_H
#define LEAD_MAIL_FIELDS_H

#include <glib.h>

typedef struct {
    const char *name; /* in lower case */
    const char *raw;  /* behind the colon, with its line breaks; ends where a NUL stands */
} Field;

typedef struct {
    GArray *list;  /* Field, in the mail's order */
    GString *mime; /* the lines of the Content-… fields, and the empty line */
    gsize body;    /* where it begins in the bytes that were read */
    gboolean cut;  /* there are too many fields or lines of them to read on: there is no body */
    char *block;
} Fields;

/* NULL when the bytes do not begin with a header. */
Fields *fields_read(const char *bytes, gsize length);
void fields_free(Fields *fields); /* takes NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fields, fields_free)

/* The first of that name, in lower case; NULL without one, or without fields. */
const char *fields_first(const Fields *fields, const char *name);

#endif
