#include "config.h"

#include "cli/env_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

#define CONFIG_MAX (64 * 1024)

static enum rc no(const char *path, const char *why)
{
    (void)cli_fail("%s: %s", path, why);
    return RC_REFUSED;
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

bool env_edit_has(const struct env_edit *e, const char *name)
{
    for (const char *line = e->text; line != NULL; line = next_line(line)) {
        const char *value = value_in(line, name, true);

        if (value != NULL && value[strspn(value, " \t\r\"'")] > ' ')
            return true;
    }
    return false;
}

const char *env_edit_value(const struct env_edit *e, const char *name)
{
    const char *line = last_line_of(e->text, name), *value;
    size_t n;

    if (line == NULL)
        return NULL;
    value = value_in(line, name, false);
    value = text_trim(e->arena, arena_strndup(e->arena, value, strcspn(value, "\r\n")));
    n = strlen(value);
    if (n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n - 1] == value[0])
        return arena_strndup(e->arena, value + 1, n - 2);
    return value;
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

        if (line == last && value != NULL)
            put(&out, name, value);
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

enum rc env_edit_read(struct arena *a, const char *path, struct env_edit *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = arena_alloc(a, CONFIG_MAX + 1);
    struct stat st;
    ssize_t n;

    if (fd < 0)
        return no(path, strerror(errno));
    n = fstat(fd, &st) == 0 ? read(fd, text, CONFIG_MAX + 1) : -1;
    close(fd);
    if (n < 0 || !S_ISREG(st.st_mode))
        return no(path, n < 0 ? strerror(errno) : "is not a file");
    if (n > CONFIG_MAX)
        return no(path, "is too large");
    text[n] = '\0';
    *out = (struct env_edit){ .arena = a, .path = path, .st = st, .text = text };
    return RC_OK;
}

enum rc env_edit_write_new(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t n = strlen(text);

    if (fd < 0)
        return no(path, errno == EEXIST ? "exists already; init --complete adds what it lacks" : strerror(errno));
    bool is_ok = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
    close(fd);
    if (is_ok)
        return RC_OK;
    unlink(path);
    return no(path, strerror(errno));
}

/* What was renamed is there after a power cut, too. */
static void sync_directory(struct arena *a, const char *path)
{
    int fd = open(text_directory(a, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* Whose it was it stays, or the server could not read it any more. */
enum rc env_edit_write(const struct env_edit *e)
{
    const char *beside = arena_printf(e->arena, "%s.new", e->path);

    unlink(beside);
    TRY(env_edit_write_new(beside, e->text));
    if ((geteuid() != 0 || lchown(beside, e->st.st_uid, e->st.st_gid) == 0) &&
        chmod(beside, e->st.st_mode & 0740) == 0 && rename(beside, e->path) == 0) {
        sync_directory(e->arena, e->path);
        return RC_OK;
    }
    enum rc rc = no(e->path, strerror(errno));
    unlink(beside);
    return rc;
}
