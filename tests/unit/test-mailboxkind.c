/* Whose address is what. */
#include "mail/mailboxkind.h"

static void
tells_machines_offices_and_people(void)
{
    static const struct {
        const char *address;
        MailboxKind kind;
    } cases[] = {
        {"ada@x.example", MAILBOX_PERSON},
        {"ada.leads@x.example", MAILBOX_PERSON},
        {"leader@x.example", MAILBOX_PERSON},
        {"info@x.example", MAILBOX_OFFICE},
        {"Sales@x.example", MAILBOX_OFFICE},
        {"leads@x.example", MAILBOX_MACHINE},
        {"Leads-12@x.example", MAILBOX_MACHINE},
        {"leads+4f2@x.example", MAILBOX_MACHINE},
        {"no-reply@x.example", MAILBOX_MACHINE},
        {"messages-noreply@x.example", MAILBOX_MACHINE},
        {"form_submission@x.example", MAILBOX_MACHINE},
        {"leads", MAILBOX_PERSON},
        {"", MAILBOX_PERSON},
        {NULL, MAILBOX_PERSON},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(mailbox_kind(cases[i].address), ==, cases[i].kind);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mailboxkind/tells-machines-offices-and-people",
                    tells_machines_offices_and_people);
    return g_test_run();
}
