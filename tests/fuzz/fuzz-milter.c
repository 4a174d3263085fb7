/* What an MTA, or whoever reaches the socket, may send: packets of the milter protocol. */
#include "fuzz.h"

#include <glib/gstdio.h>
#include <libmilter/mfapi.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/milter.h"

static char *folder;
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void
clean(void)
{
    static const char *const names[] = {"milter.sock", "queue.db", "queue.db-wal", "queue.db-shm",
                                        "lead-milter.yaml"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
}

static gpointer
serve(gpointer unused)
{
    smfi_main();
    return NULL;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    g_autoptr(Diags) diags = diags_new();
    folder = g_strdup("/dev/shm/fuzz-milter-XXXXXX");
    if (!g_mkdtemp(folder))
        g_error("%s cannot be made", folder);
    atexit(clean);
    g_autofree char *rules = fuzz_source("rules");
    g_autofree char *file = g_build_filename(folder, "lead-milter.yaml", NULL);
    g_autofree char *text = g_strdup_printf(
        "listen: unix:%s/milter.sock\nrules: %s\nqueue: sqlite:%s/queue.db\n"
        "accounts: [{name: main, endpoint: 'https://api.example/a', token_file: /t}]\n"
        "mailboxes: [{recipient: a@b, account: main}]\nlimits: {message: 64K}\n",
        folder, rules, folder);
    g_assert(g_file_set_contents(file, text, -1, NULL));
    milter_block_signals();
    Snapshot *snapshot = snapshot_load(file, diags);
    g_assert(snapshot);
    g_autoptr(GError) error = NULL;
    Queue *queue = queue_open(snapshot->config->queue, &error);
    g_assert(queue && milter_open(service_new(snapshot, queue), snapshot->config->listen, &error));
    g_strlcpy(address.sun_path, snapshot->config->listen + 5, sizeof address.sun_path);
    g_thread_unref(g_thread_new("libmilter", serve, NULL));
    return 0;
}

/* A name without a value, or macros of no stage, make libmilter's smfi_getsymval (8.17) read what
 * is not its own. Nobody but an MTA can send such, and none does; nothing on our side of libmilter
 * can see it. A packet of length 0, or of 2 GiB and more, is a command alone, as libmilter reads
 * it. */
static gboolean
has_bad_macros(const uint8_t *data, size_t size)
{
    while (size >= 5) {
        gint32 told = (gint32)((guint32)data[0] << 24 | data[1] << 16 | data[2] << 8 | data[3]);
        gsize length = MAX(told, 1);
        gsize here = MIN(length, size - 4);
        guint zeros = 0;
        for (gsize i = 2; data[4] == 'D' && i < here; i++)
            zeros += data[4 + i] == 0;
        gboolean whole = here == length && here > 1 && strchr("CHMRTNE", data[5]) && data[5];
        if (data[4] == 'D' && (!whole || zeros % 2 || (here > 2 && data[3 + here])))
            return TRUE;
        data += 4 + here;
        size -= 4 + here;
    }
    return FALSE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char answer[4096];
    if (has_bad_macros(data, size))
        return 0;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    const struct timeval most = {.tv_sec = 5};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        g_error("lead-milter does not answer");
    ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent >= 0)
        shutdown(fd, SHUT_WR);
    while (recv(fd, answer, sizeof answer, 0) > 0)
        continue;
    close(fd);
    return 0;
}
