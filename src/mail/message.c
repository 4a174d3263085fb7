#include "mail/message.h"

#include <malloc.h>
#include <string.h>

#include "base/domain.h"
#include "base/limits.h"
#include "base/text.h"
#include "mail/author.h"
#include "mail/authres.h"
#include "mail/charset.h"
#include "mail/fields.h"
#include "mail/footer.h"
#include "mail/forward.h"
#include "mail/headers.h"
#include "mail/links.h"
#include "mail/mailboxkind.h"
#include "mail/mime.h"
#include "mail/parts.h"
#include "mail/quote.h"
#include "mail/signature.h"
#include "mail/wording.h"

/* Bytes of text and HTML. Of copies of more than this much stays in pieces in the arena of the
 * thread that read it, while the next mail is read by another one. */
#define LARGE ((gsize)256 << 10)

#define FORWARDS_MAX 6 /* of a mail passed on again and again */
#define COVER_MAX 200  /* bytes that say "see attached" and the like */
#define BANNER_MAX 500 /* bytes */
#define ID_MAX 900     /* of a Message-ID, bytes; RFC 5322's lines have 998 */

const char *const view_names[] = {"subject", "from",      "reply_to", "sender", "recipient", "to",
                                  "body",    "signature", "quoted",   "text",   "links",     NULL};

struct Message {
    char *views[VIEW_N];
    Fields *fields;                   /* of the outer mail; NULL when it has none */
    GHashTable *headers;              /* the same, as text */
    GPtrArray *from, *reply_to, *via; /* Mailbox */
    GPtrArray *links;                 /* HtmlLink */
    GPtrArray *cards;                 /* CardValue */
    GPtrArray *authenticated;         /* char *, ends in NULL */
    char *id, *limits;
    gboolean forwarded, truncated, large;
    struct {
        gboolean parts, header, text, links, cards;
    } limit; /* which were reached */

    /* HTML whose text nobody needs is read when its links or cards are asked for. */
    char *html;
    gsize html_length;
};

/* While a mail is read. */
typedef struct {
    Message *message;
    const char *const *own_domains;
    GPtrArray *to;
} Reading;

/* --- views --- */

/* `text` as a view may be; what is cut off is given back. */
static char *
bounded(char *text, gboolean *limit)
{
    gsize length = strnlen(text, LIMIT_TEXT + 1);
    if (length > LIMIT_TEXT) {
        const char *end = g_utf8_find_prev_char(text, text + LIMIT_TEXT);
        length = end ? end - text : 0;
    }
    const char *line = length < LIMIT_TEXT_LINES ? NULL : text, *stop = text + length;
    for (guint n = 0; n < LIMIT_TEXT_LINES && line; n++) {
        line = memchr(line, '\n', stop - line);
        line = line ? line + 1 : NULL;
    }
    if (line)
        length = line - text;
    if (!text[length])
        return text;
    *limit = TRUE;
    text[length] = '\0';
    return g_realloc(text, length + 1);
}

static void
set_view(Message *message, View view, char *text)
{
    g_free(message->views[view]);
    message->views[view] = bounded(text, &message->limit.text);
}

static void
append_line(GString *text, const char *line)
{
    g_string_append(text, line);
    g_string_append_c(text, '\n');
}

static char *
addresses_as_text(const GPtrArray *mailboxes)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < mailboxes->len; i++) {
        const Mailbox *mailbox = g_ptr_array_index(mailboxes, i);
        if (mailbox->name)
            append_line(text, mailbox->name);
        if (mailbox->address)
            append_line(text, mailbox->address);
    }
    return g_string_free(text, FALSE);
}

static char *
bare_path(const char *path)
{
    if (!path)
        return g_strdup("");
    gsize length = strlen(path);
    if (length >= 2 && *path == '<' && path[length - 1] == '>') {
        path++;
        length -= 2;
    }
    gsize decoded;
    char *text = charset_to_utf8(path, length, NULL, &decoded);
    return g_strdelimit(text, "\n\t", ' ');
}

