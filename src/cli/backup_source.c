#include "config.h"

#include "cli/backup_source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/age.h"
#include "cli/cli.h"
#include "cli/tar.h"

#define IDENTITY_MAX 65536
#define CONF_MAX (256 * 1024)
#define DB_MAGIC "SQLite format 3" /* and its NUL */

/* --- opening ----------------------------------------------------------------- */

static enum rc cannot(const char *path)
{
    return cli_refuse("%s: %s", path, strerror(errno));
}

static enum rc open_file(const char *path, int *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return cannot(path);
    *out = fd;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return RC_OK;
    return cli_refuse("%s is not a file", path);
}

static enum rc read_identity(struct arena *a, const char *path, struct bytes *out)
{
    uint8_t *text = arena_alloc(a, IDENTITY_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return cannot(path);
    n = read(fd, text, IDENTITY_MAX);
    close(fd);
    if (n < 0)
        return cannot(path);
    *out = (struct bytes){ text, (size_t)n };
    return RC_OK;
}

/* Of a plain one nothing else finds a bit that fell over in somebody's name; age finds it by itself. */
static enum rc check_sum(struct arena *a, const struct backup_source *s)
{
    enum rc rc = checksum_check(a, s->path, s->fd);

    if (rc != RC_NONE || s->is_encrypted)
        return rc == RC_NONE ? RC_OK : rc;
    return cli_refuse("%s.sha256 is not there, and without it damage would not be found; if you know that the file is "
                   "as it was written: sha256sum %s > %s.sha256", s->path, s->path, s->path);
}

static enum rc look_inside(struct arena *a, const char *identity, struct backup_source *s)
{
    uint8_t head[64];
    ssize_t n = pread(s->fd, head, sizeof(head), 0);

    s->is_encrypted = n > 0 && age_is_encrypted(head, (size_t)n);
    if (s->is_encrypted && identity == NULL)
        return cli_refuse("%s is encrypted: --identity FILE names the key that opens it", s->path);
    if (s->is_encrypted)
        TRY(read_identity(a, identity, &s->identity));
    return check_sum(a, s);
}

enum rc backup_source_open(struct arena *a, const char *path, const char *identity, struct backup_source *out)
{
    *out = (struct backup_source){ .path = path, .fd = -1 };
    TRY(open_file(path, &out->fd));
    return look_inside(a, identity, out);
}

/* --- taking out -------------------------------------------------------------- */

struct extracting {
    struct arena *a;
    const struct backup_source *s;
    const char *dir, *name;
    int from_fd;
    struct progress progress;
    struct extracted out;
};

static enum rc no(const struct extracting *e, const char *why)
{
    return cli_refuse("%s %s", e->s->path, why);
}

static ssize_t read_block(int fd, uint8_t block[TAR_BLOCK])
{
    size_t n = 0;
    ssize_t got;

    while (n < TAR_BLOCK) {
        got = read(fd, block + n, TAR_BLOCK - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    return (ssize_t)n;
}

static enum rc take_plain(struct extracting *e, const uint8_t *head, size_t n)
{
    TRY(write_whole(e->out.db.fd, (struct bytes){ head, n }));
    return copy_bytes(&(struct bytes_copy){ e->from_fd, e->out.db.fd, -1 }, -1, &e->progress);
}

static enum rc skip_padding(struct extracting *e, int64_t size)
{
    uint8_t rest[TAR_BLOCK];
    size_t left = tar_padding(size);
    ssize_t got;

    while (left > 0) {
        got = read(e->from_fd, rest, left);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return RC_REFUSED;
        left -= (size_t)got;
    }
    return RC_OK;
}

static enum rc take_member(struct extracting *e, const struct tar_member *m)
{
    bool is_db = strcmp(m->name, BACKUP_DB) == 0;

    if (!is_db && (strcmp(m->name, BACKUP_CONF) != 0 || e->out.conf.fd >= 0 || m->size > CONF_MAX))
        return RC_REFUSED;
    if (is_db && file_size(e->out.db.fd) != 0)
        return RC_REFUSED;
    if (!is_db)
        TRY(part_new(e->a, e->dir, arena_printf(e->a, "%s.env", e->name), &e->out.conf));
    TRY(copy_bytes(&(struct bytes_copy){ e->from_fd, is_db ? e->out.db.fd : e->out.conf.fd, -1 }, m->size, &e->progress));
    return skip_padding(e, m->size);
}

static enum rc take_archive(struct extracting *e, uint8_t block[TAR_BLOCK])
{
    struct tar_member m;
    enum rc rc;

    while ((rc = tar_read_header(block, &m)) == RC_OK) {
        TRY(take_member(e, &m));
        if (read_block(e->from_fd, block) != TAR_BLOCK)
            return RC_REFUSED;
    }
    return rc == RC_NONE ? RC_OK : rc;
}

/* age has to see that all of it was taken */
static void drain(int fd)
{
    uint8_t block[TAR_BLOCK];

    while (read_block(fd, block) == TAR_BLOCK)
        ;
}

static enum rc take_all(struct extracting *e)
{
    uint8_t head[TAR_BLOCK];
    ssize_t n = read_block(e->from_fd, head);
    enum rc rc = RC_REFUSED;

    if (n == TAR_BLOCK && memcmp(head, DB_MAGIC, sizeof(DB_MAGIC)) == 0)
        rc = take_plain(e, head, (size_t)n);
    else if (n == TAR_BLOCK && tar_is_archive(head, (size_t)n))
        rc = take_archive(e, head);
    drain(e->from_fd);
    return rc;
}

static enum rc take_encrypted(struct extracting *e)
{
    const char *why;
    struct age g;

    TRY(age_decrypt(e->s->fd, e->s->identity, &g));
    e->from_fd = g.pipe_fd;
    enum rc rc = take_all(e);
    enum rc of_age = age_end(&g, e->a, &why);
    if (of_age == RC_REFUSED && rc != RC_FAULT)
        return no(e, arena_printf(e->a, "cannot be decrypted: %s", why));
    return rc == RC_REFUSED ? no(e, "is encrypted, but no backup is in it") : rc;
}

static enum rc take(struct extracting *e)
{
    enum rc rc;

    TRY(part_new(e->a, e->dir, e->name, &e->out.db));
    if (e->s->is_encrypted)
        return take_encrypted(e);
    e->from_fd = e->s->fd;
    rc = take_all(e);
    return rc == RC_REFUSED ? no(e, "is no backup of this program, or cut off") : rc;
}

enum rc backup_extract(struct arena *a, const struct backup_source *s, const char *dir, const char *name,
                       struct extracted *out)
{
    struct extracting e = { .a = a, .s = s, .dir = dir, .name = name,
                            .out = { { .fd = -1 }, { .fd = -1 } } };

    progress_begin(&e.progress, "reading");
    enum rc rc = take(&e);
    progress_end(&e.progress);
    if (rc == RC_OK)
        *out = e.out;
    else
        extracted_drop(&e.out);
    return rc;
}

void extracted_drop(struct extracted *e)
{
    part_drop(&e->db);
    part_drop(&e->conf);
}
