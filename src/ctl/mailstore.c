#include "ctl/mailstore.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/ctl.h"

#define PROGRESS_EVERY (G_USEC_PER_SEC / 10)

typedef struct {
    gsize limit;
    const LineupSteps *steps; /* the caller's */
    gpointer data;
    Lineup *lineup;
    gboolean stop;
    int status;
    /* Progress; `total` 0: unknown. In mails of folders, in bytes of an mbox. */
    gboolean shown, terminal, shares_terminal; /* with what is printed of the mails */
    gint64 next;
    guint64 done, total;
    guint mails;
} Walk;

/* --- progress --- */

static void
show_progress(Walk *walk)
{
    gint64 now = g_get_monotonic_time();
    if (!walk->terminal || now < walk->next)
        return;
    walk->next = now + PROGRESS_EVERY;
    walk->shown = TRUE;
    if (walk->total)
        fprintf(stderr, "\r%u mails, %u %%\033[K", walk->mails,
                (guint)MIN(walk->done * 100 / walk->total, 100));
    else
        fprintf(stderr, "\r%u mails\033[K", walk->mails);
}

static void
clear_progress(Walk *walk)
{
    if (walk->shown)
        fprintf(stderr, "\r\033[K");
    walk->shown = FALSE;
}

/* --- one mail --- */

static gpointer
work(const StoredMail *mail, gpointer data)
{
    const Walk *walk = data;
    return walk->steps->work(mail, walk->data);
}

static gboolean
seen(const StoredMail *mail, gpointer result, gpointer data)
{
    Walk *walk = data;
    if (walk->shares_terminal)
        clear_progress(walk);
    walk->mails++;
    gboolean more = walk->steps->seen(mail, result, walk->data);
    show_progress(walk);
    return more;
}

/* Takes the bytes. */
static void
give(Walk *walk, const char *name, GByteArray *bytes)
{
    walk->stop = !lineup_add(walk->lineup, g_strdup(name), bytes, walk->limit);
}

static void
failed(Walk *walk, const char *path)
{
    int error = errno;
    walk->stop = !lineup_finish(walk->lineup);
    if (walk->stop)
        return;
    clear_progress(walk);
    ctl_error("%s: %s", path, g_strerror(error));
    walk->status = EX_NOINPUT;
}

/* One byte beyond the limit tells that there is more. */
static void
append(Walk *walk, GByteArray *bytes, const char *from, gsize length)
{
    gsize room = walk->limit + 1 - MIN(bytes->len, walk->limit + 1);
    g_byte_array_append(bytes, (const guint8 *)from, (guint)MIN(length, room));
}

/* --- mbox --- */

/* ">From " is a line of the mail, with one ">" more than it had. */
static gboolean
is_escaped_from(const char *line)
{
    gsize quotes = strspn(line, ">");
    return quotes > 0 && strncmp(line + quotes, "From ", 5) == 0;
}

static void
read_mbox(Walk *walk, const char *path, FILE *in, char **line, size_t *room, ssize_t first)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *name = g_strdup_printf("%s:1", path);
    gboolean blank = FALSE, begun = FALSE; /* the last line; a line of this mail */
    guint64 number = 1;
    for (ssize_t n = first; n >= 0 && !walk->stop; n = getline(line, room, in), number++) {
        walk->done += (guint64)n;
        if (strncmp(*line, "From ", 5) == 0 && (blank || number == 1)) {
            if (begun) {
                give(walk, name, g_steal_pointer(&bytes));
                bytes = g_byte_array_new();
            }
            g_byte_array_set_size(bytes, 0);
            g_free(name);
            name = g_strdup_printf("%s:%" G_GUINT64_FORMAT, path, number);
            begun = TRUE;
        } else {
            gboolean escaped = is_escaped_from(*line);
            append(walk, bytes, *line + escaped, (gsize)n - escaped);
        }
        blank = n == 1 || (n == 2 && **line == '\r');
    }
    if (begun && !walk->stop)
        give(walk, name, g_steal_pointer(&bytes));
}

/* --- files --- */

static void
read_whole(Walk *walk, const char *path, FILE *in, char *line, size_t first)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    char buffer[64 << 10];
    size_t n;
    append(walk, bytes, line, first);
    while (bytes->len <= walk->limit && (n = fread(buffer, 1, sizeof buffer, in)) > 0)
        append(walk, bytes, buffer, n);
    if (ferror(in))
        failed(walk, path);
    else
        give(walk, path, g_steal_pointer(&bytes));
}

static void
read_file(Walk *walk, const char *path, gboolean may_be_mbox)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (!in) {
        failed(walk, path);
        return;
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t first = getline(&line, &room, in);
    if (first < 0 && ferror(in)) /* a directory, or a broken disk */
        failed(walk, path);
    else if (may_be_mbox && first > 0 && strncmp(line, "From ", 5) == 0)
        read_mbox(walk, path, in, &line, &room, first);
    else
        read_whole(walk, path, in, line ? line : "", (size_t)MAX(first, 0));
    free(line);
    if (in != stdin)
        fclose(in);
}

static int
by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Add a folder's regular files. */
static gboolean
list_folder(const char *path, GPtrArray *files)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    if (!folder)
        return FALSE;
    for (const char *name; (name = g_dir_read_name(folder));) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        if (*name != '.' && g_file_test(file, G_FILE_TEST_IS_REGULAR))
            g_ptr_array_add(files, g_steal_pointer(&file));
    }
    return TRUE;
}

static void
read_folder(Walk *walk, const char *path)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *cur = g_build_filename(path, "cur", NULL);
    g_autofree char *new = g_build_filename(path, "new", NULL);
    gboolean maildir = list_folder(cur, files);
    maildir |= list_folder(new, files);
    if (!maildir && !list_folder(path, files)) {
        failed(walk, path);
        return;
    }
    g_ptr_array_sort(files, by_name);
    walk->done = 0;
    walk->total = files->len;
    for (guint i = 0; i < files->len && !walk->stop; i++) {
        read_file(walk, g_ptr_array_index(files, i), FALSE);
        walk->done = i + 1;
    }
}

int
mailstore_each(const char *const *paths, gsize limit, const LineupSteps *steps, gpointer data)
{
    const LineupSteps own = {work, seen, steps->free_result};
    g_autoptr(GError) error = NULL;
    Walk walk = {.limit = limit,
                 .steps = steps,
                 .data = data,
                 .status = EX_OK,
                 .terminal = isatty(STDERR_FILENO),
                 .shares_terminal = isatty(STDERR_FILENO) && isatty(STDOUT_FILENO),
                 .next = g_get_monotonic_time() + PROGRESS_EVERY};
    g_autoptr(Lineup) lineup = walk.lineup = lineup_new(&own, &walk, &error);
    if (!lineup) {
        ctl_error("%s", error->message);
        return EX_OSERR;
    }
    for (; *paths && !walk.stop; paths++) {
        struct stat info;
        gboolean there = strcmp(*paths, "-") != 0 && stat(*paths, &info) == 0;
        if (there && S_ISDIR(info.st_mode)) {
            read_folder(&walk, *paths);
            continue;
        }
        walk.done = 0;
        walk.total = there ? (guint64)info.st_size : 0;
        read_file(&walk, *paths, TRUE);
    }
    lineup_finish(lineup);
    clear_progress(&walk);
    return walk.status;
}
