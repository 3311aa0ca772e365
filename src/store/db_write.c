#include "config.h"

#include "store/db_private.h"

#include <time.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"

#define TRIES_MAX 4 /* one, and three more on contention */

static enum rc roll_back(struct db *db, enum rc rc)
{
    /* SQLite may have done it already, after a full disk for instance */
    if (!sqlite3_get_autocommit(db->handle) && db_control(db, "ROLLBACK") != RC_OK)
        die("store: cannot roll back: %s", db->why);
    return rc;
}

static enum rc transact(struct db *db, db_work *work, void *arg)
{
    enum rc rc = db_control(db, "BEGIN IMMEDIATE");

    if (rc != RC_OK)
        return rc;
    rc = work(db, arg);
    if (rc == RC_OK && sqlite3_get_autocommit(db->handle))
        rc = fault("store: the transaction was gone before its commit: %s", db->why);
    if (rc == RC_OK)
        rc = db_control(db, "COMMIT");
    return rc == RC_OK ? RC_OK : roll_back(db, rc);
}

static enum rc transact_locked(struct db *db, db_work *work, void *arg)
{
    enum rc rc;

    TRY(db_lock(db));
    db->has_queued = false;
    db->is_writing = true;
    rc = transact(db, work, arg);
    db->is_writing = false;
    db_unlock(db, rc == RC_OK);
    return rc == RC_OK ? db_committed(db) : rc;
}

static void pause_with_jitter(int try_n)
{
    int64_t us = 1000 * ((int64_t)1 << try_n);

    usleep((useconds_t)(us + clock_mono_us() % us));
}

enum rc db_write(struct db *db, db_work *work, void *arg)
{
    bool is_kept = db->lock && write_lock_is_kept(db->lock);
    int64_t until = clock_mono_ms() + (is_kept ? 0 : DB_BUSY_MS); /* a stranger is waited for once */

    if (db->is_writing)
        die("store: db_write within db_write");
    db_read_end(db);
    db->is_contended = false;
    for (int i = 0; i < TRIES_MAX && (i == 0 || clock_mono_ms() < until); i++) {
        enum rc rc;

        db->is_contended = false;
        rc = transact_locked(db, work, arg);
        if (rc != RC_FAULT || !db->is_contended)
            return rc;
        pause_with_jitter(i);
    }
    return fault("store: somebody without the write lock keeps the database: %s", db->why);
}

enum rc db_write_within(struct db *db, db_work *work, void *arg)
{
    return db->is_writing ? work(db, arg) : db_write(db, work, arg);
}

void db_change(struct db *db)
{
    if (!db->is_writing)
        die("store: db_change outside db_write");
    if (db->lock)
        write_lock_change(db->lock);
}

void db_queued(struct db *db)
{
    if (!db->is_writing)
        die("store: db_queued outside db_write");
    db->has_queued = true;
}

bool db_has_commits(const struct db *db, uint64_t *seen)
{
    uint64_t now = db->lock ? write_lock_commits(db->lock) : 0;
    bool has = !db->lock || now != *seen;

    *seen = now;
    return has;
}

bool db_has_changed(const struct db *db, uint64_t *seen)
{
    return !db->lock || write_lock_has_changed(db->lock, seen);
}

void db_read_begin(struct db *db)
{
    if (!db->is_writing)
        db->is_reading = true;
}

enum rc db_read_need(struct db *db)
{
    if (!db->is_reading || !sqlite3_get_autocommit(db->handle))
        return RC_OK;
    db->is_unavailable = db->is_damaged = false;
    return db_control(db, "BEGIN");
}

void db_read_end(struct db *db)
{
    if (!db->is_reading)
        return;
    db->is_reading = false;
    if (sqlite3_get_autocommit(db->handle) || db_control(db, "COMMIT") == RC_OK)
        return;
    /* after a read error it cannot be committed, which does not matter */
    (void)roll_back(db, RC_OK);
}

bool db_is_idle(const struct db *db)
{
    /* a statement that stays open keeps its snapshot; asking each of them costs a microsecond */
    return !db->is_reading && !db->is_writing && sqlite3_get_autocommit(db->handle) &&
           sqlite3_txn_state(db->handle, NULL) == SQLITE_TXN_NONE;
}

const char *db_why(const struct db *db)
{
    return db->why;
}

bool db_is_unavailable(const struct db *db)
{
    return db->is_unavailable;
}

bool db_is_damaged(const struct db *db)
{
    return db->is_damaged;
}
