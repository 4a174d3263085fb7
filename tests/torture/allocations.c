/* The Nth allocation of a mail's way into the queue fails, or it and all after it: the lead is in
 * the queue, whole and as it would be without, or it is not, and the mail's next try brings it.
 *
 * A process for each N, forked when rules and libraries are loaded, as a daemon's are; its end by
 * abort is that of kill -9. What it must not do: leave a wrong lead, say "new" without one, crash,
 * or hang. Speaks TAP, a test for each mail.
 *
 * usage: allocations POINTS SEED FOLDER RULES MAIL…   POINTS: so many N of each mail, 0: all
 *        FOLDER is for the queue
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queue/queue.h"
#include "rules/inquiry.h"

#define HANGS_AFTER 10 /* seconds */
#define FAILURES_SHOWN 5
#define FRAMES_SHOWN 30

/* --- allocations that fail; those of every library are called through these --- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static struct {
    gboolean armed, for_good, traced;
    unsigned long count, at; /* at 0: none fails */
} fault;

static gboolean
is_hit(void)
{
    if (!fault.armed)
        return FALSE;
    fault.count++;
    if (fault.at == 0 || fault.count < fault.at || (fault.count > fault.at && !fault.for_good))
        return FALSE;
    if (fault.traced && fault.count == fault.at) {
        void *frames[FRAMES_SHOWN];
        backtrace_symbols_fd(frames, backtrace(frames, FRAMES_SHOWN), STDERR_FILENO);
    }
    errno = ENOMEM;
    return TRUE;
}

void *
malloc(size_t size)
{
    return is_hit() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
    return is_hit() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *memory, size_t size)
{
    return is_hit() ? NULL : __libc_realloc(memory, size);
}

int
posix_memalign(void **memory, size_t alignment, size_t size)
{
    if (is_hit())
        return ENOMEM;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

void *
aligned_alloc(size_t alignment, size_t size)
{
    return is_hit() ? NULL : __libc_memalign(alignment, size);
}

/* --- the way of a mail --- */

static const char configuration[] =
    "listen: fd:3\nqueue: sqlite:/q\nauthserv_id: mx.example.com\nown_domains: [example.com]\n"
    "accounts:\n"
    "  - {name: east, endpoint: 'https://east.example/a', token_file: /t}\n"
    "  - {name: west, endpoint: 'https://west.example/a', token_file: /t,"
    " envelope: relationships}\n"
    "mailboxes:\n"
    "  - {recipient: leads@example.com, account: east, defaults: {opportunity.leadType: Email}}\n"
    "  - {recipient: west@example.com, account: west}\n";

static Config *config;
static Ruleset *ruleset;
static const char *folder;
static char *queue_file, *queue_url, *words_file;

static Inquiry *
read_mail(GBytes *bytes)
{
    static const char *const recipients[] = {"leads@example.com", "west@example.com", NULL};
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    const InquiryMail mail = {.bytes = data,
                              .length = length,
                              .sender = "ada@lovelace.example",
                              .recipients = recipients,
                              .queue_id = "4F2A"};
    return inquiry_read(config, ruleset, &mail);
}

/* In a thread of its own: this one's matching memory and the like stay to be allocated. */
static gpointer
read_once(gpointer bytes)
{
    return read_mail(bytes);
}

static void
make_queue(void)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *file = g_strconcat(queue_file, endings[i], NULL);
        g_unlink(file);
    }
    g_autofree char *empty = g_build_filename(folder, "empty.db", NULL), *bytes = NULL;
    gsize length;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(empty, &bytes, &length, &error) ||
        !g_file_set_contents_full(queue_file, bytes, length, G_FILE_SET_CONTENTS_NONE, 0600,
                                  &error))
        g_error("%s", error->message);
}

static void
make_empty_queue(void)
{
    g_autofree char *empty = g_build_filename(folder, "empty.db", NULL);
    g_autofree char *url = g_strconcat("sqlite:", empty, NULL);
    g_autoptr(GError) error = NULL;
    g_unlink(empty);
    g_autoptr(Queue) queue = queue_open(url, &error);
    if (!queue)
        g_error("%s", error->message);
}

