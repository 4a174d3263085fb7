#include "gmime-mail.h"

#include <gmime/gmime.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* What a mail of a listing site has, as one would write it for a dozen of them. */
static const char *const patterns[] = {
    "^(?:name|customer|contact|full name)[ \\t]*[:\\t][ \\t]*(.+)$",
    "^(?:phone|tel|telephone|mobile|cell)(?: number)?[ \\t]*[:\\t][ \\t]*(.+)$",
    "^(?:e-?mail)(?: address)?[ \\t]*[:\\t][ \\t]*(\\S+)$",
    "^(?:address|service address|location|property)[ \\t]*[:\\t][ \\t]*(.+)$",
    "^(?:company|business|organi[sz]ation)[ \\t]*[:\\t][ \\t]*(.+)$",
    "^(?:comments?|message|notes|details)[ \\t]*[:\\t]\\s*(.+(?:\\n.+){0,20})",
    "^(?:task|project|service|job)[ \\t]*[:\\t][ \\t]*(.+)$",
    "(?<![\\d.])(?:\\+?1[-. ]?)?\\(?\\d{3}\\)?[-. ]?\\d{3}[-. ]\\d{4}(?!\\d)",
    "\\b[\\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\\.){1,4}[a-z]{2,24}\\b",
    "\\b([A-Z][\\w.' -]{1,40}), ?([A-Z]{2}) (\\d{5}(?:-\\d{4})?)\\b",
    "\\b\\d{1,6} (?:[\\w.']{1,20} ){1,4}(?:St|Ave|Rd|Blvd|Dr|Ln|Ct|Way|Market|Place|Pkwy)\\b",
    "\\$ ?\\d[\\d,]*(?:\\.\\d\\d)?",
    "https?://[^\\s<>\"]{1,500}",
    "\\b(?:unsubscribe|opt out|manage (?:your )?preferences)\\b",
    "\\b(?:new lead|lead from|inquiry|enquiry|request for (?:a )?quote|estimate)\\b",
};

static pcre2_code *codes[G_N_ELEMENTS(patterns)];
static pcre2_match_context *match_context;
static GPrivate thread_data = G_PRIVATE_INIT((GDestroyNotify)pcre2_match_data_free);

void
gmime_mail_init(void)
{
    g_mime_init();
    for (guint i = 0; i < G_N_ELEMENTS(patterns); i++) {
        int error;
        PCRE2_SIZE offset;
        codes[i] =
            pcre2_compile((PCRE2_SPTR)patterns[i], PCRE2_ZERO_TERMINATED,
                          PCRE2_UTF | PCRE2_CASELESS | PCRE2_MULTILINE, &error, &offset, NULL);
        g_assert(codes[i]);
        pcre2_jit_compile(codes[i], PCRE2_JIT_COMPLETE);
    }
    match_context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(match_context, 1000000);
}

/* The first text/plain, else the first text. */
static void
pick(GMimeObject *parent, GMimeObject *object, gpointer data)
{
    (void)parent;
    GMimeObject **picked = data;
    if (!GMIME_IS_TEXT_PART(object))
        return;
    GMimeContentType *type = g_mime_object_get_content_type(object);
    if (!*picked ||
        (g_mime_content_type_is_type(type, "text", "plain") &&
         !g_mime_content_type_is_type(g_mime_object_get_content_type(*picked), "text", "plain")))
        *picked = object;
}

/* Every part's content, as bytes that nobody takes. */
static void
decode(GMimeObject *parent, GMimeObject *object, gpointer data)
{
    (void)parent, (void)data;
    if (!GMIME_IS_PART(object))
        return;
    g_autoptr(GObject) nowhere = G_OBJECT(g_mime_stream_null_new());
    g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(object)),
                                        GMIME_STREAM(nowhere));
}

static pcre2_match_data *
match_data_of_thread(void)
{
    if (!g_private_get(&thread_data))
        g_private_set(&thread_data, pcre2_match_data_create(16, NULL));
    return g_private_get(&thread_data);
}

static guint
search(const char *text)
{
    guint found = 0;
    gsize length = strlen(text);
    pcre2_match_data *match_data = match_data_of_thread();
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
        found += pcre2_match(codes[i], (PCRE2_SPTR)text, length, 0, PCRE2_NO_UTF_CHECK, match_data,
                             match_context) > 0;
    return found;
}

static void
take(GMimeMail *mail, GMimeMessage *message, gboolean decodes)
{
    GMimeObject *part = NULL;
    g_mime_message_foreach(message, pick, &part);
    if (decodes)
        g_mime_message_foreach(message, decode, NULL);
    mail->message_id = g_strdup(g_mime_message_get_message_id(message));
    mail->found += g_mime_message_get_subject(message) != NULL;
    mail->found += internet_address_list_length(g_mime_message_get_from(message)) > 0;
    mail->text = part ? g_mime_text_part_get_text(GMIME_TEXT_PART(part)) : NULL;
    if (mail->text && !g_utf8_validate(mail->text, -1, NULL))
        g_clear_pointer(&mail->text, g_free);
    if (mail->text)
        mail->found += search(mail->text);
}

GMimeMail *
gmime_mail_read(const char *bytes, gsize length, gboolean decodes)
{
    g_autoptr(GByteArray) array = g_byte_array_new_take((guint8 *)bytes, length);
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(array);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    GMimeMail *mail = g_new0(GMimeMail, 1);
    if (message) {
        take(mail, message, decodes);
        g_object_unref(message);
    }
    g_object_unref(parser);
    g_object_unref(stream);
    array->data = NULL; /* stays the caller's */
    return mail;
}

void
gmime_mail_free(GMimeMail *mail)
{
    if (!mail)
        return;
    g_free(mail->text);
    g_free(mail->message_id);
    g_free(mail);
}