static char *
recipients_as_text(const char *const *recipients)
{
    GString *text = g_string_new(NULL);
    for (; recipients && *recipients; recipients++) {
        g_autofree char *bare = bare_path(*recipients);
        append_line(text, bare);
    }
    return g_string_free(text, FALSE);
}

/* --- links --- */

static void
take_html(Message *message, const HtmlText *html)
{
    g_ptr_array_unref(message->links);
    message->links = g_ptr_array_ref(html->links);
    card_from_metas(html->metas, message->cards);
    for (guint i = 0; i < html->scripts->len; i++)
        card_from_json(g_ptr_array_index(html->scripts, i), message->cards);
    for (guint i = 0; i < html->comments->len; i++)
        card_from_json(g_ptr_array_index(html->comments, i), message->cards);
}

static void
take_html_part(Message *message, Parts *parts)
{
    message->html = g_steal_pointer(&parts->html_source);
    message->html_length = parts->html_length;
    if (parts->html)
        take_html(message, parts->html);
}

/* For the links and cards, which are not read with the rest. */
static void
need_html(const Message *asked)
{
    Message *message = (Message *)asked; /* what can be seen of it does not change */
    if (message->html) {
        g_autoptr(HtmlText) html =
            html_to_text(g_steal_pointer(&message->html), message->html_length);
        take_html(message, html);
        message->limit.links |= html->truncated;
    }
    if (!message->views[VIEW_LINKS])
        set_view(message, VIEW_LINKS, links_as_text(message->links));
}

/* --- whose words they are --- */

static void
set_addresses(GPtrArray **list, GPtrArray *mailboxes)
{
    if (*list)
        g_ptr_array_unref(*list);
    *list = mailboxes;
}

/* Raw values of a message's fields; NULL where there is none. */
typedef struct {
    const char *from, *reply_to, *to, *subject;
} People;

static People
people_of(const Fields *fields)
{
    return (People){fields_first(fields, "from"), fields_first(fields, "reply-to"),
                    fields_first(fields, "to"), fields_first(fields, "subject")};
}

static const char *
attached_raw(GMimeMessage *attached, const char *name)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(attached));
    GMimeHeader *header = g_mime_header_list_get_header(list, name);
    return header ? g_mime_header_get_raw_value(header) : NULL;
}

static People
people_of_attached(GMimeMessage *attached)
{
    return (People){attached_raw(attached, "From"), attached_raw(attached, "Reply-To"),
                    attached_raw(attached, "To"), attached_raw(attached, "Subject")};
}

static void
take_people(Reading *reading, const People *people)
{
    Message *message = reading->message;
    set_addresses(&message->from, headers_addresses(people->from));
    set_addresses(&message->reply_to, headers_addresses(people->reply_to));
    set_addresses(&reading->to, headers_addresses(people->to));
    set_view(message, VIEW_SUBJECT, charset_header(people->subject));
}

/* Of one of a block's lines. */
static GPtrArray *
mailboxes_of(const char *value)
{
    GPtrArray *mailboxes = g_ptr_array_new_with_free_func(mailbox_free);
    Mailbox *author = value ? author_of_from(value) : NULL;
    if (author)
        g_ptr_array_add(mailboxes, author);
    return mailboxes;
}

static gboolean
is_ours(const Reading *reading, const GPtrArray *mailboxes)
{
    const Mailbox *mailbox = mailboxes->len > 0 ? g_ptr_array_index(mailboxes, 0) : NULL;
    const char *at = mailbox && mailbox->address ? strrchr(mailbox->address, '@') : NULL;
    return at && domain_is_in(at + 1, reading->own_domains);
}

/* Links and cards in the text itself, all of it: its view may hold only the beginning. */
static void
take_data(Message *message, const Parts *parts)
{
    const char *text = parts->text + strspn(parts->text, " \t\n");
    if (*text == '{' || *text == '[')
        message->limit.cards |= !card_from_json(text, message->cards);
    message->limit.cards |= !card_from_adf(text, message->cards);
    if (!parts->html && !parts->html_source)
        message->limit.links |= !links_find(parts->text, message->links);
}