/* All that a lead is, but for its id and times; a line for each. */
static char *
leads_in_queue(void)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    GString *all = g_string_new(NULL);
    if (sqlite3_open(queue_file, &db) != SQLITE_OK ||
        sqlite3_prepare_v2(db,
                           "SELECT quote(account), quote(source), quote(state), quote(reason),"
                           " quote(payload), quote(message_key), quote(digest), quote(queue_id),"
                           " (SELECT count(*) FROM changes WHERE lead = seq) FROM leads"
                           " ORDER BY seq",
                           -1, &statement, NULL) != SQLITE_OK)
        g_error("%s: %s", queue_file, sqlite3_errmsg(db));
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            g_string_append_printf(all, "%s ", (const char *)sqlite3_column_text(statement, i));
        g_string_append_c(all, '\n');
    }
    if (result != SQLITE_DONE)
        g_error("%s: %s", queue_file, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return g_string_free(all, FALSE);
}

static CommitResult
commit(const GPtrArray *records)
{
    g_autoptr(GError) error = NULL;
    char ids[2][LEAD_ID_SIZE];
    g_autoptr(Queue) queue = queue_open(queue_url, &error);
    if (!queue)
        g_error("%s", error->message);
    CommitResult result = queue_commit(queue, records, ids, &error);
    if (result == COMMIT_FAILED)
        g_error("%s", error->message);
    return result;
}

