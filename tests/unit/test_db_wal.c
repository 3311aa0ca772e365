/* One write for a commit: seen at the system call, and by strangers who open the files plainly. */
#include "config.h"

#include "store_test.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/syscall.h>

#define BIG 300 /* rows of a page each: more than the page cache holds */

static int writes_n, fails_at; /* fails_at: the write that finds no room; 0: none */

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) /* in place of the C library's */
{
    if (++writes_n == fails_at) {
        errno = ENOSPC;
        return -1;
    }
    return (ssize_t)syscall(SYS_pwrite64, fd, p, n, at);
}

static struct write_lock *LOCK;

static struct db *open_db(void)
{
    struct db_open how = { .path = DB_PATH, .create = true, .lock = LOCK, .wrote_fd = -1,
                           .is_relaxed = true };
    struct db *db = NULL;

    assert_ok(db_open(&how, &db));
    return db;
}

static int set_up(void **state)
{
    in_directory(state);
    assert_ok(write_lock_open(LOCK_PATH, &LOCK));
    DB = open_db();
    assert_ok(db_run(db_sql(DB, "CREATE TABLE t (n INTEGER PRIMARY KEY, round INTEGER, filler BLOB)")));
    fails_at = 0;
    return 0;
}

static int tear_down(void **state)
{
    fails_at = 0;
    db_close(DB);
    DB = NULL;
    write_lock_close(LOCK);
    return after_directory(state);
}

struct batch { int64_t rows, round; enum rc end; };

static enum rc put(struct db *db, void *arg)
{
    const struct batch *b = arg;

    for (int64_t i = 1; i <= b->rows; i++) {
        struct stmt *q = db_sql(db, "INSERT INTO t (n, round, filler) VALUES ($1, $2, zeroblob(3000))"
                                    " ON CONFLICT (n) DO UPDATE SET round = $2");

        db_int(q, 1, i);
        db_int(q, 2, b->round);
        TRY(db_run(q));
    }
    return b->end;
}

/* The same pages once more, after they had to leave the page cache. */
static enum rc put_twice(struct db *db, void *arg)
{
    struct batch *b = arg;

    TRY(put(db, b));
    b->round++;
    return put(db, b);
}

