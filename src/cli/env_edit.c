#include "config.h"

#include "cli/env_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/file_put.h"

#define CONFIG_MAX (64 * 1024)

static enum rc no(const char *path, const char *why)
{
    return cli_refuse("%s: %s", path, why);
}

/* --- lines ------------------------------------------------------------------- */

/* "NAME=" or "export NAME=", as conf reads lines: what comes after the sign; NULL: another line. */
static const char *value_in(const char *line, const char *name, bool or_file)
{
    size_t n = strlen(name);

    line += strspn(line, " \t");
    if (strncmp(line, "export ", 7) == 0)
        line += 7 + strspn(line + 7, " \t");
    if (strncmp(line, name, n) != 0)
        return NULL;
    line += n;
    if (or_file && strncmp(line, "_FILE", 5) == 0)
        line += 5;
    line += strspn(line, " \t");
    return line[0] == '=' ? line + 1 : NULL;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end != NULL && end[1] != '\0' ? end + 1 : NULL;
}

static const char *last_line_of(const char *text, const char *name)
{
    const char *out = NULL;

    for (const char *line = text; line != NULL; line = next_line(line))
        if (value_in(line, name, false) != NULL)
            out = line;
    return out;
}

static bool is_given(const char *value)
{
    return value != NULL && value[strspn(value, " \t\r\"'")] > ' ';
}

bool env_edit_has(const struct env_edit *e, const char *name)
{
    for (const char *line = e->text; line != NULL; line = next_line(line))
        if (is_given(value_in(line, name, true)))
            return true;
    return false;
}

const char *env_edit_value(const struct env_edit *e, const char *name)
{
    const char *line = last_line_of(e->text, name), *value;

    if (line == NULL || !is_given(value = value_in(line, name, false)))
        return NULL;
    return text_trim(e->arena, arena_strndup(e->arena, value, strcspn(value, "\r\n")));
}

/* --- changes ----------------------------------------------------------------- */

static void put(struct sbuf *out, const char *name, const char *value)
{
    sbuf_printf(out, "%s=%s\n", name, value);
}

void env_edit_set(struct env_edit *e, const char *name, const char *value, const char *after)
{
    const char *last = last_line_of(e->text, name), *mark = NULL;
    struct sbuf out;

    if (last == NULL && after != NULL)
        mark = last_line_of(e->text, after);
    sbuf_init(&out, e->arena, strlen(e->text) + 512);
    for (const char *line = e->text; line != NULL && *line != '\0'; line = next_line(line)) {
        size_t n = strcspn(line, "\n");

        if (line == last && value != NULL) /* "export" and blanks before the name stay */
            sbuf_printf(&out, "%.*s%s\n", (int)(value_in(line, name, false) - line), line, value);
        else if (value_in(line, name, false) == NULL)
            sbuf_printf(&out, "%.*s\n", (int)n, line);
        if (line == mark && value != NULL)
            put(&out, name, value);
    }
    if (last == NULL && mark == NULL && value != NULL)
        put(&out, name, value);
    e->text = out.text;
}

void env_edit_append(struct env_edit *e, const char *text)
{
    size_t n = strlen(e->text);

    e->text = arena_printf(e->arena, "%s%s%s", e->text, n > 0 && e->text[n - 1] != '\n' ? "\n" : "", text);
}

/* --- files ------------------------------------------------------------------- */

/* Is it still the file of that name, or was another renamed over it while we waited? */
static bool is_there(int fd, const char *path, struct stat *st)
{
    struct stat there;

    return fstat(fd, st) != 0 || stat(path, &there) != 0 || (st->st_ino == there.st_ino && st->st_dev == there.st_dev);
}

/* Two commands at once change it one after another, so that neither undoes the other's. */
static int open_locked(const char *path, struct stat *st)
{
    for (;;) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_EX) != 0 || is_there(fd, path, st))
            return fd;
        close(fd);
    }
}

static enum rc read_open(int fd, struct arena *a, struct env_edit *out)
{
    char *text = arena_alloc(a, CONFIG_MAX + 1);
    ssize_t n;

    if (!S_ISREG(out->st.st_mode))
        return no(out->path, "is not a file");
    n = read(fd, text, CONFIG_MAX + 1);
    if (n < 0)
        return no(out->path, strerror(errno));
    if (n > CONFIG_MAX)
        return no(out->path, "is too large");
    text[n] = '\0';
    out->text = text;
    return RC_OK;
}

static void drop_lock(void *fd)
{
    close(*(int *)fd);
}

enum rc env_edit_read(struct arena *a, const char *path, struct env_edit *out)
{
    char real[PATH_MAX];
    struct env_edit e = { .arena = a };
    int *fd = arena_new(a, int);

    if (realpath(path, real) == NULL) /* what a link leads to is replaced, not the link */
        return no(path, strerror(errno));
    e.path = arena_strdup(a, real);
    *fd = open_locked(e.path, &e.st);
    if (*fd < 0)
        return no(path, strerror(errno));
    arena_defer(a, drop_lock, fd);
    TRY(read_open(*fd, a, &e));
    *out = e;
    return RC_OK;
}

enum rc env_edit_write_new(const char *path, const char *text)
{
    if (file_put_new(path, text) == RC_OK)
        return RC_OK;
    return no(path, errno == EEXIST ? "exists already; init --complete adds what it lacks" : strerror(errno));
}

/* Whose it was it stays, or the server could not read it any more. */
enum rc env_edit_write(const struct env_edit *e)
{
    struct stat like = e->st;

    like.st_mode &= 0740;
    return file_put(e->arena, e->path, e->text, &like) == RC_OK ? RC_OK : no(e->path, strerror(errno));
}
