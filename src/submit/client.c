#include <config.h>

#include "submit/client.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"

#define CONNECT_TIMEOUT 15 /* seconds */
#define FDS_MAX 8
#define BUFFER_SIZE 16384L /* the least that curl takes; it makes one for each POST */

struct Client {
    CURLM *multi;
    ClientDone done;
    gpointer data;
    GHashTable *posts; /* of Post, a set: those on the wire */
    GQueue idle;       /* of Post: without a lead, their handles serve the next ones */
    GArray *sockets;   /* of int: those of all connections */
    guint patience;    /* seconds */
    guint epoch;       /* another one when the handles of before are to serve no more */
    gboolean fresh;    /* some POSTs have not been begun yet */
};

static const char key_name[] = "Idempotency-Key: ";

typedef struct {
    Client *client;
    CURL *easy;

    /* As long as these stay the same the handle is set up for the next lead, too. */
    const ConfigAccount *config; /* NULL: it is not */
    guint epoch;
    char *token;
    CURLU *url;
    struct curl_slist *headers;

    /* One lead's. */
    struct curl_slist key; /* the first of the headers */
    char key_line[sizeof key_name - 1 + LEAD_ID_SIZE];
    QueuedLead *lead;
    gpointer account;
    GString *body;
    gint64 started;
    char error[CURL_ERROR_SIZE];
} Post;

static void
clear_setting(Post *post)
{
    post->config = NULL;
    g_clear_pointer(&post->url, curl_url_cleanup);
    for (struct curl_slist *line = post->headers; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    g_clear_pointer(&post->headers, curl_slist_free_all);
    g_clear_pointer(&post->token, memory_wipe);
}

static void
clear_lead(Post *post)
{
    g_clear_pointer(&post->lead, queued_lead_free);
    g_string_truncate(post->body, 0);
    *post->error = 0;
}

static void
post_free(gpointer data)
{
    Post *post = data;
    curl_easy_cleanup(post->easy);
    clear_setting(post);
    clear_lead(post);
    g_string_free(post->body, TRUE);
    g_free(post);
}

static void *
crypto_new(size_t size, const char *file, int line)
{
    return memory_new(size);
}

static void *
crypto_resize(void *memory, size_t size, const char *file, int line)
{
    return memory_resize(memory, size);
}

static void
crypto_free(void *memory, const char *file, int line)
{
    g_free(memory);
}

/* No memory is the end of the program (base/memory.h): a POST might lack what curl had none for,
 * the key by which it is known, and what OpenSSL had none for once, its random numbers say, it
 * goes without until a restart. It is curl's, not ours, or another is: asked for by its name. */
static void
end_without_memory(void)
{
    typedef int (*Set)(void *(*)(size_t, const char *, int),
                       void *(*)(void *, size_t, const char *, int),
                       void (*)(void *, const char *, int));
    Set set = (Set)dlsym(RTLD_DEFAULT, "CRYPTO_set_mem_functions");
    if (set && !set(crypto_new, crypto_resize, crypto_free))
        log_warning("OpenSSL has its own memory already");
    curl_global_init_mem(CURL_GLOBAL_DEFAULT, memory_new, g_free, memory_resize, g_strdup,
                         memory_new_n);
}

Client *
client_new(ClientDone done, gpointer data)
{
    static gsize once;
    if (g_once_init_enter(&once)) {
        end_without_memory();
        g_once_init_leave(&once, 1);
    }
    Client *client = g_new0(Client, 1);
    client->multi = curl_multi_init();
    if (!client->multi)
        g_error("curl_multi_init: out of memory");
    client->done = done;
    client->data = data;
    client->posts = g_hash_table_new_full(NULL, NULL, post_free, NULL);
    g_queue_init(&client->idle);
    client->sockets = g_array_new(FALSE, FALSE, sizeof(int));
    return client;
}

void
client_free(Client *client)
{
    if (!client)
        return;
    GHashTableIter iter;
    gpointer post;
    g_hash_table_iter_init(&iter, client->posts);
    while (g_hash_table_iter_next(&iter, &post, NULL))
        curl_multi_remove_handle(client->multi, ((Post *)post)->easy);
    g_hash_table_unref(client->posts);
    g_queue_clear_full(&client->idle, post_free);
    curl_multi_cleanup(client->multi);
    g_array_unref(client->sockets);
    g_free(client);
}

void
client_set_patience(Client *client, guint seconds)
{
    client->patience = seconds;
}

void
client_forget(Client *client)
{
    client->epoch++;
    g_queue_clear_full(&client->idle, post_free);
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *data)
{
    Post *post = data;
    gsize length = size * n, room = LIMIT_RESPONSE - post->body->len;
    g_string_append_len(post->body, bytes, MIN(length, room));
    return length <= room ? length : 0; /* too much: curl breaks it off */
}

/* A POST that times out leaves a connection of HTTP/2 to the next ones. One whose peer has not even
 * confirmed what was sent is given up then: TCP itself would try for a quarter of an hour. */
static curl_socket_t
open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    const Post *post = data;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    int patience = (int)post->client->patience * 1000;
    if (fd < 0)
        return CURL_SOCKET_BAD;
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
    g_array_append_val(post->client->sockets, fd);
    return fd;
}

