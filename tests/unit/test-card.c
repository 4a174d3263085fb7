/* Lead Metadata in a mail's HTML, as card values. */
#include "mail/card.h"

#include "base/limits.h"

static GPtrArray *
cards_of(const char *markup)
{
    g_autoptr(HtmlText) html = html_to_text(g_strdup(markup), strlen(markup));
    GPtrArray *values = g_ptr_array_new_with_free_func(card_value_free);
    card_from_metas(html->metas, values);
    return values;
}

static void
assert_value(const GPtrArray *values, guint i, const char *key, const char *text)
{
    g_assert_cmpuint(i, <, values->len);
    const CardValue *value = g_ptr_array_index(values, i);
    g_assert_cmpstr(value->format, ==, "lead-metadata");
    g_assert_cmpstr(value->key, ==, key);
    g_assert_cmpstr(value->value, ==, text);
}

static void
reads_lead_metadata(void)
{
    g_autoptr(GPtrArray) values =
        cards_of("<html><head><meta name=\"lead_information_version\" content=\"1.0\">"
                 "<meta name=\"lead_name\" content=\" Ada O&#39;Brien \">"
                 "<meta name=\"lead_email\" content=\"ada@example.com\">"
                 "<meta name=\"lead_property_zip\" content=\"60607\">"
                 "<meta name=\"lead_message\" content=\"a&#10;b\"></head><body>x</body></html>");
    g_assert_cmpuint(values->len, ==, 4);
    assert_value(values, 0, "name", "Ada O'Brien");
    assert_value(values, 1, "email", "ada@example.com");
    assert_value(values, 2, "property_postal_code", "60607");
    assert_value(values, 3, "message", "a\nb");
}

static void
needs_no_version_and_no_certain_case(void)
{
    g_autoptr(GPtrArray) values = cards_of("<meta name=\"Lead-Phone-Number\" content=\"5550142\">");
    g_assert_cmpuint(values->len, ==, 1);
    assert_value(values, 0, "phone", "5550142");
}

static void
leaves_out_what_is_no_card(void)
{
    g_autoptr(GPtrArray) values =
        cards_of("<meta name=lead_shoe_size content=44><meta name=lead content=x>"
                 "<meta name=leadership content=x><meta name=lead_ content=x>"
                 "<meta name=lead_email content=\"  \"><meta name=name content=x>"
                 "<meta name=viewport content=x><meta property=lead_name content=x>");
    g_assert_cmpuint(values->len, ==, 0);
}

static void
stops_at_its_limit(void)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(card_value_free);
    HtmlMeta meta = {.name = (char *)"lead_name", .content = (char *)"x"};
    g_autoptr(GPtrArray) metas = g_ptr_array_new();
    for (guint i = 0; i < 2 * LIMIT_CARD_VALUES; i++)
        g_ptr_array_add(metas, &meta);
    card_from_metas(metas, values);
    g_assert_cmpuint(values->len, ==, LIMIT_CARD_VALUES);
}

/* `text` with white space up to a length. */
static char *
padded(const char *text, gsize length)
{
    g_autofree char *space = g_strnfill(length - strlen(text), ' ');
    return g_strconcat(text, space, NULL);
}

static void
reads_none_that_is_too_long(void)
{
    static const char json[] = "{\"name\": \"Ada\"}";
    static const char adf[] = "<adf><prospect><customer><contact><name>Ada</name></contact>"
                              "</customer></prospect></adf>";
    for (guint over = 0; over <= 1; over++) {
        g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(card_value_free);
        g_autofree char *json_text = padded(json, LIMIT_CARD + over);
        g_autofree char *adf_text = padded(adf, LIMIT_CARD + over);
        g_assert_cmpint(card_from_json(json_text, values), ==, !over);
        g_assert_cmpint(card_from_adf(adf_text, values), ==, !over);
        g_assert_cmpuint(values->len, ==, over ? 0 : 2);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/card/reads-lead-metadata", reads_lead_metadata);
    g_test_add_func("/card/needs-no-version-and-no-certain-case",
                    needs_no_version_and_no_certain_case);
    g_test_add_func("/card/leaves-out-what-is-no-card", leaves_out_what_is_no_card);
    g_test_add_func("/card/stops-at-its-limit", stops_at_its_limit);
    g_test_add_func("/card/reads-none-that-is-too-long", reads_none_that_is_too_long);
    return g_test_run();
}
