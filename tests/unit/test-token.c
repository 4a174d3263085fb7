#include "submit/token.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char *folder, *path;
    Token *token;
} Place;

static void
set_up(Place *place, gconstpointer data)
{
    (void)data;
    place->folder = g_dir_make_tmp("test-token-XXXXXX", NULL);
    place->path = g_build_filename(place->folder, "token", NULL);
    place->token = token_new(place->path);
}

static void
tear_down(Place *place, gconstpointer data)
{
    (void)data;
    token_free(place->token);
    g_unlink(place->path);
    g_rmdir(place->folder);
    g_free(place->path);
    g_free(place->folder);
}

static void
write_token(const Place *place, const char *text, int mode)
{
    g_assert_true(g_file_set_contents(place->path, text, -1, NULL));
    g_assert_cmpint(g_chmod(place->path, mode), ==, 0);
}

static void
assert_refused(Place *place, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(token_get(place->token, NULL, &error));
    g_assert_nonnull(error);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, words));
    g_assert_nonnull(strstr(error->message, place->path));
    g_assert_null(strstr(error->message, "s3cret"));
}

static void
test_a_private_file_with_one_word_is_read(Place *place, gconstpointer data)
{
    (void)data;
    gboolean changed;
    write_token(place, "s3cret.token\r\n", 0600);
    g_assert_false(token_is(place->token, "s3cret.token")); /* nobody has looked yet */
    g_assert_cmpstr(token_get(place->token, &changed, NULL), ==, "s3cret.token");
    g_assert_true(changed);
    g_assert_true(token_is(place->token, "s3cret.token"));
    g_assert_false(token_is(place->token, "s3cret"));
    g_assert_cmpstr(token_get(place->token, &changed, NULL), ==, "s3cret.token");
    g_assert_false(changed);
    write_token(place, "s3cret.token", 0400);
    g_assert_nonnull(token_get(place->token, NULL, NULL));
}

static void
test_a_byte_order_mark_is_skipped(Place *place, gconstpointer data)
{
    (void)data;
    write_token(place, "\xEF\xBB\xBFs3cret.token\r\n", 0600);
    g_assert_cmpstr(token_get(place->token, NULL, NULL), ==, "s3cret.token");
}

static void
test_a_new_token_is_read_by_itself(Place *place, gconstpointer data)
{
    (void)data;
    gboolean changed;
    write_token(place, "s3cret.one", 0600);
    token_get(place->token, NULL, NULL);
    write_token(place, "s3cret.two", 0600);
    g_assert_cmpstr(token_get(place->token, &changed, NULL), ==, "s3cret.two");
    g_assert_true(changed);
    write_token(place, "s3cret.two\n", 0600); /* another file, the same token */
    g_assert_cmpstr(token_get(place->token, &changed, NULL), ==, "s3cret.two");
    g_assert_false(changed);
}

static void
test_what_others_can_read_is_refused(Place *place, gconstpointer data)
{
    (void)data;
    static const int modes[] = {0640, 0604, 0620, 0601, 0644};
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        write_token(place, "s3cret", modes[i]);
        assert_refused(place, "chmod 600");
    }
    /* Also when it was good before. */
    write_token(place, "s3cret", 0600);
    g_assert_nonnull(token_get(place->token, NULL, NULL));
    g_assert_cmpint(g_chmod(place->path, 0644), ==, 0);
    assert_refused(place, "chmod 600");
}

static void
test_what_is_no_token_is_refused(Place *place, gconstpointer data)
{
    (void)data;
    g_autofree char *long_text = g_strnfill(9000, 'x');
    assert_refused(place, "No such file");
    write_token(place, "", 0600);
    assert_refused(place, "is empty");
    write_token(place, "\n", 0600);
    assert_refused(place, "is empty");
    write_token(place, "s3cret two", 0600);
    assert_refused(place, "one word");
    write_token(place, "s3cret\nHost: evil.example", 0600);
    assert_refused(place, "one word");
    write_token(place, "\"s3cret\"", 0600);
    assert_refused(place, "quotes");
    write_token(place, "\xEF\xBB\xBF\n", 0600);
    assert_refused(place, "is empty");
    write_token(place, "s3cret\x01\xFF", 0600);
    assert_refused(place, "bytes that no token has");
    write_token(place, "\xFF\xFEs3cret", 0600);
    assert_refused(place, "bytes that no token has");
    g_assert_true(g_file_set_contents(place->path, "s3cret\0x", 8, NULL));
    g_assert_cmpint(g_chmod(place->path, 0600), ==, 0);
    assert_refused(place, "bytes that no token has");
    write_token(place, long_text, 0600);
    assert_refused(place, "larger than");
    g_unlink(place->path);
    g_mkdir(place->path, 0700);
    assert_refused(place, "no regular file");
    g_rmdir(place->path);
}

static void
test_expiry_is_the_exp_claim(void)
{
    /* {"alg":"none"} . {"exp":1799999999,"a":"??>"} . x */
    g_assert_cmpint(token_expiry("eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTk5OTk5OTksImEiOiI_Pz4ifQ.x"),
                    ==, 1799999999);
    static const char *const none[] = {
        "", "token", "a.b", "a.b.c", "e30.e30.x", "a.W10.x", "a.eyJleHAiOnt9fQ.x", "..", "a.b.c.d"};
    for (guint i = 0; i < G_N_ELEMENTS(none); i++)
        g_assert_cmpint(token_expiry(none[i]), ==, 0);
}

/* The expiry of a token with this exp claim. */
static gint64
expiry_of(const char *claim)
{
    g_autofree char *json = g_strdup_printf("{\"exp\":%s}", claim);
    g_autofree char *claims = g_base64_encode((const guchar *)json, strlen(json));
    claims[strcspn(claims, "=")] = '\0';
    g_autofree char *token = g_strconcat("e30.", claims, ".x", NULL);
    return token_expiry(token);
}

static void
test_an_exp_claim_that_is_no_time_says_nothing(void)
{
    g_assert_cmpint(expiry_of("1799999999"), ==, 1799999999);
    g_assert_cmpint(expiry_of("1799999999.5"), ==, 1799999999);
    static const char *const none[] = {"1799999999000", "1e300", "9223372036854775807",
                                       "\"soon\"",      "null",  "true"};
    for (guint i = 0; i < G_N_ELEMENTS(none); i++)
        g_assert_cmpint(expiry_of(none[i]), ==, 0);
    /* Expired, and at a time that can be shown. */
    static const char *const past[] = {"0", "-5", "-1e300"};
    for (guint i = 0; i < G_N_ELEMENTS(past); i++)
        g_assert_cmpint(expiry_of(past[i]), ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/token/" name, Place, NULL, set_up, function, tear_down)
    ADD("good", test_a_private_file_with_one_word_is_read);
    ADD("byte-order-mark", test_a_byte_order_mark_is_skipped);
    ADD("changed", test_a_new_token_is_read_by_itself);
    ADD("mode", test_what_others_can_read_is_refused);
    ADD("bad", test_what_is_no_token_is_refused);
    g_test_add_func("/token/expiry", test_expiry_is_the_exp_claim);
    g_test_add_func("/token/no-expiry", test_an_exp_claim_that_is_no_time_says_nothing);
    return g_test_run();
}
