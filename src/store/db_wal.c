#include "config.h"

#include "store/db_private.h"

#include <stdlib.h>
#include <string.h>

#include "util/log.h"

/*
 * SQLite writes a commit into the WAL by two calls for each page, a header of 24 bytes and
 * the page, while everybody waits for the write lock.  Here the calls are gathered into one.
 *
 * What SQLite may count on stays true.  A transaction is there for others when SQLite says
 * so in the WAL-index, and it does that after the frame that ends it: with the page of
 * that frame all goes to the file.  Frames before it are
 * nobody's; they are written before the write lock is given away, so that nothing of ours
 * ever meets another writer.  A read, a sync and whatever else asks about the file see it
 * whole.  Who is killed leaves an unfinished transaction in the file, or less of it.
 *
 * The files are the default VFS's own, and so are their methods but for these.
 */

#define FRAME_HEADER 24
#define FRAME_SIZE_AT 4   /* in the header: the pages of the database if it ends a transaction, else 0 */
#define WAL_WRITE_LOCK 0  /* among SQLite's locks in shared memory */
#define GATHER_MAX 65536

struct extra { /* stands behind the default VFS's struct of a file */
    const sqlite3_io_methods *native;
    sqlite3_io_methods methods;
    sqlite3_file *wal;      /* of a database: its WAL, while that is open */
    sqlite3_file *database; /* of a WAL */
    uint8_t *gathered;      /* of a WAL: belongs into the file from `at` on */
    int n;
    sqlite3_int64 at;
    bool is_ending;         /* of a WAL: the frame whose page comes next ends a transaction */
    int failure;            /* of a WAL: frames of this transaction are missing, so that it cannot be ended */
};

static sqlite3_vfs *native_vfs;

static struct extra *extra_of(sqlite3_file *file)
{
    return (struct extra *)(void *)((char *)file + native_vfs->szOsFile);
}

/* ---- the WAL ---- */

static int flush(sqlite3_file *file)
{
    struct extra *e = extra_of(file);

    if (e->n > 0)
        e->failure = e->native->xWrite(file, e->gathered, e->n, e->at);
    e->n = 0;
    e->is_ending = false;
    return e->failure;
}

static bool is_header(int n)
{
    return n == FRAME_HEADER;
}

static bool ends_transaction(const void *p, int n)
{
    static const uint8_t none[4];

    return is_header(n) && memcmp((const uint8_t *)p + FRAME_SIZE_AT, none, sizeof none) != 0;
}

static bool follows(const struct extra *e, int n, sqlite3_int64 at)
{
    return e->n > 0 && at == e->at + e->n && n <= GATHER_MAX - e->n;
}

static bool has_room(struct extra *e)
{
    if (e->gathered == NULL)
        e->gathered = malloc(GATHER_MAX);
    return e->gathered != NULL;
}

static void gather(struct extra *e, const void *p, int n)
{
    memcpy(e->gathered + e->n, p, (size_t)n);
    e->n += n;
    e->is_ending = ends_transaction(p, n);
}

static int wal_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    struct extra *e = extra_of(file);
    int code;

    if (follows(e, n, at)) {
        bool is_end = e->is_ending;

        gather(e, p, n);
        return is_end ? flush(file) : SQLITE_OK;
    }
    code = flush(file);
    if (code != SQLITE_OK)
        return code;
    if (!is_header(n) || !has_room(e))
        return e->native->xWrite(file, p, n, at);
    e->at = at;
    gather(e, p, n);
    return SQLITE_OK;
}

static int wal_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
    int code = flush(file);

    return code == SQLITE_OK ? extra_of(file)->native->xRead(file, p, n, at) : code;
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = flush(file);

    return code == SQLITE_OK ? extra_of(file)->native->xTruncate(file, size) : code;
}

static int wal_sync(sqlite3_file *file, int flags)
{
    int code = flush(file);

    return code == SQLITE_OK ? extra_of(file)->native->xSync(file, flags) : code;
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *out)
{
    int code = flush(file);

    return code == SQLITE_OK ? extra_of(file)->native->xFileSize(file, out) : code;
}

static int wal_close(sqlite3_file *file)
{
    struct extra *e = extra_of(file);

    (void)flush(file);
    if (e->database)
        extra_of(e->database)->wal = NULL;
    free(e->gathered);
    e->gathered = NULL;
    return e->native->xClose(file);
}

/* ---- the database ---- */

static int database_lock(sqlite3_file *file, int first, int n, int flags)
{
    struct extra *e = extra_of(file);

    /* what was not written yet is of a transaction that was rolled back */
    if (e->wal && first == WAL_WRITE_LOCK && (flags & SQLITE_SHM_UNLOCK) != 0) {
        (void)flush(e->wal);
        extra_of(e->wal)->failure = SQLITE_OK;
    }
    return e->native->xShmLock(file, first, n, flags);
}

/* ---- opening ---- */

static void begin(sqlite3_file *file, struct extra *e)
{
    e->native = file->pMethods;
    e->methods = *file->pMethods;
    file->pMethods = &e->methods;
}

static void begin_wal(sqlite3_file *file, sqlite3_file *database)
{
    struct extra *e = extra_of(file);

    begin(file, e);
    e->methods.xWrite = wal_write;
    e->methods.xRead = wal_read;
    e->methods.xTruncate = wal_truncate;
    e->methods.xSync = wal_sync;
    e->methods.xFileSize = wal_size;
    e->methods.xClose = wal_close;
    e->database = database;
    extra_of(database)->wal = file;
}

static void begin_database(sqlite3_file *file)
{
    struct extra *e = extra_of(file);

    begin(file, e);
    e->methods.xShmLock = database_lock;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    int code;

    (void)vfs;
    memset(extra_of(file), 0, sizeof(struct extra));
    code = native_vfs->xOpen(native_vfs, name, file, flags, out_flags);
    if (code != SQLITE_OK)
        return code;
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0)
        begin_database(file);
    else if ((flags & SQLITE_OPEN_WAL) != 0)
        begin_wal(file, sqlite3_database_file_object(name));
    return SQLITE_OK;
}

const char *db_wal_vfs(void)
{
    static sqlite3_vfs vfs;

    if (native_vfs == NULL) {
        native_vfs = sqlite3_vfs_find(NULL);
        if (native_vfs == NULL || native_vfs->szOsFile % (int)sizeof(void *) != 0)
            die("store: SQLite has no file system");
        vfs = *native_vfs;
        vfs.zName = "autentico";
        vfs.szOsFile += (int)sizeof(struct extra);
        vfs.xOpen = open_file;
        if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
            die("store: no memory");
    }
    return vfs.zName;
}