/* Attached cards. Whose a vCard is that comes with a forwarded mail, nobody knows; nor is one of
 * ours an inquirer's. */
static void
take_attached(const Reading *reading, const Parts *parts)
{
    Message *message = reading->message;
    gboolean own = message->forwarded || is_ours(reading, message->from);
    for (guint i = 0; i < parts->attached->len; i++) {
        const Attached *attached = g_ptr_array_index(parts->attached, i);
        if (attached->kind == ATTACHED_ADF)
            message->limit.cards |= !card_from_adf(attached->text, message->cards);
        else if (attached->kind == ATTACHED_JSON)
            message->limit.cards |= !card_from_json(attached->text, message->cards);
        else if (!own)
            card_from_vcard(attached->text, message->cards);
    }
}

/* FALSE when somebody else sends us back our own words. */
static gboolean
set_original(Reading *reading, const Forward *forward)
{
    Message *message = reading->message;
    GPtrArray *from = mailboxes_of(forward->from);
    if (is_ours(reading, from) && !is_ours(reading, message->from)) {
        g_ptr_array_unref(from);
        return FALSE;
    }
    if (!message->forwarded)
        set_addresses(&message->via, g_steal_pointer(&message->from));
    message->forwarded = TRUE;
    set_addresses(&message->from, from);
    set_addresses(&message->reply_to, mailboxes_of(forward->reply_to));
    set_addresses(&reading->to, mailboxes_of(forward->to));
    const char *rest = forward_subject(message->views[VIEW_SUBJECT]);
    if (forward->subject || rest)
        set_view(message, VIEW_SUBJECT, g_strdup(forward->subject ? forward->subject : rest));
    return TRUE;
}

/* Behind what a mail server puts above a text: "CAUTION: this mail is from outside …". */
static const char *
below_banner(const char *text)
{
    const char *begin = text + strspn(text, " \t\n"), *end = begin + strlen(begin);
    if (!wording_skip_any(begin + strspn(begin, "*[(# "), end, WORDING_BANNERS))
        return text;
    const char *paragraph = strstr(begin, "\n\n"), *line = begin + text_line(begin);
    return paragraph && paragraph - begin < BANNER_MAX ? paragraph : line;
}

/* What the inquirer wrote, apart from what was quoted, the signature and a footer. A machine signs
 * with its site's name and address, which are nobody's. */
static void
split_body(Reading *reading, const char *text)
{
    Message *message = reading->message;
    MessageAddress from = message_from(message);
    /* A group of ours puts its own address into From: "'Ada Lovelace' via Leads". */
    gboolean group = is_ours(reading, message->from) && from.name && strstr(from.name, " via ");
    gboolean machine = !group && mailbox_kind(from.address) == MAILBOX_MACHINE;
    char *quoted = NULL;
    char *body = quote_split(below_banner(text), &quoted);
    body[footer_begin(body, machine)] = '\0';
    gsize begin = machine ? signature_separator(body) : signature_begin(body, from.name);
    /* A forwarder may sign below what they pass on. */
    gboolean nobodys = machine || signature_is_of(body + begin, message_via(message).name);
    set_view(message, VIEW_SIGNATURE, g_strdup(nobodys ? "" : body + begin));
    body[begin] = '\0';
    set_view(message, VIEW_BODY, body);
    set_view(message, VIEW_QUOTED, quoted);
}

/* A mail that was attached whole: it is the inquiry when the outer one says that it forwards, is
 * from one of us, or says little. */
static void
unwrap_attached(Reading *reading, Parts *parts)
{
    Message *message = reading->message;
    if (!parts->inner)
        return;
    parts_choose(parts);
    if ((strlen(parts->text) > COVER_MAX && !forward_subject(message->views[VIEW_SUBJECT]) &&
         !is_ours(reading, message->from)))
        return;
    GMimeMessage *inner = parts->inner;
    GPtrArray *via = g_steal_pointer(&message->from);
    People people = people_of_attached(inner);
    take_people(reading, &people);
    set_addresses(&message->via, via);
    message->forwarded = TRUE;
    Parts of_inner;
    parts_read(g_mime_message_get_mime_part(inner), &of_inner);
    of_inner.parts_limit |= parts->parts_limit;
    of_inner.text_limit |= parts->text_limit;
    parts_clear(parts);
    *parts = of_inner;
}

