#include "mail/charset.h"

#include <errno.h>
#include <string.h>

#include "base/eight.h"
#include "base/memory.h"
#include "base/text.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define NAME_MAX_LENGTH 40 /* of a charset's name; longer ones are none */

/* What mail programs write, and what they mean by it: mostly the superset their system uses. */
static const struct {
    const char *name, *iconv;
} aliases[] = {
    {"ascii", "US-ASCII"},
    {"ansi_x3.4-1968", "US-ASCII"},
    {"us-ascii", "US-ASCII"},
    {"iso-8859-1", "WINDOWS-1252"},
    {"iso8859-1", "WINDOWS-1252"},
    {"iso_8859-1", "WINDOWS-1252"},
    {"latin1", "WINDOWS-1252"},
    {"latin-1", "WINDOWS-1252"},
    {"l1", "WINDOWS-1252"},
    {"ansi", "WINDOWS-1252"},
    {"cp-1252", "WINDOWS-1252"},
    {"x-ansi", "WINDOWS-1252"},
    {"x-cp1252", "WINDOWS-1252"},
    {"iso-8859-9", "WINDOWS-1254"},
    {"latin5", "WINDOWS-1254"},
    {"iso-8859-11", "WINDOWS-874"},
    {"tis-620", "WINDOWS-874"},
    {"utf8", "UTF-8"},
    {"utf_8", "UTF-8"},
    {"unicode-1-1-utf-8", "UTF-8"},
    {"unicode-1-1-utf-7", "UTF-7"},
    {"gb2312", "GB18030"},
    {"gb_2312-80", "GB18030"},
    {"gbk", "GB18030"},
    {"x-gbk", "GB18030"},
    {"hz-gb-2312", "HZ"},
    {"big5", "BIG5-HKSCS"},
    {"x-big5", "BIG5-HKSCS"},
    {"ks_c_5601-1987", "CP949"},
    {"ks_c_5601", "CP949"},
    {"euc-kr", "CP949"},
    {"shift_jis", "CP932"},
    {"shift-jis", "CP932"},
    {"sjis", "CP932"},
    {"x-sjis", "CP932"},
    {"iso-8859-8-i", "ISO-8859-8"},
    {"x-mac-roman", "MACINTOSH"},
    {"x-macroman", "MACINTOSH"},
    {"x-unknown", NULL},
    {"unknown-8bit", NULL},
    {"8bit", NULL},
    {"binary", NULL},
    {"default", NULL},
};

/* Above ASCII, 0 where windows-1252 has nothing. */
static const guint16 windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

/* The name for iconv, newly allocated; NULL when nothing is declared that could be meant. Only
 * plain names go to iconv: "//TRANSLIT" or a path in one is the sender's doing. */
