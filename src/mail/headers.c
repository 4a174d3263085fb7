#include "mail/headers.h"

#include <string.h>

#include "base/domain.h"
#include "base/gmime-extra.h"
#include "base/limits.h"
#include "mail/charset.h"

#define ADDRESSES_MAX 100          /* of one field */
#define ADDRESSES_BYTES (16 << 10) /* of one field, in which there are so many */
#define GROUPS_MAX 50              /* colons in an address field that GMime gets to see */

void
mailbox_free(gpointer data)
{
    Mailbox *mailbox = data;
    g_free(mailbox->name);
    g_free(mailbox->address);
    g_free(mailbox);
}

static gboolean
is_too_long(const char *raw)
{
    return strnlen(raw, LIMIT_HEADER_VALUE + 1) > LIMIT_HEADER_VALUE;
}

/* Cut a raw value without leaving half a line. */
static char *
bounded(const char *raw, gboolean *limit)
{
    *limit |= is_too_long(raw);
    return g_strndup(raw, strnlen(raw, LIMIT_HEADER_VALUE)); /* which else fills up with zeros */
}

static char *
decoded(const char *raw, gboolean *limit)
{
    if (!is_too_long(raw))
        return charset_header(raw);
    g_autofree char *value = bounded(raw, limit);
    return charset_header(value);
}

/* Takes the text. There are at most LIMIT_HEADERS of a name. */
static void
add_text(GHashTable *texts, const char *name, char *text, gboolean *limit)
{
    const char *before = g_hash_table_lookup(texts, name);
    if (!before) {
        g_hash_table_insert(texts, (char *)name, text);
        return;
    }
    if (strlen(before) + strlen(text) < LIMIT_HEADER_VALUE)
        g_hash_table_insert(texts, (char *)name, g_strconcat(before, "\n", text, NULL));
    else
        *limit = TRUE;
    g_free(text);
}

/* Of names that differ in nothing but capitals it is the same. */
static guint
hash_of_name(gconstpointer name)
{
    guint hash = 5381;
    for (const char *p = name; *p; p++)
        hash = hash * 33 + ((guchar)*p | 0x20);
    return hash;
}

static gboolean
is_same_name(gconstpointer one, gconstpointer other)
{
    return g_ascii_strcasecmp(one, other) == 0;
}

GHashTable *
headers_read(const Fields *fields, gboolean *limit)
{
    GHashTable *texts = g_hash_table_new_full(hash_of_name, is_same_name, NULL, g_free);
    guint n = fields ? fields->list->len : 0;
    *limit |= n > LIMIT_HEADERS;
    for (guint i = 0; i < MIN(n, LIMIT_HEADERS); i++) {
        const Field *field = &g_array_index(fields->list, Field, i);
        add_text(texts, field->name, decoded(field->raw, limit), limit);
    }
    return texts;
}

typedef enum { FIELD_OTHER, FIELD_ADDRESSES, FIELD_PARAMETERS } FieldKind;

/* Any number of blanks may stand before the colon, as for GMime. */
static gboolean
is_field(const char *line, const char *end, const char *name)
{
    gsize length = strlen(name);
    if ((gsize)(end - line) <= length || g_ascii_strncasecmp(line, name, length) != 0)
        return FALSE;
    for (line += length; line < end && (*line == ' ' || *line == '\t');)
        line++;
    return line < end && *line == ':';
}

static FieldKind
field_kind(const char *line, gsize length)
{
    static const char *const addresses[] = {"from", "to", "cc", "bcc", "sender", "reply-to"};
    static const char *const parameters[] = {"content-type", "content-disposition"};
    const char *end = line + length;
    char first = g_ascii_tolower(*line);
    if (first != 'f' && first != 't' && first != 'c' && first != 'b' && first != 's' &&
        first != 'r') /* most lines */
        return FIELD_OTHER;
    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++)
        if (is_field(line, end, parameters[i]))
            return FIELD_PARAMETERS;
    if (length > 7 && g_ascii_strncasecmp(line, "resent-", 7) == 0)
        line += 7;
    for (guint i = 0; i < G_N_ELEMENTS(addresses); i++)
        if (is_field(line, end, addresses[i]))
            return FIELD_ADDRESSES;
    return FIELD_OTHER;
}

/* What GMime gets to read: the bytes themselves until something of them is left out. */
typedef struct {
    const char *bytes;
    gsize length, used; /* of the bytes; of them, or of the copy, so far */
    char *copy;
    guint parameters; /* of all fields */
} Tamed;

typedef struct {
    FieldKind kind;
    guint colons, parameters;
    gsize length;
    gboolean cut;
} TamedField;

/* From here on it differs. */
static void
begin_copy(Tamed *tamed)
{
    if (tamed->copy)
        return;
    tamed->copy = g_malloc(tamed->length);
    memcpy(tamed->copy, tamed->bytes, tamed->used);
}

