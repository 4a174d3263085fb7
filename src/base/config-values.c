#include "base/config-values.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/un.h>

#define SOCKET_PATH_MAX (sizeof((struct sockaddr_un *)0)->sun_path - 1)
G_STATIC_ASSERT(SOCKET_PATH_MAX == 107); /* as a message says */

static gboolean
is_port(const char *text, gsize length)
{
    g_autofree char *digits = g_strndup(text, length);
    guint64 port;
    return g_ascii_string_to_unsigned(digits, 10, 1, 65535, &port, NULL);
}

/* Also what a terminal or a log would stumble over. */
static gboolean
has_control(const char *text)
{
    for (const char *c = text; *c; c = g_utf8_next_char(c))
        if (g_unichar_iscntrl(g_utf8_get_char(c)))
            return TRUE;
    return FALSE;
}

const char *
config_listen_problem(const char *listen)
{
    if (g_str_has_prefix(listen, "unix:/"))
        return strlen(listen + 5) > SOCKET_PATH_MAX
                   ? "the path is too long for a socket: 107 bytes at most"
                   : NULL;
    if (g_str_has_prefix(listen, "inet:") || g_str_has_prefix(listen, "inet6:")) {
        const char *port = strchr(listen, ':') + 1;
        const char *at = strchr(port, '@');
        if (is_port(port, at ? (gsize)(at - port) : strlen(port)) && (!at || at[1]))
            return NULL;
    }
    guint64 fd;
    if (g_str_has_prefix(listen, "fd:") &&
        g_ascii_string_to_unsigned(listen + 3, 10, 3, 1023, &fd, NULL))
        return NULL;
    return "expected unix:/PATH, inet:PORT@HOST, inet:PORT or fd:3";
}

const char *
config_queue_problem(const char *queue)
{
    return g_str_has_prefix(queue, "sqlite:/") ? NULL : "expected sqlite:/PATH";
}

const char *
config_path_problem(const char *path)
{
    return *path == '/' ? NULL : "expected a whole path, from / on";
}

const char *
config_account_problem(const char *name)
{
    if (*name == '-')
        return "an account's name that begins with \"-\" would be taken for an option";
    return has_control(name) ? "a control character in an account's name" : NULL;
}

/* A domain as it stands in an address: letters, digits, dots, dashes, anything beyond ASCII. */
gboolean
config_domain_is_good(const char *domain)
{
    if (!*domain || *domain == '.' || *domain == '-' || strstr(domain, ".."))
        return FALSE;
    for (const char *p = domain; *p; p++)
        if (!g_ascii_isalnum(*p) && !strchr(".-_", *p) && (guchar)*p < 0x80)
            return FALSE;
    return TRUE;
}

const char *
config_recipient_problem(const char *recipient)
{
    static const char expected[] = "expected user@example.com or '@example.com'";
    const char *at = strrchr(recipient, '@');
    if (!at || !config_domain_is_good(at + 1))
        return expected;
    for (const char *p = recipient; p < at; p++)
        if ((guchar)*p <= ' ' || strchr("<>,;\"@", *p) || *p == 0x7F)
            return expected;
    /* RFC 5322 allows it in an address; whoever writes it here means all of them. */
    return memchr(recipient, '*', at - recipient) ? "'@example.com' takes all of a domain's" : NULL;
}

/* RFC 8601 section 2.2; a quoted string, which it allows as well, no MTA writes. */
const char *
config_authserv_problem(const char *id)
{
    return strpbrk(id, " \t;()\"=") || has_control(id) ? "expected one word such as mx.example.com"
                                                       : NULL;
}

const char *
config_delimiter_problem(const char *delimiters)
{
    for (const char *c = delimiters; *c; c++)
        if (!g_ascii_ispunct(*c) || strchr("@<>\"\\", *c))
            return "expected the sign before an extension, such as +";
    return NULL;
}

static gboolean
is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (g_str_has_prefix(host, "127.") && g_hostname_is_ip_address(host));
}

/* HOST, HOST:PORT or [IPv6]:PORT */
const char *
config_smtp_problem(const char *smtp)
{
    g_autoptr(GSocketConnectable) address = g_network_address_parse(smtp, 25, NULL);
    const GNetworkAddress *host = (GNetworkAddress *)address;
    if (!host || strpbrk(smtp, "/ @?#") || !*g_network_address_get_hostname((gpointer)host) ||
        g_network_address_get_port((gpointer)host) == 0)
        return "expected HOST or HOST:PORT";
    return NULL;
}

const char *
config_endpoint_problem(const char *endpoint)
{
    g_autoptr(GUri) uri = g_uri_parse(endpoint, G_URI_FLAGS_HAS_PASSWORD, NULL);
    if (!uri)
        return "not a URL";
    const char *scheme = g_uri_get_scheme(uri), *host = g_uri_get_host(uri);
    if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        return "expected a URL that begins with https://";
    if (!host || !*host)
        return "the URL names no host";
    if (strcmp(scheme, "http") == 0 && !is_loopback(host))
        return "http:// would show the token to the network; use https://";
    if (g_uri_get_userinfo(uri))
        return "a URL with a user in it; the token belongs into token_file";
    if (g_uri_get_fragment(uri))
        return "a URL with a fragment (#…)";
    if (strchr(endpoint, ' ') || has_control(endpoint))
        return "a space or control character in the URL; write %20 for a space";
    return NULL;
}
