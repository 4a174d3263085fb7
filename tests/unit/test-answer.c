#include "submit/answer.h"

#include <string.h>

#define JSON "application/json"

static Verdict
judge(int status, const char *type, const char *body)
{
    Answer answer = {.status = status,
                     .content_type = type,
                     .body = body,
                     .attempts = 1,
                     .give_up_after = 3600,
                     .jitter = 0.5};
    return answer_judge(&answer);
}

static void
test_each_status_has_its_place(void)
{
    static const struct {
        int status;
        AnswerKind kind;
    } expected[] = {
        {200, ANSWER_DONE},  {201, ANSWER_DONE},         {202, ANSWER_DONE},
        {204, ANSWER_DONE},  {301, ANSWER_DEAD},         {307, ANSWER_DEAD},
        {400, ANSWER_DEAD},  {401, ANSWER_STOP_ACCOUNT}, {403, ANSWER_STOP_ACCOUNT},
        {404, ANSWER_DEAD},  {408, ANSWER_RETRY},        {409, ANSWER_DEAD},
        {422, ANSWER_DEAD},  {425, ANSWER_RETRY},        {429, ANSWER_RETRY},
        {500, ANSWER_RETRY}, {502, ANSWER_RETRY},        {503, ANSWER_RETRY},
        {599, ANSWER_RETRY}, {0, ANSWER_RETRY},
    };
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        Verdict verdict = judge(expected[i].status, JSON, "{}");
        g_test_message("%d: %s", expected[i].status, verdict.words);
        g_assert_cmpint(verdict.kind, ==, expected[i].kind);
        g_assert_cmpstr(verdict.words, !=, "");
        verdict_clear(&verdict);
    }
}

static void
test_a_page_with_status_200_is_not_believed(void)
{
    static const struct {
        const char *type, *body;
        AnswerKind kind;
    } expected[] = {
        {"text/html; charset=utf-8", "<html>Please sign in</html>", ANSWER_RETRY},
        {NULL, "<html>", ANSWER_RETRY},
        {"application/vnd.api+json; charset=utf-8", "{\"data\": {}}", ANSWER_DONE},
        {"APPLICATION/JSON", "", ANSWER_DONE},
        {"text/plain", "Created", ANSWER_DONE},
        {NULL, "7", ANSWER_DONE},
        {"text/html", "", ANSWER_DONE}, /* nothing to disbelieve */
    };
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        Verdict verdict = judge(200, expected[i].type, expected[i].body);
        g_assert_cmpint(verdict.kind, ==, expected[i].kind);
        verdict_clear(&verdict);
    }
}

/* The status has been said: sent again it might be a second lead. */
static void
test_a_yes_that_was_cut_off_is_a_yes_unless_it_is_a_page(void)
{
    Answer answer = {.status = 201,
                     .content_type = JSON,
                     .body = "{",
                     .error = "timed out",
                     .attempts = 1,
                     .give_up_after = 3600};
    Verdict verdict = answer_judge(&answer);
    g_assert_cmpint(verdict.kind, ==, ANSWER_DONE);
    g_assert_nonnull(strstr(verdict.words, "timed out"));
    verdict_clear(&verdict);
    answer.content_type = "text/html";
    answer.body = "";
    verdict = answer_judge(&answer);
    g_assert_cmpint(verdict.kind, ==, ANSWER_RETRY);
    verdict_clear(&verdict);
}

