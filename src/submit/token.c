#include <config.h>

#include "submit/token.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/memory.h"

struct Token {
    char *path;
    char *text; /* NULL before the first good read */
    struct stat seen;
};

Token *
token_new(const char *path)
{
    Token *token = g_new0(Token, 1);
    token->path = g_strdup(path);
    return token;
}

void
token_free(Token *token)
{
    if (!token)
        return;
    memory_wipe(token->text);
    g_free(token->path);
    g_free(token);
}

static gboolean G_GNUC_PRINTF(3, 4)
    refuse(GError **error, const Token *token, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "token file %s: %s", token->path, text);
    return FALSE;
}

/* What systemd hands to one unit alone may show an ACL's mask as the group's right to read; its
 * folder lets nobody else in. */
static mode_t
forbidden_bits(const char *path)
{
    const char *folder = g_getenv("CREDENTIALS_DIRECTORY");
    gboolean systemds = g_str_has_prefix(path, "/run/credentials/") ||
                        (folder && g_str_has_prefix(path, folder) && path[strlen(folder)] == '/');
    return systemds ? 037 : 077;
}

static gboolean
check_file(const Token *token, const struct stat *st, GError **error)
{
    if (!S_ISREG(st->st_mode))
        return refuse(error, token, "is no regular file");
    if (st->st_mode & forbidden_bits(token->path))
        return refuse(error, token, "has mode %04o, so others can read it: chmod 600 %s",
                      st->st_mode & 07777, token->path);
    if (st->st_size > LIMIT_TOKEN)
        return refuse(error, token, "is larger than %d bytes", LIMIT_TOKEN);
    return TRUE;
}

/* What keeps a text from being a token, or NULL. */
static const char *
text_problem(const char *text, gsize length)
{
    if (length == 0)
        return "is empty";
    if (*text == '"' || *text == '\'')
        return "has quotes in it; expected the token alone";
    for (gsize i = 0; i < length; i++)
        if (g_ascii_isspace(text[i]))
            return "holds more than one word; expected the token alone";
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isgraph(text[i]))
            return "holds bytes that no token has; expected the token alone, as text";
    return NULL;
}

static char *
read_text(const Token *token, int fd, GError **error)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* Windows' editors begin a file with it */
    char buffer[LIMIT_TOKEN];
    ssize_t length = read(fd, buffer, sizeof buffer);
    if (length < 0) {
        refuse(error, token, "%s", g_strerror(errno));
        return NULL;
    }
    const char *begin = buffer, *end = buffer + length;
    if ((gsize)length >= strlen(mark) && memcmp(buffer, mark, strlen(mark)) == 0)
        begin += strlen(mark);
    while (end > begin && g_ascii_isspace(end[-1]))
        end--;
    const char *problem = text_problem(begin, end - begin);
    char *text = problem ? NULL : g_strndup(begin, end - begin);
    if (problem)
        refuse(error, token, "%s", problem);
    explicit_bzero(buffer, sizeof buffer);
    return text;
}

static gboolean
is_unchanged(const Token *token, const struct stat *st)
{
    const struct stat *seen = &token->seen;
    return token->text && seen->st_ino == st->st_ino && seen->st_dev == st->st_dev &&
           seen->st_size == st->st_size && seen->st_mode == st->st_mode &&
           seen->st_mtim.tv_sec == st->st_mtim.tv_sec &&
           seen->st_mtim.tv_nsec == st->st_mtim.tv_nsec &&
           seen->st_ctim.tv_sec == st->st_ctim.tv_sec &&
           seen->st_ctim.tv_nsec == st->st_ctim.tv_nsec;
}

const char *
token_get(Token *token, gboolean *changed, GError **error)
{
    struct stat st;
    if (changed)
        *changed = FALSE;
    if (stat(token->path, &st) == 0 && is_unchanged(token, &st))
        return token->text;
    int fd = open(token->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        refuse(error, token, "%s", g_strerror(errno));
        return NULL;
    }
    char *text = NULL;
    if (fstat(fd, &st) != 0)
        refuse(error, token, "%s", g_strerror(errno));
    else if (check_file(token, &st, error))
        text = read_text(token, fd, error);
    close(fd);
    if (!text)
        return NULL;
    if (changed)
        *changed = g_strcmp0(text, token->text) != 0;
    memory_wipe(token->text);
    token->text = text;
    token->seen = st;
    return token->text;
}

gboolean
token_is(const Token *token, const char *text)
{
    return g_strcmp0(token->text, text) == 0;
}

/* RFC 7519 section 2: a number of seconds, of any sign and size. Beyond the year 9999 it says
 * nothing (milliseconds, mostly); before 1970 is as expired as can be. */
static gint64
expiry_of(JsonNode *claim)
{
    GType type = JSON_NODE_HOLDS_VALUE(claim) ? json_node_get_value_type(claim) : G_TYPE_NONE;
    if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
        return 0;
    double seconds = json_node_get_double(claim);
    return seconds >= 253402300800.0 ? 0 : (gint64)MAX(seconds, 1);
}

gint64
token_expiry(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ".", 4);
    if (g_strv_length(parts) != 3)
        return 0;
    for (char *c = parts[1]; *c; c++) /* base64url, RFC 4648 section 5 */
        *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    gsize padding = (4 - strlen(parts[1]) % 4) % 4, length;
    g_autofree char *padded = g_strconcat(parts[1], &"==="[3 - padding], NULL);
    g_autofree guchar *claims = g_base64_decode(padded, &length);
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    if (!json_parser_load_from_data(parser, (const char *)claims, length, NULL))
        return 0;
    JsonNode *root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root))
        return 0;
    JsonNode *expiry = json_object_get_member(json_node_get_object(root), "exp");
    return expiry ? expiry_of(expiry) : 0;
}
