#include "ctl/mailstore.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/progress.h"

#define FROM_LINE_READ 300 /* bytes of a line that are looked at for what a "From " line has */

typedef struct {
    gsize limit;
    const LineupSteps *steps; /* the caller's */
    gpointer data;
    Lineup *lineup;
    gboolean stop;
    int status;
    gboolean terminal; /* is where what is printed of the mails goes */
    /* Progress; `total` 0: unknown. In mails of folders, in bytes of an mbox. */
    gboolean by_bytes;
    guint64 done, total;
    guint mails;
} Walk;

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
    if (walk->terminal)
        progress_clear();
    walk->mails++;
    gboolean more = walk->steps->seen(mail, result, walk->data);
    progress_show(walk->mails, walk->done, walk->total);
    return more;
}

/* Takes the bytes and the sender. */
static void
give(Walk *walk, const char *name, char *sender, GByteArray *bytes)
{
    walk->stop = !lineup_add(walk->lineup, g_strdup(name), sender, bytes, walk->limit);
}

static void
failed(Walk *walk, const char *path, int error)
{
    walk->stop = !lineup_finish(walk->lineup);
    if (walk->stop)
        return;
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

typedef struct {
    Walk *walk;
    const char *path;
    GByteArray *bytes; /* of the mail that is being read, as the two below */
    char *name, *sender;
    const char *blank; /* the empty line that was read last; the mail's only if a line follows */
} Mbox;

/* ">From " is a line of the mail, with one ">" more than it had. */
static gboolean
is_escaped_from(const char *line)
{
    gsize quotes = strspn(line, ">");
    return quotes > 0 && strncmp(line + quotes, "From ", 5) == 0;
}

static gboolean
has_shape(const char *word, const char *shape)
{
    for (; *shape; word++, shape++)
        if (*shape == '0' ? !g_ascii_isdigit(*word) : *word != *shape)
            return FALSE;
    return *word == '\0';
}

/* "From SENDER Mon Jul  6 10:00:00 2026", perhaps with a zone: a time, and behind it a year. Many
 * programs write a mail's own line that begins with "From " without ">". */
static gboolean
is_from_line(const char *line)
{
    if (strncmp(line, "From ", 5) != 0)
        return FALSE;
    g_autofree char *start = g_strndup(line + 5, FROM_LINE_READ);
    g_auto(GStrv) words = g_strsplit_set(start, " \t\r\n", -1);
    gboolean time = FALSE;
    for (char **word = words; *word; word++) {
        if (has_shape(*word, "00:00:00") || has_shape(*word, "0:00:00"))
            time = TRUE;
        else if (time && has_shape(*word, "0000"))
            return TRUE;
    }
    return FALSE;
}

char *
mailstore_sender(const char *line)
{
    const char *begin = line + 5, *end = begin;
    for (gboolean quoted = FALSE; *end && (quoted || !g_ascii_isspace(*end)); end++) {
        if (*end == '"')
            quoted = !quoted;
        else if (*end == '\\' && end[1])
            end++;
    }
    g_autofree char *sender = g_strndup(begin, (gsize)(end - begin));
    return strchr(sender, '@') ? g_steal_pointer(&sender) : NULL;
}

static void
begin_mail(Mbox *mbox, const char *line, guint64 number)
{
    mbox->bytes = g_byte_array_new();
    mbox->name = g_strdup_printf("%s:%" G_GUINT64_FORMAT, mbox->path, number);
    mbox->sender = mailstore_sender(line);
    mbox->blank = NULL;
}

/* The empty line at its end is the mbox's, not the mail's. */
static void
end_mail(Mbox *mbox)
{
    give(mbox->walk, mbox->name, g_steal_pointer(&mbox->sender), g_steal_pointer(&mbox->bytes));
    g_clear_pointer(&mbox->name, g_free);
}

static void
add_line(Mbox *mbox, const char *line, gsize length)
{
    if (mbox->blank)
        append(mbox->walk, mbox->bytes, mbox->blank, strlen(mbox->blank));
    mbox->blank = length == 1 && *line == '\n'                  ? "\n"
                  : length == 2 && memcmp(line, "\r\n", 2) == 0 ? "\r\n"
                                                                : NULL;
    gboolean escaped = is_escaped_from(line);
    if (!mbox->blank)
        append(mbox->walk, mbox->bytes, line + escaped, length - escaped);
}

static void
read_mbox(Walk *walk, const char *path, FILE *in, char **line, size_t *room, ssize_t first)
{
    Mbox mbox = {.walk = walk, .path = path};
    guint64 number = 1;
    begin_mail(&mbox, *line, number);
    walk->done += walk->by_bytes ? (guint64)first : 0;
    for (ssize_t n; !walk->stop && (n = getline(line, room, in)) >= 0;) {
        number++;
        walk->done += walk->by_bytes ? (guint64)n : 0;
        if (mbox.blank && is_from_line(*line)) {
            end_mail(&mbox);
            begin_mail(&mbox, *line, number);
        } else {
            add_line(&mbox, *line, (gsize)n);
        }
    }
    int error = errno;
    if (!walk->stop && !feof(in)) /* what is there of the last mail is not all of it */
        failed(walk, path, error);
    else if (!walk->stop)
        end_mail(&mbox);
    g_free(mbox.name);
    g_free(mbox.sender);
    if (mbox.bytes)
        g_byte_array_unref(mbox.bytes);
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
        failed(walk, path, errno);
    else
        give(walk, path, NULL, g_steal_pointer(&bytes));
}

static void
read_file(Walk *walk, const char *path, gboolean may_be_mbox)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (!in) {
        failed(walk, path, errno);
        return;
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t first = getline(&line, &room, in);
    if (first < 0 && !feof(in)) /* a directory, or a broken disk */
        failed(walk, path, errno);
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

/* A regular one; what cannot be looked at too, so that reading it tells why. */
static gboolean
is_file(const struct dirent *entry, const char *path)
{
    struct stat info;
    return entry->d_type == DT_REG || stat(path, &info) != 0 || S_ISREG(info.st_mode);
}

/* Add a folder's files. The error's number, or 0. */
static int
list_folder(const char *path, GPtrArray *files)
{
    DIR *folder = opendir(path);
    if (!folder)
        return errno;
    errno = 0;
    for (const struct dirent *entry; (entry = readdir(folder)); errno = 0) {
        g_autofree char *file = g_build_filename(path, entry->d_name, NULL);
        if (entry->d_name[0] != '.' && is_file(entry, file))
            g_ptr_array_add(files, g_steal_pointer(&file));
    }
    int error = errno;
    closedir(folder);
    return error;
}

static gboolean
is_absent(int error)
{
    return error == ENOENT || error == ENOTDIR;
}

/* A Maildir's cur and new, of which one may be missing. FALSE when it is none. */
static gboolean
list_maildir(Walk *walk, const char *path, GPtrArray *files)
{
    g_autofree char *cur = g_build_filename(path, "cur", NULL);
    g_autofree char *new = g_build_filename(path, "new", NULL);
    int cur_error = list_folder(cur, files), new_error = list_folder(new, files);
    if (is_absent(cur_error) && is_absent(new_error))
        return FALSE;
    if (cur_error && cur_error != ENOENT)
        failed(walk, cur, cur_error);
    if (new_error && new_error != ENOENT && !walk->stop)
        failed(walk, new, new_error);
    return TRUE;
}

static void
read_folder(Walk *walk, const char *path)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    gboolean maildir = list_maildir(walk, path, files);
    int error = maildir ? 0 : list_folder(path, files);
    if (error)
        failed(walk, path, error);
    g_ptr_array_sort(files, by_name);
    walk->done = 0;
    walk->total = files->len;
    walk->by_bytes = FALSE;
    for (guint i = 0; i < files->len && !walk->stop; i++) {
        read_file(walk, g_ptr_array_index(files, i), !maildir);
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
                 .terminal = isatty(STDOUT_FILENO)};
    g_autoptr(Lineup) lineup = walk.lineup = lineup_new(&own, &walk, &error);
    if (!lineup) {
        ctl_error("%s", error->message);
        return EX_OSERR;
    }
    progress_begin();
    for (; *paths && !walk.stop; paths++) {
        struct stat info;
        gboolean there = strcmp(*paths, "-") != 0 && stat(*paths, &info) == 0;
        if (there && S_ISDIR(info.st_mode)) {
            read_folder(&walk, *paths);
            continue;
        }
        walk.done = 0;
        walk.by_bytes = TRUE;
        walk.total = there ? (guint64)info.st_size : 0;
        read_file(&walk, *paths, TRUE);
    }
    lineup_finish(lineup);
    progress_clear();
    return walk.status;
}
