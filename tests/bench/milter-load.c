/* milter-load: the MTA's side of the milter protocol, as fast as the milter answers.
 *
 * Sends one mail many times over some connections, as Postfix does: what the milter does not want
 * is not sent, an answer is awaited only where it gives one. Message-ID and Subject get a number,
 * so that each mail is another. Prints one line of JSON: messages/s, and the time from MAIL to
 * the last answer in microseconds.
 *
 * usage: milter-load [-c CONNECTIONS] [-n MESSAGES] [-r RECIPIENT] SOCKET MAIL
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ACTIONS 0x1FFu
#define STEPS 0x1FFFFFu
#define PACKET_MAX (1 << 20)

typedef struct {
    char *name, *value; /* value with its leading space and inner line ends, as Postfix sends it */
} Header;

static GPtrArray *headers; /* Header */
static const char *body;
static gsize body_length;
static const char *socket_path, *recipient = "leads@example.com";
static int connections = 1, messages = 1000;
static gint next_message;
static gint64 run; /* of this run, for Message-IDs */

typedef struct {
    int fd;
    guint32 steps;
    GByteArray *out;
    guchar in[PACKET_MAX];
    GArray *times; /* gint64, microseconds */
    guint leads, answers[256];
    gboolean failed;
} Connection;

static gboolean
write_all(Connection *connection)
{
    GByteArray *out = connection->out;
    for (gsize done = 0; done < out->len;) {
        ssize_t n = write(connection->fd, out->data + done, out->len - done);
        if (n < 0 && errno != EINTR)
            return FALSE;
        done += MAX(n, 0);
    }
    g_byte_array_set_size(out, 0);
    return TRUE;
}

static gboolean
read_all(Connection *connection, guchar *to, gsize length)
{
    for (gsize done = 0; done < length;) {
        ssize_t n = read(connection->fd, to + done, length - done);
        if (n == 0 || (n < 0 && errno != EINTR))
            return FALSE;
        done += MAX(n, 0);
    }
    return TRUE;
}

static void
put(Connection *connection, char command, const void *data, gsize length)
{
    guint32 size = htonl((guint32)length + 1);
    g_byte_array_append(connection->out, (const guchar *)&size, sizeof size);
    g_byte_array_append(connection->out, (const guchar *)&command, 1);
    g_byte_array_append(connection->out, data, length);
}

/* The next answer's letter, its packet in `in`; 0 when the connection broke. */
static char
answer(Connection *connection)
{
    guint32 size;
    if (!write_all(connection) || !read_all(connection, (guchar *)&size, sizeof size))
        return 0;
    size = ntohl(size);
    if (size < 1 || size > sizeof connection->in || !read_all(connection, connection->in, size))
        return 0;
    return (char)connection->in[0];
}

/* A step of the protocol; `unwanted` and `silent` are its SMFIP_ flags. */
static char
step(Connection *connection, char command, const GString *data, guint32 unwanted, guint32 silent)
{
    if (connection->steps & unwanted)
        return SMFIR_CONTINUE;
    put(connection, command, data->str, data->len);
    return connection->steps & silent ? SMFIR_CONTINUE : answer(connection);
}

static void
macros(Connection *connection, char command, const char *name, const char *value)
{
    g_autoptr(GString) data = g_string_new(NULL);
    g_string_append_c(data, command);
    g_string_append_len(data, name, strlen(name) + 1);
    g_string_append_len(data, value, strlen(value) + 1);
    put(connection, SMFIC_MACRO, data->str, data->len);
}

static gboolean
negotiate(Connection *connection)
{
    guint32 offer[3] = {htonl(6), htonl(ACTIONS), htonl(STEPS)}, reply[3];
    put(connection, SMFIC_OPTNEG, offer, sizeof offer);
    if (answer(connection) != SMFIC_OPTNEG)
        return FALSE;
    memcpy(reply, connection->in + 1, sizeof reply);
    connection->steps = ntohl(reply[2]);
    return TRUE;
}

static gboolean
greet(Connection *connection)
{
    static const char client[] = "mail.example.net\0" /* family and port: */ "4\0\1"
                                 "192.0.2.1";
    g_autoptr(GString) data = g_string_new_len(client, sizeof client);
    if (step(connection, SMFIC_CONNECT, data, SMFIP_NOCONNECT, SMFIP_NR_CONN) != SMFIR_CONTINUE)
        return FALSE;
    g_string_truncate(data, 0);
    g_string_append_len(data, "mail.example.net", 17);
    return step(connection, SMFIC_HELO, data, SMFIP_NOHELO, SMFIP_NR_HELO) == SMFIR_CONTINUE;
}

