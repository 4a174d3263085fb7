#include "submit/answer.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define WAIT_FIRST 10    /* seconds, doubled each time */
#define WAIT_MOST 3600   /* seconds */
#define WAIT_ASKED 86400 /* seconds, of a Retry-After at most */
#define GIVE_UP_TRIES 3  /* at least: age alone is that of a stopped account, or a clock's jump */
#define WORDS_MAX 1000   /* characters */

static const char *
reason_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable"},
        {425, "Too Early"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return status >= 300 && status < 400 ? "redirect, which is not followed" : NULL;
}

/* One line of valid UTF-8, cut at a character. */
static char *
tidy(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *line = g_string_new(NULL);
    guint characters = 0;
    gboolean space = FALSE;
    for (const char *p = valid; *p && characters < WORDS_MAX; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_isspace(c) || g_unichar_iscntrl(c)) {
            space = line->len > 0;
            continue;
        }
        if (space)
            g_string_append_c(line, ' ');
        characters += space;
        space = FALSE;
        g_string_append_unichar(line, c);
        characters++;
    }
    return g_string_free(line, FALSE);
}

static const char *
member_text(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

static void
add_words(GString *words, const char *text)
{
    if (!text || !*text || strstr(words->str, text))
        return;
    if (words->len > 0)
        g_string_append(words, words->str[words->len - 1] == ';' ? " " : ": ");
    g_string_append(words, text);
}

/* What an error document says: JSON:API's errors, else the usual lone members. */
static void
add_document(GString *words, const char *body)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    if (!json_parser_load_from_data(parser, body, -1, NULL))
        return;
    JsonNode *root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root))
        return;
    JsonObject *document = json_node_get_object(root);
    JsonNode *errors = json_object_get_member(document, "errors");
    if (!errors || !JSON_NODE_HOLDS_ARRAY(errors)) {
        add_words(words, member_text(document, "error"));
        add_words(words, member_text(document, "message"));
        add_words(words, member_text(document, "detail"));
        return;
    }
    JsonArray *list = json_node_get_array(errors);
    for (guint i = 0; i < json_array_get_length(list) && words->len < WORDS_MAX * 4; i++) {
        JsonNode *node = json_array_get_element(list, i);
        if (!JSON_NODE_HOLDS_OBJECT(node))
            continue;
        if (i > 0 && words->str[words->len - 1] != ';')
            g_string_append_c(words, ';');
        add_words(words, member_text(json_node_get_object(node), "title"));
        add_words(words, member_text(json_node_get_object(node), "detail"));
    }
}

static gboolean
is_html(const char *content_type)
{
    if (!content_type)
        return FALSE;
    gsize length = strcspn(content_type, "; \t");
    static const char *const types[] = {"text/html", "application/xhtml+xml"};
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (length == strlen(types[i]) && g_ascii_strncasecmp(content_type, types[i], length) == 0)
            return TRUE;
    return FALSE;
}

/* Whether a 2xx is the API's, not that of a proxy or a hotel's network, which speak HTML. One that
 * was cut off or is longer than we read has said what counts: sent again it might double the lead.
 */
static gboolean
is_believed(const Answer *answer)
{
    if (!answer->error && (!answer->body || !*answer->body))
        return TRUE;
    return answer->content_type ? !is_html(answer->content_type)
                                : !answer->body || *answer->body != '<';
}

static char *
words_of(const Answer *answer, AnswerKind kind)
{
    if (kind == ANSWER_DONE && !answer->error)
        return g_strdup_printf("%d", answer->status);
    g_autoptr(GString) words = g_string_new(NULL);
    if (answer->status == 0) {
        g_string_append(words, answer->error ? answer->error : "no answer");
        return tidy(words->str);
    }
    g_string_append_printf(words, "%d", answer->status);
    const char *phrase = reason_phrase(answer->status);
    if (phrase)
        g_string_append_printf(words, " %s", phrase);
    if (answer->error)
        g_string_append_printf(words, ", cut off: %s", answer->error);
    else if (answer->status < 300 && !is_believed(answer))
        g_string_append_printf(words, ", but with %s instead of the API's JSON",
                               answer->content_type ? answer->content_type : "something");
    if (answer->status >= 400 && answer->body)
        add_document(words, answer->body);
    return tidy(words->str);
}

static guint64
wait_before_next(const Answer *answer)
{
    guint doublings = MIN(answer->attempts > 0 ? answer->attempts - 1 : 0, 20);
    guint64 wait = MIN((guint64)WAIT_FIRST << doublings, WAIT_MOST);
    wait = MAX((guint64)(wait * (0.8 + 0.4 * answer->jitter)), 1);
    return answer->retry_after > 0 ? MIN(answer->retry_after, WAIT_ASKED) : wait;
}

static AnswerKind
kind_of(const Answer *answer)
{
    int status = answer->status;
    if (status >= 200 && status < 300)
        return is_believed(answer) ? ANSWER_DONE : ANSWER_RETRY;
    if (status == 401 || status == 403)
        return ANSWER_STOP_ACCOUNT;
    if (status == 0 || status == 408 || status == 425 || status == 429 || status >= 500)
        return ANSWER_RETRY;
    return ANSWER_DEAD;
}

Verdict
answer_judge(const Answer *answer)
{
    AnswerKind kind = kind_of(answer);
    Verdict verdict = {.kind = kind, .words = words_of(answer, kind)};
    if (verdict.kind != ANSWER_RETRY)
        return verdict;
    if (answer->age >= answer->give_up_after && answer->attempts >= GIVE_UP_TRIES) {
        char *words = verdict.words;
        verdict.kind = ANSWER_DEAD;
        verdict.words = g_strconcat("given up; the last was: ", words, NULL);
        g_free(words);
        return verdict;
    }
    verdict.wait = wait_before_next(answer);
    return verdict;
}

void
verdict_clear(Verdict *verdict)
{
    g_clear_pointer(&verdict->words, g_free);
}
