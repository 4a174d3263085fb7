/* The daemons as others see them: each holds a lock in a file beside the queue while it lives,
 * renews the file's time, and locks a second byte while it cannot write the queue. Locks need no
 * space on the disk, and the kernel takes them back after kill -9. Whoever has something for
 * lead-submit opens its file, which wakes it. */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/queue-private.h"

#define BEAT_MOST 30 /* seconds after which one that does not renew its file is stuck */

enum { BYTE_LIVES, BYTE_FAILS }; /* of the file; none is ever written */

static char *
path_of(const Queue *queue, QueueDaemon daemon)
{
    static const char *const ends[] = {".milter-lock", ".submit-lock"};
    return g_strconcat(queue->path, ends[daemon], NULL);
}

static int
open_of(const Queue *queue, QueueDaemon daemon)
{
    g_autofree char *path = path_of(queue, daemon);
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

static gboolean
lock_byte(int fd, int byte, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* The one lead-submit has the file as well, by the lock of builds that knew no other: over an
 * upgrade the old one may still be at work. */
static gboolean
take(int fd, gboolean alone)
{
    return lock_byte(fd, BYTE_LIVES, alone ? F_WRLCK : F_RDLCK) &&
           (!alone || flock(fd, LOCK_EX | LOCK_NB) == 0);
}

/* Asked, not taken: a daemon that starts just now finds nobody in its way. */
static gboolean
is_locked(int fd, int byte)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

gboolean
queue_live(Queue *queue, QueueDaemon daemon, GError **error)
{
    g_autofree char *path = path_of(queue, daemon);
    queue->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (queue->lock >= 0 && take(queue->lock, daemon == QUEUE_SUBMIT)) {
        queue_beat(queue, TRUE);
        return TRUE;
    }
    gboolean taken = queue->lock >= 0 && (errno == EAGAIN || errno == EACCES);
    g_set_error(error, QUEUE_ERROR, taken ? QUEUE_ERROR_BUSY : QUEUE_ERROR_IO, "%s: %s", path,
                taken ? "another lead-submit works on this queue" : g_strerror(errno));
    return FALSE;
}

void
queue_beat(Queue *queue, gboolean writable)
{
    if (queue->lock < 0)
        return;
    lock_byte(queue->lock, BYTE_FAILS, writable ? F_UNLCK : F_RDLCK);
    futimens(queue->lock, NULL);
}

QueueLife
queue_life(Queue *queue, QueueDaemon daemon)
{
    QueueLife life = {0};
    struct stat st;
    int fd = open_of(queue, daemon);
    if (fd < 0)
        return life;
    life.runs = is_locked(fd, BYTE_LIVES);
    life.fails = life.runs && is_locked(fd, BYTE_FAILS);
    if (life.runs && fstat(fd, &st) == 0)
        life.silent = ABS(g_get_real_time() / G_USEC_PER_SEC - (gint64)st.st_mtim.tv_sec);
    life.stuck = life.silent > BEAT_MOST;
    close(fd);
    return life;
}

/* A touch of the queue's file wakes as well. It writes an inode, though, and on ext4 without a
 * journal the next fdatasync of the log, whose inode is beside it, waits for that. */
int
queue_watch(Queue *queue, GError **error)
{
    g_autofree char *path = path_of(queue, QUEUE_SUBMIT);
    if (queue->watch < 0)
        queue->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (queue->watch < 0 || inotify_add_watch(queue->watch, path, IN_OPEN) < 0 ||
        inotify_add_watch(queue->watch, queue->path, IN_ATTRIB) < 0) {
        g_set_error(error, QUEUE_ERROR, QUEUE_ERROR_IO, "%s: watching it: %s", queue->path,
                    g_strerror(errno));
        return -1;
    }
    return queue->watch;
}

gboolean
queue_changed(Queue *queue)
{
    char events[4096];
    gboolean changed = FALSE;
    while (read(queue->watch, events, sizeof events) > 0)
        changed = TRUE;
    return changed;
}

/* By its path: opening the queue's file once more and closing it would drop SQLite's locks. */
void
queue_wake(Queue *queue)
{
    int fd = open_of(queue, QUEUE_SUBMIT);
    if (fd >= 0)
        close(fd);
    else if (errno != ENOENT) /* no descriptor is left, say; without the file none has ever run */
        utimensat(AT_FDCWD, queue->path, NULL, 0);
}