static int
close_socket(void *data, curl_socket_t fd)
{
    Client *client = data;
    /* A handle counts what it did again on connections that had died, for its whole life, and ends
     * at 5. */
    client->epoch++;
    for (guint i = 0; i < client->sockets->len; i++) {
        if (g_array_index(client->sockets, int, i) == fd) {
            g_array_remove_index_fast(client->sockets, i);
            break;
        }
    }
    return close(fd);
}

static char *
url_of(const ConfigAccount *config, const char *token)
{
    if (!config->auth_query)
        return g_strdup(config->endpoint);
    char *escaped = g_uri_escape_string(token, NULL, FALSE);
    char *url = g_strconcat(config->endpoint, strchr(config->endpoint, '?') ? "&" : "?",
                            "token=", escaped, NULL);
    memory_wipe(escaped);
    return url;
}

/* Given as text, curl would parse and write it anew for each lead. One that it cannot read is no
 * URL, which it says then. */
static void
set_url(Post *post)
{
    char *text = url_of(post->config, post->token);
    post->url = curl_url();
    if (!post->url)
        g_error("curl_url: out of memory");
    curl_url_set(post->url, CURLUPART_URL, text, 0);
    memory_wipe(text);
    curl_easy_setopt(post->easy, CURLOPT_CURLU, post->url);
}

static void
add_header(Post *post, const char *name, const char *value)
{
    char *line = g_strconcat(name, ": ", value, NULL);
    post->headers = curl_slist_append(post->headers, line);
    memory_wipe(line);
}

static Post *
post_new(Client *client)
{
    Post *post = g_new0(Post, 1);
    post->client = client;
    post->easy = curl_easy_init();
    if (!post->easy)
        g_error("curl_easy_init: out of memory");
    post->body = g_string_new(NULL);
    return post;
}

/* All that no account and no lead changes. */
static void
set_common(Post *post)
{
    CURL *easy = post->easy;
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_SIZE);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, post);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, post->client);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, post);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, post->error);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, post);
}

/* The user agent is a header like others: curl, told of it by itself, writes it twice. */
static void
set_headers(Post *post, gboolean with_token)
{
    add_header(post, "Content-Type", "application/json");
    add_header(post, "Accept", "application/json, application/vnd.api+json");
    add_header(post, "User-Agent", PACKAGE_NAME "/" PACKAGE_VERSION);
    if (with_token) {
        char *value = g_strconcat("Bearer ", post->token, NULL);
        add_header(post, "Authorization", value);
        memory_wipe(value);
    }
    post->key = (struct curl_slist){post->key_line, post->headers};
    curl_easy_setopt(post->easy, CURLOPT_HTTPHEADER, &post->key);
}