static char
send_header(Connection *connection, const char *name, const char *value)
{
    g_autoptr(GString) data = g_string_new(name);
    g_string_append_c(data, '\0');
    if (!(connection->steps & SMFIP_HDR_LEADSPC) && *value == ' ')
        value++;
    g_string_append_len(data, value, strlen(value) + 1);
    return step(connection, SMFIC_HEADER, data, SMFIP_NOHDRS, SMFIP_NR_HDR);
}

static char
send_headers(Connection *connection, int number)
{
    char reply = SMFIR_CONTINUE;
    for (guint i = 0; i < headers->len && reply == SMFIR_CONTINUE; i++) {
        const Header *header = g_ptr_array_index(headers, i);
        g_autofree char *value = NULL;
        if (g_ascii_strcasecmp(header->name, "Message-ID") == 0)
            value = g_strdup_printf(" <%" G_GINT64_FORMAT ".%d@load.example>", run, number);
        else if (g_ascii_strcasecmp(header->name, "Subject") == 0)
            value = g_strdup_printf("%s %" G_GINT64_FORMAT " %d", header->value, run, number);
        reply = send_header(connection, header->name, value ? value : header->value);
    }
    return reply;
}

static char
send_envelope(Connection *connection)
{
    g_autoptr(GString) data = g_string_new("<someone@example.net>");
    g_string_append_c(data, '\0');
    macros(connection, SMFIC_MAIL, "{mail_addr}", "someone@example.net");
    char reply = step(connection, SMFIC_MAIL, data, SMFIP_NOMAIL, SMFIP_NR_MAIL);
    if (reply != SMFIR_CONTINUE)
        return reply;
    g_string_printf(data, "<%s>", recipient);
    g_string_append_c(data, '\0');
    macros(connection, SMFIC_RCPT, "{rcpt_addr}", recipient);
    reply = step(connection, SMFIC_RCPT, data, SMFIP_NORCPT, SMFIP_NR_RCPT);
    if (reply != SMFIR_CONTINUE)
        return reply;
    g_string_truncate(data, 0);
    macros(connection, SMFIC_DATA, "i", "4bW0kS1z2nz9vLd");
    return step(connection, SMFIC_DATA, data, SMFIP_NODATA, SMFIP_NR_DATA);
}

static char
send_body(Connection *connection)
{
    char reply = SMFIR_CONTINUE;
    for (gsize at = 0; at < body_length && reply == SMFIR_CONTINUE; at += MILTER_CHUNK_SIZE) {
        g_autoptr(GString) chunk =
            g_string_new_len(body + at, MIN(body_length - at, MILTER_CHUNK_SIZE));
        reply = step(connection, SMFIC_BODY, chunk, SMFIP_NOBODY, SMFIP_NR_BODY);
    }
    return reply == SMFIR_SKIP ? SMFIR_CONTINUE : reply;
}

/* The last answer; what comes before it changes the mail. */
static char
end_message(Connection *connection)
{
    macros(connection, SMFIC_BODYEOB, "i", "4bW0kS1z2nz9vLd");
    put(connection, SMFIC_BODYEOB, NULL, 0);
    for (;;) {
        char reply = answer(connection);
        switch (reply) {
        case SMFIR_INSHEADER:
        case SMFIR_ADDHEADER:
            connection->leads++;
            break;
        case SMFIR_CHGHEADER:
        case SMFIR_PROGRESS:
            break;
        default:
            return reply;
        }
    }
}

static char
send_message(Connection *connection, int number)
{
    g_autoptr(GString) nothing = g_string_new(NULL);
    char reply = send_envelope(connection);
    if (reply == SMFIR_CONTINUE)
        reply = send_headers(connection, number);
    if (reply == SMFIR_CONTINUE)
        reply = step(connection, SMFIC_EOH, nothing, SMFIP_NOEOH, SMFIP_NR_EOH);
    if (reply == SMFIR_CONTINUE)
        reply = send_body(connection);
    if (reply == SMFIR_CONTINUE)
        return end_message(connection);
    put(connection, SMFIC_ABORT, NULL, 0); /* decided before the end */
    return reply;
}

static gpointer
run_connection(gpointer data)
{
    Connection *connection = data;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, socket_path, sizeof address.sun_path);
    connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        fprintf(stderr, "milter-load: %s: %s\n", socket_path, g_strerror(errno));
        connection->failed = TRUE;
    } else if (!negotiate(connection) || !greet(connection)) {
        fprintf(stderr, "milter-load: the milter did not take the connection\n");
        connection->failed = TRUE;
    }
    while (!connection->failed) {
        int number = g_atomic_int_add(&next_message, 1);
        if (number >= messages)
            break;
        gint64 begun = g_get_monotonic_time();
        char reply = send_message(connection, number);
        gint64 took = g_get_monotonic_time() - begun;
        if (!reply) {
            fprintf(stderr, "milter-load: the milter closed the connection\n");
            connection->failed = TRUE;
            break;
        }
        connection->answers[(guchar)reply]++;
        g_array_append_val(connection->times, took);
    }
    put(connection, SMFIC_QUIT, NULL, 0);
    connection->failed |= !write_all(connection);
    close(connection->fd);
    return NULL;
}

