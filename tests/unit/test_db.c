#include "config.h"

#include "store_test.h"

#include <errno.h>
#include <sys/eventfd.h>

struct pair { int64_t n; const char *text; };

static void pair_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct pair *)out = (struct pair){ col_int(q, 0), col_text(q, 1, a) };
}

static int with_table(void **state)
{
    in_file(state);
    assert_ok(db_run(db_sql(DB, "CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT UNIQUE,"
                                " bin BLOB, flag INTEGER CHECK (flag IN (0, 1))) STRICT")));
    return 0;
}

static enum rc put(struct db *db, int64_t n, const char *text)
{
    struct stmt *q = db_sql(db, "INSERT INTO t (n, text) VALUES ($1, $2)");

    db_int(q, 1, n);
    db_text(q, 2, text);
    return db_run(q);
}

static void test_binds_by_number(void **state)
{
    struct stmt *q = db_sql(DB, "SELECT $2, $1, $2");
    struct pair p;

    (void)state;
    db_text(q, 1, "one");
    db_int(q, 2, 2);
    assert_ok(db_one(q, A, pair_row, &p));
    assert_int_equal(p.n, 2);
    assert_string_equal(p.text, "one");
}

static void test_keeps_statements(void **state)
{
    static const char sql[] = "SELECT 1, 'x'";
    struct stmt *first = db_prepare(DB, sql);

    (void)state;
    assert_ptr_equal(first, db_prepare(DB, sql));
    for (int i = 0; i < 300; i++) { /* other addresses: the cache grows */
        struct pair p;

        assert_ok(db_one(db_prepare(DB, arena_strdup(A, sql)), A, pair_row, &p));
        assert_int_equal(p.n, 1);
    }
    assert_ptr_equal(first, db_prepare(DB, sql));
}

static void test_types(void **state)
{
    struct stmt *q = db_sql(DB, "INSERT INTO t (n, text, bin, flag) VALUES ($1, $2, $3, $4)");
    int64_t n;

    (void)state;
    db_int_or_null(q, 1, 7);
    db_text(q, 2, NULL);
    db_bytes(q, 3, BYTES("a\0b"));
    db_bool(q, 4, true);
    assert_ok(db_run(q));
    assert_int_equal(db_changed(DB), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM t WHERE text IS NULL AND flag = 1"
                           " AND bin = X'61006200'"), 1);
    assert_none(db_int_of(db_sql(DB, "SELECT text FROM t WHERE n = 7"), &n));
    assert_none(db_int_of(db_sql(DB, "SELECT n FROM t WHERE n = 8"), &n));
}

static void test_none_leaves_out_alone(void **state)
{
    struct pair p = { 42, "mine" };

    (void)state;
    assert_none(db_one(db_sql(DB, "SELECT n, text FROM t WHERE n = 1"), A, pair_row, &p));
    assert_int_equal(p.n, 42);
}

static void test_each(void **state)
{
    struct rows rows = { 0 };

    (void)state;
    for (int i = 1; i <= 20; i++)
        assert_ok(put(DB, i, arena_printf(A, "row %d", i)));
    assert_ok(db_each(db_sql(DB, "SELECT n, text FROM t ORDER BY n"), A, pair_row, sizeof(struct pair), &rows));
    assert_int_equal(rows.n, 20);
    for (size_t i = 0; i < rows.n; i++) {
        assert_int_equal(((struct pair *)rows.v)[i].n, i + 1);
        assert_string_equal(((struct pair *)rows.v)[i].text, arena_printf(A, "row %zu", i + 1));
    }
    assert_ok(db_each(db_sql(DB, "SELECT n, text FROM t WHERE n > 90"), A, pair_row, sizeof(struct pair), &rows));
    assert_int_equal(rows.n, 0);
    assert_true(db_is_idle(DB));
}

static void test_refusals_say_why(void **state)
{
    (void)state;
    assert_ok(put(DB, 1, "same"));
    assert_refused(put(DB, 2, "same"));
    assert_string_equal(db_why(DB), "t.text");
    assert_refused(put(DB, 1, "other"));
    assert_string_equal(db_why(DB), "t.n");
    assert_refused(db_run(db_sql(DB, "INSERT INTO t (n, flag) VALUES (5, 2)")));
    assert_string_equal(db_why(DB), "flag IN (0");
    assert_refused(db_run(db_sql(DB, "INSERT INTO passwords (user_id, hash, changed_at, hashed_at)"
                                     " VALUES ('nobody', 'x', 1, 1)")));
    assert_string_equal(db_why(DB), "FOREIGN KEY");
}

static void test_our_own_mistakes_are_faults(void **state)
{
    (void)state;
    assert_fault(db_run(db_sql(DB, "INSERT INTO settings (key, value, updated_at) VALUES ('a', NULL, 1)")));
    assert_fault(db_run(db_sql(DB, "INSERT INTO t (n) VALUES ('text')")));
    assert_false(db_is_unavailable(DB));
    assert_true(db_is_idle(DB));
}

