#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/keys.h"

#define SECRET_FILE_MAX (16 * 1024)

const struct key *conf_secret_file_key(const char *name)
{
    char base[80];
    size_t n = strlen(name);

    if (!text_ends(name, "_FILE") || n >= sizeof(base))
        return NULL;
    memcpy(base, name, n - 5);
    base[n - 5] = '\0';
    const struct key *key = conf_key_of(base);
    return key != NULL && (key->type == KEY_SECRET || key->type == KEY_PEM || key->type == KEY_ALIAS) ? key : NULL;
}

static enum rc no(FILE *err, const char *name, const char *path, const char *why)
{
    fprintf(err, "%s: %s %s\n", name, path, why);
    return RC_REFUSED;
}

static bool is_our_group(gid_t group)
{
    gid_t groups[256];
    int n = getgroups(ARRAY_LEN(groups), groups);

    if (group == getegid())
        return true;
    for (int i = 0; i < n; i++)
        if (groups[i] == group)
            return true;
    return false;
}

/* systemd shows a credential to the service's user by an access list: root's, and 0440, for
 * the group's bits stand for the list then.  Containers are shown theirs by a group of their
 * own.  Whoever else owns it keeps it to himself. */
static bool is_private(const struct stat *st)
{
    bool is_credential = st->st_uid == 0 && (st->st_gid == 0 || (geteuid() != 0 && is_our_group(st->st_gid)));

    return (st->st_mode & (is_credential ? 0037 : 0077)) == 0;
}

static enum rc check(const char *name, const char *path, const struct stat *st, FILE *err)
{
    if (!S_ISREG(st->st_mode))
        return no(err, name, path, "is not a file");
    if (st->st_uid != 0 && st->st_uid != geteuid() && geteuid() != 0)
        return no(err, name, path, "belongs to somebody else: chown it to the user Autentico runs as");
    if (!is_private(st))
        return no(err, name, path, "can be read or written by others: chmod 0400 it");
    return RC_OK;
}

static enum rc take(int fd, const char *name, const char *path, FILE *err, struct region *r, const char **value)
{
    char *p = r->p + r->n;
    size_t n = 0, cap = r->cap - r->n;
    ssize_t got;

    if (cap > SECRET_FILE_MAX)
        cap = SECRET_FILE_MAX;
    while (n + 1 < cap && (got = read(fd, p + n, cap - n - 1)) != 0) {
        if (got < 0)
            return no(err, name, path, strerror(errno));
        n += (size_t)got;
    }
    if (n + 1 >= cap)
        return no(err, name, path, "is too large for a secret");
    if (n > 0 && p[n - 1] == '\n')
        n--;
    if (n > 0 && p[n - 1] == '\r')
        n--;
    p[n] = '\0';
    if (n == 0 || strlen(p) != n)
        return no(err, name, path, n == 0 ? "is empty" : "holds a NUL byte");
    r->n += n + 1;
    *value = p;
    return RC_OK;
}

static enum rc read_open(int fd, const char *name, const char *path, FILE *err, struct region *r, const char **value,
                         uid_t *owner)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return no(err, name, path, strerror(errno));
    TRY(check(name, path, &st, err));
    *owner = st.st_uid;
    return take(fd, name, path, err, r, value);
}

enum rc conf_secret_file_read(const char *name, const char *path, FILE *err, struct region *r, const char **value,
                              uid_t *owner)
{
    int fd;

    if (*path == '\0') {
        fprintf(err, "%s: is set but empty; give it a path or take it out\n", name);
        return RC_REFUSED;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not keep us waiting */
    if (fd < 0)
        return no(err, name, path, strerror(errno));
    enum rc rc = read_open(fd, name, path, err, r, value, owner);
    close(fd);
    return rc;
}
