/* Answered means on disk (design D10a): seen at the system call that SQLite makes. */
#include "config.h"

#include "store_test.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static struct { int n; bool fails; } *disk; /* shared with the children */

int fdatasync(int fd) /* in place of the C library's */
{
    __atomic_add_fetch(&disk->n, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&disk->fails, __ATOMIC_SEQ_CST)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static struct write_lock *LOCK;

static struct db *open_db(bool is_relaxed)
{
    struct db_open how = { .path = DB_PATH, .create = true, .lock = LOCK, .wrote_fd = -1,
                           .is_relaxed = is_relaxed };
    struct db *db = NULL;

    assert_ok(db_open(&how, &db));
    return db;
}

static int set_up(void **state)
{
    in_directory(state);
    disk = mmap(NULL, sizeof *disk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ok(write_lock_open(LOCK_PATH, &LOCK));
    DB = open_db(false);
    assert_ok(db_run(db_sql(DB, "CREATE TABLE t (n INTEGER)")));
    assert_ok(db_run(db_sql(DB, "INSERT INTO t (n) VALUES (0)"))); /* the WAL has its header */
    disk->n = 0;
    return 0;
}

static int tear_down(void **state)
{
    db_close(DB);
    DB = NULL;
    write_lock_close(LOCK);
    munmap(disk, sizeof *disk);
    return after_directory(state);
}

static enum rc put(struct db *db, void *arg)
{
    (void)arg;
    return db_run(db_sql(db, "INSERT INTO t (n) VALUES (1)"));
}

static int64_t count_rows(struct db *db)
{
    int64_t n = 0;

    assert_ok(db_int_of(db_sql(db, "SELECT COUNT(*) FROM t"), &n));
    return n;
}

static void test_every_commit_is_synced(void **state)
{
    (void)state;
    assert_ok(db_write(DB, put, NULL));
    assert_int_equal(disk->n, 1);
    assert_ok(db_run(db_sql(DB, "INSERT INTO t (n) VALUES (2)")));
    assert_int_equal(disk->n, 2);
}

static void test_nothing_written_nothing_synced(void **state)
{
    (void)state;
    assert_ok(db_run(db_sql(DB, "UPDATE t SET n = 5 WHERE n = 77")));
    assert_int_equal(count_rows(DB), 1);
    assert_int_equal(disk->n, 0);
}

static enum rc put_and_refuse(struct db *db, void *arg)
{
    TRY(put(db, arg));
    return RC_REFUSED;
}

static void test_rolled_back_is_not_synced(void **state)
{
    (void)state;
    assert_refused(db_write(DB, put_and_refuse, NULL));
    assert_int_equal(disk->n, 0);
}

static void test_normal_does_not_wait_for_the_disk(void **state)
{
    struct db *db = open_db(true);

    (void)state;
    assert_ok(db_write(db, put, NULL));
    assert_int_equal(disk->n, 0);
    db_close(db);
}

/* A failed sync is no success, and what follows is not built on the hole. */
static void test_failed_sync(void **state)
{
    struct db *other = open_db(false);
    int before;

    (void)state;
    disk->fails = true;
    assert_fault(db_write(DB, put, NULL));
    assert_true(db_is_unavailable(DB));
    assert_true(write_lock_is_sync_lost(LOCK));
    assert_fault(db_write(other, put, NULL)); /* nothing is written behind it */
    assert_true(db_is_unavailable(other));
    assert_int_equal(count_rows(other), 2);
    disk->fails = false;
    before = disk->n;
    assert_ok(db_write(other, put, NULL)); /* first the database is written whole */
    assert_false(write_lock_is_sync_lost(LOCK));
    assert_true(disk->n > before + 1);
    assert_int_equal(count_rows(DB), 3);
    db_close(other);
}

/* A slow disk: who waits for a sync that began too early gets the next one, with everybody else. */
static enum rc never(void *arg)
{
    (void)arg;
    fail_msg("a second sync");
    return RC_FAULT;
}

static enum rc commit_meanwhile(void *arg)
{
    uint64_t *late = arg;

    *late = write_lock_count_commit(LOCK);
    return RC_OK;
}

static enum rc note(void *arg)
{
    ++*(int *)arg;
    return RC_OK;
}

static void test_one_sync_for_all_before_it(void **state)
{
    uint64_t first, second, late = 0;
    int synced = 0;

    (void)state;
    first = write_lock_count_commit(LOCK);
    second = write_lock_count_commit(LOCK);
    assert_ok(write_lock_sync(LOCK, second, 100, commit_meanwhile, &late));
    assert_ok(write_lock_sync(LOCK, first, 100, never, NULL));
    assert_ok(write_lock_sync(LOCK, second, 100, never, NULL));
    assert_ok(write_lock_sync(LOCK, late, 100, note, &synced)); /* counted after that sync began */
    assert_int_equal(synced, 1);
}

/* Whoever dies while syncing holds up nobody, and has proved nothing. */
static enum rc die_in_it(void *arg)
{
    (void)arg;
    kill(getpid(), SIGKILL);
    return RC_OK;
}

static void test_owner_of_the_sync_dies(void **state)
{
    uint64_t n = write_lock_count_commit(LOCK);
    int synced = 0, status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(write_lock_sync(LOCK, n, 100, die_in_it, NULL));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_ok(write_lock_sync(LOCK, n, 100, note, &synced));
    assert_int_equal(synced, 1);
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        FRESH(test_every_commit_is_synced),
        FRESH(test_nothing_written_nothing_synced),
        FRESH(test_rolled_back_is_not_synced),
        FRESH(test_normal_does_not_wait_for_the_disk),
        FRESH(test_failed_sync),
        FRESH(test_one_sync_for_all_before_it),
        FRESH(test_owner_of_the_sync_dies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