static void test_full_disk(void **state)
{
    (void)state;
    assert_ok(db_one(db_sql(DB, "PRAGMA max_page_count = 60"), A, pair_row, &(struct pair){ 0 }));
    for (int i = 0; i < 100; i++) {
        struct stmt *q = db_sql(DB, "INSERT INTO t (bin) VALUES (zeroblob(50000))");

        if (db_run(q) == RC_FAULT)
            break;
    }
    assert_true(db_is_unavailable(DB));
    assert_true(db_is_idle(DB));
    assert_int_equal(count("SELECT COUNT(*) FROM users"), 0); /* and we go on */
}

/* Transactions. */

static enum rc put_one(struct db *db, void *arg)
{
    TRY(put(db, *(int64_t *)arg, NULL));
    return RC_OK;
}

static enum rc put_and_refuse(struct db *db, void *arg)
{
    TRY(put_one(db, arg));
    return RC_REFUSED;
}

static enum rc put_and_none(struct db *db, void *arg)
{
    TRY(put_one(db, arg));
    return RC_NONE;
}

static enum rc put_twice(struct db *db, void *arg)
{
    TRY(put_one(db, arg));
    return put_one(db, arg);
}

static void test_only_ok_commits(void **state)
{
    int64_t n = 1;

    (void)state;
    assert_refused(db_write(DB, put_and_refuse, &n));
    assert_none(db_write(DB, put_and_none, &n));
    assert_refused(db_write(DB, put_twice, &n));
    assert_int_equal(count("SELECT COUNT(*) FROM t"), 0);
    assert_ok(db_write(DB, put_one, &n));
    assert_int_equal(count("SELECT COUNT(*) FROM t"), 1);
    assert_true(db_is_idle(DB));
}

static enum rc put_within(struct db *db, void *arg)
{
    TRY(put_one(db, arg));
    ++*(int64_t *)arg;
    TRY(db_write_within(db, put_one, arg));
    return RC_REFUSED;
}

static void test_write_within(void **state)
{
    int64_t n = 1;

    (void)state;
    assert_refused(db_write(DB, put_within, &n));
    assert_int_equal(count("SELECT COUNT(*) FROM t"), 0);
    assert_ok(db_write_within(DB, put_one, &n));
    assert_int_equal(count("SELECT COUNT(*) FROM t"), 1);
}

static void test_read_transaction(void **state)
{
    struct db *other = open_file(NULL);
    int64_t n = 1;

    (void)state;
    db_read_begin(DB);
    db_read_begin(DB);
    assert_false(db_is_idle(DB));
    assert_int_equal(count("SELECT COUNT(*) FROM t"), 0);
    assert_ok(db_write(other, put_one, &n));
    assert_int_equal(count("SELECT COUNT(*) FROM t"), 0); /* one view */
    db_read_end(DB);
    db_read_end(DB);
    assert_true(db_is_idle(DB));
    assert_int_equal(count("SELECT COUNT(*) FROM t"), 1);
    db_read_begin(DB);
    n = 2;
    assert_ok(db_write(DB, put_one, &n)); /* ends it first */
    assert_true(db_is_idle(DB));
    db_read_begin(DB);
    assert_ok(put(DB, 3, NULL)); /* and so does a lone statement */
    assert_true(db_is_idle(DB));
    db_close(other);
}

static enum rc change(struct db *db, void *result)
{
    db_change(db);
    return *(enum rc *)result;
}

static void test_others_see_a_change(void **state)
{
    struct write_lock *lock = NULL;
    enum rc fine = RC_OK, refused = RC_REFUSED;
    uint64_t seen = 0;
    int64_t n = 1;

    (void)state;
    assert_true(db_has_changed(DB, &seen)); /* no lock: nobody would tell us */
    assert_ok(write_lock_open(LOCK_PATH, &lock));
    struct db *db = open_file(lock), *other = open_file(lock);
    assert_ok(db_write(db, put_one, &n));
    assert_false(db_has_changed(other, &seen));
    assert_ok(db_write(db, change, &fine));
    assert_true(db_has_changed(other, &seen));
    assert_false(db_has_changed(other, &seen));
    assert_refused(db_write(db, change, &refused)); /* nothing has changed, but a look does no harm */
    assert_true(db_has_changed(other, &seen));
    assert_false(db_has_changed(other, &seen));
    db_close(db);
    db_close(other);
    write_lock_close(lock);
}

static int wrote_n(int fd)
{
    uint64_t n = 0;

    return read(fd, &n, sizeof n) < 0 && errno == EAGAIN ? 0 : (int)n;
}

