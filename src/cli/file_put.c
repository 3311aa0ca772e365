#include "config.h"

#include "cli/file_put.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool fill(int fd, const char *text)
{
    size_t n = strlen(text);
    ssize_t written = write(fd, text, n);

    if (written >= 0 && written < (ssize_t)n)
        errno = ENOSPC;
    return written == (ssize_t)n;
}

/* NULL: 0600 and ours, as it was made. */
static bool give(int fd, const struct stat *like)
{
    return like == NULL || (fchown(fd, like->st_uid, like->st_gid) == 0 && fchmod(fd, like->st_mode & 0777) == 0);
}

static enum rc make(const char *path, const char *text, const struct stat *like)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), e;

    if (fd < 0)
        return RC_REFUSED;
    bool is_ok = fill(fd, text) && give(fd, like) && fsync(fd) == 0;
    e = errno;
    close(fd);
    if (is_ok)
        return RC_OK;
    unlink(path);
    errno = e;
    return RC_REFUSED;
}

enum rc file_put_new(const char *path, const char *text)
{
    return make(path, text, NULL);
}

enum rc file_put_begin(struct arena *a, const char *path, const char *text, const struct stat *like,
                      struct file_put *out)
{
    struct file_put r = { a, path, arena_printf(a, "%s.new", path) };

    unlink(r.beside); /* of one that was killed */
    TRY(make(r.beside, text, like));
    *out = r;
    return RC_OK;
}

enum rc file_put_end(struct file_put *r)
{
    if (rename(r->beside, r->path) != 0)
        return RC_REFUSED;
    r->beside = NULL;
    (void)file_put_sync_directory(r->arena, r->path); /* it is there; what could be undone now? */
    return RC_OK;
}

void file_put_drop(struct file_put *r)
{
    int e = errno;

    if (r->beside != NULL)
        unlink(r->beside);
    r->beside = NULL;
    errno = e;
}

enum rc file_put(struct arena *a, const char *path, const char *text, const struct stat *like)
{
    struct file_put r;

    TRY(file_put_begin(a, path, text, like, &r));
    enum rc rc = file_put_end(&r);
    file_put_drop(&r);
    return rc;
}

bool file_put_sync_directory(struct arena *a, const char *path)
{
    int fd = open(text_directory(a, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC), e;

    if (fd < 0)
        return false;
    bool is_done = fsync(fd) == 0 || errno == EINVAL; /* some file systems cannot */
    e = errno;
    close(fd);
    errno = e;
    return is_done;
}
