#include "config.h"

#include "cli/secrets_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/file_put.h"

#define SECRET_FILE_MAX (16 * 1024)
#define ENDING ".previous"
#define CREDENTIALS "/run/credentials/"

struct changing {
    struct arena *a;
    struct env_edit *e;
    const struct secret_change *c;
    const char *path, *previous_path; /* with links followed */
    const char *old;
    struct stat st;
    struct file_put put;
    const char *text_before;          /* of the configuration file */
    bool has_kept, has_lines;         /* what was done */
};

static enum rc by_hand(const struct changing *g, const char *why)
{
    const struct secret_change *c = g->c;
    const char *keep = c->keeps ? arena_printf(g->a, "keep what is in it, and have %s_FILE (or %s) lead to that;\n  then ",
                                               c->previous, c->previous) : "";

    return cli_refuse("%s_FILE: %s: %s.  Nothing was changed.  Where it comes from\n  %sput a new one in its place: %s\n"
                      "  then reload; what systemd hands over (LoadCredential=) it copies at a start only: restart",
                      c->name, g->path, why, keep, c->recipe);
}

/* --- what is there ------------------------------------------------------------ */

static enum rc read_whole(struct arena *a, const char *path, const char **out, struct stat *st)
{
    char *text = arena_alloc(a, SECRET_FILE_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), e;

    if (fd < 0)
        return RC_REFUSED;
    ssize_t n = fstat(fd, st) == 0 ? read(fd, text, SECRET_FILE_MAX - 1) : -1;
    e = errno;
    close(fd);
    errno = e;
    if (n < 0)
        return RC_REFUSED;
    text[n] = '\0';
    *out = text;
    return RC_OK;
}

/* A file that is mounted there, alone, can be neither renamed over nor kept. */
static bool is_mounted(const char *path)
{
#ifdef STATX_ATTR_MOUNT_ROOT
    struct statx st;

    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st) == 0 &&
           (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#else
    (void)path;
    return false;
#endif
}

static enum rc look(struct changing *g)
{
    char real[PATH_MAX];

    g->path = g->c->path;
    if (realpath(g->c->path, real) == NULL)
        return by_hand(g, strerror(errno));
    g->path = arena_strdup(g->a, real);
    g->previous_path = arena_printf(g->a, "%s" ENDING, g->path);
    if (text_starts(g->path, CREDENTIALS))
        return by_hand(g, "is a copy that systemd makes at every start");
    if (is_mounted(g->path))
        return by_hand(g, "is mounted there");
    if (g->c->keeps && g->e == NULL)
        return by_hand(g, "there is no configuration file that could say where the one before is");
    return read_whole(g->a, g->path, &g->old, &g->st) == RC_OK ? RC_OK : by_hand(g, strerror(errno));
}

/* --- the one before ------------------------------------------------------------- */

/* One that a command killed in between has left holds the same. */
static enum rc check_free(const struct changing *g)
{
    const char *found;
    struct stat st;

    if (read_whole(g->a, g->previous_path, &found, &st) != RC_OK)
        return errno == ENOENT ? RC_OK : cli_refuse("%s: %s", g->previous_path, strerror(errno));
    if (S_ISREG(st.st_mode) && strcmp(found, g->old) == 0)
        return RC_OK;
    return cli_refuse("%s is there already and holds another secret; move it away, if nobody needs it", g->previous_path);
}

static enum rc keep_old(struct changing *g)
{
    TRY(check_free(g));
    g->has_kept = file_put(g->a, g->previous_path, g->old, &g->st) == RC_OK;
    return g->has_kept ? RC_OK : cli_refuse("%s: %s", g->previous_path, strerror(errno));
}

/* The quotes are taken off when it is read. */
static const char *quoted(struct arena *a, const char *path)
{
    return strpbrk(path, " \t'\"") != NULL ? arena_printf(a, "\"%s\"", path) : path;
}

static void set_lines(struct changing *g)
{
    const struct secret_change *c = g->c;

    for (const char *const *other = c->names; *other != NULL; other++) {
        env_edit_set(g->e, *other, NULL, NULL);
        if (strcmp(*other, c->name) != 0)
            env_edit_set(g->e, arena_printf(g->a, "%s_FILE", *other), NULL, NULL);
    }
    env_edit_set(g->e, c->previous, NULL, NULL);
    env_edit_set(g->e, arena_printf(g->a, "%s_FILE", c->previous), c->keeps ? quoted(g->a, g->previous_path) : NULL,
                 arena_printf(g->a, "%s_FILE", c->name));
}

/* --- all of it ------------------------------------------------------------------ */

static enum rc write_lines(struct changing *g)
{
    if (g->e == NULL)
        return RC_OK;
    set_lines(g);
    if (strcmp(g->e->text, g->text_before) == 0)
        return RC_OK;
    TRY(env_edit_write(g->e));
    g->has_lines = true;
    return RC_OK;
}

static enum rc change(struct changing *g)
{
    if (file_put_begin(g->a, g->path, arena_printf(g->a, "%s\n", g->c->value), &g->st, &g->put) != RC_OK)
        return by_hand(g, strerror(errno));
    if (g->c->keeps)
        TRY(keep_old(g));
    TRY(write_lines(g));
    return file_put_end(&g->put) == RC_OK ? RC_OK : by_hand(g, strerror(errno));
}

/* What still leads to it must find it. */
static void undo(struct changing *g)
{
    file_put_drop(&g->put);
    if (g->has_lines) {
        g->e->text = g->text_before;
        if (env_edit_write(g->e) != RC_OK)
            return;
    }
    if (g->has_kept)
        unlink(g->previous_path);
}

enum rc secrets_file_change(struct arena *a, struct env_edit *e, const struct secret_change *c)
{
    struct changing g = { .a = a, .e = e, .c = c, .text_before = e != NULL ? e->text : "" };

    TRY(look(&g));
    enum rc rc = change(&g);
    if (rc != RC_OK)
        undo(&g);
    else if (c->keeps)
        printf("%s has a new %s; the one before is in %s.\n", g.path, c->name, g.previous_path);
    else
        printf("%s has a new %s.\n", g.path, c->name);
    return rc;
}

void secrets_file_drop(struct arena *a, const char *path)
{
    if (!text_ends(path, ENDING)) {
        printf("%s is not needed any more: remove it.\n", path);
        return;
    }
    if (unlink(path) == 0)
        (void)file_put_sync_directory(a, path);
    else if (errno != ENOENT)
        printf("%s could not be removed (%s): remove it.\n", path, strerror(errno));
}