static void
keep(Tamed *tamed, const char *from, gsize length)
{
    if (tamed->copy)
        memcpy(tamed->copy + tamed->used, from, length);
    tamed->used += length;
}

/* A line of a field up to what is too much of it, where the field ends. */
static void
tame_line(Tamed *tamed, TamedField *field, const char *line, gsize length)
{
    gsize most = field->kind == FIELD_ADDRESSES ? ADDRESSES_BYTES : LIMIT_HEADER_VALUE;
    for (const char *p = line; p < line + length && !field->cut; p++) {
        gboolean group = FALSE;
        field->cut = field->length++ >= most && *p != '\r' && *p != '\n';
        if (field->kind == FIELD_ADDRESSES && *p == ':')
            group = field->colons++ >= GROUPS_MAX;
        else if (field->kind == FIELD_PARAMETERS && *p == ';')
            field->cut |= field->parameters++ >= LIMIT_PARAMETERS ||
                          tamed->parameters++ >= LIMIT_PARAMETERS_MAIL;
        if (field->cut || group)
            begin_copy(tamed);
        if (!field->cut)
            keep(tamed, group ? " " : p, 1);
        else if (tamed->copy[tamed->used - 1] != '\n') /* there is the field's name at least */
            keep(tamed, "\n", 1);
    }
}

/* Any line that looks like such a field: it may be one of an attached mail. */
char *
headers_tamed(const char *bytes, gsize *length)
{
    Tamed tamed = {.bytes = bytes, .length = *length};
    TamedField field = {0};
    for (gsize at = 0, next; at < *length; at = next) {
        const char *line = bytes + at, *end = memchr(line, '\n', *length - at);
        next = end ? (gsize)(end - bytes) + 1 : *length;
        if (*line != ' ' && *line != '\t')
            field = (TamedField){.kind = field_kind(line, next - at)};
        if (field.kind == FIELD_OTHER)
            keep(&tamed, line, next - at);
        else
            tame_line(&tamed, &field, line, next - at);
    }
    if (tamed.copy)
        *length = tamed.used;
    return tamed.copy;
}

/* Blanks what stands in comments (RFC 5322 section 3.2.2): a sender's HELO is told there. */
static void
blank_comments(char *value)
{
    guint depth = 0;
    for (char *p = value; *p; p++) {
        gboolean closes = *p == ')' && depth > 0;
        depth += *p == '(';
        if (depth > 0)
            *p = ' ';
        depth -= closes;
    }
}

/* "by HOST" of a Received's value. */
static gboolean
is_our_received(char *value, const char *authserv_id, const char *const *own_domains)
{
    blank_comments(value);
    g_auto(GStrv) words = g_strsplit_set(value, " \t;", -1);
    for (char **word = words; *word; word++) {
        if (g_ascii_strcasecmp(*word, "by") != 0)
            continue;
        for (word++; *word && !**word; word++)
            continue;
        return *word &&
               (g_ascii_strcasecmp(*word, authserv_id) == 0 ||
                g_ascii_strcasecmp(*word, "localhost") == 0 || domain_is_in(*word, own_domains));
    }
    return FALSE;
}

GPtrArray *
headers_authentication(const Fields *fields, const char *authserv_id,
                       const char *const *own_domains)
{
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    guint n = fields ? MIN(fields->list->len, LIMIT_HEADERS) : 0;
    gboolean limit = FALSE;
    for (guint i = 0; i < n; i++) {
        const Field *field = &g_array_index(fields->list, Field, i);
        gboolean received = strcmp(field->name, "received") == 0;
        if (!received && strcmp(field->name, "authentication-results") != 0)
            continue;
        g_autofree char *value = bounded(field->raw, &limit);
        g_strdelimit(value, "\r\n", ' ');
        if (!received)
            g_ptr_array_add(values, g_steal_pointer(&value));
        else if (!is_our_received(value, authserv_id, own_domains))
            break;
    }
    return values;
}

/* Append as the inside of a quoted string. */
static void
append_quoted(GString *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *p);
    }
}

/* Where a run of encoded words ends that begins here; `p` itself when there is none. */
static const char *
encoded_run(const char *p)
{
    const char *end = p;
    for (;;) {
        const char *word = end + (end > p ? strspn(end, " \t\r\n") : 0);
        if (word[0] != '=' || word[1] != '?')
            return end;
        const char *encoding = strchr(word + 2, '?');
        if (!encoding || !encoding[1] || encoding[2] != '?')
            return end;
        const char *text = encoding + 3;
        const char *stop = text + strcspn(text, "?\"<> \t\r\n");
        if (stop[0] != '?' || stop[1] != '=')
            return end;
        end = stop + 2;
    }
}