static void
set_up(Post *post, const ConfigAccount *config, const char *token)
{
    CURL *easy = post->easy;
    curl_easy_reset(easy);
    clear_setting(post);
    post->config = config;
    post->epoch = post->client->epoch;
    post->token = g_strdup(token);
    set_common(post);
    set_url(post);
    set_headers(post, !config->auth_query);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                     g_str_has_prefix(config->endpoint, "http:") ? "http" : "https");
    curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)config->timeout);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)MIN(config->timeout, CONNECT_TIMEOUT));
}

static gboolean
is_set_up(const Post *post, const ConfigAccount *config, const char *token)
{
    return post->config == config && post->epoch == post->client->epoch &&
           strcmp(post->token, token) == 0;
}

void
client_post(Client *client, const ConfigAccount *config, const char *token, QueuedLead *lead,
            gpointer account)
{
    Post *post = g_queue_pop_tail(&client->idle);
    if (!post)
        post = post_new(client);
    if (!is_set_up(post, config, token))
        set_up(post, config, token);
    post->lead = lead;
    post->account = account;
    post->started = g_get_real_time();
    g_strlcpy(g_stpcpy(post->key_line, key_name), lead->id, LEAD_ID_SIZE);
    curl_easy_setopt(post->easy, CURLOPT_POSTFIELDS, lead->payload);
    curl_easy_setopt(post->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(lead->payload));
    g_hash_table_add(client->posts, post);
    curl_multi_add_handle(client->multi, post->easy);
    client->fresh = TRUE;
}

guint
client_busy(const Client *client)
{
    return g_hash_table_size(client->posts);
}

/* Tell what came of a POST, and forget it. */
static void
finish(Client *client, Post *post, CURLcode result)
{
    long status = 0;
    curl_off_t retry_after = 0;
    const char *type = NULL;
    curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(post->easy, CURLINFO_RETRY_AFTER, &retry_after);
    curl_easy_getinfo(post->easy, CURLINFO_CONTENT_TYPE, &type);
    g_string_replace(post->body, post->token, "(the token)", 0);
    const char *error = *post->error ? post->error : curl_easy_strerror(result);
    ClientAnswer answer = {
        .lead = g_steal_pointer(&post->lead),
        .account = post->account,
        .token = post->token,
        .status = (int)status,
        .error = result == CURLE_OK ? NULL : error,
        .content_type = type,
        .body = post->body->str,
        .retry_after = retry_after > 0 ? (guint64)retry_after : 0,
        .started = post->started,
        .ended = g_get_real_time(),
    };
    client->done(&answer, client->data);
    curl_multi_remove_handle(client->multi, post->easy);
    g_hash_table_steal(client->posts, post);
    clear_lead(post);
    if (result == CURLE_OK && post->epoch == client->epoch)
        g_queue_push_tail(&client->idle, post);
    else
        post_free(post);
}

/* curl writes the head and the body of each POST by itself. What it writes at once leaves in as few
 * packets as hold it, and wakes the peer once: a fifth of what a POST costs on both sides. */
static void
hold_packets(Client *client, int hold)
{
    for (guint i = 0; i < client->sockets->len; i++)
        setsockopt(g_array_index(client->sockets, int, i), IPPROTO_TCP, TCP_CORK, &hold,
                   sizeof hold);
}

/* Drive all transfers. */
static void
perform(Client *client)
{
    gboolean fresh = client->fresh;
    int running, left;
    client->fresh = FALSE;
    if (fresh)
        hold_packets(client, 1);
    curl_multi_perform(client->multi, &running);
    if (fresh)
        hold_packets(client, 0);
    for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &left));) {
        Post *post = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&post);
        finish(client, post, result);
    }
}

void
client_send(Client *client)
{
    if (client->fresh)
        perform(client);
}

void
client_wait(Client *client, const int *fds, guint n, int timeout)
{
    struct curl_waitfd extra[FDS_MAX];
    g_assert(n <= FDS_MAX);
    for (guint i = 0; i < n; i++)
        extra[i] = (struct curl_waitfd){.fd = fds[i], .events = CURL_WAIT_POLLIN};
    curl_multi_poll(client->multi, extra, n, timeout, NULL);
    perform(client);
}
