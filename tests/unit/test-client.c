/* How long the client keeps a token: as long as a handle of curl that was set up with it. */
#include <config.h>

#include <curl/curl.h>
#include <dlfcn.h>
#include <gio/gio.h>
#include <string.h>

#include "submit/client.h"

#define PAYLOAD "{}"
#define ANSWER                                                                                     \
    "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

static guint handles; /* of curl, that have not been freed */

/* Both instead of curl's. */
CURL *
curl_easy_init(void)
{
    typedef CURL *(*Init)(void);
    handles++;
    return ((Init)dlsym(RTLD_NEXT, "curl_easy_init"))();
}

void
curl_easy_cleanup(CURL *easy)
{
    typedef void (*Cleanup)(CURL *);
    handles--;
    ((Cleanup)dlsym(RTLD_NEXT, "curl_easy_cleanup"))(easy);
}

typedef struct {
    GSocketService *api;
    char *endpoint;
    ConfigAccount account;
    Client *client;
    guint answers;
} Place;

/* All that comes over a connection, each in its thread. */
static gboolean
serve(GThreadedSocketService *api, GSocketConnection *connection, GObject *source, gpointer data)
{
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    g_autoptr(GString) request = g_string_new(NULL);
    char bytes[4096];
    for (gssize n; (n = g_input_stream_read(in, bytes, sizeof bytes, NULL, NULL)) > 0;) {
        g_string_append_len(request, bytes, n);
        if (!g_str_has_suffix(request->str, "\r\n\r\n" PAYLOAD))
            continue;
        g_string_truncate(request, 0);
        g_output_stream_write_all(out, ANSWER, strlen(ANSWER), NULL, NULL, NULL);
    }
    return TRUE;
}

static void
on_answer(const ClientAnswer *answer, gpointer data)
{
    Place *place = data;
    g_assert_cmpstr(answer->token, ==, "the.old.one");
    g_assert_true(answer->account == place);
    queued_lead_free(answer->lead);
    place->answers++;
}

static void
set_up(Place *place, gconstpointer data)
{
    (void)data;
    place->api = g_threaded_socket_service_new(8);
    g_signal_connect(place->api, "run", G_CALLBACK(serve), NULL);
    guint16 port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(place->api), NULL, NULL);
    place->endpoint = g_strdup_printf("http://127.0.0.1:%u/", port);
    place->account = (ConfigAccount){.endpoint = place->endpoint, .timeout = 60};
    place->client = client_new(on_answer, place);
    client_set_patience(place->client, 60);
    handles = 0; /* curl may have one for itself */
}

static void
tear_down(Place *place, gconstpointer data)
{
    (void)data;
    client_free(place->client);
    g_socket_service_stop(place->api);
    g_object_unref(place->api);
    g_free(place->endpoint);
}

static void
post(Place *place, guint n)
{
    for (guint i = 0; i < n; i++) {
        QueuedLead *lead = g_new0(QueuedLead, 1);
        lead->payload = g_strdup(PAYLOAD);
        client_post(place->client, &place->account, "the.old.one", lead, place);
    }
    client_send(place->client);
}

static void
wait_for_answers(Place *place, guint n)
{
    while (client_busy(place->client) > 0) {
        g_main_context_iteration(NULL, FALSE); /* which accepts connections */
        client_wait(place->client, NULL, 0, 10);
    }
    g_assert_cmpuint(place->answers, ==, n);
}

static void
test_a_handle_serves_the_next_lead_until_it_is_to_be_forgotten(Place *place, gconstpointer data)
{
    (void)data;
    post(place, 2);
    wait_for_answers(place, 2);
    g_assert_cmpuint(handles, ==, 2);
    post(place, 1);
    wait_for_answers(place, 3);
    g_assert_cmpuint(handles, ==, 2);
    client_forget(place->client);
    g_assert_cmpuint(handles, ==, 0);
}

static void
test_one_on_the_wire_is_forgotten_when_it_is_done(Place *place, gconstpointer data)
{
    (void)data;
    post(place, 2);
    client_forget(place->client);
    g_assert_cmpuint(handles, ==, 2);
    wait_for_answers(place, 2);
    g_assert_cmpuint(handles, ==, 0);
}

static void
test_nothing_is_kept_after_an_error(Place *place, gconstpointer data)
{
    (void)data;
    place->account.endpoint = (char *)"http://[";
    post(place, 1);
    wait_for_answers(place, 1);
    g_assert_cmpuint(handles, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add("/client/" name, Place, NULL, set_up, function, tear_down)
    ADD("next", test_a_handle_serves_the_next_lead_until_it_is_to_be_forgotten);
    ADD("on-the-wire", test_one_on_the_wire_is_forgotten_when_it_is_done);
    ADD("error", test_nothing_is_kept_after_an_error);
    return g_test_run();
}