static void
test_the_apis_own_words_are_kept(void)
{
    static const struct {
        const char *body, *words;
    } expected[] = {
        {"{\"errors\": [{\"title\": \"Invalid\", \"detail\": \"name is missing\"},"
         " {\"detail\": \"price is\\n no number\"}]}",
         "422 Unprocessable: Invalid: name is missing; price is no number"},
        {"{\"message\": \"No such thing\"}", "422 Unprocessable: No such thing"},
        {"{\"errors\": \"none\"}", "422 Unprocessable"},
        {"{\"errors\": [1, null, {\"title\": 5}]}", "422 Unprocessable;"},
        {"not JSON", "422 Unprocessable"},
        {"", "422 Unprocessable"},
        {NULL, "422 Unprocessable"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        Verdict verdict = judge(422, JSON, expected[i].body);
        g_assert_cmpstr(verdict.words, ==, expected[i].words);
        verdict_clear(&verdict);
    }
}

static void
test_words_are_valid_and_short_whatever_comes(void)
{
    g_autofree char *long_text = g_strnfill(50000, 'x');
    g_autofree char *body = g_strdup_printf("{\"message\": \"%s\"}", long_text);
    Verdict verdict = judge(400, JSON, body);
    g_assert_cmpint(g_utf8_strlen(verdict.words, -1), ==, 1000);
    verdict_clear(&verdict);

    Answer answer = {.status = 0, .error = "bad \xFF\x01 bytes", .give_up_after = 1};
    verdict = answer_judge(&answer);
    g_assert_true(g_utf8_validate(verdict.words, -1, NULL));
    g_assert_null(strchr(verdict.words, '\x01'));
    verdict_clear(&verdict);
}

static guint64
wait_after(guint attempts, double jitter, guint64 retry_after)
{
    Answer answer = {.status = 503,
                     .attempts = attempts,
                     .jitter = jitter,
                     .retry_after = retry_after,
                     .give_up_after = 3600};
    Verdict verdict = answer_judge(&answer);
    verdict_clear(&verdict);
    return verdict.wait;
}

static void
test_waits_double_from_10_seconds_to_an_hour(void)
{
    g_assert_cmpuint(wait_after(1, 0.5, 0), ==, 10);
    g_assert_cmpuint(wait_after(2, 0.5, 0), ==, 20);
    g_assert_cmpuint(wait_after(9, 0.5, 0), ==, 2560);
    g_assert_cmpuint(wait_after(10, 0.5, 0), ==, 3600);
    g_assert_cmpuint(wait_after(4000000000, 0.5, 0), ==, 3600);
    g_assert_cmpuint(wait_after(1, 0, 0), ==, 8);
    g_assert_cmpuint(wait_after(1, 0.999, 0), ==, 11);
}

static void
test_retry_after_is_obeyed_for_a_day_at_most(void)
{
    g_assert_cmpuint(wait_after(1, 0.5, 1), ==, 1);
    g_assert_cmpuint(wait_after(1, 0.5, 7200), ==, 7200);
    g_assert_cmpuint(wait_after(1, 0.5, G_MAXUINT64), ==, 86400);
}

static void
test_an_old_lead_is_given_up_but_only_when_it_would_be_tried_again(void)
{
    Answer answer = {.status = 503, .attempts = 5, .age = 3600, .give_up_after = 3600};
    Verdict verdict = answer_judge(&answer);
    g_assert_cmpint(verdict.kind, ==, ANSWER_DEAD);
    g_assert_true(g_str_has_prefix(verdict.words, "given up"));
    g_assert_nonnull(strstr(verdict.words, "503"));
    verdict_clear(&verdict);
    answer.status = 204;
    verdict = answer_judge(&answer);
    g_assert_cmpint(verdict.kind, ==, ANSWER_DONE);
    verdict_clear(&verdict);
    answer.status = 401;
    verdict = answer_judge(&answer);
    g_assert_cmpint(verdict.kind, ==, ANSWER_STOP_ACCOUNT);
    verdict_clear(&verdict);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/answer/status", test_each_status_has_its_place);
    g_test_add_func("/answer/page", test_a_page_with_status_200_is_not_believed);
    g_test_add_func("/answer/cut", test_a_yes_that_was_cut_off_is_a_yes_unless_it_is_a_page);
    g_test_add_func("/answer/words", test_the_apis_own_words_are_kept);
    g_test_add_func("/answer/hostile", test_words_are_valid_and_short_whatever_comes);
    g_test_add_func("/answer/back-off", test_waits_double_from_10_seconds_to_an_hour);
    g_test_add_func("/answer/retry-after", test_retry_after_is_obeyed_for_a_day_at_most);
    g_test_add_func("/answer/give-up",
                    test_an_old_lead_is_given_up_but_only_when_it_would_be_tried_again);
    return g_test_run();
}
