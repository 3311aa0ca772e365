/* A copy of the database while others write, whether it is whole, and the record of the last one. */
#include "config.h"

#include "store_test.h"

#include <fcntl.h>

#include "store/backups.h"

#define ROWS 6000 /* of some hundred bytes: many a step of the copy */

static char copy_path[128];
static int copy_fd;

static enum rc fill(struct db *db, void *arg)
{
    (void)arg;
    for (int64_t i = 0; i < ROWS; i++) {
        struct stmt *q = db_sql(db, "INSERT INTO t (n, filling) VALUES ($1, $2)");

        db_int(q, 1, i);
        db_text(q, 2, "something that takes some room, so that there are many pages to be copied one after another");
        TRY(db_run(q));
    }
    return RC_OK;
}

static int with_rows(void **state)
{
    in_file(state);
    assert_ok(db_run(db_sql(DB, "CREATE TABLE t (n INTEGER PRIMARY KEY, filling TEXT) STRICT")));
    assert_ok(db_write(DB, fill, NULL));
    snprintf(copy_path, sizeof(copy_path), "%s/copy.db", DIR_PATH);
    copy_fd = open(copy_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(copy_fd >= 0);
    return 0;
}

static int gone(void **state)
{
    close(copy_fd);
    return after_directory(state);
}

static enum rc open_copy(struct db **out)
{
    struct db_open how = { .path = copy_path, .wrote_fd = -1, .is_still = true };

    return db_open(&how, out);
}

static int64_t count_in(struct db *db)
{
    int64_t n = -1;

    assert_ok(db_int_of(db_sql(db, "SELECT COUNT(*) FROM t"), &n));
    return n;
}

/* --- copying --------------------------------------------------------------------- */

struct watched { struct db *writer; int64_t told_n, done_n, written_n, busy_n; };

/* In the middle of it: somebody else writes, and the keeper checkpoints. */
static void write_meanwhile(int64_t done_n, int64_t all_n, void *arg)
{
    struct watched *w = arg;
    struct checkpoint moved;
    struct stmt *q = db_sql(w->writer, "INSERT INTO t (n) VALUES ($1)");

    assert_true(done_n > w->done_n && done_n <= all_n); /* never begun again */
    w->done_n = done_n;
    w->told_n++;
    db_int(q, 1, ROWS + w->written_n++);
    assert_ok(db_run(q));
    w->busy_n += db_checkpoint(w->writer, false, &moved) != RC_OK;
}

static void one_snapshot_while_others_write(void **state)
{
    struct watched w = { .writer = open_file(NULL) };
    struct db *copy;

    (void)state;
    assert_ok(db_copy(DB, copy_path, copy_fd, write_meanwhile, &w));
    assert_true(w.told_n > 3);
    assert_int_equal(w.busy_n, 0);
    assert_true(db_is_idle(DB));
    assert_ok(open_copy(&copy));
    assert_int_equal(count_in(copy), ROWS); /* all of before, nothing of after */
    db_close(copy);
    assert_int_equal(count_in(w.writer), ROWS + w.written_n);
    db_close(w.writer);
}

/* What stands in the WAL only is in it, too. */
static void what_no_checkpoint_has_seen(void **state)
{
    struct stat wal;
    struct db *copy;
    char name[140];

    (void)state;
    snprintf(name, sizeof(name), "%s-wal", DB_PATH);
    assert_int_equal(stat(name, &wal), 0);
    assert_true(wal.st_size > 0);
    assert_ok(db_copy(DB, copy_path, copy_fd, NULL, NULL));
    assert_ok(open_copy(&copy));
    assert_int_equal(count_in(copy), ROWS);
    db_close(copy);
}

static void file_of(const char *ending, bool is_there)
{
    char name[160];

    snprintf(name, sizeof(name), "%s%s", copy_path, ending);
    assert_int_equal(access(name, F_OK), is_there ? 0 : -1);
}

/* One file, and reading it leaves it as it is. */
static void a_copy_lies_still(void **state)
{
    char before[100], after_it[100];
    struct stmt *q;
    struct db *copy;
    const char *why;

    (void)state;
    assert_ok(db_copy(DB, copy_path, copy_fd, NULL, NULL));
    assert_int_equal(pread(copy_fd, before, sizeof(before), 0), (ssize_t)sizeof(before));
    assert_ok(open_copy(&copy));
    assert_ok(db_check_whole(copy, A, &why));
    q = db_sql(copy, "DELETE FROM t");
    assert_fault(db_run(q));
    db_close(copy);
    assert_int_equal(pread(copy_fd, after_it, sizeof(after_it), 0), (ssize_t)sizeof(after_it));
    assert_memory_equal(before, after_it, sizeof(before));
    file_of("", true);
    file_of("-wal", false);
    file_of("-shm", false);
    file_of("-journal", false);
}

static void nowhere_to_go(void **state)
{
    (void)state;
    assert_fault(db_copy(DB, "/nonexistent/copy.db", copy_fd, NULL, NULL));
    assert_true(db_is_idle(DB));
    assert_ok(db_copy(DB, copy_path, copy_fd, NULL, NULL)); /* and again */
}

/* --- whole ------------------------------------------------------------------------ */

static void damage(void (*how)(void))
{
    assert_ok(db_copy(DB, copy_path, copy_fd, NULL, NULL));
    how();
}

static void assert_not_whole(const char *words)
{
    const char *why = "";
    struct db *copy;

    if (open_copy(&copy) != RC_OK)
        fail_msg("not even opened");
    assert_refused(db_check_whole(copy, A, &why));
    if (strstr(why, words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, why);
    db_close(copy);
}

static void overwrite_a_page(void)
{
    char nonsense[4096];

    memset(nonsense, 'x', sizeof(nonsense));
    assert_int_equal(pwrite(copy_fd, nonsense, sizeof(nonsense), 20 * 4096), (ssize_t)sizeof(nonsense));
}

static void cut_off(void)
{
    struct stat st;

    assert_int_equal(fstat(copy_fd, &st), 0);
    assert_int_equal(ftruncate(copy_fd, st.st_size / 2 / 4096 * 4096), 0);
}

static void damage_is_found(void **state)
{
    (void)state;
    damage(overwrite_a_page);
    assert_not_whole("");
}

static void a_piece_is_missing(void **state)
{
    struct db *copy;

    (void)state;
    damage(cut_off);
    assert_fault(open_copy(&copy));
}

static void a_row_without_its_parent(void **state)
{
    (void)state;
    assert_ok(db_run(db_sql(DB, "PRAGMA foreign_keys=OFF")));
    assert_ok(db_run(db_sql(DB, "INSERT INTO passwords (user_id, hash, changed_at, hashed_at) VALUES ('nobody', 'h', 1, 1)")));
    assert_ok(db_copy(DB, copy_path, copy_fd, NULL, NULL));
    assert_not_whole("a row of passwords belongs to one that is not there");
}

/* --- the record -------------------------------------------------------------------- */

static void the_last_one(void **state)
{
    struct backup b = { .file = "/var/backups/1.db", .bytes_n = 100, .taken_at = NOW, .verified_at = NOW + 1 }, found;

    (void)state;
    assert_none(backups_last(DB, A, &found));
    assert_ok(backups_note(DB, &b));
    b = (struct backup){ .file = "/var/backups/2.db", .bytes_n = 200, .is_encrypted = true, .taken_at = NOW + 9,
                         .verified_at = NOW + 10 };
    assert_ok(backups_note(DB, &b));
    assert_ok(backups_last(DB, A, &found));
    assert_string_equal(found.file, "/var/backups/2.db");
    assert_int_equal(found.bytes_n, 200);
    assert_true(found.is_encrypted);
    assert_int_equal(found.taken_at, NOW + 9);
    assert_int_equal(found.verified_at, NOW + 10);
    assert_int_equal(count("SELECT COUNT(*) FROM last_backup"), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_rows, gone)
    const struct CMUnitTest tests[] = {
        T(one_snapshot_while_others_write), T(what_no_checkpoint_has_seen), T(a_copy_lies_still), T(nowhere_to_go),
        T(damage_is_found), T(a_piece_is_missing), T(a_row_without_its_parent),
        cmocka_unit_test_setup_teardown(the_last_one, in_memory, after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
