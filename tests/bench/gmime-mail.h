/* gmime-mail: what a small filter does with a mail: GMime reads it, its text is decoded, and
 * PCRE2's JIT looks for fifteen things in it. Ours is measured against it.
 *
 * It does what such a filter needs and no more: one text, no HTML, no forwards, no judging of what
 * it found. Any thread, after gmime_mail_init.
 */
#ifndef LEAD_BENCH_GMIME_MAIL_H
#define LEAD_BENCH_GMIME_MAIL_H

#include <glib.h>

typedef struct {
    char *text;       /* UTF-8; NULL when there is none */
    char *message_id; /* or NULL */
    guint found;      /* of Subject, From and the fifteen */
} GMimeMail;

void gmime_mail_init(void);
/* `decodes`: what is attached as well, as bytes that nobody takes. */
GMimeMail *gmime_mail_read(const char *bytes, gsize length, gboolean decodes);
void gmime_mail_free(GMimeMail *mail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeMail, gmime_mail_free)

#endif
