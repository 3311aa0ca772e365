#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/keys.h"

#define VAULT_N 32 /* there are a dozen names of secrets */

static const char *copy_into(struct region *r, const char *p, size_t n)
{
    char *to = r->p + r->n;

    if (r->n + n + 1 > r->cap)
        die("conf: the environment is larger than %zu bytes", r->cap);
    memcpy(to, p, n);
    to[n] = '\0';
    r->n += n + 1;
    return to;
}

static void add(struct assignments *out, const char *name, const char *value, int is_from_file)
{
    if (out->n == ARRAY_LEN(out->v))
        die("conf: more than %zu variables", ARRAY_LEN(out->v));
    out->v[out->n++] = (struct assignment){ name, value, is_from_file };
}

/* Somebody else's file is of use to root only, who may run the pool as that one
 * (conf_check_owner); whoever else starts us runs it as himself. */
static enum rc check_file(const char *path, const struct stat *st, FILE *err)
{
    if (st->st_uid != 0 && st->st_uid != geteuid() && geteuid() != 0) {
        fprintf(err, "%s belongs to somebody else (uid %u): chown it to the user Autentico runs as\n",
                path, (unsigned)st->st_uid);
        return RC_REFUSED;
    }
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        fprintf(err, "%s can be written by others: chmod 0600 %s\n", path, path);
        return RC_REFUSED;
    }
    return RC_OK;
}

static enum rc read_all(int fd, const char *path, struct region *r, FILE *err, char **out, size_t *out_n)
{
    char *p = r->p + r->n;
    size_t n = 0, room = r->cap - r->n;
    ssize_t got;

    while ((got = read(fd, p + n, room - n - 1)) > 0)
        n += (size_t)got;
    if (got < 0 || n + 1 >= room) {
        fprintf(err, "%s: %s\n", path, got < 0 ? strerror(errno) : "too large");
        return RC_REFUSED;
    }
    p[n] = '\0';
    r->n += n + 1;
    *out = p;
    *out_n = n;
    return RC_OK;
}

static char *trim(char *p)
{
    char *end;

    p += strspn(p, " \t\r");
    end = p + strlen(p);
    while (end > p && strchr(" \t\r", end[-1]) != NULL)
        *--end = '\0';
    return p;
}

/* White space and a '#' begin a comment; between quotes they are part of the value. */
static void drop_comment(char *value)
{
    char *from = value + strspn(value, " \t");

    if (*from == '"' || *from == '\'')
        from = strchr(from + 1, *from);
    for (char *hash = from != NULL ? strchr(from, '#') : NULL; hash != NULL; hash = strchr(hash + 1, '#'))
        if (hash > value && (hash[-1] == ' ' || hash[-1] == '\t')) {
            *hash = '\0';
            return;
        }
}

/* Quotes around the whole value are optional and taken off. */
static char *unquote(char *p)
{
    size_t n = strlen(p);

    if (n >= 2 && (p[0] == '"' || p[0] == '\'') && p[n - 1] == p[0]) {
        p[n - 1] = '\0';
        return p + 1;
    }
    return p;
}

static int read_line(char *line, const char *path, int number, struct assignments *out, FILE *err)
{
    char *name = trim(line), *eq;

    if (*name == '\0' || *name == '#')
        return 0;
    if (strncmp(name, "export ", 7) == 0)
        name = trim(name + 7);
    eq = strchr(name, '=');
    if (eq == NULL) {
        fprintf(err, "%s:%d: expected KEY=VALUE\n", path, number);
        return 1;
    }
    *eq = '\0';
    drop_comment(eq + 1);
    add(out, trim(name), unquote(trim(eq + 1)), 1);
    return 0;
}

static enum rc read_lines(char *text, const char *path, struct assignments *out, FILE *err)
{
    int faults = 0, number = 1;

    for (char *line = text, *end; line != NULL; line = end, number++) {
        end = strchr(line, '\n');
        if (end != NULL)
            *end++ = '\0';
        faults += read_line(line, path, number, out, err);
    }
    return faults == 0 ? RC_OK : RC_REFUSED;
}

static enum rc read_open(int fd, const char *path, FILE *err, struct region *r, struct assignments *out,
                         uid_t *owner)
{
    struct stat st;
    char *text;
    size_t n;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        fprintf(err, "%s is not a file\n", path);
        return RC_REFUSED;
    }
    TRY(check_file(path, &st, err));
    *owner = st.st_uid;
    TRY(read_all(fd, path, r, err, &text, &n));
    if (strlen(text) != n) {
        fprintf(err, "%s holds a NUL byte\n", path);
        return RC_REFUSED;
    }
    return read_lines(text, path, out, err);
}

enum rc env_file_read(const char *path, FILE *err, struct region *r, struct assignments *out, uid_t *owner)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        if (errno == ENOENT)
            return RC_NONE;
        fprintf(err, "%s: %s\n", path, strerror(errno));
        return RC_REFUSED;
    }
    enum rc rc = read_open(fd, path, err, r, out, owner);
    close(fd);
    return rc;
}

static bool is_secret(const char *name)
{
    const struct key *key = conf_key_of(name);

    return key != NULL && (key->type == KEY_SECRET || key->type == KEY_PEM ||
                           key->type == KEY_ALIAS || key->type == KEY_NOT_EMPTY);
}

/*
 * /proc/PID/environ shows what was there at exec: secrets are overwritten there
 * (design D3a).  They are kept for the next reading, in memory like theirs, by the
 * place of the string that was overwritten.
 */
static struct { const char *place; struct region value; } vault[VAULT_N];
static size_t vaulted_n;

static const char *from_vault(const char *place)
{
    for (size_t i = 0; i < VAULT_N; i++)
        if (vault[i].place == place)
            return vault[i].value.p;
    return NULL;
}

static const char *into_vault(char *place)
{
    size_t n = strlen(place), i = vaulted_n++ % VAULT_N; /* a full round later nobody asks for the oldest */

    if (vault[i].place)
        region_wipe(&vault[i].value);
    vault[i].place = place;
    region_new(&vault[i].value, n + 1);
    const char *value = copy_into(&vault[i].value, place, n);
    explicit_bzero(place, n);
    return value;
}

static const char *take_secret(char *place)
{
    const char *value = *place == '\0' ? from_vault(place) : NULL;

    return value != NULL ? value : into_vault(place);
}

void env_process_read(struct region *r, struct assignments *out, FILE *err)
{
    (void)err;
    for (char **e = environ; *e != NULL; e++) {
        char *eq = strchr(*e, '=');

        if (eq == NULL || strncmp(*e, "AUTENTICO_", 10) != 0)
            continue;
        const char *name = copy_into(r, *e, (size_t)(eq - *e));
        add(out, name, is_secret(name) ? take_secret(eq + 1) : copy_into(r, eq + 1, strlen(eq + 1)), 0);
    }
}
