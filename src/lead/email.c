/* Email addresses: taking one out of what surrounds it, and knowing those that are no person's. */
#include "lead/value-private.h"

#include <string.h>

#include "base/domain.h"

/* RFC 5321, 4.5.3.1. */
#define LOCAL_MAX 64
#define ADDRESS_MAX 254
#define TRIES_MAX 10

/* Providers of mailboxes for everybody, and large access providers. A domain below one counts. */
static const char *const free_domains[] = {"126.com",         "163.com",
                                           "aim.com",         "aol.com",
                                           "att.net",         "bell.net",
                                           "bellsouth.net",   "btinternet.com",
                                           "cableone.net",    "centurylink.net",
                                           "charter.net",     "comcast.net",
                                           "cox.net",         "duck.com",
                                           "earthlink.net",   "embarqmail.com",
                                           "fastmail.com",    "fastmail.fm",
                                           "free.fr",         "frontier.com",
                                           "frontiernet.net", "gmail.com",
                                           "googlemail.com",  "hey.com",
                                           "hush.com",        "hushmail.com",
                                           "icloud.com",      "inbox.com",
                                           "juno.com",        "laposte.net",
                                           "libero.it",       "mac.com",
                                           "mail.com",        "mail.ru",
                                           "me.com",          "mediacombb.net",
                                           "mindspring.com",  "naver.com",
                                           "netscape.net",    "netzero.net",
                                           "optimum.net",     "optonline.net",
                                           "orange.fr",       "passport.com",
                                           "pm.me",           "privaterelay.appleid.com",
                                           "proton.me",       "protonmail.ch",
                                           "protonmail.com",  "prodigy.net",
                                           "q.com",           "qq.com",
                                           "rcn.com",         "rocketmail.com",
                                           "rogers.com",      "rr.com",
                                           "sbcglobal.net",   "shaw.ca",
                                           "sky.com",         "spectrum.net",
                                           "suddenlink.net",  "swbell.net",
                                           "sympatico.ca",    "t-online.de",
                                           "telus.net",       "tuta.com",
                                           "tuta.io",         "tutanota.com",
                                           "twc.com",         "usa.net",
                                           "verizon.net",     "videotron.ca",
                                           "wanadoo.fr",      "web.de",
                                           "windstream.net",  "wowway.com",
                                           "ymail.com",       "zoho.com",
                                           "zohomail.com",    NULL};

/* Their names under many countries' domains: yahoo.co.uk, hotmail.fr. */
static const char *const free_names[] = {"aol",     "gmx",   "hotmail", "live", "msn",
                                         "outlook", "yahoo", "yandex",  NULL};

static const char *const robot_locals[] = {
    "noreply",    "no-reply",      "no_reply",         "no.reply",
    "donotreply", "do-not-reply",  "do_not_reply",     "do.not.reply",
    "dontreply",  "mailer-daemon", "postmaster",       "bounce",
    "bounces",    "notification",  "notifications",    "notify",
    "auto-reply", "autoreply",     "auto-confirm",     "wordpress",
    "nobody",     "root",          "www-data",         "mailer",
    "reply",      "replies",       "messages-noreply", NULL};

/* What relays and robots put before a token: reply+4f2…@, noreply-8812@. */
static const char *const robot_prefixes[] = {
    "reply+",   "reply-",      "reply_",   "bounce+",   "bounce-",       "bounces+",
    "bounces-", "noreply+",    "noreply-", "no-reply+", "no-reply-",     "no-reply.",
    "noreply.", "donotreply-", "msprvs1=", "relay+",    "conversation+", NULL};

static const char *const relay_labels[] = {"relay",  "relays",  "messaging", "reply",
                                           "bounce", "bounces", "noreply",   NULL};