/* Down to the one who wrote first; takes the text over. */
static void
take_text(Reading *reading, char *whole)
{
    Message *message = reading->message;
    set_view(message, VIEW_TEXT, whole);
    const char *text = message->views[VIEW_TEXT];
    g_autofree char *original = NULL;
    for (guint level = 0; level < FORWARDS_MAX; level++) {
        gboolean likely =
            forward_subject(message->views[VIEW_SUBJECT]) || is_ours(reading, message->from);
        Forward forward;
        if (!forward_find(text, likely, &forward))
            break;
        gboolean taken = set_original(reading, &forward);
        if (taken) {
            g_free(original);
            text = original = g_steal_pointer(&forward.body);
        }
        forward_clear(&forward);
        if (!taken)
            break;
    }
    split_body(reading, text);
}

/* --- the whole --- */

static char *
clean_id(const char *value)
{
    if (!value)
        return NULL;
    g_autofree char *first = g_strndup(value, text_line(value));
    g_strstrip(first);
    gsize length = strlen(first);
    if (length >= 2 && *first == '<' && first[length - 1] == '>') {
        first[length - 1] = '\0';
        memmove(first, first + 1, length - 1);
        length -= 2;
    }
    /* "x" and "@localhost" are what broken programs write into all their mails (RFC 5322 section
     * 3.6.4 wants something on both sides). */
    const char *at = strchr(first, '@');
    if (!at || at == first || !at[1] || length > ID_MAX || strpbrk(first, " \t<>"))
        return NULL;
    return g_steal_pointer(&first);
}

static void
take_authentication(Message *message, const MessageOptions *options)
{
    if (options->authserv_id) {
        g_autoptr(GPtrArray) values =
            headers_authentication(message->fields, options->authserv_id, options->own_domains);
        for (guint i = 0; i < values->len; i++)
            authres_add(g_ptr_array_index(values, i), options->authserv_id, message->authenticated);
    }
    g_ptr_array_add(message->authenticated, NULL);
}

/* Bytes without a single header field are all body. */
static void
take_bare_text(Parts *parts, const char *bytes, gsize length)
{
    gsize text_length;
    gsize used = MIN(length, LIMIT_PLAIN_DECODED);
    g_free(parts->text);
    parts->text = charset_to_utf8(bytes, used, NULL, &text_length);
    parts->text_limit |= used < length;
}

static void
release_bytes(MessageOptions *options)
{
    if (options->bytes_read)
        options->bytes_read(options->data);
    options->bytes_read = NULL;
}

static void
read_mail(Reading *reading, const char *bytes, gsize length, MessageOptions *options)
{
    Message *message = reading->message;
    const Fields *fields = message->fields;
    message->headers = headers_read(fields, &message->limit.header);
    message->limit.parts = fields && fields->cut;
    message->id = clean_id(message_header(message, "message-id"));
    People people = people_of(fields);
    take_people(reading, &people);
    GMimeObject *root = mime_parse(fields, bytes, length, &message->limit.parts);
    Parts parts;
    parts_read(root, &parts);
    if (g_hash_table_size(message->headers) == 0)
        take_bare_text(&parts, bytes, length);
    unwrap_attached(reading, &parts);
    g_clear_object(&root);
    release_bytes(options);
    parts_choose(&parts);
    message->large = strlen(parts.text) + parts.html_length >= LARGE;
    take_data(message, &parts);
    take_text(reading, g_steal_pointer(&parts.text));
    take_attached(reading, &parts);
    take_html_part(message, &parts);
    message->limit.parts |= parts.parts_limit;
    message->limit.text |= parts.text_limit;
    parts_clear(&parts);
}