static char *
iconv_name(const char *declared)
{
    if (!declared)
        return NULL;
    const char *begin = declared + strspn(declared, " \t\r\n\"'");
    gsize length = strspn(begin, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789-_.:+");
    if (length == 0 || length > NAME_MAX_LENGTH)
        return NULL;
    g_autofree char *name = g_ascii_strdown(begin, length);
    for (guint i = 0; i < G_N_ELEMENTS(aliases); i++)
        if (*aliases[i].name == *name && strcmp(aliases[i].name, name) == 0)
            return g_strdup(aliases[i].iconv);
    return g_steal_pointer(&name);
}

/* Behind the bytes of ASCII. */
static const char *
skip_ascii(const char *p, const char *end)
{
    return p + text_ascii(p, end - p);
}

/* Strict, but for a last character that is cut off: NULL when the bytes do not fit. */
static char *
convert(const char *bytes, gsize length, const char *from, gsize *out_length)
{
    GIConv iconv = g_iconv_open("UTF-8", from);
    if (iconv == (GIConv)-1 && errno == ENOMEM)
        memory_out(from);
    if (iconv == (GIConv)-1)
        return NULL;
    gsize room = length * 4 + 64; /* no charset's byte becomes more than 3 bytes of UTF-8 */
    g_autofree char *out = g_malloc(room);
    char *in_at = (char *)bytes, *out_at = out;
    gsize in_left = length, out_left = room - 8;
    gsize result = g_iconv(iconv, &in_at, &in_left, &out_at, &out_left);
    gboolean cut = result == (gsize)-1 && errno == EINVAL && in_left <= 8 && in_left < length;
    if (result != (gsize)-1)
        result = g_iconv(iconv, NULL, NULL, &out_at, &out_left);
    g_iconv_close(iconv);
    if (result == (gsize)-1 && !cut)
        return NULL;
    if (cut)
        out_at = (char *)memcpy(out_at, REPLACEMENT, 3) + 3;
    *out_length = out_at - out;
    return g_realloc(g_steal_pointer(&out), *out_length + 1);
}

/* U+FFFD where windows-1252 has nothing. */
static gunichar
letter_of_1252(guchar byte)
{
    gunichar c = byte >= 0x80 && byte < 0xA0 ? windows_1252[byte - 0x80] : byte;
    return c ? c : 0xFFFD;
}

/* How much longer it becomes; `strict`, or not at all (-1). */
static gssize
growth_of_1252(const char *bytes, gsize length, gboolean strict)
{
    gssize more = 0;
    for (const char *p = bytes, *end = bytes + length; (p = skip_ascii(p, end)) < end; p++) {
        gunichar letter = letter_of_1252(*p);
        if (strict && letter == 0xFFFD)
            return -1;
        more += letter < 0x800 ? 1 : 2;
    }
    return more;
}

/* In the memory of `own`, unless that is NULL: a mail may be large, and another copy as well. */
static char *
from_1252(char *own, const char *bytes, gsize length, gsize more, gsize *out_length)
{
    char *out = g_realloc(own, length + more + 1), *to = out;
    const char *p = own ? memmove(out + more, out, length) : bytes, *end = p + length;
    while (p < end) { /* what is written stays behind what is read */
        const char *run = skip_ascii(p, end);
        to = (char *)memmove(to, p, run - p) + (run - p);
        for (p = run; p < end && *p & 0x80; p++)
            to += g_unichar_to_utf8(letter_of_1252(*p), to);
    }
    *out_length = to - out;
    return out;
}

/* Whether more of the letters beyond ASCII are UTF-8 than are not. */
static gboolean
is_mostly_utf8(const char *bytes, gsize length)
{
    gsize good = 0, bad = 0;
    for (gsize i = 0; i < length;) {
        gunichar c = g_utf8_get_char_validated(bytes + i, length - i);
        gboolean valid = bytes[i] == 0 || !(c & 0x80000000);
        gsize width = !valid || bytes[i] == 0 ? 1 : g_utf8_next_char(bytes + i) - (bytes + i);
        good += valid && width > 1;
        bad += !valid;
        i += width;
    }
    return good > bad;
}

/* UTF-8 but for a few bytes: a cut, or two charsets in one text. */
static char *
from_mostly_utf8(const char *bytes, gsize length, gsize *out_length)
{
    GString *out = g_string_sized_new(length + 64);
    for (gsize i = 0; i < length;) {
        gsize width = g_utf8_next_char(bytes + i) - (bytes + i);
        gboolean utf8 = width > 1 && width <= length - i &&
                        !(g_utf8_get_char_validated(bytes + i, width) & 0x80000000);
        if (utf8) {
            g_string_append_len(out, bytes + i, width);
            i += width;
        } else {
            g_string_append_unichar(out, letter_of_1252(bytes[i]));
            i++;
        }
    }
    *out_length = out->len;
    return g_string_free(out, FALSE);
}

/* Characters end at every byte of ASCII, so what is between these is judged by itself. A NUL is
 * valid here: it becomes U+FFFD like other controls. */
static gboolean
is_utf8(const char *bytes, gsize length)
{
    const char *end = bytes + length;
    for (const char *p = skip_ascii(bytes, end); p < end; p = skip_ascii(p, end)) {
        const char *begin = p;
        while (p < end && *p & 0x80)
            p++;
        if (!g_utf8_validate_len(begin, p - begin, NULL))
            return FALSE;
    }
    return TRUE;
}

/* UTF-16 by its mark; without one, by where the zero byte of the first letter stands. */
static const char *
utf16_kind(const char *bytes, gsize length, const char *name)
{
    if (length >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0)
        return "UTF-16LE";
    if (length >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0)
        return "UTF-16BE";
    if (name && (strcmp(name, "utf-16") == 0 || strcmp(name, "utf16") == 0))
        return length >= 2 && bytes[1] == 0 && bytes[0] != 0 ? "UTF-16LE" : "UTF-16BE";
    return NULL;
}

/* Whether these bytes are ASCII, and mean that in `charset`, as they do in what most declare. */
static gboolean
is_ascii(const char *bytes, gsize length, const char *charset)
{
    return (g_ascii_strcasecmp(charset, "us-ascii") == 0 ||
            g_ascii_strcasecmp(charset, "windows-1252") == 0) &&
           skip_ascii(bytes, bytes + length) == bytes + length;
}

/* A charset other than UTF-8, strictly: NULL when the bytes do not fit. `own` goes when they do. */
static char *
from_charset(char *own, const char *bytes, gsize length, const char *from, gsize *out_length)
{
    if (g_ascii_strcasecmp(from, "windows-1252") == 0) {
        gssize more = growth_of_1252(bytes, length, TRUE);
        return more < 0 ? NULL : from_1252(own, bytes, length, more, out_length);
    }
    char *text = convert(bytes, length, from, out_length);
    if (text)
        g_free(own);
    return text;
}

/* Every byte becomes something. */
static char *
from_any(char *own, const char *bytes, gsize length, gsize *out_length)
{
    if (!is_mostly_utf8(bytes, length)) {
        gssize more = growth_of_1252(bytes, length, FALSE);
        return from_1252(own, bytes, length, more, out_length);
    }
    char *text = from_mostly_utf8(bytes, length, out_length);
    g_free(own);
    return text;
}

/* `own` are the bytes when these are taken over, otherwise NULL; so is what is returned, when they
 * are UTF-8 as they are. */
static char *
decode(char *own, const char *bytes, gsize length, const char *declared, gsize *out_length)
{
    g_autofree char *name = iconv_name(declared);
    gboolean marked = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;
    const char *utf16 = utf16_kind(bytes, length, name);
    const char *from = utf16 ? utf16 : name;
    gboolean says_utf8 = name && g_ascii_strcasecmp(name, "utf-8") == 0;
    if (from && is_ascii(bytes, length, from))
        return own;
    if (from && !marked && !says_utf8) {
        char *text = from_charset(own, bytes, length, from, out_length);
        if (text)
            return text;
    }
    if (is_utf8(bytes, length))
        return own;
    if (utf16 && says_utf8) {
        char *text = from_charset(own, bytes, length, utf16, out_length);
        if (text)
            return text;
    }
    return from_any(own, bytes, length, out_length);
}

/* C1 as UTF-8 is two bytes, of which the first is 0xC2. */
static gboolean
is_c1(const char *p, gsize left)
{
    return (guchar)p[0] == 0xC2 && left > 1 && (guchar)p[1] < 0xA0;
}

/* No bit 7, none below 0x20, no 0x7F. */
static gboolean
is_printable_ascii(guint64 eight)
{
    return !((eight | (eight - EACH_BYTE(0x20)) | (eight + EACH_BYTE(0x01))) & HIGH_BITS);
}

/* With another letter for each \n. */
static guint64
without_newlines(guint64 eight)
{
    guint64 others = eight ^ EACH_BYTE('\n');
    guint64 newlines = ~(((others & ~HIGH_BITS) + ~HIGH_BITS) | others) & HIGH_BITS;
    return eight | newlines >> 2;
}

/* Behind the bytes that stay what they are. */
static const char *
skip_plain(const char *p, const char *end)
{
    for (;;) {
        for (; end - p >= 8; p += 8) {
            guint64 eight = eight_at(p);
            if (!is_printable_ascii(eight) && !is_printable_ascii(without_newlines(eight)))
                break;
        }
        const char *stop = p + MIN(end - p, 8), *begin = p;
        while (p < stop && ((guchar)*p >= 0x20 || *p == '\t' || *p == '\n') && *p != 0x7F &&
               !is_c1(p, end - p))
            if (*p++ == '\n') /* mostly the next eight are letters again */
                break;
        if (p == begin || (p < stop && p[-1] != '\n'))
            return p;
    }
}

/* With \n for each end of a line: in `out`, which may be where the bytes are, and has room for one
 * more. */
static char *
with_newlines(char *out, const char *bytes, gsize length, gsize *out_length)
{
    char *to = out;
    for (const char *p = bytes, *end = bytes + length; p < end;) {
        const char *found = memchr(p, '\r', end - p);
        gsize run = (found ? found : end) - p;
        if (to != p)
            memmove(to, p, run);
        to += run;
        p += run;
        if (found) {
            *to++ = '\n';
            p += p + 1 < end && p[1] == '\n' ? 2 : 1;
        }
    }
    *to = '\0';
    *out_length = to - out;
    return out;
}

/* Behind a control. */
static const char *
skip_control(const char *p)
{
    return p + ((guchar)*p == 0xC2 ? 2 : 1);
}

/* Takes the text, in which lines end in \n. */
static char *
without_controls(char *text, gsize *length)
{
    const char *end = text + *length, *first = skip_plain(text, end);
    gsize kept = first - text, rest = *length - kept, more = 0;
    for (const char *p = first; p < end; p = skip_plain(skip_control(p), end))
        more += strlen(REPLACEMENT) - (skip_control(p) - p);
    if (more == 0)
        return text;
    *length += more;
    text = g_realloc(text, *length + 1);
    char *to = text + kept;
    const char *p = memmove(to + more, to, rest);
    for (end = p + rest; p < end;) { /* what is written stays behind what is read */
        const char *run = skip_control(p);
        to = (char *)memcpy(to, REPLACEMENT, strlen(REPLACEMENT)) + strlen(REPLACEMENT);
        p = skip_plain(run, end);
        to = (char *)memmove(to, run, p - run) + (p - run);
    }
    *to = '\0';
    return text;
}

/* `own` are the bytes, taken and with room for one more, or NULL. */
static char *
clean(char *own, const char *bytes, gsize length, gsize *out_length)
{
    gsize mark = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    char *text = own ? own : g_malloc(length + 1);
    text = with_newlines(text, bytes + mark, length - mark, &length);
    text = without_controls(text, &length);
    if (out_length)
        *out_length = length;
    return text;
}

char *
charset_to_utf8(const char *bytes, gsize length, const char *declared, gsize *out_length)
{
    const char *given = bytes ? bytes : "";
    char *own = decode(NULL, given, length, declared, &length);
    return clean(own, own ? own : given, length, out_length);
}

char *
charset_take(GByteArray *bytes, gsize length, const char *declared, gsize *out_length)
{
    g_byte_array_append(bytes, (const guint8 *)"", 1); /* the room */
    char *own = (char *)g_byte_array_free(bytes, FALSE);
    own = decode(own, own, length, declared, &length);
    return clean(own, own, length, out_length);
}

/* One RFC 2047 word, and the charset of the bytes gathered so far: a letter may be spread over
 * two words, so adjacent words of one charset are decoded together. */
typedef struct {
    GString *out, *bytes;
    char charset[NAME_MAX_LENGTH + 1];
} Header;

static void
flush(Header *header)
{
    gsize length;
    if (header->bytes->len == 0)
        return;
    g_autofree char *text = charset_to_utf8(header->bytes->str, header->bytes->len,
                                            *header->charset ? header->charset : NULL, &length);
    g_string_append_len(header->out, text, length);
    g_string_truncate(header->bytes, 0);
}

static void
append_q(GString *bytes, const char *p, const char *end)
{
    while (p < end) {
        if (*p == '=' && end - p >= 3 && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])) {
            g_string_append_c(bytes, g_ascii_xdigit_value(p[1]) * 16 + g_ascii_xdigit_value(p[2]));
            p += 3;
        } else {
            g_string_append_c(bytes, *p == '_' ? ' ' : *p);
            p++;
        }
    }
}