/* In a child. Its exit status is the answer. */
static G_GNUC_NORETURN void
deliver(GBytes *bytes, unsigned long at, gboolean for_good, int pipe)
{
    g_autoptr(GError) error = NULL;
    char ids[2][LEAD_ID_SIZE];
    int words = open(words_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(words, STDOUT_FILENO);
    dup2(words, STDERR_FILENO);
    alarm(HANGS_AFTER);
    Queue *queue = queue_open(queue_url, &error);
    if (!queue)
        g_error("%s", error->message);
    fault.at = at;
    fault.for_good = for_good;
    fault.armed = TRUE;
    Inquiry *inquiry = read_mail(bytes);
    int answer = 10 + COMMIT_DUPLICATE; /* nothing to queue is a wrong answer as well */
    if (inquiry->records->len > 0)
        answer = 10 + queue_commit(queue, inquiry->records, ids, &error);
    inquiry_free(inquiry);
    fault.armed = FALSE;
    if (answer == 10 + COMMIT_FAILED && !error)
        answer = 20;
    if (write(pipe, &fault.count, sizeof fault.count) < 0)
        answer = 21;
    _exit(answer);
}

/* What came of it; *count: allocations, 0 when it did not get to the end. */
static int
run_child(GBytes *bytes, unsigned long at, gboolean for_good, unsigned long *count)
{
    int ends[2], status;
    if (pipe(ends) != 0)
        g_error("pipe: %s", g_strerror(errno));
    pid_t child = fork();
    if (child < 0)
        g_error("fork: %s", g_strerror(errno));
    if (child == 0)
        deliver(bytes, at, for_good, ends[1]);
    close(ends[1]);
    if (read(ends[0], count, sizeof *count) != sizeof *count)
        *count = 0;
    close(ends[0]);
    if (waitpid(child, &status, 0) != child)
        g_error("waitpid: %s", g_strerror(errno));
    return status;
}

/* What is wrong with it, or NULL. */
static const char *
judge(int status, gboolean for_good, const char *leads, const char *expected)
{
    gboolean none = *leads == '\0', right = strcmp(leads, expected) == 0;
    if (!none && !right)
        return "a wrong lead is in the queue";
    if (WIFSIGNALED(status)) {
        int number = WTERMSIG(status);
        if (number == SIGALRM)
            return "it hung";
        /* Without any memory GLib's own words about it recurse until the stack is full. */
        gboolean meant = number == SIGABRT || number == SIGTRAP || (number == SIGSEGV && for_good);
        return meant ? NULL : "it crashed";
    }
    switch (WEXITSTATUS(status)) {
    case 10 + COMMIT_NEW:
        return right ? NULL : "it said new without a lead in the queue";
    case 10 + COMMIT_FAILED:
        return NULL;
    case 10 + COMMIT_DUPLICATE:
        return "it was ignored or called a duplicate";
    case 20:
        return "it failed without a reason";
    default:
        return "it left with an unknown status";
    }
}

typedef struct {
    GBytes *bytes;
    Inquiry *reference;
    char *expected;
    guint runs, ended, refused, failures;
} Case;

static void
try_one(Case *self, unsigned long at, gboolean for_good)
{
    unsigned long count;
    make_queue();
    int status = run_child(self->bytes, at, for_good, &count);
    g_autofree char *leads = leads_in_queue();
    const char *wrong = judge(status, for_good, leads, self->expected);
    if (!wrong) { /* the sender's next try */
        gboolean was_there = *leads != '\0';
        CommitResult result = commit(self->reference->records);
        g_autofree char *then = leads_in_queue();
        if (strcmp(then, self->expected) != 0 ||
            result != (was_there ? COMMIT_DUPLICATE : COMMIT_NEW))
            wrong = "after the next try there is not the one lead";
    }
    self->runs++;
    self->ended += WIFSIGNALED(status);
    self->refused += WIFEXITED(status) && WEXITSTATUS(status) == 10 + COMMIT_FAILED;
    if (!wrong || ++self->failures > FAILURES_SHOWN)
        return;
    make_queue(); /* once more, to see where */
    fault.traced = TRUE;
    run_child(self->bytes, at, for_good, &count);
    fault.traced = FALSE;
    g_autofree char *words = NULL;
    g_file_get_contents(words_file, &words, NULL, NULL);
    g_print("# allocation %lu%s: %s (status %#x)\n# wanted %s# got %s\n# %s\n", at,
            for_good ? " and all after it" : "", wrong, status, self->expected, leads,
            words ? words : "");
}

static gboolean
torture(const char *file, unsigned long points, GRand *random)
{
    g_autoptr(GError) error = NULL;
    char *text;
    gsize length;
    if (!g_file_get_contents(file, &text, &length, &error))
        g_error("%s", error->message);
    Case self = {.bytes = g_bytes_new_take(text, length)};
    self.reference = g_thread_join(g_thread_new("reference", read_once, self.bytes));
    make_queue();
    g_assert(self.reference->records->len == 2 && commit(self.reference->records) == COMMIT_NEW);
    self.expected = leads_in_queue();

    unsigned long all = 0;
    make_queue();
    run_child(self.bytes, 0, FALSE, &all);
    g_assert(all > 0);
    double stride = points ? MAX((double)all / points, 1) : 1;
    for (double at = stride * g_rand_double(random); at < all; at += stride)
        for (int for_good = 0; for_good < 2; for_good++)
            try_one(&self, 1 + (unsigned long)at, for_good);
    g_print("# %s: allocations=%lu runs=%u ended=%u refused=%u wrong=%u\n", file, all, self.runs,
            self.ended, self.refused, self.failures);
    gboolean good = self.failures == 0;
    inquiry_free(self.reference);
    g_bytes_unref(self.bytes);
    g_free(self.expected);
    return good;
}

int
main(int argc, char **argv)
{
    if (argc < 6)
        g_error("usage: %s POINTS SEED FOLDER RULES MAIL...", argv[0]);
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    folder = argv[3];
    g_mkdir_with_parents(folder, 0700);
    queue_file = g_build_filename(folder, "queue.db", NULL);
    queue_url = g_strconcat("sqlite:", queue_file, NULL);
    words_file = g_build_filename(folder, "words", NULL);
    g_autoptr(Diags) diags = diags_new();
    config = config_parse("torture", configuration, diags);
    ruleset = ruleset_load(argv[4], diags);
    g_assert(config && ruleset);
    make_empty_queue();
    void *frame;
    backtrace(&frame, 1); /* loads what it needs, while there is memory */
    guint32 seed = (guint32)g_ascii_strtoull(argv[2], NULL, 10);
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    gboolean good = TRUE;
    g_print("1..%d\n# seed %u\n", argc - 5, seed);
    for (int i = 5; i < argc; i++) {
        gboolean passed = torture(argv[i], g_ascii_strtoull(argv[1], NULL, 10), random);
        g_autofree char *name = g_path_get_basename(argv[i]);
        g_print("%sok %d - %s\n", passed ? "" : "not ", i - 4, name);
        good &= passed;
    }
    return !good;
}
