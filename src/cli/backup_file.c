#include "config.h"

#include "cli/backup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/file_put.h"
#include "crypto/hash.h"
#include "util/clock.h"
#include "util/log.h"

#define CHUNK 65536
#define BYTES_PER_SYNC (8 << 20)
#define BYTES_ASIDE (1 << 20)
#define SUM_CHARS 64

/* --- away with them when we are ended ---------------------------------------- */

#define LEFT_MAX 8

static const char *left[LEFT_MAX];

static void drop_left(int sig)
{
    for (int i = 0; i < LEFT_MAX; i++)
        if (left[i] != NULL)
            unlink(left[i]);
    signal(sig, SIG_DFL);
    raise(sig);
}

static void leave(const char *path)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        signal(signals[i], drop_left);
    for (int i = 0; i < LEFT_MAX; i++)
        if (left[i] == NULL) {
            left[i] = path;
            return;
        }
}

static void leave_no_more(const char *path)
{
    for (int i = 0; i < LEFT_MAX; i++)
        if (left[i] == path)
            left[i] = NULL;
}

/* --- parts ------------------------------------------------------------------- */

static const char *our_name(struct arena *a)
{
    const struct passwd *pw = getpwuid(geteuid());

    return pw != NULL ? pw->pw_name : arena_printf(a, "uid %u", (unsigned)geteuid());
}

static enum rc cannot(struct arena *a, const char *path)
{
    const char *hint = errno == EACCES ? arena_printf(a, " for %s, who owns the database", our_name(a)) : "";

    return cli_refuse("%s: %s%s", path, strerror(errno), hint);
}

/* What is locked may have been renamed or removed since it was opened: then it is another's. */
static bool is_still_there(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static enum rc lock_part(struct arena *a, const char *path, int *out)
{
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return cannot(a, path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        (void)cli_fail("%s is being written by somebody else", path);
        close(fd);
        return RC_REFUSED;
    }
    *out = fd;
    return RC_OK;
}

enum rc part_new(struct arena *a, const char *dir, const char *name, struct part *out)
{
    const char *path = arena_printf(a, "%s/.%s.part", dir, name);
    int fd = -1;

    *out = (struct part){ .fd = -1 };
    for (;;) {
        TRY(lock_part(a, path, &fd));
        if (is_still_there(fd))
            break;
        close(fd);
    }
    leave(path);
    *out = (struct part){ path, fd };
    if (ftruncate(fd, 0) == 0 && fchmod(fd, 0600) == 0)
        return RC_OK;
    enum rc rc = cannot(a, path);
    part_drop(out);
    return rc;
}

void part_drop(struct part *p)
{
    if (p->fd < 0)
        return;
    unlink(p->path);
    leave_no_more(p->path);
    close(p->fd);
    p->fd = -1;
}

/* Some file systems know no renaming that does not overwrite. */
static int rename_new(const char *from, const char *to)
{
    struct stat st;

    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (lstat(to, &st) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

enum rc part_publish(struct part *p, struct arena *a, const char *path)
{
    if (fsync(p->fd) != 0)
        return cannot(a, p->path);
    if (rename_new(p->path, path) != 0)
        return cannot(a, path);
    leave_no_more(p->path);
    close(p->fd);
    p->fd = -1;
    return file_put_sync_directory(a, path) ? RC_OK : cannot(a, text_directory(a, path));
}

/* --- bytes ------------------------------------------------------------------- */

enum rc write_whole(int fd, struct bytes b)
{
    while (b.n > 0) {
        ssize_t n = write(fd, b.p, b.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fault("backup: cannot write: %s", strerror(errno));
        b.p += n;
        b.n -= (size_t)n;
    }
    return RC_OK;
}

int64_t file_size(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : 0;
}

static ssize_t read_some(int fd, uint8_t *buffer, size_t n)
{
    ssize_t got;

    do
        got = read(fd, buffer, n);
    while (got < 0 && errno == EINTR);
    return got;
}

static enum rc copy_piece(int from_fd, int to_fd, size_t wanted, size_t *got)
{
    uint8_t buffer[CHUNK];
    ssize_t n = read_some(from_fd, buffer, wanted);

    if (n < 0)
        return fault("backup: cannot read: %s", strerror(errno));
    *got = (size_t)n;
    return write_whole(to_fd, (struct bytes){ buffer, *got });
}

/* part_publish() asks whether all of it has arrived. */
static void bring_to_disk(const struct bytes_copy *c, int64_t began_us)
{
    (void)fdatasync(c->disk_fd >= 0 ? c->disk_fd : c->to_fd);
    if (c->disk_fd >= 0)
        clock_rest(began_us);
}

enum rc copy_bytes(const struct bytes_copy *c, int64_t n, struct progress *p)
{
    int64_t piece = c->disk_fd >= 0 ? BYTES_ASIDE : BYTES_PER_SYNC, began_us = clock_mono_us();
    int64_t done = 0, synced = 0, all = n < 0 ? file_size(c->from_fd) : n;
    size_t got;

    while (n < 0 || done < n) {
        TRY(copy_piece(c->from_fd, c->to_fd, n < 0 || n - done > CHUNK ? CHUNK : (size_t)(n - done), &got));
        if (got == 0)
            return n < 0 ? RC_OK : RC_REFUSED;
        done += (int64_t)got;
        progress_at(p, done, all);
        if (done - synced < piece)
            continue;
        bring_to_disk(c, began_us);
        began_us = clock_mono_us();
        synced = done;
    }
    return RC_OK;
}

/* --- checksums --------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static enum rc sum_of(struct arena *a, int fd, char **out)
{
    uint8_t sum[SHA256_BYTES];

    TRY(sha256_fd(fd, sum));
    *out = hex_encode(a, BYTES(sum));
    return RC_OK;
}

enum rc checksum_write(struct arena *a, const char *path, int fd)
{
    const char *name = arena_printf(a, "%s.sha256", base_name(path));
    struct part p;
    char *sum;

    TRY(sum_of(a, fd, &sum));
    TRY(part_new(a, text_directory(a, path), name, &p));
    enum rc rc = write_whole(p.fd, bytes_of(arena_printf(a, "%s  %s\n", sum, base_name(path))));
    if (rc == RC_OK)
        rc = part_publish(&p, a, arena_printf(a, "%s.sha256", path));
    part_drop(&p);
    return rc;
}

static enum rc read_sum(struct arena *a, const char *path, char out[SUM_CHARS + 1])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return errno == ENOENT ? RC_NONE : cannot(a, path);
    n = read_some(fd, (uint8_t *)out, SUM_CHARS);
    close(fd);
    out[n > 0 ? n : 0] = '\0';
    if (n == SUM_CHARS)
        return RC_OK;
    return cli_refuse("%s holds no SHA-256", path);
}

enum rc checksum_check(struct arena *a, const char *path, int fd)
{
    char expected[SUM_CHARS + 1];
    char *sum;

    TRY(read_sum(a, arena_printf(a, "%s.sha256", path), expected));
    TRY(sum_of(a, fd, &sum));
    if (text_same_nocase(sum, expected))
        return RC_OK;
    return cli_refuse("%s is not what was written: its SHA-256 is another than in %s.sha256; it is damaged or cut off",
                   path, path);
}
