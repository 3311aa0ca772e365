/*
 * The inside of a database handle, shared by db_sqlite.c and its parts db_*.c
 * and by nobody else.
 */
#ifndef AUTENTICO_STORE_DB_PRIVATE_H
#define AUTENTICO_STORE_DB_PRIVATE_H

#include <sqlite3.h>

#include "store/db.h"

#define DB_BUSY_MS 5000      /* for strangers: among ourselves the write lock decides */
#define DB_BUSY_MS_LIMITS 100
#define DB_KEPT_MS 100       /* for one who was there a moment ago */
#define DB_LOCK_MS 5000
#define DB_PARAMETERS_MAX 63 /* they have a bit each */

struct stmt {
    struct db *db;
    const char *sql;  /* the literal; its address is the key of the cache */
    sqlite3_stmt *s;  /* NULL: could not be prepared, `code` says why */
    int code;
    bool is_reader;
    bool has_lock;    /* took the write lock for this execution */
    uint64_t wanted, bound; /* bit n: $n */
    uint8_t index[DB_PARAMETERS_MAX + 1]; /* of $n: SQLite's own number */
};

struct db {
    sqlite3 *handle;
    struct write_lock *lock;
    int wrote_fd, outbox_fd;
    bool is_limits, is_durable;

    struct stmt **cache; /* open addressing; a power of two, at most half full */
    size_t cache_n, cache_size;
    struct stmt broken;  /* the last one that could not be prepared */

    bool is_reading, is_writing; /* is_reading: BEGIN comes before the next statement that reads */
    bool is_contended;   /* SQLITE_BUSY since the flag was cleared */
    bool is_unavailable, is_damaged;
    int64_t changed;
    char why[200];

    bool has_queued;     /* db_queued() in this transaction */
    bool has_written;    /* the last commit has put something into the WAL */
    uint64_t commit_n;   /* its number, for write_lock_sync() */
    int wal_frames;      /* after the last commit of this handle */
    int wal_limit;       /* from here on we checkpoint ourselves */
};

/* What SQLite's answer means; remembers why.  RC_FAULT is logged. */
MUST_CHECK enum rc db_outcome(struct db *db, const char *sql, int code);
/* BEGIN, COMMIT and the like: execute a statement without binding, locks or hooks. */
MUST_CHECK enum rc db_control(struct db *db, const char *literal);
int db_busy_ms(const struct db *db); /* how long SQLite waits for a stranger */
/* One commit: db_lock(), BEGIN ... COMMIT, db_unlock(true), db_committed(). */
MUST_CHECK enum rc db_lock(struct db *db); /* the write lock, or a logged RC_FAULT */
void db_unlock(struct db *db, bool has_committed);
/* Off the lock: bring it to disk, tell the keeper; checkpoint when it is not there.
 * RC_FAULT: committed, but nobody may be told so. */
MUST_CHECK enum rc db_committed(struct db *db);
MUST_CHECK enum rc db_sync(struct db *db);      /* the WAL, up to our last commit */
MUST_CHECK enum rc db_sync_again(struct db *db); /* holding the lock, after a lost sync */
MUST_CHECK enum rc db_read_need(struct db *db); /* before a statement that reads */
int db_add_functions(sqlite3 *handle); /* sha256(); an SQLite code */
const char *db_wal_vfs(void);     /* the files, with one write for a commit; after sqlite3_config() */
void db_keep_pages(void);         /* SQLite's memory; before its first use */
void db_forget(struct db *db);    /* finalise every statement */

#endif