/* Somebody who knows nothing of us: SQLite's own file system. */
static int64_t ask_stranger(const char *path, const char *sql)
{
    sqlite3 *plain = NULL;
    sqlite3_stmt *s = NULL;
    int64_t n;

    assert_int_equal(sqlite3_open_v2(path, &plain, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(plain, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(plain), SQLITE_OK);
    return n;
}

static void assert_sound(const char *path)
{
    assert_int_equal(ask_stranger(path, "SELECT COUNT(*) FROM pragma_integrity_check"
                                        " WHERE integrity_check = 'ok'"), 1);
}

static int64_t rows_of_round(const char *path, int64_t round)
{
    return ask_stranger(path, arena_printf(A, "SELECT COUNT(*) FROM t WHERE round = %d", (int)round));
}

static void copy(const char *from, const char *to)
{
    assert_int_equal(system(arena_printf(A, "cp '%s' '%s'", from, to)), 0);
}

/* The file and its WAL as they are, without what is in memory: what is left after a crash. */
static const char *after_a_crash(void)
{
    const char *path = arena_printf(A, "%s/crashed.db", DIR_PATH);

    unlink(arena_printf(A, "%s-shm", path));
    copy(DB_PATH, path);
    copy(arena_printf(A, "%s-wal", DB_PATH), arena_printf(A, "%s-wal", path));
    return path;
}

static void test_a_commit_is_few_writes(void **state)
{
    struct batch b = { 10, 1, RC_OK };

    (void)state;
    writes_n = 0;
    assert_ok(db_write(DB, put, &b));
    assert_in_range(writes_n, 1, 4); /* of a dozen pages */
    assert_int_equal(rows_of_round(DB_PATH, 1), 10);
    assert_int_equal(rows_of_round(after_a_crash(), 1), 10);
    b.round = 2;
    writes_n = 0;
    assert_ok(db_write(DB, put, &b));
    assert_int_equal(writes_n, 1);
}

static void test_a_commit_of_one_page(void **state)
{
    struct batch b = { 1, 1, RC_OK };

    (void)state;
    assert_ok(db_write(DB, put, &b));
    for (b.round = 2; b.round < 6; b.round++) {
        writes_n = 0;
        assert_ok(db_write(DB, put, &b));
        assert_int_equal(writes_n, 1);
        assert_int_equal(rows_of_round(DB_PATH, b.round), 1);
        assert_int_equal(rows_of_round(after_a_crash(), b.round), 1);
    }
}

/* Pages leave the cache, come back and leave again: SQLite reads the frames of its own
 * transaction and writes over them. */
static void test_more_than_the_cache_holds(void **state)
{
    struct batch b = { BIG, 1, RC_OK };

    (void)state;
    assert_ok(db_write(DB, put_twice, &b));
    assert_int_equal(rows_of_round(DB_PATH, 2), BIG);
    assert_sound(DB_PATH);
    assert_int_equal(rows_of_round(after_a_crash(), 2), BIG);
    assert_sound(after_a_crash());
}

/* What was rolled back never lands on what another one committed since. */
static void test_rolled_back_is_forgotten(void **state)
{
    struct batch mine = { BIG, 1, RC_REFUSED }, theirs = { BIG, 2, RC_OK };
    struct db *other = open_db();

    (void)state;
    for (mine.rows = 50; mine.rows < BIG; mine.rows += 50) {
        assert_refused(db_write(DB, put_twice, &mine));
        assert_ok(db_write(other, put, &theirs));
        assert_int_equal(rows_of_round(after_a_crash(), theirs.round), BIG);
        theirs.round++;
        mine.end = RC_OK;
        assert_ok(db_write(DB, put, &mine));
        mine.end = RC_REFUSED;
        assert_int_equal(rows_of_round(DB_PATH, mine.round), mine.rows);
        assert_sound(after_a_crash());
    }
    db_close(other);
    assert_sound(DB_PATH);
}

/* Wherever there is no room, nothing of the transaction is there, and the next one is. */
static void test_no_room(void **state)
{
    struct batch b = { BIG, 1, RC_OK };
    int all;

    (void)state;
    assert_ok(db_write(DB, put, &b));
    b.round = 100;
    writes_n = 0;
    assert_ok(db_write(DB, put_twice, &b));
    all = writes_n;
    assert_true(all > 5);
    for (int at = 1; at <= all; at += 1 + all / 40) {
        struct batch lost = { BIG, 1000 + 2 * at, RC_OK }, kept = { 3, 2, RC_OK };

        writes_n = 0;
        fails_at = at;
        assert_fault(db_write(DB, put_twice, &lost));
        fails_at = 0;
        assert_int_equal(rows_of_round(after_a_crash(), lost.round), 0);
        assert_ok(db_write(DB, put, &kept));
        assert_int_equal(rows_of_round(DB_PATH, 2), 3);
        assert_int_equal(rows_of_round(DB_PATH, 101), BIG - 3);
        assert_sound(after_a_crash());
    }
}

static void writer_without_end(void)
{
    struct batch b = { BIG, 1, RC_OK };
    struct db *db = open_db();

    for (;;) {
        if (db_write(db, put_twice, &b) != RC_OK)
            _exit(1);
        b.round++;
    }
}

/* Killed anywhere: the rows are all of one round, the second of a transaction. */
static void test_killed(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();
        int status;

        if (pid == 0)
            writer_without_end();
        usleep((useconds_t)(3000 + 7919 * i)); /* somewhere; wherever it is, what follows holds */
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_sound(after_a_crash());
        assert_true(ask_stranger(DB_PATH, "SELECT COUNT(DISTINCT round) FROM t") <= 1);
        assert_int_equal(ask_stranger(DB_PATH, "SELECT COUNT(*) FROM t WHERE round % 2 = 1"), 0);
    }
    assert_sound(DB_PATH);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_commit_is_few_writes), T(test_a_commit_of_one_page), T(test_more_than_the_cache_holds),
        T(test_rolled_back_is_forgotten), T(test_no_room), T(test_killed),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