/* Split a mail as Postfix does: header lines in CRLF-free form, the body with CRLF. */
static void
read_mail(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL;
    gsize length;
    if (!g_file_get_contents(path, &file, &length, &error)) {
        fprintf(stderr, "milter-load: %s\n", error->message);
        exit(66);
    }
    char *blank = strstr(file, "\n\n");
    if (!blank) {
        fprintf(stderr, "milter-load: %s: expected a header, an empty line and a body, with LF\n",
                path);
        exit(65);
    }
    *blank = '\0';
    headers = g_ptr_array_new();
    g_auto(GStrv) lines = g_strsplit(file, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        Header *last = headers->len ? g_ptr_array_index(headers, headers->len - 1) : NULL;
        if (g_ascii_isspace(*lines[i]) && last) {
            char *longer = g_strconcat(last->value, "\n", lines[i], NULL);
            g_free(last->value);
            last->value = longer;
            continue;
        }
        char *colon = strchr(lines[i], ':');
        if (!colon)
            continue;
        Header *header = g_new(Header, 1);
        *header = (Header){g_strndup(lines[i], colon - lines[i]), g_strdup(colon + 1)};
        g_ptr_array_add(headers, header);
    }
    GString *text = g_string_new(NULL);
    for (const char *p = blank + 2; *p; p++) {
        if (*p == '\n')
            g_string_append_c(text, '\r');
        g_string_append_c(text, *p);
    }
    body_length = text->len;
    body = g_string_free(text, FALSE);
}

static int
by_value(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

static gint64
percentile(const GArray *times, guint percent)
{
    return times->len ? g_array_index(times, gint64, (times->len - 1) * percent / 100) : 0;
}

/* Add up the connections' results and print them. TRUE when every message had an answer. */
static gboolean
report(Connection **all, double seconds)
{
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gint64));
    guint leads = 0, tempfailed = 0;
    gboolean good = TRUE;
    for (int i = 0; i < connections; i++) {
        g_array_append_vals(times, all[i]->times->data, all[i]->times->len);
        leads += all[i]->leads;
        tempfailed += all[i]->answers[SMFIR_TEMPFAIL];
        good &= !all[i]->failed;
    }
    g_array_sort(times, by_value);
    printf("{\"messages\": %u, \"seconds\": %.3f, \"rate\": %.1f, \"p50\": %" G_GINT64_FORMAT
           ", \"p95\": %" G_GINT64_FORMAT ", \"p99\": %" G_GINT64_FORMAT
           ", \"leads\": %u, \"tempfailed\": %u}\n",
           times->len, seconds, times->len / seconds, percentile(times, 50), percentile(times, 95),
           percentile(times, 99), leads, tempfailed);
    return good && (int)times->len == messages;
}

int
main(int argc, char **argv)
{
    for (int option; (option = getopt(argc, argv, "c:n:r:")) != -1;) {
        if (option == 'c')
            connections = CLAMP(atoi(optarg), 1, 1000);
        else if (option == 'n')
            messages = MAX(atoi(optarg), 1);
        else if (option == 'r')
            recipient = optarg;
        else
            return 64;
    }
    if (argc - optind != 2) {
        fprintf(stderr, "usage: milter-load [-c CONNECTIONS] [-n MESSAGES] [-r RECIPIENT]"
                        " SOCKET MAIL\n");
        return 64;
    }
    socket_path = argv[optind];
    read_mail(argv[optind + 1]);
    run = g_get_real_time();

    g_autofree Connection **all = g_new0(Connection *, connections);
    g_autofree GThread **threads = g_new0(GThread *, connections);
    gint64 begun = g_get_monotonic_time();
    for (int i = 0; i < connections; i++) {
        all[i] = g_new0(Connection, 1);
        all[i]->out = g_byte_array_new();
        all[i]->times = g_array_new(FALSE, FALSE, sizeof(gint64));
        threads[i] = g_thread_new("load", run_connection, all[i]);
    }
    for (int i = 0; i < connections; i++)
        g_thread_join(threads[i]);
    gboolean good = report(all, (g_get_monotonic_time() - begun) / 1e6);
    for (int i = 0; i < connections; i++) {
        g_byte_array_unref(all[i]->out);
        g_array_unref(all[i]->times);
        g_free(all[i]);
    }
    return good ? 0 : 1;
}
