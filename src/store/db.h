/*
 * The database: the whole vocabulary of style 4.5 and 4.6.  One implementation,
 * db_sqlite.c with its parts db_*.c, the only files that know sqlite3.
 *
 * A handle belongs to one process and is opened after the fork.  Statements are
 * prepared once per handle and cached by the address of their literal; db_one,
 * db_each and db_run execute and reset, so none stays open.
 */
#ifndef AUTENTICO_STORE_DB_H
#define AUTENTICO_STORE_DB_H

#include <stdbool.h>

#include "util/text.h"

struct db;
struct stmt;
struct write_lock;

/*
 * The lock in front of every BEGIN IMMEDIATE (design D10b): a robust,
 * process-shared, priority-inheritance mutex in a small mapped file, so that
 * waiters are served in turn and the kernel hands it on when its owner dies.
 * The boot id stands in the file: whoever finds another one re-initialises it
 * under an exclusive flock.  Used by pool and command line alike.
 */
MUST_CHECK enum rc write_lock_open(const char *path, struct write_lock **out);
void write_lock_close(struct write_lock *l);
MUST_CHECK enum rc write_lock_take(struct write_lock *l, int64_t timeout_ms); /* RC_NONE: timed out */
void write_lock_give(struct write_lock *l);

/*
 * Durability (design D10a): a commit is counted while the lock is held and brought
 * to disk after it was given back; whoever comes first syncs for all who committed
 * until then, the others find their number done.
 *
 *   commit_n  what write_lock_count_commit() gave
 *   sync      brings everything written so far to disk
 * RC_OK    on disk
 * RC_NONE  not within timeout_ms
 * RC_FAULT `sync` failed.  The kernel reports such a loss once and then forgets the
 *          pages, so that the next sync proves nothing: is_sync_lost() stays true until
 *          somebody has written all of it again and says so with sync_found().
 */
typedef enum rc write_lock_sync_fn(void *arg);
uint64_t write_lock_count_commit(struct write_lock *l);
MUST_CHECK enum rc write_lock_sync(struct write_lock *l, uint64_t commit_n, int64_t timeout_ms,
                                   write_lock_sync_fn *sync, void *arg);
bool write_lock_is_sync_lost(const struct write_lock *l);
void write_lock_sync_found(struct write_lock *l);

/* Somebody writes without this lock (an sqlite3 shell left open): as the last holder found
 * it.  Known so that one waits for the stranger's end and not everybody, one after another. */
void write_lock_set_kept(struct write_lock *l, bool is_kept);
bool write_lock_is_kept(const struct write_lock *l);

/*
 * What a process keeps in memory of the database (settings, keys) is good until this
 * counter moves, so that asking costs no SQL.  It is odd from before the commit of such
 * a change until after it, and stays so when the writer dies in between: then everybody
 * looks into the database until the next one has given the lock back.
 *
 * write_lock_change()       holding the lock, before the commit; giving it back ends it
 * write_lock_has_changed()  true: read the database, which must not have been read in
 *                           this transaction before.  *seen is the caller's to keep,
 *                           0 in the beginning
 */
void write_lock_change(struct write_lock *l);
bool write_lock_has_changed(const struct write_lock *l, uint64_t *seen);
uint64_t write_lock_commits(const struct write_lock *l); /* how many there were */

struct db_open {
    const char *path;       /* ":memory:" for tests */
    struct write_lock *lock; /* NULL: none (tests) */
    bool create;            /* make the file, 0600, when absent */
    bool is_limits;         /* limits.db: synchronous=OFF */
    int wrote_fd;           /* eventfd told after each commit, for the keeper; -1 none */
    int outbox_fd;          /* eventfd told after a commit with db_queued(), for the courier; 0 none */
    bool is_relaxed;        /* AUTENTICO_DURABILITY=normal: a commit does not wait for the disk */
    bool is_still;          /* a copy that lies still: opened for reading only, left exactly as it is */
};
/* While a handle is open, never open() and close() its file by hand in the same
 * process: POSIX drops every lock the process holds on it. */
MUST_CHECK enum rc db_open(const struct db_open *how, struct db **out);
void db_close(struct db *db);
void db_warm(struct db *db); /* read once, so that every file is open before the sandbox closes */

/* Statements.  Only a literal compiles.  `$n` binds by number, as PostgreSQL does. */
#define db_sql(db, literal) db_prepare((db), "" literal "")
struct stmt *db_prepare(struct db *db, const char *literal); /* die()s on an SQL error: a bug */
void db_text(struct stmt *q, int i, const char *text);   /* NULL binds NULL; text must live until executed */
void db_int(struct stmt *q, int i, int64_t n);
void db_bool(struct stmt *q, int i, bool is);
void db_bytes(struct stmt *q, int i, struct bytes b);    /* p NULL binds NULL; as db_text */
void db_real(struct stmt *q, int i, double n);
void db_null(struct stmt *q, int i);
void db_int_or_null(struct stmt *q, int i, int64_t n);   /* 0 binds NULL */

typedef void row_fn(struct stmt *q, struct arena *a, void *out);
/* RC_OK, RC_NONE (no row), RC_REFUSED (a constraint, as db_run), RC_FAULT.  `row` sets every
 * member of `out`; it is untouched on RC_NONE.  A parameter that nobody bound is a die(). */
