#include "mail/mailboxkind.h"

#include <string.h>

static const char *const offices[] = {
    "admin",     "bids",    "chat",   "contact",   "customer", "email",     "enquiries",
    "hello",     "help",    "info",   "inquiries", "inquiry",  "jobs",      "mail",
    "marketing", "news",    "office", "orders",    "quotes",   "reception", "requests",
    "sales",     "service", "site",   "support",   "team",     NULL,
};

static const char *const machines[] = {
    "alert",        "alerts",        "automail",  "autoresponder",  "bot",
    "crm",          "deliver",       "delivery",  "donotreply",     "form",
    "formmailer",   "forms",         "invites",   "lead",           "leadform",
    "leads",        "listing",       "listings",  "mailer",         "matches",
    "members",      "messages",      "newlead",   "newleads",       "noreply",
    "notification", "notifications", "notifier",  "notify",         "projects",
    "referrals",    "results",       "robot",     "submission",     "submissions",
    "system",       "updates",       "web",       "webform",        "webforms",
    "webmaster",    "website",       "wordpress", "formsubmission", "formsubmissions",
    NULL,
};

MailboxKind
mailbox_kind(const char *address)
{
    const char *at = address ? strrchr(address, '@') : NULL;
    if (!at)
        return MAILBOX_PERSON;
    /* "No-Reply", "leads-12", "leads+4f2": letters only, and no more than the first words. */
    g_autoptr(GString) letters = g_string_new(NULL);
    for (const char *p = address; p < at && *p != '+'; p++)
        if (g_ascii_isalpha(*p))
            g_string_append_c(letters, g_ascii_tolower(*p));
    if (g_strv_contains(machines, letters->str) || g_str_has_prefix(letters->str, "noreply") ||
        g_str_has_suffix(letters->str, "noreply") || g_str_has_prefix(letters->str, "donotreply"))
        return MAILBOX_MACHINE;
    return g_strv_contains(offices, letters->str) ? MAILBOX_OFFICE : MAILBOX_PERSON;
}
