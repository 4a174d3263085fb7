#include "submit/account.h"

#define TOKEN_LOOK 2000  /* milliseconds between looks at a stopped account's token */
#define CLAIM_ROUNDS 128 /* leads claimed at most, times the concurrency */
#define CLAIMED_MAX 512u /* leads of an account that are held in memory */
#define LEASE_SLACK 60   /* seconds, as long as per_minute lets wait for a turn */
#define MINUTE ((gint64)60 * G_USEC_PER_SEC)

Account *
account_new(const char *name)
{
    Account *account = g_new0(Account, 1);
    account->name = g_strdup(name);
    return account;
}

void
account_free(gpointer data)
{
    Account *account = data;
    g_free(account->name);
    g_queue_clear_full(&account->ready, (GDestroyNotify)queued_lead_free);
    token_free(account->token);
    g_free(account->stopped);
    g_free(account->paused);
    g_free(account);
}

gboolean
account_may_send(const Account *account)
{
    return account->config && !account->paused && g_get_monotonic_time() >= account->not_before;
}

/* How many are held in memory; with per_minute no more than begin within a timeout, or one. */
static guint
most_claimed(const ConfigAccount *config)
{
    guint most = MIN(config->concurrency * CLAIM_ROUNDS, MAX(CLAIMED_MAX, config->concurrency));
    guint in_time = config->per_minute * config->timeout / 60;
    return config->per_minute ? CLAMP(in_time, 1, most) : most;
}

guint
account_stock(const Account *account)
{
    return MIN(MAX(account->stock, account->config->concurrency), most_claimed(account->config));
}

gboolean
account_wants_leads(const Account *account)
{
    return !account->asked && account->next_due <= g_get_real_time() &&
           account->ready.length <= account_stock(account) * 3 / 4;
}

/* As many rounds as they make, one that is begun, and the one on the wire. */
guint
account_lease(const Account *account)
{
    const ConfigAccount *config = account->config;
    guint rounds = most_claimed(config) / config->concurrency + 2;
    return config->timeout * rounds + LEASE_SLACK;
}

gboolean
account_take_turn(Account *account)
{
    gint64 now = g_get_monotonic_time();
    if (account->config->per_minute == 0)
        return TRUE;
    if (now < account->next_post)
        return FALSE;
    account->next_post =
        MAX(account->next_post, now - G_USEC_PER_SEC) + MINUTE / account->config->per_minute;
    return TRUE;
}

gint64
account_idle_time(const Account *account)
{
    gint64 now = g_get_real_time();
    if (!account->config || account->paused || account->busy >= account->config->concurrency)
        return G_MAXINT64; /* an answer, or the admin, comes first */
    gint64 turn = MAX((account->next_post - g_get_monotonic_time() + 999) / 1000, 0);
    gint64 peace = (account->not_before - g_get_monotonic_time() + 999) / 1000;
    if (peace > 0)
        return peace;
    if (account->stopped)
        return TOKEN_LOOK;
    if (account->ready.length)
        return account->config->per_minute ? turn : 0;
    if (!account->asked && account->next_due < G_MAXINT64)
        return MAX((account->next_due - now + 999) / 1000, 0);
    return G_MAXINT64;
}
