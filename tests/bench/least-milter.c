/* least-milter: the least that any milter must do that makes leads of mails and loses none. It
 * gathers the mail, reads it as gmime-mail.h says, and before it answers has one row of it on disk,
 * by group commit. A measure of make bench.
 *
 * It takes what else is to be had: no answer to a header, and with interpose.c linked in, what
 * there is of a connection is read at once. It has no rules, judges no values, logs nothing, adds
 * no header and keeps one index. A Message-ID that is known makes no other row.
 *
 * usage: least-milter unix:PATH DATABASE
 */
#include <fcntl.h>
#include <glib.h>
#include <libmilter/mfapi.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gmime-mail.h"

typedef struct {
    char *message_id, *payload;
    gboolean done, good;
    sem_t turn; /* it is done, or its thread is the one to write */
} Row;

static sqlite3 *db;
static sqlite3_stmt *begin, *insert, *commit;
static int log_file;       /* SQLite's */
static GMutex disk;        /* of who waits for it */
static GMutex mutex;       /* of what follows; taken last */
static GPtrArray *waiting; /* Row, each in its thread's stack */
static gboolean writing;

static void
append_json(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(out, '\\');
        if ((guchar)*text < ' ')
            g_string_append_printf(out, "\\u%04x", *text);
        else
            g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
}

static gboolean
row_of(const GByteArray *bytes, Row *row)
{
    g_autoptr(GMimeMail) mail = gmime_mail_read((const char *)bytes->data, bytes->len, FALSE);
    if (!mail->text)
        return FALSE;
    GString *payload = g_string_sized_new(bytes->len);
    g_string_append_printf(payload, "{\"found\":%u,\"text\":", mail->found);
    append_json(payload, mail->text);
    g_string_append_c(payload, '}');
    row->payload = g_string_free(payload, FALSE);
    row->message_id = g_steal_pointer(&mail->message_id);
    return TRUE;
}

static gboolean
run(sqlite3_stmt *statement)
{
    gboolean good = sqlite3_step(statement) == SQLITE_DONE;
    return sqlite3_reset(statement) == SQLITE_OK && good;
}

/* One transaction, not yet on disk. */
static gboolean
write_rows(const GPtrArray *rows)
{
    gboolean good = run(begin);
    for (guint i = 0; i < rows->len && good; i++) {
        const Row *row = g_ptr_array_index(rows, i);
        sqlite3_bind_text(insert, 1, row->message_id, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, row->payload, -1, SQLITE_STATIC);
        good = run(insert);
    }
    good = good && run(commit);
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return good;
}

/* With the mutex held. */
static void
give_turn(void)
{
    writing = waiting->len > 0;
    if (writing)
        sem_post(&((Row *)g_ptr_array_index(waiting, 0))->turn);
}

/* While the disk works on these, the next are written. */
static void
keep_all_waiting(void)
{
    g_mutex_lock(&mutex);
    g_autoptr(GPtrArray) rows = g_steal_pointer(&waiting);
    waiting = g_ptr_array_new();
    g_mutex_unlock(&mutex);
    gboolean good = write_rows(rows);
    g_mutex_lock(&disk);
    g_mutex_lock(&mutex);
    give_turn();
    g_mutex_unlock(&mutex);
    good = good && fdatasync(log_file) == 0;
    g_mutex_unlock(&disk);
    for (guint i = 0; i < rows->len; i++) {
        Row *row = g_ptr_array_index(rows, i);
        row->good = good;
        row->done = TRUE;
        sem_post(&row->turn);
    }
}

/* On disk when TRUE. */
static gboolean
keep(Row *row)
{
    sem_init(&row->turn, 0, 0);
    g_mutex_lock(&mutex);
    g_ptr_array_add(waiting, row);
    if (!writing)
        give_turn();
    g_mutex_unlock(&mutex);
    while (sem_wait(&row->turn) == 0 && !row->done)
        keep_all_waiting();
    sem_destroy(&row->turn);
    return row->good;
}