/* Encoded words as quoted strings, so that commas in them separate nothing. */
static char *
without_encoded_words(const char *raw)
{
    GString *out = g_string_new(NULL);
    gboolean quoted = FALSE;
    for (const char *p = raw; *p;) {
        const char *end = *p == '=' ? encoded_run(p) : p;
        if (end > p) {
            g_autofree char *run = g_strndup(p, end - p);
            g_autofree char *text = charset_header(run);
            if (!quoted)
                g_string_append_c(out, '"');
            append_quoted(out, text);
            if (!quoted)
                g_string_append_c(out, '"');
            p = end;
            continue;
        }
        if (*p == '\\' && p[1])
            g_string_append_c(out, *p++);
        else if (*p == '"')
            quoted = !quoted;
        g_string_append_c(out, *p++);
    }
    return g_string_free(out, FALSE);
}

static gboolean
is_usable(const char *address)
{
    const char *at = strrchr(address, '@');
    if (!at || at == address || !at[1] || strlen(address) > 320)
        return FALSE;
    for (const char *p = address; *p; p++)
        if ((guchar)*p <= ' ' || *p == 0x7F || strchr("<>,;()[]\"\\", *p))
            return FALSE;
    return TRUE;
}

static char *
clean_name(const char *name)
{
    if (!name)
        return NULL;
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    g_autofree char *text = charset_header(valid); /* words in quotes are still encoded */
    g_strstrip(text);
    gsize length = strlen(text);
    while (length >= 2 && (*text == '\'' || *text == '"') && text[length - 1] == *text) {
        memmove(text, text + 1, length - 2);
        text[length -= 2] = '\0';
    }
    return *text ? g_steal_pointer(&text) : NULL;
}

static void
add_mailboxes(InternetAddressList *list, GPtrArray *mailboxes, guint depth)
{
    int n = internet_address_list_length(list);
    for (int i = 0; i < n && mailboxes->len < ADDRESSES_MAX; i++) {
        InternetAddress *address = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_GROUP(address)) {
            if (depth == 0)
                add_mailboxes(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)),
                              mailboxes, 1);
            continue;
        }
        const char *bare = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
        Mailbox *mailbox = g_new(Mailbox, 1);
        mailbox->name = clean_name(internet_address_get_name(address));
        mailbox->address = bare && is_usable(bare) ? g_utf8_make_valid(bare, -1) : NULL;
        if (mailbox->name || mailbox->address)
            g_ptr_array_add(mailboxes, mailbox);
        else
            mailbox_free(mailbox);
    }
}

/* Words with a dot between two, as in local parts and domains. */
static gsize
dotted(const char *p, const char *more)
{
    gsize length = 0;
    while (g_ascii_isalnum(p[length]) || (p[length] && strchr(more, p[length])) ||
           (p[length] == '.' && length > 0 && p[length - 1] != '.'))
        length++;
    return length > 0 && p[length - 1] != '.' ? length : 0;
}

/* "Ada Lovelace <ada@lovelace.example>" or "ada@lovelace.example", and nothing that needs thinking
 * about: most fields are so, and GMime makes objects and lists of it. NULL when it is not so. */
static Mailbox *
simple_mailbox(const char *raw)
{
    const char *begin = raw + strspn(raw, " "), *p = begin;
    gsize name = 0;
    while (g_ascii_isalnum(p[name]) || (p[name] == ' ' && name > 0 && p[name - 1] != ' '))
        name++;
    gboolean angle = name >= 2 && p[name] == '<' && p[name - 1] == ' ';
    const char *address = angle ? p + name + 1 : p;
    gsize local = dotted(address, "+-_");
    gsize domain = address[local] == '@' ? dotted(address + local + 1, "-") : 0;
    gsize length = local + 1 + domain;
    const char *end = address + length + (angle ? 1 : 0);
    if (!local || !domain || length > 300 || (angle && end[-1] != '>') || end[strspn(end, " \r\n")])
        return NULL;
    if (g_strstr_len(address, (gssize)length, "--")) /* xn--mnchen-3ya, which GMime spells out */
        return NULL;
    Mailbox *mailbox = g_new(Mailbox, 1);
    *mailbox = (Mailbox){angle ? g_strndup(begin, name - 1) : NULL, g_strndup(address, length)};
    return mailbox;
}

GPtrArray *
headers_addresses(const char *raw)
{
    GPtrArray *mailboxes = g_ptr_array_new_with_free_func(mailbox_free);
    if (!raw)
        return mailboxes;
    Mailbox *simple = simple_mailbox(raw);
    if (simple) {
        g_ptr_array_add(mailboxes, simple);
        return mailboxes;
    }
    g_autofree char *value = g_strndup(raw, strnlen(raw, ADDRESSES_BYTES));
    g_autofree char *plain = strstr(value, "=?") ? without_encoded_words(value) : NULL;
    g_autofree char *text =
        charset_to_utf8(plain ? plain : value, strlen(plain ? plain : value), NULL, NULL);
    g_autoptr(InternetAddressList) list = internet_address_list_parse(NULL, text);
    if (list)
        add_mailboxes(list, mailboxes, 0);
    return mailboxes;
}
