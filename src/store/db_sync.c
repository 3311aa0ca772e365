#include "config.h"

#include "store/db_private.h"

#include <stdio.h>
#include <string.h>

#include "util/log.h"

/*
 * "Answered means on disk" (design D10a).  SQLite commits with synchronous=NORMAL,
 * which writes the WAL without syncing it; the sync follows here, when the write lock
 * is free again, and one sync serves everybody who committed before it.  A WAL that was
 * reset in between needs none: a checkpoint syncs the database file first.
 */

static enum rc lost(struct db *db, const char *why)
{
    db->is_unavailable = true; /* the client is told to come again */
    db->is_damaged = false;
    snprintf(db->why, sizeof db->why, "%s", why);
    return fault("store: %s", why);
}

static enum rc sync_wal(void *arg)
{
    struct db *db = arg;
    sqlite3_file *wal = NULL;
    int code = sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);

    if (code == SQLITE_OK && wal && wal->pMethods)
        code = wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
    return code == SQLITE_OK ? RC_OK : lost(db, "the WAL could not be brought to disk");
}

enum rc db_sync(struct db *db)
{
    enum rc rc;

    if (!db->is_durable || !db->has_written)
        return RC_OK;
    if (!db->lock)
        return sync_wal(db);
    rc = write_lock_sync(db->lock, db->commit_n, DB_LOCK_MS, sync_wal, db);
    return rc == RC_NONE ? lost(db, "the WAL was not brought to disk in time") : rc;
}

/*
 * After a failed sync the kernel may take the lost pages of the WAL for written.  A
 * checkpoint copies every frame into the database file and syncs that; until one has
 * succeeded nothing is written behind the hole.
 */
enum rc db_sync_again(struct db *db)
{
    int frames = -1, moved = -2;
    int code;

    if (!db->lock || !db->is_durable || !write_lock_is_sync_lost(db->lock))
        return RC_OK;
    code = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_FULL, &frames, &moved);
    if (code != SQLITE_OK || frames != moved)
        return lost(db, "a sync was lost and the database cannot be written");
    write_lock_sync_found(db->lock);
    log_event(LOG_LEVEL_WARNING, "sync_found", "why", "a sync was lost; the database was written whole", NULL);
    return RC_OK;
}