static sfsistat
on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps, unsigned long f2,
             unsigned long f3, unsigned long *want_actions, unsigned long *want_steps,
             unsigned long *want_f2, unsigned long *want_f3)
{
    (void)context, (void)actions, (void)f2, (void)f3;
    *want_actions = *want_f2 = *want_f3 = 0;
    *want_steps = steps & (SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOMAIL | SMFIP_NORCPT |
                           SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_NOEOH | SMFIP_NR_HDR);
    return SMFIS_CONTINUE;
}

typedef struct {
    GByteArray *bytes;
    gboolean in_body;
} Mail;

static Mail *
mail_of(SMFICTX *context)
{
    Mail *mail = smfi_getpriv(context);
    if (!mail) {
        mail = g_new0(Mail, 1);
        mail->bytes = g_byte_array_sized_new(16 << 10);
        smfi_setpriv(context, mail);
    }
    return mail;
}

static sfsistat
forget(SMFICTX *context)
{
    Mail *mail = smfi_getpriv(context);
    if (mail)
        g_byte_array_unref(mail->bytes);
    g_free(mail);
    smfi_setpriv(context, NULL);
    return SMFIS_CONTINUE;
}

static void
append(Mail *mail, const char *text)
{
    g_byte_array_append(mail->bytes, (const guint8 *)text, strlen(text));
}

static sfsistat
on_header(SMFICTX *context, char *name, char *value)
{
    Mail *mail = mail_of(context);
    append(mail, name);
    append(mail, ": ");
    append(mail, value);
    append(mail, "\r\n");
    return SMFIS_NOREPLY;
}

static sfsistat
on_body(SMFICTX *context, unsigned char *chunk, size_t length)
{
    Mail *mail = mail_of(context);
    if (!mail->in_body)
        append(mail, "\r\n");
    mail->in_body = TRUE;
    g_byte_array_append(mail->bytes, chunk, length);
    return SMFIS_CONTINUE;
}

static sfsistat
at_end(SMFICTX *context)
{
    Row row = {0};
    gboolean good = row_of(mail_of(context)->bytes, &row) && keep(&row);
    g_free(row.message_id);
    g_free(row.payload);
    forget(context);
    return good ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static const struct smfiDesc description = {
    .xxfi_name = (char *)"least-milter",
    .xxfi_version = SMFI_VERSION,
    .xxfi_negotiate = on_negotiate,
    .xxfi_header = on_header,
    .xxfi_body = on_body,
    .xxfi_eom = at_end,
    .xxfi_abort = forget,
    .xxfi_close = forget,
};

static gboolean
open_database(const char *path)
{
    static const char schema[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000;"
        "CREATE TABLE leads (seq INTEGER PRIMARY KEY, message_id TEXT UNIQUE, payload TEXT)";
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    return sqlite3_open(path, &db) == SQLITE_OK &&
           sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK &&
           (log_file = open(log, O_RDONLY)) >= 0 &&
           sqlite3_prepare_v2(db, "BEGIN IMMEDIATE", -1, &begin, NULL) == SQLITE_OK &&
           sqlite3_prepare_v2(db, "COMMIT", -1, &commit, NULL) == SQLITE_OK &&
           sqlite3_prepare_v2(db, "INSERT OR IGNORE INTO leads (message_id, payload) VALUES (?, ?)",
                              -1, &insert, NULL) == SQLITE_OK;
}

int
main(int argc, char **argv)
{
    if (argc != 3 || strncmp(argv[1], "unix:", 5) != 0) {
        fprintf(stderr, "usage: least-milter unix:PATH DATABASE\n");
        return 64;
    }
    gmime_mail_init();
    waiting = g_ptr_array_new();
    if (!open_database(argv[2])) {
        fprintf(stderr, "least-milter: %s: %s\n", argv[2], sqlite3_errmsg(db));
        return 69;
    }
    if (smfi_setconn(argv[1]) == MI_SUCCESS && smfi_register(description) == MI_SUCCESS &&
        smfi_main() == MI_SUCCESS)
        return 0;
    fprintf(stderr, "least-milter: %s: cannot be served\n", argv[1]);
    return 69;
}
