/* Files and directories: whose they are, who else may, where they lie. */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "serve/identity.h"

#define ROOM_MIN_BYTES (100LL << 20)
#define ROOM_MIN_PERCENT 5

const char *doctor_user(struct doctor *d, uid_t uid)
{
    const struct passwd *pw = getpwuid(uid);

    return pw != NULL ? arena_strdup(d->arena, pw->pw_name) : arena_printf(d->arena, "%u", (unsigned)uid);
}

static const char *q(struct doctor *d, const char *path)
{
    return mend_quote(d->arena, path);
}

/* --- the database ----------------------------------------------------------------- */

static void check_one_file(struct doctor *d, const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return;
    if ((st.st_mode & 077) != 0)
        doctor_fail(d, path, mend_printf(d, "chmod 0600 %s", q(d, path)), "mode %04o: it is not for others, and no "
                    "start goes on like this", (unsigned)(st.st_mode & 07777));
    if (d->no_id == NULL && st.st_uid != d->id.uid)
        doctor_fail(d, path, mend_printf(d, "chown %s %s", doctor_user(d, d->id.uid), q(d, path)),
                    "belongs to %s, and the server runs as %s", doctor_user(d, st.st_uid), doctor_user(d, d->id.uid));
}

void doctor_database_file(struct doctor *d)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    struct stat st;

    if (stat(d->conf.db_path, &st) != 0) {
        doctor_skip(d, "%s: %s", d->conf.db_path, strerror(errno));
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        check_one_file(d, arena_printf(d->arena, "%s%s", d->conf.db_path, endings[i]));
    if (doctor_is_clean(d))
        doctor_ok(d, "%s, of %s", d->conf.db_path, doctor_user(d, st.st_uid));
}

static void check_directory(struct doctor *d, const char *dir)
{
    struct stat st;

    if (stat(dir, &st) != 0) {
        doctor_fail(d, "", mend_printf(d, "mkdir -m 0700 %s", q(d, dir)), "%s: %s", dir, strerror(errno));
        return;
    }
    if ((st.st_mode & S_IWOTH) != 0 || (st.st_mode & S_IWGRP) != 0)
        doctor_fail(d, "", mend_printf(d, "chmod 0700 %s", q(d, dir)),
                    "%s can be written by others: whoever can put files there can take the database's place", dir);
    else if ((st.st_mode & 055) != 0)
        doctor_warn(d, "", mend_printf(d, "chmod 0700 %s", q(d, dir)), "%s can be entered or read by others (mode %04o)",
                    dir, (unsigned)(st.st_mode & 07777));
    else
        doctor_ok(d, "%s", dir);
}

static const char *database_dir(struct doctor *d)
{
    return text_directory(d->arena, d->conf.db_path);
}

void doctor_database_directory(struct doctor *d)
{
    check_directory(d, database_dir(d));
    if (d->no_id != NULL)
        doctor_fail(d, "", strstr(d->no_id, "useradd") != NULL ? mend_root(d) : NULL, "%s", d->no_id);
}

void doctor_state_directory(struct doctor *d)
{
    if (text_same(d->conf.state_dir, database_dir(d)))
        doctor_ok(d, "it is the directory of the database");
    else
        check_directory(d, d->conf.state_dir);
}

void doctor_network_filesystem(struct doctor *d)
{
    const char *dir = database_dir(d);

    if (identity_is_network_fs(dir))
        doctor_fail(d, "", NULL, "%s is on a network file system, where SQLite loses data; move "
                    "AUTENTICO_DB_FILE_PATH to a local disk", dir);
}

/* --- where web servers look ------------------------------------------------------- */

static const char *const roots[] = { "/var/www", "/srv/www", "/srv/http", "/usr/share/nginx", "/usr/share/apache2",
                                     "/var/lib/www" };

static const char *root_above(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(roots); i++)
        if (text_starts(path, roots[i]) && path[strlen(roots[i])] == '/')
            return roots[i];
    return NULL;
}

/* The files of a database move together, and while nobody has them open. */
static const char *mend_place(struct doctor *d, const char *path)
{
    const char *to = arena_printf(d->arena, "/var/lib/autentico/%s", strrchr(path, '/') + 1), *unit = d->pool.unit;
    struct pool_seen running = d->pool;

    if (d->pool.parent != 0 && unit == NULL)
        return NULL;
    d->pool = (struct pool_seen){ 0 };
    const char *edit = mend_variable(d, "AUTENTICO_DB_FILE_PATH", to);
    d->pool = running;
    if (edit == NULL)
        return NULL;
    return mend_printf(d, "%s%s%smkdir -p -m 0700 /var/lib/autentico && chown --reference=%s /var/lib/autentico && "
                       "mv %s* /var/lib/autentico/ && %s%s%s", unit ? "systemctl stop " : "", text_or(unit, ""),
                       unit ? " && " : "", q(d, path), q(d, path), edit, unit ? " && systemctl start " : "",
                       text_or(unit, ""));
}

static void check_place(struct doctor *d, const char *path, bool is_database)
{
    char real[PATH_MAX];
    const char *root = realpath(path, real) != NULL ? root_above(real) : root_above(path);

    if (root != NULL)
        doctor_fail(d, path, is_database ? mend_place(d, path) : NULL, "lies below %s, where web servers look for pages: "
                    "stop the server and move it, to /var/lib/autentico for instance", root);
}

void doctor_document_root(struct doctor *d)
{
    check_place(d, d->conf.db_path, true);
    if (d->conf.file != NULL)
        check_place(d, d->conf.file, false);
}

/* --- the rest --------------------------------------------------------------------- */

void doctor_free_space(struct doctor *d)
{
    struct statvfs fs;

    if (statvfs(database_dir(d), &fs) != 0) {
        doctor_skip(d, "%s: %s", database_dir(d), strerror(errno));
        return;
    }
    int64_t room = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize, all = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize;
    if (room < ROOM_MIN_BYTES || (room < all / 100 * ROOM_MIN_PERCENT && room < 10 * ROOM_MIN_BYTES))
        doctor_warn(d, "", NULL, "%lld MiB are left on the disk of %s; when it is full nobody signs in any more",
                    (long long)(room >> 20), d->conf.db_path);
    else
        doctor_ok(d, "%lld MiB are left", (long long)(room >> 20));
}

/* Would the pool's uid, or everybody, write there? */
static void check_program(struct doctor *d, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return;
    if ((st.st_mode & S_IWOTH) != 0)
        doctor_fail(d, path, mend_printf(d, "chmod o-w %s", q(d, path)), "can be written by everybody");
    else if (d->id.uid != 0 && st.st_uid == d->id.uid)
        doctor_warn(d, path, mend_printf(d, "chown -R root %s", q(d, path)),
                    "belongs to %s, whom the server runs as: what gets into it stays in it", doctor_user(d, st.st_uid));
}

void doctor_program_files(struct doctor *d)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (d->no_id != NULL) {
        doctor_skip(d, "nobody knows yet whom the server runs as");
        return;
    }
    if (n > 0) {
        self[n] = '\0';
        check_program(d, arena_strdup(d->arena, self));
    }
    check_program(d, d->conf.data_dir);
    check_program(d, arena_printf(d->arena, "%s/html", d->conf.data_dir));
}
