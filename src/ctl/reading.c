#include "ctl/reading.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "lead/defaults.h"
#include "mail/headers.h"

void
reading_free(Reading *reading)
{
    if (!reading)
        return;
    inquiry_free(reading->inquiry);
    g_free(reading->refused);
    lead_free(reading->defaulted);
    lead_free(reading->lead);
    g_free(reading->payload);
    g_free(reading);
}

/* --- the file --- */

/* A mail saved out of an mbox begins with a line that no MTA hands to a milter. */
static gsize
mbox_line(const guint8 *bytes, gsize length)
{
    if (length < 5 || memcmp(bytes, "From ", 5) != 0)
        return 0;
    const guint8 *end = memchr(bytes, '\n', length);
    return end ? (gsize)(end + 1 - bytes) : 0;
}

static GByteArray *
read_stream(FILE *in, gsize limit, char **sender)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 buffer[64 << 10];
    gboolean begun = FALSE;
    size_t n;
    /* One byte beyond the limit tells that there is more. */
    while (bytes->len <= limit && (n = fread(buffer, 1, sizeof buffer, in)) > 0) {
        gsize skip = begun ? 0 : mbox_line(buffer, n);
        begun = TRUE;
        if (skip) {
            g_autofree char *line = g_strndup((const char *)buffer, skip);
            *sender = mailstore_sender(line);
        }
        g_byte_array_append(bytes, buffer + skip, MIN(n - skip, limit + 1 - bytes->len));
    }
    return ferror(in) ? NULL : g_steal_pointer(&bytes);
}

static GByteArray *
read_file(const char *file, gsize limit, char **sender)
{
    FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "rbe");
    GByteArray *bytes = in ? read_stream(in, limit, sender) : NULL;
    if (!bytes)
        ctl_error("%s: %s", file, g_strerror(errno));
    if (in && in != stdin)
        fclose(in);
    return bytes;
}

/* --- what is no mail --- */

/* RFC 5322's name of a field, and its colon; old mail has white space between. */
static gboolean
is_field(const char *line, const char *end)
{
    const char *p = line;
    while (p < end && g_ascii_isgraph(*p) && *p != ':')
        p++;
    gboolean named = p > line;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return named && p < end && *p == ':';
}

/* A character that no text has; ESC begins those of ISO-2022-JP. */
static gboolean
is_binary(const char *line, const char *end)
{
    for (; line < end; line++)
        if (g_ascii_iscntrl(*line) && !g_ascii_isspace(*line) && *line != '\x1b')
            return TRUE;
    return FALSE;
}

const char *
reading_no_mail(const StoredMail *mail)
{
    const char *line = mail->bytes, *end = line + mail->length;
    if (mail->length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) /* Notepad's mark of UTF-8 */
        line += 3;
    while (line < end && g_ascii_isspace(*line))
        line++;
    if (line == end)
        return "it is empty";
    while (line < end && *line != '\n' && *line != '\r') {
        const char *stop = line;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        if (is_field(line, stop))
            return NULL;
        if (is_binary(line, stop))
            return "it is binary";
        line = stop + (end - stop >= 2 && memcmp(stop, "\r\n", 2) == 0 ? 2 : stop < end);
    }
    return "it has no header";
}

/* --- the envelope --- */

#define HEADER_LOOKED_AT ((gsize)256 << 10)

/* The first line of a view or header that is an address some mailbox takes; newly allocated. */
static char *
ours_among(const Config *config, const char *lines)
{
    g_auto(GStrv) list = g_strsplit(lines ? lines : "", "\n", -1);
    for (char **line = list; *line; line++)
        if (strchr(g_strstrip(*line), '@') && config_mailbox(config, *line) >= 0)
            return g_strdup(*line);
    return NULL;
}

/* Cc is no view; its addresses are what stands between commas and angles. */
static char *
ours_in_cc(const Config *config, const char *cc)
{
    g_autofree char *lines = g_strdelimit(g_strdup(cc ? cc : ""), ",;<>", '\n');
    return ours_among(config, lines);
}