static gboolean
is_local_char(unsigned char c)
{
    return c >= 128 || g_ascii_isalnum((char)c) || (c && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

static gboolean
is_domain_char(unsigned char c)
{
    return c >= 128 || g_ascii_isalnum((char)c) || c == '-' || c == '.';
}

static gboolean
local_is_good(const char *local, gsize length)
{
    return length && length <= LOCAL_MAX && local[0] != '.' && local[length - 1] != '.' &&
           !g_strstr_len(local, (gssize)length, "..");
}

/* Labels of 1-63 without a hyphen at either end, at least two, the last no number. */
static gboolean
domain_is_good(const char *domain, gsize length)
{
    guint labels = 0;
    gboolean numeric = TRUE;
    for (gsize i = 0; i <= length;) {
        gsize n = 0;
        numeric = TRUE;
        while (i + n < length && domain[i + n] != '.') {
            numeric = numeric && g_ascii_isdigit(domain[i + n]);
            n++;
        }
        if (!n || n > 63 || domain[i] == '-' || domain[i + n - 1] == '-')
            return FALSE;
        labels++;
        i += n + 1;
    }
    return labels >= 2 && !numeric;
}

/* The address around the "@" at `at`, which begins no earlier than `from`. */
static char *
around(const char *from, const char *at)
{
    const char *local = at, *end = at + 1;
    while (local > from && is_local_char((unsigned char)local[-1]))
        local--;
    while (is_domain_char((unsigned char)*end))
        end++;
    while (end > at + 1 && strchr(".-", end[-1])) /* a sentence's full stop */
        end--;
    while (local < at && strchr("'.`*_", *local)) /* quotes, emphasis */
        local++;
    gsize local_length = (gsize)(at - local), domain_length = (gsize)(end - at - 1);
    if (local_length + domain_length + 1 > ADDRESS_MAX || !local_is_good(local, local_length) ||
        !domain_is_good(at + 1, domain_length))
        return NULL;
    char *address = g_strndup(local, end - local);
    gboolean ascii = TRUE;
    for (char *p = address + local_length + 1; *p; p++) {
        ascii &= (guchar)*p < 0x80;
        *p = g_ascii_tolower(*p);
    }
    if (ascii)
        return address;
    g_free(address);
    g_autofree char *domain = g_utf8_strdown(at + 1, (gssize)domain_length);
    return g_strdup_printf("%.*s@%s", (int)local_length, local, domain);
}

char *
email_normalise(const char *raw)
{
    const char *from = raw;
    if (g_ascii_strncasecmp(from, "mailto:", strlen("mailto:")) == 0)
        from += strlen("mailto:");
    const char *at = strchr(from, '@');
    for (guint tries = 0; at && tries < TRIES_MAX; tries++) {
        char *address = around(from, at);
        if (address && g_utf8_validate(address, -1, NULL))
            return address;
        g_free(address);
        from = at + 1;
        at = strchr(from, '@');
    }
    return NULL;
}

const char *
email_domain(const char *address)
{
    const char *at = strrchr(address, '@');
    return at ? at + 1 : "";
}

gboolean
email_domain_is_free(const char *domain)
{
    if (domain_is_in(domain, free_domains))
        return TRUE;
    gsize name = strcspn(domain, ".");
    for (guint i = 0; free_names[i]; i++)
        if (strlen(free_names[i]) == name &&
            g_ascii_strncasecmp(domain, free_names[i], name) == 0) {
            /* yahoo.com, yahoo.co.uk; but not live.acme.example */
            const char *rest = domain + name;
            const char *second = *rest ? strchr(rest + 1, '.') : NULL;
            return *rest && (!second || (second - rest <= 4 && strlen(second) == 3));
        }
    return FALSE;
}

gboolean
value_email_is_free(const char *address)
{
    return email_domain_is_free(email_domain(address));
}

static gboolean
is_robot_local(const char *address, gsize length)
{
    for (guint i = 0; robot_locals[i]; i++)
        if (strlen(robot_locals[i]) == length &&
            g_ascii_strncasecmp(address, robot_locals[i], length) == 0)
            return TRUE;
    for (guint i = 0; robot_prefixes[i]; i++)
        if (g_ascii_strncasecmp(address, robot_prefixes[i], strlen(robot_prefixes[i])) == 0)
            return TRUE;
    return FALSE;
}

gboolean
value_email_is_not_a_person(const char *address, const char *const *own_domains)
{
    const char *at = strrchr(address, '@');
    if (!at || at == address || is_robot_local(address, (gsize)(at - address)))
        return TRUE;
    /* All labels but the last two, which are what somebody registered. */
    const char *label = at + 1, *dot = strchr(label, '.');
    while (dot && strchr(dot + 1, '.')) {
        for (guint i = 0; relay_labels[i]; i++)
            if (strlen(relay_labels[i]) == (gsize)(dot - label) &&
                g_ascii_strncasecmp(label, relay_labels[i], (gsize)(dot - label)) == 0)
                return TRUE;
        label = dot + 1;
        dot = strchr(label, '.');
    }
    return domain_is_in(at + 1, own_domains);
}