static void test_tells_the_keeper(void **state)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct db_open how = { .path = DB_PATH, .wrote_fd = fd };
    struct db *db;
    int64_t n = 1;

    (void)state;
    assert_ok(db_open(&how, &db));
    wrote_n(fd);
    assert_refused(db_write(db, put_and_refuse, &n));
    assert_int_equal(wrote_n(fd), 0);
    assert_ok(db_write(db, put_one, &n));
    assert_int_equal(wrote_n(fd), 1);
    assert_ok(put(db, 2, NULL));
    assert_int_equal(wrote_n(fd), 1);
    db_close(db);
    close(fd);
}

static void test_checkpoints(void **state)
{
    struct db *other = open_file(NULL);
    struct checkpoint c = { 0 };
    int64_t n = 1;

    (void)state;
    assert_ok(db_write(DB, put_one, &n));
    assert_ok(db_checkpoint(DB, false, &c));
    assert_true(c.frames_n > 0);
    assert_int_equal(c.frames_n, c.moved_n);
    n = 2;
    assert_ok(db_write(DB, put_one, &n));
    db_read_begin(other);
    assert_ok(db_int_of(db_sql(other, "SELECT COUNT(*) FROM t"), &n));
    n = 3;
    assert_ok(db_write(DB, put_one, &n));
    assert_none(db_checkpoint(DB, true, &c)); /* a reader is in the way */
    db_close(other);
    assert_ok(db_checkpoint(DB, true, &c));
}

static off_t wal_size(void)
{
    struct stat st;

    return stat(arena_printf(A, "%s-wal", DB_PATH), &st) == 0 ? st.st_size : 0;
}

/* A hard one lets the WAL begin again at its front and keep its length. */
static void test_wal_begins_again(void **state)
{
    struct checkpoint c = { 0 };
    off_t size;

    (void)state;
    for (int64_t i = 1; i <= 20; i++)
        assert_ok(put(DB, i, NULL));
    assert_ok(db_checkpoint(DB, false, &c));
    assert_true(c.frames_n >= 20);
    size = wal_size();
    assert_ok(db_checkpoint(DB, true, &c));
    assert_ok(put(DB, 21, NULL));
    assert_ok(db_checkpoint(DB, false, &c));
    assert_true(c.frames_n < 10);
    assert_int_equal(c.frames_n, c.moved_n);
    assert_int_equal(wal_size(), size);
}

static void put_megabytes(int n)
{
    for (int i = 0; i < n; i++)
        assert_ok(db_run(db_sql(DB, "INSERT INTO t (bin) VALUES (zeroblob(1000000))")));
}

/* And what has become very long is cut off. */
static void test_writers_checkpoint_without_a_keeper(void **state)
{
    struct checkpoint c = { 0 };

    (void)state;
    put_megabytes(190);
    assert_in_range(wal_size(), 100 * 1000 * 1000, 150 * 1000 * 1000);
    put_megabytes(20);
    assert_ok(db_checkpoint(DB, true, &c));
    assert_int_equal(wal_size(), 0);
}

/* Opening. */

