/* leadctl api check: endpoint, TLS and token of each account, posting nothing.
 *
 * Connects and shakes hands as lead-submit would, then hangs up: no request is sent, so the token
 * never leaves. Whether the API accepts it only a lead can tell.
 */

#include <config.h>

#include "ctl/ctl.h"

#include <curl/curl.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/output.h"
#include "submit/token.h"

#define SOON (14 * 24 * 60 * 60) /* seconds; what expires sooner is worth a warning */

static const CtlUsage usage = {
    "leadctl api check",
    "[ACCOUNT…]",
    0,
    G_MAXUINT,
    "For each account (all without ACCOUNT): is its token file usable and when does the token\n"
    "expire; does the endpoint answer, and is its certificate good. Nothing is posted and the\n"
    "token is not sent. Status 1 if anything is wrong.",
};

typedef struct {
    const ConfigAccount *account;
    char *token_problem; /* NULL: usable */
    gint64 token_expiry; /* seconds since 1970, 0: it does not say */
    char *endpoint_problem;
    char *peer;               /* "192.0.2.1 port 443" */
    gint64 certificate_until; /* seconds since 1970, 0: unknown */
    double seconds;           /* to connect and shake hands */
} Probe;

static void
probe_clear(Probe *probe)
{
    g_free(probe->token_problem);
    g_free(probe->endpoint_problem);
    g_free(probe->peer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Probe, probe_clear)

static void
probe_token(Probe *probe)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Token) token = token_new(probe->account->token_file);
    const char *text = token_get(token, NULL, &error);
    if (text)
        probe->token_expiry = token_expiry(text);
    else
        probe->token_problem = g_strdup(error->message);
    if (probe->token_expiry && probe->token_expiry <= g_get_real_time() / G_USEC_PER_SEC) {
        g_autofree char *when = output_time(probe->token_expiry * G_USEC_PER_SEC);
        probe->token_problem = g_strdup_printf("the token expired at %s", when);
    }
}

static void
take_certificate(CURL *easy, Probe *probe)
{
    static const char key[] = "Expire date:";
    struct curl_certinfo *info = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK || !info ||
        !info->num_of_certs)
        return;
    for (const struct curl_slist *line = info->certinfo[0]; line; line = line->next) {
        if (!g_str_has_prefix(line->data, key))
            continue;
        probe->certificate_until = MAX(curl_getdate(line->data + strlen(key), NULL), 0);
    }
}

static void
probe_endpoint(Probe *probe)
{
    char words[CURL_ERROR_SIZE] = "";
    char *address = NULL;
    long port = 0;
    CURL *easy = curl_easy_init();
    if (!easy)
        g_error("curl_easy_init: out of memory");
    curl_easy_setopt(easy, CURLOPT_URL, probe->account->endpoint);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L); /* through the TLS handshake, then no more */
    curl_easy_setopt(easy, CURLOPT_CAINFO, probe->account->ca_file);
    curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)probe->account->timeout);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, words);
    CURLcode result = curl_easy_perform(easy);
    if (result != CURLE_OK)
        probe->endpoint_problem = g_strdup(*words ? words : curl_easy_strerror(result));
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &port);
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &probe->seconds);
    if (address && *address)
        probe->peer = g_strdup_printf("%s port %ld", address, port);
    take_certificate(easy, probe);
    curl_easy_cleanup(easy);
}

/* --- what came of it --- */

/* "until TIME", in yellow when that is soon. */
static void
print_until(gint64 until)
{
    gint64 left = until - g_get_real_time() / G_USEC_PER_SEC;
    g_autofree char *when = output_time(until * G_USEC_PER_SEC);
    g_autofree char *rest = output_duration(left);
    printf(", %suntil %s (%s)%s", left < SOON ? output_colour(COLOUR_YELLOW) : "", when, rest,
           left < SOON ? output_colour(COLOUR_NONE) : "");
}

static void
print_problem(const char *what, const char *problem)
{
    g_autofree char *shown = output_clean(problem, 0);
    printf("  %-9s %s%s%s\n", what, output_colour(COLOUR_RED), shown, output_colour(COLOUR_NONE));
}

static void
print_text(const Probe *probe)
{
    printf("%s%s%s %s\n", output_colour(COLOUR_BOLD), probe->account->name,
           output_colour(COLOUR_NONE), probe->account->endpoint);
    if (probe->endpoint_problem) {
        print_problem("endpoint", probe->endpoint_problem);
    } else {
        printf("  endpoint  %sgood%s, %s after %.0f ms", output_colour(COLOUR_GREEN),
               output_colour(COLOUR_NONE), probe->peer, probe->seconds * 1000);
        if (probe->certificate_until) {
            printf("; certificate verified");
            print_until(probe->certificate_until);
        }
        printf("\n");
    }
    if (probe->token_problem) {
        print_problem("token", probe->token_problem);
        return;
    }
    printf("  token     %susable%s", output_colour(COLOUR_GREEN), output_colour(COLOUR_NONE));
    if (probe->token_expiry)
        print_until(probe->token_expiry);
    else
        printf(", does not say until when");
    printf("\n");
}

static void
add_json(JsonBuilder *json, const Probe *probe)
{
    json_builder_begin_object(json);
    output_member(json, "account", probe->account->name);
    output_member(json, "endpoint", probe->account->endpoint);
    output_member_bool(json, "good", !probe->endpoint_problem && !probe->token_problem);
    output_member(json, "endpoint_problem", probe->endpoint_problem);
    output_member(json, "peer", probe->peer);
    output_member_time(json, "certificate_expires", probe->certificate_until * G_USEC_PER_SEC);
    output_member(json, "token_problem", probe->token_problem);
    output_member_time(json, "token_expires", probe->token_expiry * G_USEC_PER_SEC);
    json_builder_end_object(json);
}

static gboolean
check_names(const Config *config, char **names)
{
    gboolean good = TRUE;
    for (; *names; names++) {
        if (config_account_named(config, *names))
            continue;
        ctl_error("there is no account \"%s\" in %s", *names, config->file);
        good = FALSE;
    }
    return good;
}

int
ctl_api_check(Ctl *ctl, char **argv)
{
    g_auto(GStrv) operands = NULL;
    int status = ctl_parse(ctl, argv, &usage, NULL, &operands);
    if (status >= 0)
        return status;
    status = ctl_config(ctl);
    if (status != EX_OK)
        return status;
    const Config *config = ctl->config;
    if (config->accounts->len == 0)
        ctl_error("which account? There is no " CTL_CONFIG_FILE "; name a configuration with -c");
    if (config->accounts->len == 0 || !check_names(config, operands))
        return EX_USAGE;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    g_autoptr(JsonBuilder) json = json_builder_new();
    json_builder_begin_array(json);
    for (guint i = 0; i < config->accounts->len; i++) {
        g_auto(Probe) probe = {.account = config_account(config, i)};
        if (*operands && !g_strv_contains((const char *const *)operands, probe.account->name))
            continue;
        probe_token(&probe);
        probe_endpoint(&probe);
        add_json(json, &probe);
        if (!ctl->json)
            print_text(&probe);
        if (probe.token_problem || probe.endpoint_problem)
            status = 1;
    }
    json_builder_end_array(json);
    if (ctl->json)
        output_json(json);
    curl_global_cleanup();
    return status;
}