Message *
message_parse(const char *bytes, gsize length, const MessageOptions *given)
{
    MessageOptions options = given ? *given : (MessageOptions){0};
    mime_init();
    Message *message = g_new0(Message, 1);
    Reading reading = {.message = message, .own_domains = options.own_domains};
    message->truncated = options.truncated;
    message->links = links_new();
    message->cards = g_ptr_array_new_with_free_func(card_value_free);
    message->authenticated = g_ptr_array_new_with_free_func(g_free);
    message->via = g_ptr_array_new_with_free_func(mailbox_free);
    message->views[VIEW_SENDER] = bare_path(options.sender);
    set_view(message, VIEW_RECIPIENT, recipients_as_text(options.recipients));

    g_autofree char *tamed = headers_tamed(bytes, &length);
    message->limit.header = tamed != NULL;
    const char *mail = tamed ? tamed : bytes;
    if (tamed)
        release_bytes(&options);
    message->fields = fields_read(mail, length);
    read_mail(&reading, mail, length, &options);
    set_view(message, VIEW_FROM, addresses_as_text(message->from));
    set_view(message, VIEW_REPLY_TO, addresses_as_text(message->reply_to));
    set_view(message, VIEW_TO, addresses_as_text(reading.to));
    take_authentication(message, &options);
    g_ptr_array_unref(reading.to);
    return message;
}

void
message_free(Message *message)
{
    if (!message)
        return;
    for (View view = 0; view < VIEW_N; view++)
        g_free(message->views[view]);
    g_hash_table_unref(message->headers);
    fields_free(message->fields);
    g_ptr_array_unref(message->from);
    g_ptr_array_unref(message->reply_to);
    g_ptr_array_unref(message->via);
    g_ptr_array_unref(message->links);
    g_ptr_array_unref(message->cards);
    g_ptr_array_unref(message->authenticated);
    g_free(message->id);
    g_free(message->limits);
    g_free(message->html);
    gboolean large = message->large;
    g_free(message);
    if (large)
        malloc_trim(0);
}

/* --- asking --- */

const char *
message_view(const Message *message, View view)
{
    if (view == VIEW_LINKS)
        need_html(message);
    return message->views[view];
}

const char *
message_header(const Message *message, const char *name)
{
    return g_hash_table_lookup(message->headers, name);
}

void
message_headers(const Message *message, GHashTableIter *headers)
{
    g_hash_table_iter_init(headers, message->headers);
}

static MessageAddress
first_of(const GPtrArray *mailboxes)
{
    if (mailboxes->len == 0)
        return (MessageAddress){0};
    const Mailbox *mailbox = g_ptr_array_index(mailboxes, 0);
    return (MessageAddress){mailbox->name, mailbox->address};
}

MessageAddress
message_from(const Message *message)
{
    return first_of(message->from);
}

MessageAddress
message_reply_to(const Message *message)
{
    return first_of(message->reply_to);
}

MessageAddress
message_via(const Message *message)
{
    return first_of(message->via);
}

const char *
message_sender(const Message *message)
{
    return message->views[VIEW_SENDER];
}

gboolean
message_forwarded(const Message *message)
{
    return message->forwarded;
}

const char *
message_id(const Message *message)
{
    return message->id;
}

const GPtrArray *
message_links(const Message *message)
{
    need_html(message);
    return message->links;
}

const GPtrArray *
message_cards(const Message *message)
{
    need_html(message);
    return message->cards;
}

const char *const *
message_authenticated(const Message *message)
{
    return (const char *const *)message->authenticated->pdata;
}

gboolean
message_truncated(const Message *message)
{
    return message->truncated;
}

const char *
message_limits_reached(const Message *asked)
{
    Message *message = (Message *)asked;
    const struct {
        gboolean reached;
        const char *name;
    } limits[] = {
        {message->truncated, "message"},   {message->limit.parts, "parts"},
        {message->limit.header, "header"}, {message->limit.text, "text"},
        {message->limit.links, "links"},   {message->limit.cards, "cards"},
    };
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(limits); i++)
        if (limits[i].reached)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", limits[i].name);
    g_free(message->limits);
    message->limits = names->len ? g_strdup(names->str) : NULL;
    return message->limits;
}