static char *
guess_recipient(const Config *config, GHashTable *headers)
{
    char *recipient = ours_among(config, g_hash_table_lookup(headers, "x-original-to"));
    if (!recipient)
        recipient = ours_among(config, g_hash_table_lookup(headers, "delivered-to"));
    if (!recipient)
        recipient = ours_in_cc(config, g_hash_table_lookup(headers, "to"));
    if (!recipient)
        recipient = ours_in_cc(config, g_hash_table_lookup(headers, "cc"));
    if (!recipient && config->mailboxes->len) {
        const ConfigMailbox *first = g_ptr_array_index(config->mailboxes, 0);
        const char *entry = first->recipients[0];
        recipient = *entry == '@' ? g_strconcat("anyone", entry, NULL) : g_strdup(entry);
    }
    return recipient;
}

/* The address alone of "<a@b>" or "a@b"; the first line of several. */
static char *
first_line(const char *text)
{
    return text ? g_strndup(text, strcspn(text, "\n")) : NULL;
}

/* --- the lead --- */

static void
finish(Reading *reading, const Ctl *ctl)
{
    const Inquiry *inquiry = reading->inquiry;
    const Config *config = ctl->config;
    const ExtractionOptions options = {
        .own_domains = (const char *const *)config->own_domains,
        .judge_authentication = config->authserv_id != NULL,
    };
    if (!inquiry->extraction->lead)
        return;
    reading->defaulted = lead_copy(inquiry->extraction->lead);
    if (reading->mailbox)
        defaults_apply(reading->defaulted, reading->mailbox);
    reading->lead = lead_copy(reading->defaulted);
    extraction_complete(reading->lead, inquiry->message, &options);
    if (inquiry->records->len) {
        const LeadRecord *record = g_ptr_array_index(inquiry->records, 0);
        reading->payload = g_strdup(record->payload);
    } else {
        reading->payload = payload_build(reading->lead, ruleset_wire(ctl->ruleset), FALSE);
    }
}

Reading *
reading_of(const Ctl *ctl, const StoredMail *stored, const ReadingEnvelope *envelope)
{
    gboolean limit = FALSE; /* the reading itself tells of that */
    g_autoptr(Fields) fields = fields_read(stored->bytes, MIN(stored->length, HEADER_LOOKED_AT));
    g_autoptr(GHashTable) headers = headers_read(fields, &limit);
    g_autofree char *path = first_line(g_hash_table_lookup(headers, "return-path"));
    g_autofree char *recipient =
        envelope->recipient ? g_strdup(envelope->recipient) : guess_recipient(ctl->config, headers);
    const char *const recipients[] = {recipient, NULL};
    const InquiryMail mail = {
        .bytes = stored->bytes,
        .length = stored->length,
        .truncated = stored->truncated,
        .sender = envelope->sender ? envelope->sender
                  : path           ? path
                                   : stored->sender,
        .recipients = recipients,
        .explain = envelope->explain,
    };

    Reading *reading = g_new0(Reading, 1);
    int mailbox = recipient ? config_mailbox(ctl->config, recipient) : -1;
    if (mailbox < 0 && ctl->config->mailboxes->len) {
        reading->refused =
            g_strdup_printf("no mailbox in %s takes %s", ctl->config->file, recipient);
        return reading;
    }
    if (mailbox >= 0)
        reading->mailbox = g_ptr_array_index(ctl->config->mailboxes, mailbox);
    reading->inquiry = inquiry_read(ctl->config, ctl->ruleset, &mail);
    finish(reading, ctl);
    return reading;
}

int
reading_status(const Reading *reading)
{
    if (!reading->refused)
        return EX_OK;
    ctl_error("%s", reading->refused);
    return EX_USAGE;
}

Reading *
reading_new(Ctl *ctl, const char *file, const ReadingEnvelope *envelope, int *status)
{
    *status = ctl_ruleset(ctl);
    if (*status != EX_OK)
        return NULL;
    gsize limit = ctl->config->limit_message;
    g_autofree char *sender = NULL;
    g_autoptr(GByteArray) bytes = read_file(file, limit, &sender);
    if (!bytes) {
        *status = EX_NOINPUT;
        return NULL;
    }
    StoredMail mail = {
        .name = file,
        .sender = sender,
        .bytes = bytes->len ? (const char *)bytes->data : "",
        .length = MIN(bytes->len, limit),
        .truncated = bytes->len > limit,
    };
    g_autoptr(Reading) reading = reading_of(ctl, &mail, envelope);
    *status = reading_status(reading);
    return *status == EX_OK ? g_steal_pointer(&reading) : NULL;
}