MUST_CHECK enum rc db_one(struct stmt *q, struct arena *a, row_fn *row, void *out);
/* Every row, in order, into a growing array of `size`-byte zeroed elements on `a`. */
struct rows { void *v; size_t n; };
MUST_CHECK enum rc db_each(struct stmt *q, struct arena *a, row_fn *row, size_t size, struct rows *out);
/* RC_REFUSED: a UNIQUE, CHECK or foreign key constraint failed; db_why() says which.
 * A writing statement outside db_write ends an open read transaction, takes the
 * write lock and is a transaction of its own. */
MUST_CHECK enum rc db_run(struct stmt *q);
MUST_CHECK enum rc db_int_of(struct stmt *q, int64_t *out); /* one integer; RC_NONE: no row or NULL */
MUST_CHECK enum rc db_run_changed(struct stmt *q); /* the same; RC_NONE: there was no such row, or not any more */
int64_t db_changed(struct db *db);          /* rows of the last db_run */

const char *col_text(struct stmt *q, int i, struct arena *a); /* NULL for NULL */
const char *col_text_or(struct stmt *q, int i, struct arena *a, const char *otherwise);
int64_t col_int(struct stmt *q, int i);  /* 0 for NULL */
bool col_bool(struct stmt *q, int i);
struct bytes col_bytes(struct stmt *q, int i, struct arena *a);
bool col_is_null(struct stmt *q, int i);

/*
 * One write transaction.  Only RC_OK commits; on contention `work` is run again,
 * up to three times with jitter and within five seconds, so it touches the database and its argument's
 * arena and nothing else.  Ends an open read transaction first.
 */
typedef enum rc db_work(struct db *db, void *arg);
MUST_CHECK enum rc db_write(struct db *db, db_work *work, void *arg); /* nested: die() */
/* The same, but joins the write transaction that is open already, if one is. */
MUST_CHECK enum rc db_write_within(struct db *db, db_work *work, void *arg);
/* Within db_write: what others keep in memory is out of date.  And whether it is; always
 * true without a lock.  See write_lock_has_changed(). */
void db_change(struct db *db);
bool db_has_changed(const struct db *db, uint64_t *seen);
/* Within db_write: there is something to deliver.  The courier is told when it is on disk. */
void db_queued(struct db *db);
/* Has anybody committed since *seen (the caller's to keep, 0 in the beginning)?  Costs no SQL; always
 * true without a lock. */
bool db_has_commits(const struct db *db, uint64_t *seen);
/* The read transaction of the request (design D10b): opened by the gate, ended
 * before any hash, signature, write or response.  Both may be called twice.  It begins
 * with the first statement that reads, so a request that reads nothing costs nothing. */
void db_read_begin(struct db *db);
void db_read_end(struct db *db);
bool db_is_idle(const struct db *db); /* no transaction, no statement that reads */

/* Why the last RC_REFUSED or RC_FAULT: "users.username" for a UNIQUE failure,
 * "FOREIGN KEY" for a missing parent; for tests and messages. */
const char *db_why(const struct db *db);
/* The last RC_FAULT was the storage's, not ours: full, read-only, unreadable, damaged, or kept
 * by somebody else too long: answer 503.  Forgotten when a read transaction begins. */
bool db_is_unavailable(const struct db *db);
bool db_is_damaged(const struct db *db); /* the last RC_FAULT: not a database, or a corrupt one */

/* The keeper's. */
struct checkpoint { int64_t frames_n, moved_n; };
/* hard: so that the WAL begins again at its front; all but the rest is done off the lock,
 * which is held for as long as readers of older pages need, at most some 100 ms.
 * RC_NONE: somebody was in the way. */
MUST_CHECK enum rc db_checkpoint(struct db *db, bool is_hard, struct checkpoint *out);

/*
 * The whole database as it is at this moment, copied while others write (SQLite's online
 * backup API over one held snapshot).  No writer waits for it.  Meanwhile the WAL cannot
 * be emptied; it is when the copy is done.
 *
 *   path, fd  an empty file of the caller's, who keeps fd open
 *   told      called again and again with the pages that are done; may be NULL
 * RC_OK     on disk, one file that needs no other beside it
 * RC_FAULT  logged
 */
typedef void db_told_fn(int64_t done_n, int64_t all_n, void *arg);
MUST_CHECK enum rc db_copy(struct db *db, const char *path, int fd, db_told_fn *told, void *arg);
/* integrity_check and foreign_key_check.  RC_REFUSED: not whole, and the first finding. */
MUST_CHECK enum rc db_check_whole(struct db *db, struct arena *a, const char **why);
/* quick_check alone: the same but for indexes, in a fraction of the time. */
MUST_CHECK enum rc db_check_quick(struct db *db, struct arena *a, const char **why);

/* Every statement prepared so far and its plan, for the EXPLAIN QUERY PLAN test:
 * fn(sql, plan detail line). */
void db_each_plan(struct db *db, void (*fn)(const char *sql, const char *detail, void *arg), void *arg);

#endif