static void test_file_and_settings(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(stat(DB_PATH, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(arena_printf(A, "%s-wal", DB_PATH), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(count("PRAGMA foreign_keys"), 1);
    assert_int_equal(count("PRAGMA synchronous"), 1); /* the sync follows outside the lock */
    assert_int_equal(count("PRAGMA trusted_schema"), 0);
    assert_int_equal(count("PRAGMA mmap_size"), 0);
    assert_int_equal(count("PRAGMA temp_store"), 2);
    assert_int_equal(count("PRAGMA wal_autocheckpoint"), 0);
    assert_int_equal(count("PRAGMA busy_timeout"), 5000);
}

static void test_durability(void **state)
{
    struct db_open how = { .path = DB_PATH, .wrote_fd = -1, .is_relaxed = true };
    struct db *db;
    int64_t n;

    (void)state;
    assert_ok(db_open(&how, &db));
    assert_ok(db_int_of(db_sql(db, "PRAGMA synchronous"), &n));
    assert_int_equal(n, 1);
    db_close(db);
    how.is_limits = true;
    assert_ok(db_open(&how, &db));
    assert_ok(db_int_of(db_sql(db, "PRAGMA synchronous"), &n));
    assert_int_equal(n, 0);
    db_close(db);
}

static void test_links(void **state)
{
    char *link = arena_printf(A, "%s/link.db", DIR_PATH), *dir = arena_printf(A, "%s-link", DIR_PATH);
    struct db_open how = { .path = link, .wrote_fd = -1 };
    struct db *db;

    (void)state;
    assert_int_equal(symlink(DB_PATH, link), 0);
    assert_fault(db_open(&how, &db)); /* the name itself must not be one */
    assert_int_equal(symlink(DIR_PATH, dir), 0);
    how.path = arena_printf(A, "%s/autentico.db", dir);
    assert_ok(db_open(&how, &db)); /* a directory may */
    db_close(db);
    unlink(dir);
}

static void test_absent_and_foreign_files(void **state)
{
    struct db_open how = { .path = arena_printf(A, "%s/none.db", DIR_PATH), .wrote_fd = -1 };
    struct db *db;
    FILE *f;

    (void)state;
    assert_fault(db_open(&how, &db));
    how.path = arena_printf(A, "%s/no/such/dir.db", DIR_PATH);
    assert_fault(db_open(&how, &db));
    how.path = arena_printf(A, "%s/text.db", DIR_PATH);
    f = fopen(how.path, "w");
    for (int i = 0; i < 2000; i++)
        fprintf(f, "this is no database\n");
    fclose(f);
    assert_fault(db_open(&how, &db));
}

static void test_warm(void **state)
{
    (void)state;
    db_warm(DB);
    assert_true(db_is_idle(DB));
}

/* What must end the process. */

static enum rc nest(struct db *db, void *arg)
{
    return db_write(db, put_one, arg);
}

static void do_nest(void)
{
    int64_t n = 1;

    (void)!db_write(DB, nest, &n);
}

static void do_bad_sql(void)
{
    db_sql(DB, "SELEKT 1");
}

static void do_unbound(void)
{
    struct stmt *q = db_sql(DB, "SELECT $1, $2");

    db_int(q, 1, 1);
    (void)!db_run(q);
}

static void do_too_many(void)
{
    db_int(db_sql(DB, "SELECT $1"), 2, 1);
}

static void do_double_quotes(void)
{
    db_sql(DB, "SELECT \"no such column\"");
}

static void do_two_statements(void)
{
    db_sql(DB, "SELECT 1; SELECT 2");
}

static void test_deaths(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(do_nest), 70);
    assert_int_equal(status_of_child(do_bad_sql), 70);
    assert_int_equal(status_of_child(do_unbound), 70);
    assert_int_equal(status_of_child(do_too_many), 70);
    assert_int_equal(status_of_child(do_double_quotes), 70);
    assert_int_equal(status_of_child(do_two_statements), 70);
}

/* A stranger without our lock: we wait for it, and go on when it is gone. */
static void test_stranger(void **state)
{
    int64_t n = 1;
    pid_t pid;
    int ready[2];
    char c;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        struct db_open how = { .path = DB_PATH, .wrote_fd = -1 };
        struct db *db;

        if (db_open(&how, &db) != RC_OK || db_run(db_prepare(db, "BEGIN IMMEDIATE")) != RC_OK)
            _exit(1);
        if (write(ready[1], "x", 1) != 1)
            _exit(2);
        usleep(300000);
        _exit(db_run(db_prepare(db, "ROLLBACK")));
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_ok(db_write(DB, put_one, &n));
    waitpid(pid, NULL, 0);
}

/* One has found a stranger: the next ones do not all wait for it as long as the first. */
static void test_stranger_is_waited_for_once(void **state)
{
    struct db_open how = { .path = DB_PATH, .wrote_fd = -1 };
    struct db *ours, *stranger;
    int64_t n = 1, began = clock_mono_ms();

    (void)state;
    assert_ok(db_open(&how, &stranger));
    assert_ok(write_lock_open(LOCK_PATH, &how.lock));
    assert_ok(db_open(&how, &ours));
    assert_ok(db_run(db_prepare(stranger, "BEGIN IMMEDIATE")));
    write_lock_set_kept(how.lock, true);
    assert_fault(db_write(ours, put_one, &n));
    assert_fault(put(ours, 2, NULL));
    assert_true(db_is_unavailable(ours));
    assert_true(clock_mono_ms() - began < 4000); /* two patient ones would take ten seconds */
    assert_true(write_lock_is_kept(how.lock));
    assert_ok(db_run(db_prepare(stranger, "ROLLBACK")));
    assert_ok(db_write(ours, put_one, &n));
    assert_false(write_lock_is_kept(how.lock));
    db_close(stranger);
    db_close(ours);
    write_lock_close(how.lock);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_table, after_directory)
    const struct CMUnitTest tests[] = {
        T(test_binds_by_number), T(test_keeps_statements), T(test_types), T(test_none_leaves_out_alone),
        T(test_each), T(test_refusals_say_why), T(test_our_own_mistakes_are_faults), T(test_full_disk),
        T(test_only_ok_commits), T(test_write_within), T(test_read_transaction), T(test_others_see_a_change),
        T(test_tells_the_keeper),
        T(test_checkpoints), T(test_wal_begins_again), T(test_writers_checkpoint_without_a_keeper), T(test_file_and_settings),
        T(test_durability), T(test_links), T(test_absent_and_foreign_files), T(test_warm), T(test_deaths),
        T(test_stranger), T(test_stranger_is_waited_for_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
