#include "submit/mailer.h"

#include <curl/curl.h>
#include <string.h>

#define SECONDS_MOST 10L
#define WAIT_STEP 10000 /* microseconds */

struct Mailer {
    gboolean busy;   /* a mail is on its way, or its end not yet told */
    GThread *thread; /* NULL as well when none could be made */
    gint ended;      /* set by the thread */
    char *url, *mail, *problem;
    char **to;
    gsize read; /* bytes of the mail that curl has */
};

Mailer *
mailer_new(void)
{
    return g_new0(Mailer, 1);
}

static void
clear(Mailer *mailer)
{
    if (mailer->thread)
        g_thread_join(mailer->thread);
    g_free(mailer->url);
    g_free(mailer->mail);
    g_free(mailer->problem);
    g_strfreev(mailer->to);
    *mailer = (Mailer){0};
}

void
mailer_free(Mailer *mailer)
{
    if (!mailer)
        return;
    clear(mailer);
    g_free(mailer);
}

gboolean
mailer_busy(Mailer *mailer)
{
    return mailer->busy;
}

static size_t
give(char *buffer, size_t size, size_t n, void *data)
{
    Mailer *mailer = data;
    gsize length = MIN(size * n, strlen(mailer->mail) - mailer->read);
    memcpy(buffer, mailer->mail + mailer->read, length);
    mailer->read += length;
    return length;
}

static gpointer
deliver(gpointer data)
{
    Mailer *mailer = data;
    char words[CURL_ERROR_SIZE] = "";
    struct curl_slist *recipients = NULL;
    CURL *easy = curl_easy_init();
    if (!easy)
        g_error("curl_easy_init: out of memory");
    for (char **to = mailer->to; *to; to++)
        recipients = curl_slist_append(recipients, *to);
    curl_easy_setopt(easy, CURLOPT_URL, mailer->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp");
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, "");
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(easy, CURLOPT_READDATA, mailer);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, SECONDS_MOST);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, words);
    CURLcode result = curl_easy_perform(easy);
    if (result != CURLE_OK)
        mailer->problem =
            g_strdup_printf("%s: %s", mailer->url, *words ? words : curl_easy_strerror(result));
    curl_easy_cleanup(easy);
    curl_slist_free_all(recipients);
    g_atomic_int_set(&mailer->ended, 1);
    return NULL;
}

void
mailer_send(Mailer *mailer, const char *smtp, char *const *to, const char *mail)
{
    g_assert(!mailer->busy);
    /* The URL's path is the name for EHLO. */
    mailer->url = g_strdup_printf("smtp://%s/%s", smtp, g_get_host_name());
    mailer->to = g_strdupv((char **)to);
    mailer->mail = g_strdup(mail);
    mailer->busy = TRUE;
    g_autoptr(GError) error = NULL;
    mailer->thread = g_thread_try_new("mailer", deliver, mailer, &error);
    if (mailer->thread)
        return;
    mailer->problem = g_strdup(error->message);
    mailer->ended = 1;
}

void
mailer_wait(Mailer *mailer)
{
    while (mailer->busy && !g_atomic_int_get(&mailer->ended))
        g_usleep(WAIT_STEP);
}

gboolean
mailer_ended(Mailer *mailer, char **problem)
{
    *problem = NULL;
    if (!mailer->busy || !g_atomic_int_get(&mailer->ended))
        return FALSE;
    *problem = g_steal_pointer(&mailer->problem);
    clear(mailer);
    return TRUE;
}
