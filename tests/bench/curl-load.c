/* curl-load: POSTs over libcurl's multi interface and nothing else, as fast as it goes.
 *
 * usage: curl-load URL CA-FILE BODY POSTS STREAMS [HEADER…]
 * The bound of lead-submit: handles used again, the URL parsed once, one connection, packets held
 * while curl writes; no queue, no reading of answers, no log. Prints JSON.
 */
#include <curl/curl.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

static int connection = -1; /* of the last one made: HTTP/2 needs one */

static int
on_socket(void *data, curl_socket_t fd, curlsocktype purpose)
{
    (void)data;
    (void)purpose;
    connection = fd;
    return CURL_SOCKOPT_OK;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *data)
{
    (void)bytes;
    (void)data;
    return size * n;
}

static void
hold_packets(int hold)
{
    if (connection >= 0)
        setsockopt(connection, IPPROTO_TCP, TCP_CORK, &hold, sizeof hold);
}

static CURL *
handle_new(CURLU *url, char **argv, const char *body, gsize length, struct curl_slist *headers)
{
    CURL *easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_CURLU, url);
    curl_easy_setopt(easy, CURLOPT_CAINFO, argv[2]);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
    return easy;
}

/* How many of those that have ended were taken; *more of them begin anew. */
static guint
collect(CURLM *multi, guint *more)
{
    guint taken = 0;
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
        CURL *easy = message->easy_handle;
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (message->data.result != CURLE_OK || status != 201)
            g_error("%s, status %ld", curl_easy_strerror(message->data.result), status);
        taken++;
        curl_multi_remove_handle(multi, easy);
        if (*more > 0) {
            (*more)--;
            curl_multi_add_handle(multi, easy);
        } else {
            curl_easy_cleanup(easy);
        }
    }
    return taken;
}

int
main(int argc, char **argv)
{
    g_autofree char *body = NULL;
    gsize length;
    struct curl_slist *headers = NULL;
    if (argc < 6 || !g_file_get_contents(argv[3], &body, &length, NULL))
        g_error("usage: curl-load URL CA-FILE BODY POSTS STREAMS [HEADER…]");
    guint posts = (guint)g_ascii_strtoull(argv[4], NULL, 10);
    guint streams = (guint)g_ascii_strtoull(argv[5], NULL, 10);
    for (int i = 6; i < argc; i++)
        headers = curl_slist_append(headers, argv[i]);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLU *url = curl_url();
    curl_url_set(url, CURLUPART_URL, argv[1], 0);
    CURLM *multi = curl_multi_init();
    guint first = MIN(streams, posts), more = posts - first;
    gint64 begun = g_get_monotonic_time();
    for (guint i = 0; i < first; i++)
        curl_multi_add_handle(multi, handle_new(url, argv, body, length, headers));
    for (guint taken = 0; taken < posts;) {
        int running;
        hold_packets(1);
        curl_multi_perform(multi, &running);
        hold_packets(0);
        guint now = collect(multi, &more);
        taken += now;
        if (now == 0)
            curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    double seconds = (double)(g_get_monotonic_time() - begun) / G_USEC_PER_SEC;
    g_print("{\"rate\": %.1f}\n", posts / seconds);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    curl_url_cleanup(url);
    curl_global_cleanup();
    return 0;
}
