#include "config.h"

#include "store/db_private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "store/db_schema.h"
#include "util/clock.h"
#include "util/log.h"

#define STEP_PAGES 64       /* a quarter of a MiB */

struct copying {
    sqlite3_backup *backup;
    int fd;
    db_told_fn *told;
    void *arg;
};

static enum rc to_disk(int fd)
{
    return fdatasync(fd) == 0 ? RC_OK : fault("store: the copy cannot be brought to disk: %s", strerror(errno));
}

static void tell(const struct copying *c)
{
    int64_t all = sqlite3_backup_pagecount(c->backup);

    if (c->told)
        c->told(all - sqlite3_backup_remaining(c->backup), all, c->arg);
}

static enum rc copy_pages(struct copying *c)
{
    int code = SQLITE_OK;

    while (code == SQLITE_OK) {
        int64_t began_us = clock_mono_us();

        code = sqlite3_backup_step(c->backup, STEP_PAGES);
        tell(c);
        TRY(to_disk(c->fd));
        clock_rest(began_us);
    }
    return code == SQLITE_DONE ? RC_OK : fault("store: the copy: %s", sqlite3_errstr(code));
}

static enum rc copy_into(struct db *db, sqlite3 *to, struct copying *c)
{
    /* a file that is thrown away when anything goes wrong needs no journal */
    enum rc rc = db_outcome(db, "copy", sqlite3_exec(to, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF;"
                                                         "PRAGMA synchronous=OFF", NULL, NULL, NULL));

    TRY(rc);
    c->backup = sqlite3_backup_init(to, "main", db->handle, "main");
    if (c->backup == NULL)
        return fault("store: the copy: %s", sqlite3_errmsg(to));
    rc = copy_pages(c);
    if (sqlite3_backup_finish(c->backup) != SQLITE_OK && rc == RC_OK)
        return fault("store: the copy: %s", sqlite3_errmsg(to));
    TRY(rc);
    /* the copied header says WAL: one file, not three */
    if (sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL) != SQLITE_OK)
        return fault("store: the copy: %s", sqlite3_errmsg(to));
    return RC_OK;
}

/* The snapshot is taken with the first read and kept until db_read_end(): between its steps
 * SQLite would let go of it, and begin again whenever somebody has written. */
static enum rc hold(struct db *db)
{
    int64_t n;

    db_read_end(db);
    db_read_begin(db);
    return db_tables_n(db, &n) == RC_OK ? RC_OK : RC_FAULT;
}

enum rc db_copy(struct db *db, const char *path, int fd, db_told_fn *told, void *arg)
{
    struct copying c = { .fd = fd, .told = told, .arg = arg };
    sqlite3 *to = NULL;
    enum rc rc = hold(db);

    if (rc == RC_OK && sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        rc = fault("store: cannot open %s: %s", path, to ? sqlite3_errmsg(to) : "no memory");
    if (rc == RC_OK)
        rc = copy_into(db, to, &c);
    db_read_end(db);
    if (sqlite3_close(to) != SQLITE_OK && rc == RC_OK)
        rc = fault("store: the copy could not be closed");
    return rc == RC_OK ? to_disk(fd) : rc;
}

static void finding_row(struct stmt *q, struct arena *a, void *out)
{
    *(const char **)out = col_text(q, 0, a);
}

static enum rc one_finding(struct db *db, struct stmt *q, struct arena *a, const char **why)
{
    const char *found = "it cannot be read";
    enum rc rc = db_one(q, a, finding_row, &found);

    if (rc == RC_FAULT && db->is_damaged)
        found = db_why(db);
    else if (rc == RC_FAULT)
        return rc;
    *why = found;
    return text_same(found, "ok") ? RC_OK : RC_REFUSED;
}

enum rc db_check_quick(struct db *db, struct arena *a, const char **why)
{
    return one_finding(db, db_sql(db, "PRAGMA quick_check(1)"), a, why);
}

enum rc db_check_whole(struct db *db, struct arena *a, const char **why)
{
    const char *found = "";

    TRY(one_finding(db, db_sql(db, "PRAGMA integrity_check(1)"), a, why));
    enum rc rc = db_one(db_sql(db, "PRAGMA foreign_key_check"), a, finding_row, &found);
    if (rc == RC_OK)
        *why = arena_printf(a, "a row of %s belongs to one that is not there", text_or(found, "?"));
    return rc == RC_NONE ? RC_OK : rc == RC_OK ? RC_REFUSED : rc;
}
