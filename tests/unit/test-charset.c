/* Bytes of whatever charset as UTF-8, with no letter lost. */
#include "mail/charset.h"

#include <malloc.h>

#include "processor.h"

typedef struct {
    const char *bytes;
    gsize length;
    const char *declared, *text;
} Case;

#define BYTES(s) s, sizeof s - 1

static char *
taken(const char *bytes, gsize length, const char *declared, gsize *text_length)
{
    GByteArray *copy = g_byte_array_new();
    g_byte_array_append(copy, (const guint8 *)bytes, (guint)length);
    return charset_take(copy, length, declared, text_length);
}

static void
assert_cases(const Case *cases, guint n)
{
    for (guint i = 0; i < n; i++) {
        gsize length;
        g_autofree char *text =
            charset_to_utf8(cases[i].bytes, cases[i].length, cases[i].declared, &length);
        g_assert_cmpstr(text, ==, cases[i].text);
        g_assert_cmpuint(length, ==, strlen(cases[i].text));
        g_autofree char *same = taken(cases[i].bytes, cases[i].length, cases[i].declared, &length);
        g_assert_cmpstr(same, ==, cases[i].text);
        g_assert_cmpuint(length, ==, strlen(cases[i].text));
    }
}

static void
believes_what_is_declared(void)
{
    static const Case cases[] = {
        {BYTES("plain"), "us-ascii", "plain"},
        {BYTES("Jos\xE9 \x93q\x94"), "iso-8859-1", "José “q”"},
        {BYTES("Jos\xE9"), "\"LATIN1\"", "José"},
        {BYTES("Jos\xC3\xA9"), "UTF8", "José"},
        {BYTES("\xC4\xE3\xBA\xC3"), "gb2312", "你好"},
        {BYTES("\x1B$B$3$s\x1B(B"), "ISO-2022-JP", "こん"},
        {BYTES("\xF0\xD2\xC9"), "koi8-r", "При"},
        {BYTES("\xB1"), "iso-8859-2", "ą"},
        {BYTES("i\xFD"), "iso-8859-9", "iı"},
        {BYTES("A\0\xE9\0"), "utf-16le", "Aé"},
        {BYTES("\0A\0\xE9"), "utf-16", "Aé"},
        {BYTES("A\0\xE9\0"), "utf-16", "Aé"},
        {BYTES("+AOk-"), "utf-7", "é"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

static void
guesses_when_the_declaration_is_wrong(void)
{
    static const Case cases[] = {
        {BYTES("Jos\xC3\xA9"), NULL, "José"},
        {BYTES("Jos\xE9"), NULL, "José"},
        {BYTES("Jos\xC3\xA9"), "us-ascii", "José"},
        {BYTES("Jos\xE9"), "us-ascii", "José"},
        {BYTES("Jos\xE9"), "utf-8", "José"},
        {BYTES("Jos\xC3\xA9"), "x-nonsense", "José"},
        {BYTES("Jos\xC3\xA9"), "utf-8//IGNORE", "José"},
        {BYTES("Jos\xE9"), "../../etc/passwd", "José"},
        {BYTES("Jos\xC3\xA9"), "unknown-8bit", "José"},
        {BYTES("Jos\xE9"), "", "José"},
        {BYTES("\x81\x8D\xE9"), "utf-8", "\uFFFD\uFFFDé"},
        {BYTES("\xC3\x81lvaro"), "iso-8859-1", "Álvaro"}, /* windows-1252 has no 81 */
        {BYTES("\x81lvaro\xC1"), "iso-8859-1", "\uFFFDlvaroÁ"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

static void
keeps_the_letters_around_a_bad_byte(void)
{
    static const Case cases[] = {
        {BYTES("\xC3\xA9\xC3\xA8\xE9 x"), "utf-8", "éèé x"},
        {BYTES("\xC3\xA9\xC3\xA8\xC3"), "utf-8", "éèÃ"},
        {BYTES("\xC4\xE3\xBA"), "gb2312", "你\uFFFD"},
        {BYTES("A\0\xE9"), "utf-16le", "A\uFFFD"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

static void
obeys_and_drops_byte_order_marks(void)
{
    static const Case cases[] = {
        {BYTES("\xEF\xBB\xBFJos\xC3\xA9"), "iso-8859-1", "José"},
        {BYTES("\xEF\xBB\xBFx"), NULL, "x"},
        {BYTES("\xFF\xFE"
               "A\0\xE9\0"),
         NULL, "Aé"},
        {BYTES("\xFE\xFF\0A\0\xE9"), "utf-8", "Aé"},
        {BYTES("\xFF\xFE"
               "A\0"),
         "utf-16", "A"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

static void
leaves_no_control_and_no_carriage_return(void)
{
    static const Case cases[] = {
        {BYTES("a\r\nb\rc\n\td"), NULL, "a\nb\nc\n\td"},
        {BYTES("a\0b\x1B\x7F"), "utf-8", "a\uFFFDb\uFFFD\uFFFD"},
        {BYTES("a\xC2\x85"), "utf-8", "a\uFFFD"},
        {BYTES("\a\xC2\x80\xC2\x9F"
               "b\r\n\bc\1"),
         "utf-8", "\uFFFD\uFFFD\uFFFDb\n\uFFFDc\uFFFD"},
        {BYTES("\xEF\xBB\xBF\a\r"), "us-ascii", "\uFFFD\n"},
        {BYTES("\a\r\n"), "us-ascii", "\uFFFD\n"},
        {BYTES(""), "utf-8", ""},
        {BYTES("\r"), NULL, "\n"},
    };
    assert_cases(cases, G_N_ELEMENTS(cases));
}

static void
yields_valid_utf8_of_any_bytes(void)
{
    static const char *const declared[] = {NULL, "utf-8", "utf-16", "gb18030", "utf-7", "cp1255"};
    for (guint i = 0; i < 3000; i++) {
        char bytes[48];
        gsize length, n = g_test_rand_int_range(0, sizeof bytes);
        for (gsize b = 0; b < n; b++)
            bytes[b] = g_test_rand_int_range(0, 256);
        g_autofree char *text =
            charset_to_utf8(bytes, n, declared[i % G_N_ELEMENTS(declared)], &length);
        g_assert_true(g_utf8_validate_len(text, length, NULL));
        g_assert_cmpuint(length, ==, strlen(text));
        g_autofree char *same = taken(bytes, n, declared[i % G_N_ELEMENTS(declared)], &length);
        g_assert_cmpstr(same, ==, text);
    }
}

typedef struct {
    const char *raw, *text;
} HeaderCase;

static void
decodes_headers(void)
{
    static const HeaderCase cases[] = {
        {"New lead", "New lead"},
        {"=?utf-8?Q?Jos=C3=A9_M?=", "José M"},
        {"=?UTF-8?B?Sm9zw6k=?= via Angi", "José via Angi"},
        {"=?iso-8859-1?q?Jos=E9?=\r\n =?iso-8859-1?q?_M?=", "José M"},
        {"=?utf-8?Q?Jos=C3?= =?utf-8?Q?=A9?=", "José"},
        {"=?utf-8*en?Q?x?=", "x"},
        {"=?utf-8?B?Sm9zw6k?=", "José"},
        {"Re: =?utf-8?Q?a?=b", "Re: ab"},
        {"Jos\xE9", "José"},
        {"Jos\xC3\xA9", "José"},
        {"a\r\n b\tc", "a b c"},
        {" x\r\n", "x"},
        {"=?utf-8?X?x?= =?", "=?utf-8?X?x?= =?"},
        {"=?utf-8?Q?open", "=?utf-8?Q?open"},
        {"=?utf-8?Q?=0D=0ABcc:_x?=", "Bcc: x"},
        {"", ""},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = charset_header(cases[i].raw);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
    g_autofree char *none = charset_header(NULL);
    g_assert_cmpstr(none, ==, "");
}

static void
headers_are_read_in_linear_time(void)
{
    static const char *const units[] = {"=?", "=?u?q?", "=?u?q?a?=", "=?u?q?a", "\xE9", "\r\n "};
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autoptr(GString) raw = g_string_new(NULL);
        while (raw->len < (1 << 20))
            g_string_append(raw, units[i]);
        gint64 begin = processor_time();
        g_autofree char *text = charset_header(raw->str);
        g_assert_nonnull(text);
        g_assert_cmpint(processor_time() - begin, <, 10 * G_USEC_PER_SEC);
    }
}

/* Ours, so that a large mail needs no second copy. */
static void
windows_1252_is_what_iconv_makes_of_it(void)
{
    for (guint byte = 0x20; byte < 0x100; byte++) {
        const char bytes[] = {'a', (char)byte, 'b', (char)byte, (char)byte, '\0'};
        g_autofree char *letters = g_convert(bytes, 5, "UTF-8", "WINDOWS-1252", NULL, NULL, NULL);
        if (byte == 0x7F || !letters)
            continue;
        Case declared = {bytes, 5, "iso-8859-1", letters}, bare = {bytes, 5, NULL, letters};
        assert_cases(&declared, 1);
        assert_cases(&bare, 1);
    }
}

/* As the mail may be large. */
static void
windows_1252_takes_the_room_it_needs(void)
{
    const gsize n = 1 << 20;
    g_autofree char *bytes = g_strnfill(n, '\xE9');
    gsize length;
    g_autofree char *text = charset_to_utf8(bytes, n, "iso-8859-1", &length);
    g_autofree char *same = taken(bytes, n, "iso-8859-1", &length);
    g_assert_cmpuint(length, ==, 2 * n);
    g_assert_cmpstr(same, ==, text);
    g_assert_cmpuint(malloc_usable_size(same), <, 2 * n + n / 4);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/charset/believes-what-is-declared", believes_what_is_declared);
    g_test_add_func("/charset/guesses-when-the-declaration-is-wrong",
                    guesses_when_the_declaration_is_wrong);
    g_test_add_func("/charset/keeps-the-letters-around-a-bad-byte",
                    keeps_the_letters_around_a_bad_byte);
    g_test_add_func("/charset/obeys-and-drops-byte-order-marks", obeys_and_drops_byte_order_marks);
    g_test_add_func("/charset/leaves-no-control-and-no-carriage-return",
                    leaves_no_control_and_no_carriage_return);
    g_test_add_func("/charset/windows-1252", windows_1252_is_what_iconv_makes_of_it);
    g_test_add_func("/charset/windows-1252-room", windows_1252_takes_the_room_it_needs);
    g_test_add_func("/charset/yields-valid-utf8-of-any-bytes", yields_valid_utf8_of_any_bytes);
    g_test_add_func("/charset/decodes-headers", decodes_headers);
    g_test_add_func("/charset/headers-are-read-in-linear-time", headers_are_read_in_linear_time);
    return g_test_run();
}
