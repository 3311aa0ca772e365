#include "config.h"

#include "store/db_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/db_schema.h"
#include "util/clock.h"
#include "util/log.h"

#define WAL_FRAMES_MAX 32000      /* the keeper is gone when a worker sees as many */
#define WAL_FRAMES_MAX_LIMITS 1000 /* limits.db has no keeper */
#define WAL_FRAMES_STEP 1000      /* a long reader makes checkpoints useless: ask rarely */

static int wal_limit_of(const struct db *db)
{
    return db->is_limits ? WAL_FRAMES_MAX_LIMITS : WAL_FRAMES_MAX;
}

static int note_frames(void *arg, sqlite3 *handle, const char *name, int frames)
{
    struct db *db = arg;

    (void)handle;
    (void)name;
    db->wal_frames = frames;
    db->has_written = true;
    return SQLITE_OK;
}

static int set_flag(sqlite3 *handle, int flag, int value)
{
    return sqlite3_db_config(handle, flag, value, (int *)0);
}

int db_busy_ms(const struct db *db)
{
    return db->is_limits ? DB_BUSY_MS_LIMITS : DB_BUSY_MS;
}

static int configure_flags(sqlite3 *handle)
{
    int code = set_flag(handle, SQLITE_DBCONFIG_DEFENSIVE, 1);

    code = code ? code : set_flag(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
    code = code ? code : set_flag(handle, SQLITE_DBCONFIG_DQS_DML, 0);
    code = code ? code : set_flag(handle, SQLITE_DBCONFIG_DQS_DDL, 0);
    code = code ? code : set_flag(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1);
    return code ? code : sqlite3_extended_result_codes(handle, 1);
}

static int is_wal(void *arg, int n, char **values, char **names)
{
    (void)names;
    *(bool *)arg = n == 1 && values[0] != NULL && strcmp(values[0], "wal") == 0;
    return 0;
}

/* The switch to WAL is the one step where SQLite does not always wait for others. */
static int switch_to_wal(struct db *db)
{
    int64_t until = clock_mono_ms() + db_busy_ms(db);
    int code;

    for (;;) {
        code = sqlite3_exec(db->handle, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
        if ((code & 0xff) != SQLITE_BUSY || clock_mono_ms() >= until)
            return code;
        usleep(20000);
    }
}

static enum rc enter_wal(struct db *db, const char *path)
{
    bool is = false;
    int code = sqlite3_exec(db->handle, "PRAGMA journal_mode", is_wal, &is, NULL);

    if (code != SQLITE_OK || is)
        return db_outcome(db, path, code);
    TRY(db_lock(db));
    code = switch_to_wal(db);
    db_unlock(db, false);
    return db_outcome(db, path, code);
}

/* Not FULL, which syncs inside the lock: see db_sync.c. */
static const char *synchronous(const struct db_open *how)
{
    return how->is_limits ? "PRAGMA synchronous=OFF" : "PRAGMA synchronous=NORMAL";
}

static enum rc configure(struct db *db, const struct db_open *how)
{
    /* foreign commits drop the page cache: a large one is memory for nothing */
    static const char pragmas[] = "PRAGMA cache_size=-192; PRAGMA mmap_size=0;"
                                  "PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=0";

    TRY(db_outcome(db, how->path, configure_flags(db->handle)));
    TRY(db_outcome(db, how->path, db_add_functions(db->handle)));
    TRY(db_outcome(db, how->path, sqlite3_busy_timeout(db->handle, db_busy_ms(db))));
    TRY(db_outcome(db, how->path, sqlite3_exec(db->handle, pragmas, NULL, NULL, NULL)));
    TRY(db_outcome(db, how->path, sqlite3_exec(db->handle, synchronous(how), NULL, NULL, NULL)));
    if (how->is_still)
        return RC_OK;
    TRY(enter_wal(db, how->path));
    sqlite3_wal_hook(db->handle, note_frames, db);
    /* a replaced limits.db must not take its successor's -wal with it, which has the same name */
    if (how->is_limits)
        TRY(db_outcome(db, how->path,
                       set_flag(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)));
    return RC_OK;
}

/* NOFOLLOW refuses a link anywhere in the path; links in front of the file's
 * own name are the operator's business. */
static enum rc resolve(const char *path, char out[PATH_MAX])
{
    char dir[PATH_MAX], real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int n = slash ? snprintf(dir, sizeof dir, "%.*s/", (int)(slash - path), path)
                  : snprintf(dir, sizeof dir, ".");

    if (n < 0 || (size_t)n >= sizeof dir || realpath(dir, real) == NULL)
        return fault("store: the directory of %s: %s", path, strerror(errno));
    n = snprintf(out, PATH_MAX, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
    return n < 0 || n >= PATH_MAX ? fault("store: %s: path too long", path) : RC_OK;
}

static enum rc create_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno == EEXIST ? RC_OK : fault("store: cannot create %s: %s", path, strerror(errno));
    close(fd);
    return RC_OK;
}

/* Our processes have one thread: without its mutexes and its statistics of memory SQLite
 * takes and gives memory at half the price.  And without 20 pages for each cache in advance,
 * which most processes never fill.  Refused, and no harm, when it has begun. */
static void configure_library(void)
{
    static bool is_done;

    if (is_done)
        return;
    is_done = true;
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
    db_keep_pages();
}

static enum rc open_handle(struct db *db, const struct db_open *how)
{
    char real[PATH_MAX];
    const char *path = how->path;
    int code;

    if (strcmp(path, ":memory:") != 0) {
        TRY(resolve(how->path, real));
        path = real;
        if (how->create)
            TRY(create_file(path));
    }
    configure_library();
    code = sqlite3_open_v2(path, &db->handle,
                           (how->is_still ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                               SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, db_wal_vfs());
    if (code != SQLITE_OK)
        return fault("store: cannot open %s: %s", path, sqlite3_errstr(code));
    return configure(db, how);
}

enum rc db_open(const struct db_open *how, struct db **out)
{
    struct db *db = calloc(1, sizeof *db);
    enum rc rc;

    if (db == NULL)
        die("store: no memory");
    db->lock = how->lock;
    db->wrote_fd = how->wrote_fd;
    db->outbox_fd = how->outbox_fd > 0 ? how->outbox_fd : -1;
    db->is_limits = how->is_limits;
    db->is_durable = !how->is_limits && !how->is_relaxed;
    db->wal_limit = wal_limit_of(db);
    rc = open_handle(db, how);
    if (rc != RC_OK) {
        db_close(db);
        return rc;
    }
    *out = db;
    return RC_OK;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    if (db->is_writing)
        die("store: closed inside a write transaction");
    db_read_end(db);
    db_forget(db);
    if (sqlite3_close(db->handle) != SQLITE_OK)
        die("store: closed with open statements");
    free(db);
}

void db_warm(struct db *db)
{
    int64_t n;

    if (db_tables_n(db, &n) == RC_FAULT)
        log_event(LOG_LEVEL_WARNING, "store_not_warm", "why", db->why, NULL);
}

static enum rc take_lock(struct db *db)
{
    enum rc rc = db->lock ? write_lock_take(db->lock, DB_LOCK_MS) : RC_OK;

    if (rc != RC_NONE)
        return rc;
    db->is_unavailable = true;
    db->is_damaged = false;
    snprintf(db->why, sizeof db->why, "write lock");
    return fault("store: no write lock within %d ms", DB_LOCK_MS);
}

static void set_patience(struct db *db, bool is_short)
{
    if (db->lock && write_lock_is_kept(db->lock))
        sqlite3_busy_timeout(db->handle, is_short ? DB_KEPT_MS : db_busy_ms(db));
}

enum rc db_lock(struct db *db)
{
    enum rc rc;

    TRY(take_lock(db));
    db->has_written = db->is_contended = false;
    set_patience(db, true);
    rc = db_sync_again(db);
    if (rc != RC_OK)
        db_unlock(db, false);
    return rc;
}

void db_unlock(struct db *db, bool has_committed)
{
    if (!db->lock)
        return;
    if (has_committed && db->has_written)
        db->commit_n = write_lock_count_commit(db->lock);
    set_patience(db, false);
    if (has_committed || db->is_contended) /* a checkpoint that is late, readers may hold up */
        write_lock_set_kept(db->lock, db->is_contended);
    write_lock_give(db->lock);
}

static void tell(int fd, const char *whom)
{
    uint64_t one = 1;

    if (fd >= 0 && write(fd, &one, sizeof one) < 0 && errno != EAGAIN)
        log_event(LOG_LEVEL_WARNING, "not_told", "whom", whom, "why", strerror(errno), NULL);
}

enum rc db_committed(struct db *db)
{
    enum rc rc = db_sync(db);

    if (db->has_written)
        tell(db->wrote_fd, "keeper");
    if (db->has_queued)
        tell(db->outbox_fd, "courier");
    db->has_queued = false;
    /* PASSIVE waits for nobody; when it fails, somebody else is at it */
    if (db->wal_frames >= db->wal_limit) {
        (void)sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        db->wal_limit = db->wal_frames + WAL_FRAMES_STEP;
    } else if (db->wal_frames < wal_limit_of(db)) {
        db->wal_limit = wal_limit_of(db);
    }
    return rc;
}

/* Migrations. */

enum rc db_script(struct db *db, const char *sql)
{
    if (!db->is_writing)
        die("store: a script outside db_write");
    return db_outcome(db, "script", sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

enum rc db_has_table(struct db *db, const char *name, bool *out)
{
    struct stmt *q = db_sql(db, "/* small */ SELECT COUNT(*) FROM sqlite_schema"
                                " WHERE type = 'table' AND name = $1");
    int64_t n;

    db_text(q, 1, name);
    TRY(db_int_of(q, &n));
    *out = n > 0;
    return RC_OK;
}

enum rc db_tables_n(struct db *db, int64_t *out)
{
    return db_int_of(db_sql(db, "/* small */ SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table'"), out);
}

enum rc db_user_version(struct db *db, int64_t *out)
{
    return db_int_of(db_sql(db, "PRAGMA user_version"), out);
}
