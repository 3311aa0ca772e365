#include "config.h"

#include "store/db_private.h"

#include <unistd.h>

/*
 * The keeper's checkpoints.  To begin again at its front the WAL must be in the database
 * file to its last frame, and that file on disk: the last of it is done under the write
 * lock, when writers cannot add more.  SQLite alone would do the one sync there that
 * counts, of all pages since the time before, a tenth of a second and more on an ordinary
 * disk.  So we sync before.
 */

#define WAL_FRAMES_KEPT 8000      /* a WAL that a long reader made larger than that is cut off */
#define NEAR_FRAMES 200           /* are brought over in a moment */
#define NEAR_TRIES 5
#define NAP_US 200
#define NAPS_MAX 500              /* 100 ms */

static enum rc checkpoint(struct db *db, int mode, struct checkpoint *out)
{
    int frames = 0, moved = 0;
    int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, mode, &frames, &moved);

    if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
        return RC_NONE;
    TRY(db_outcome(db, "checkpoint", code));
    out->frames_n = frames;
    out->moved_n = moved;
    return RC_OK;
}

static enum rc sync_database(struct db *db)
{
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file);

    if (code == SQLITE_OK && file && file->pMethods)
        code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
    return db_outcome(db, "sync", code);
}

/* Off the lock, until little more comes while the disk is busy with what came before. */
static enum rc come_near(struct db *db, struct checkpoint *out)
{
    int64_t more = NEAR_FRAMES + 1;

    for (int i = 0; i < NEAR_TRIES && more > NEAR_FRAMES; i++) {
        int64_t before = i == 0 ? -more : out->frames_n;

        TRY(checkpoint(db, SQLITE_CHECKPOINT_PASSIVE, out));
        TRY(sync_database(db));
        more = out->frames_n - before;
    }
    return RC_OK;
}

/* Readers are done soon, and writers wait for us. */
static int nap(void *arg, int tries)
{
    (void)arg;
    usleep(NAP_US);
    return tries < NAPS_MAX;
}

/* RESTART: the next writer begins again at the front.  The file keeps its length: to cut it
 * off costs tens of milliseconds, and to grow it again makes syncs slower. */
static enum rc restart_wal(struct db *db, struct checkpoint *out)
{
    int mode = out->frames_n > WAL_FRAMES_KEPT ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART;
    enum rc rc;

    TRY(db_lock(db));
    sqlite3_busy_handler(db->handle, nap, NULL);
    rc = checkpoint(db, mode, out);
    sqlite3_busy_timeout(db->handle, db_busy_ms(db));
    db_unlock(db, false);
    return rc;
}

enum rc db_checkpoint(struct db *db, bool is_hard, struct checkpoint *out)
{
    db_read_end(db);
    if (!is_hard)
        return checkpoint(db, SQLITE_CHECKPOINT_PASSIVE, out);
    TRY(come_near(db, out));
    return restart_wal(db, out);
}