static void
append_b(GString *bytes, const char *p, const char *end)
{
    g_autofree guchar *decoded = g_malloc((end - p) / 4 * 3 + 6);
    int state = 0;
    guint save = 0;
    gsize length = g_base64_decode_step(p, end - p, decoded, &state, &save);
    /* Some senders leave out the padding. */
    length += g_base64_decode_step("==", 2, decoded + length, &state, &save);
    g_string_append_len(bytes, (char *)decoded, length);
}

/* At "=?": append the word to `header` and return where it ends; NULL when it is no word. */
static const char *
encoded_word(Header *header, const char *p, const char *end, gboolean *no_more)
{
    const char *charset = p + 2;
    const char *mark = memchr(charset, '?', MIN(end - charset, NAME_MAX_LENGTH));
    if (!mark || mark == charset || end - mark < 3 || mark[2] != '?')
        return NULL;
    char encoding = g_ascii_tolower(mark[1]);
    if (encoding != 'q' && encoding != 'b')
        return NULL;
    const char *text = mark + 3;
    const char *stop = text_find(text, end - text, "?=");
    if (!stop) {
        *no_more = TRUE;
        return NULL;
    }
    gsize length = MIN((gsize)(mark - charset), strcspn(charset, "*?")); /* RFC 2231's language */
    if (strlen(header->charset) != length ||
        g_ascii_strncasecmp(header->charset, charset, length) != 0)
        flush(header);
    memcpy(header->charset, charset, length);
    header->charset[length] = '\0';
    (encoding == 'q' ? append_q : append_b)(header->bytes, text, stop);
    return stop + 2;
}

