#include "rules/inquiry.h"

#include <string.h>

#include "lead/defaults.h"
#include "lead/lead.h"

/* What makes two mails the same inquiry when their Message-IDs differ, and they are of the same
 * person (lead/record.h). What rules make of a mail is not in it: they change. */
static char *
digest_of(const Message *message)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    /* Case of the sender, and white space at the end, change on the way to a mailbox. */
    g_autofree char *sender = g_ascii_strdown(message_sender(message), -1);
    const char *const parts[] = {sender, message_view(message, VIEW_SUBJECT),
                                 message_view(message, VIEW_BODY)};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        gsize length = strlen(parts[i]);
        while (length > 0 && g_ascii_isspace(parts[i][length - 1]))
            length--;
        g_checksum_update(sum, (const guchar *)parts[i], (gssize)length);
        g_checksum_update(sum, (const guchar *)"", 1); /* the final 0 keeps them apart */
    }
    return g_strdup(g_checksum_get_string(sum));
}

/* The first mailbox in the configuration that takes one of the recipients, for an account. */
static const ConfigMailbox *
mailbox_for(const Config *config, const InquiryMail *mail, guint account)
{
    int first = -1;
    for (guint i = 0; mail->recipients[i]; i++) {
        int index = config_mailbox(config, mail->recipients[i]);
        if (index < 0 || (first >= 0 && index >= first))
            continue;
        const ConfigMailbox *mailbox = g_ptr_array_index(config->mailboxes, index);
        if (mailbox->account == account)
            first = index;
    }
    return first >= 0 ? g_ptr_array_index(config->mailboxes, first) : NULL;
}

static LeadRecord *
record_new(const Inquiry *inquiry, const ConfigAccount *account, const ConfigMailbox *mailbox,
           const ExtractionOptions *options, const Config *config, const InquiryMail *mail)
{
    const Extraction *extraction = inquiry->extraction;
    g_autoptr(Lead) lead = lead_copy(extraction->lead);
    defaults_apply(lead, mailbox);
    extraction_complete(lead, inquiry->message, options);
    LeadRecord *record = g_new0(LeadRecord, 1);
    record->account = g_strdup(account->name);
    record->source = g_strdup(extraction->source ? extraction->source : "none");
    record->held = extraction->action == ACTION_HOLD;
    record->reason = record->held ? g_strdup(extraction->reason) : NULL;
    record->payload =
        payload_build(lead, ruleset_wire(extraction->ruleset), account->relationships);
    record->message_key = g_strdup(message_id(inquiry->message));
    record->digest = digest_of(inquiry->message);
    record->queue_id = g_strdup(mail->queue_id);
    record->same_within = config->duplicate_window;
    return record;
}

/* Of the recipients, ended by NULL, those of an account. */
static GPtrArray *
recipients_of(const Config *config, const InquiryMail *mail, guint account)
{
    GPtrArray *recipients = g_ptr_array_new();
    for (guint i = 0; mail->recipients[i]; i++) {
        int index = config_mailbox(config, mail->recipients[i]);
        const ConfigMailbox *mailbox =
            index < 0 ? NULL : g_ptr_array_index(config->mailboxes, index);
        if (mailbox && mailbox->account == account)
            g_ptr_array_add(recipients, (gpointer)mail->recipients[i]);
    }
    g_ptr_array_add(recipients, NULL);
    return recipients;
}

/* Records of all; the extraction is of the first that has any. */
static Inquiry *
merge(Inquiry *all, Inquiry *one)
{
    if (!all || all->records->len == 0) {
        inquiry_free(all);
        return one;
    }
    g_ptr_array_extend_and_steal(all->records, g_ptr_array_ref(one->records));
    inquiry_free(one);
    return all;
}

/* Each account's with its own recipients: a rule may be for a mailbox of one of them. */
static Inquiry *
read_for_accounts(const Config *config, Ruleset *ruleset, const InquiryMail *mail)
{
    Inquiry *all = NULL;
    for (guint i = 0; i < config->accounts->len; i++) {
        g_autoptr(GPtrArray) recipients = recipients_of(config, mail, i);
        if (!g_ptr_array_index(recipients, 0))
            continue;
        InquiryMail its = *mail;
        its.bytes_read = NULL;
        its.recipients = (const char *const *)recipients->pdata;
        all = merge(all, inquiry_read(config, ruleset, &its));
    }
    if (mail->bytes_read)
        mail->bytes_read(mail->data);
    return all;
}

static guint
accounts_of(const Config *config, const InquiryMail *mail)
{
    guint n = 0;
    for (guint i = 0; i < config->accounts->len; i++)
        n += mailbox_for(config, mail, i) != NULL;
    return n;
}

Inquiry *
inquiry_read(const Config *config, Ruleset *ruleset, const InquiryMail *mail)
{
    if (config->accounts->len > 1 && accounts_of(config, mail) > 1)
        return read_for_accounts(config, ruleset, mail);

    MessageOptions message_options = {
        .sender = mail->sender,
        .recipients = mail->recipients,
        .authserv_id = config->authserv_id,
        .own_domains = (const char *const *)config->own_domains,
        .truncated = mail->truncated,
        .bytes_read = mail->bytes_read,
        .data = mail->data,
    };
    ExtractionOptions options = {
        .own_domains = (const char *const *)config->own_domains,
        .judge_authentication = config->authserv_id != NULL,
        .hold_below = config->hold_below,
        .judge_links = config->hold_below > 0 || mail->explain,
        .keep_lead_open = TRUE,
        .brief = !mail->explain,
    };
    Inquiry *inquiry = g_new0(Inquiry, 1);
    inquiry->records = g_ptr_array_new_with_free_func((GDestroyNotify)record_free);
    inquiry->message = message_parse(mail->bytes, mail->length, &message_options);
    inquiry->extraction = extraction_run(ruleset, inquiry->message, &options);
    for (guint i = 0; i < config->accounts->len && inquiry->extraction->lead; i++) {
        const ConfigMailbox *mailbox = mailbox_for(config, mail, i);
        if (mailbox)
            g_ptr_array_add(inquiry->records, record_new(inquiry, config_account(config, i),
                                                         mailbox, &options, config, mail));
    }
    return inquiry;
}

void
inquiry_free(Inquiry *inquiry)
{
    if (!inquiry)
        return;
    g_ptr_array_unref(inquiry->records);
    extraction_free(inquiry->extraction);
    message_free(inquiry->message);
    g_free(inquiry);
}
