#include "config.h"

#include "cli/backup_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "util/clock.h"

#define PREFIX "autentico-"
#define STAMP_CHARS 16 /* 20260131T120000Z */
#define NAMES_MAX 10000

char *backup_name(struct arena *a, int64_t at, const char *ending)
{
    char *text = clock_rfc3339(a, at), *stamp = text;

    for (char *p = text; *p != '\0'; p++)
        if (*p != '-' && *p != ':')
            *stamp++ = *p;
    *stamp = '\0';
    return arena_printf(a, PREFIX "%s%s", text, ending);
}

/* Exactly what backup_name() makes: nobody else's files are touched. */
static bool is_backup(const char *name)
{
    static const char *const endings[] = { ".db", ".db.age", ".tar.age" };
    const char *stamp = name + sizeof(PREFIX) - 1;

    if (!text_starts(name, PREFIX) || strlen(stamp) <= STAMP_CHARS)
        return false;
    for (int i = 0; i < STAMP_CHARS; i++)
        if (i == 8 ? stamp[i] != 'T' : i == 15 ? stamp[i] != 'Z' : stamp[i] < '0' || stamp[i] > '9')
            return false;
    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        if (strcmp(stamp + STAMP_CHARS, endings[i]) == 0)
            return true;
    return false;
}

static int newest_first(const void *a, const void *b)
{
    return -strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum rc names_in(struct arena *a, const char *dir, const char *made, const char **names, size_t *n)
{
    DIR *d = opendir(dir);
    const struct dirent *e;

    if (d == NULL)
        return cli_refuse("%s: %s", dir, strerror(errno));
    while ((e = readdir(d)) != NULL && *n < NAMES_MAX)
        if (is_backup(e->d_name) && strcmp(e->d_name, made) != 0)
            names[(*n)++] = arena_strdup(a, e->d_name);
    closedir(d);
    return RC_OK;
}

/* The backup first: one without a checksum is told apart, a checksum alone harms nobody. */
static enum rc drop(struct arena *a, const char *dir, const char *name)
{
    const char *path = arena_printf(a, "%s/%s", dir, name);

    if (unlink(path) != 0 || (unlink(arena_printf(a, "%s.sha256", path)) != 0 && errno != ENOENT))
        return cli_refuse("%s: %s", path, strerror(errno));
    return RC_OK;
}

enum rc backups_prune(struct arena *a, const char *dir, const char *made, int64_t keep, int64_t *out_n)
{
    const char **names = arena_array(a, const char *, NAMES_MAX);
    size_t n = 0;

    *out_n = 0;
    TRY(names_in(a, dir, made, names, &n));
    qsort(names, n, sizeof(*names), newest_first);
    for (size_t i = (size_t)keep - 1; i < n; i++) {
        TRY(drop(a, dir, names[i]));
        ++*out_n;
    }
    return RC_OK;
}