static void
fold_controls(char *text)
{
    char *to = text;
    for (const char *p = text; *p; p++) {
        gboolean ends = *p == '\r' || *p == '\n';
        if (ends && (p[1] == ' ' || p[1] == '\t' || p[1] == '\n'))
            continue;
        *to++ = (guchar)*p < 0x20 || *p == 0x7F ? ' ' : *p;
    }
    *to = '\0';
}

/* Most fields have nothing to be decoded. */
static gboolean
is_plain_header(const char *raw, gsize length)
{
    const char *end = raw + length;
    return skip_ascii(raw, end) == end && skip_plain(raw, end) == end &&
           !text_find(raw, length, "=?");
}

char *
charset_header(const char *raw)
{
    gsize whole = raw ? strlen(raw) : 0;
    while (whole > 0 && strchr(" \t\r\n", raw[whole - 1]))
        whole--;
    if (raw && is_plain_header(raw, whole)) {
        for (; whole > 0 && g_ascii_isspace(*raw); raw++)
            whole--;
        char *text = g_strndup(raw, whole);
        if (memchr(text, '\n', whole) || memchr(text, '\t', whole))
            fold_controls(text);
        return text;
    }
    Header header = {.out = g_string_new(NULL), .bytes = g_string_new(NULL)};
    const char *p = raw ? raw : "", *end = p + strlen(p);
    gboolean no_more = FALSE;
    while (p < end) {
        const char *word = no_more ? NULL : text_find(p, end - p, "=?");
        const char *plain_end = word ? word : end;
        gboolean after_word = header.bytes->len > 0;
        /* White space between two words is no part of the text. */
        gboolean only_space = after_word && word && p + strspn(p, " \t\r\n") >= word;
        if (!only_space && plain_end > p) {
            flush(&header);
            *header.charset = '\0';
            gsize length;
            g_autofree char *text = charset_to_utf8(p, plain_end - p, NULL, &length);
            g_string_append_len(header.out, text, length);
        }
        p = plain_end;
        if (!word)
            break;
        const char *next = encoded_word(&header, word, end, &no_more);
        if (next) {
            p = next;
        } else {
            flush(&header);
            g_string_append(header.out, "=?");
            p = word + 2;
        }
    }
    flush(&header);
    g_string_free(header.bytes, TRUE);
    char *text = g_string_free(header.out, FALSE);
    fold_controls(text);
    return g_strstrip(text);
}
