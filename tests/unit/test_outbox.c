#include "config.h"

#include "store_test.h"

#include <sys/eventfd.h>

#include "store/outbox.h"

static enum rc put(struct db *db, void *arg)
{
    return outbox_add(db, arg);
}

static void add(const char *id, int64_t at, int64_t expires_at)
{
    struct outbox_item item = { .id = id, .kind = "mail", .content_sealed = hash_like(1), .next_try_at = at,
                                .created_at = NOW, .expires_at = expires_at };

    assert_ok(db_write(DB, put, &item));
}

static struct outbox_item claimed(int64_t now)
{
    struct outbox_item item;

    assert_ok(outbox_claim(DB, A, now, now + 60, &item));
    return item;
}

static void test_life(void **state)
{
    struct outbox_item item;
    int64_t next;

    (void)state;
    assert_none(outbox_next(DB, &next));
    assert_none(outbox_claim(DB, A, NOW, NOW + 60, &item));
    add("b", NOW + 10, NOW + 1000);
    add("a", NOW, NOW + 1000);
    assert_ok(outbox_next(DB, &next));
    assert_int_equal(next, NOW);
    item = claimed(NOW + 20); /* the one that was due first */
    assert_string_equal(item.id, "a");
    assert_string_equal(item.kind, "mail");
    assert_int_equal(item.tries_n, 1);
    assert_int_equal(item.content_sealed.n, 32);
    assert_int_equal(item.created_at, NOW);
    assert_int_equal(item.expires_at, NOW + 1000);
    assert_string_equal(item.last_error, "");
    assert_ok(outbox_remove(DB, "a"));
    assert_none(outbox_find(DB, A, "a", &item));
    assert_ok(outbox_find(DB, A, "b", &item));
    assert_int_equal(item.tries_n, 0);
}

/* Who was killed with it in hand has not lost it. */
static void test_lease(void **state)
{
    struct outbox_item item;

    (void)state;
    add("a", NOW, NOW + 1000);
    (void)claimed(NOW);
    assert_none(outbox_claim(DB, A, NOW + 59, NOW + 119, &item));
    item = claimed(NOW + 60);
    assert_int_equal(item.tries_n, 2);
}

static void test_put_off(void **state)
{
    struct outbox_item item;
    int64_t next;

    (void)state;
    add("a", NOW, NOW + 1000);
    item = claimed(NOW);
    assert_ok(outbox_put_off(DB, &item, NOW + 5, "450 busy"));
    assert_none(outbox_claim(DB, A, NOW + 4, NOW + 64, &item));
    item = claimed(NOW + 5);
    assert_string_equal(item.last_error, "450 busy");
    assert_int_equal(item.tries_n, 2);
    assert_ok(outbox_put_off(DB, &item, NOW + 5000, "450 busy")); /* not later than it is of use */
    assert_ok(outbox_next(DB, &next));
    assert_int_equal(next, NOW + 1000);
    assert_none(outbox_claim(DB, A, NOW + 1000, NOW + 1060, &item));
    assert_ok(outbox_expire(DB, A, NOW + 1000, &item));
    assert_string_equal(item.last_error, "450 busy");
    assert_int_equal(item.content_sealed.n, 32);
    assert_none(outbox_next(DB, &next));
}

static void test_refuse(void **state)
{
    struct outbox_item item;
    int64_t next;

    (void)state;
    add("a", NOW, NOW + 1000);
    (void)claimed(NOW);
    assert_ok(outbox_refuse(DB, "a", NOW + 60, "550 never"));
    assert_none(outbox_claim(DB, A, NOW + 59, NOW + 120, &item));
    assert_none(outbox_claim(DB, A, NOW + 60, NOW + 120, &item));
    assert_ok(outbox_find(DB, A, "a", &item));
    assert_int_equal(item.content_sealed.n, 0);
    assert_none(outbox_expire(DB, A, NOW + 59, &item));
    assert_ok(outbox_expire(DB, A, NOW + 60, &item));
    assert_string_equal(item.last_error, "550 never");
    assert_none(outbox_expire(DB, A, NOW + 60, &item));
    assert_none(outbox_next(DB, &next));
}

static void test_sweep(void **state)
{
    struct outbox_item item;
    int64_t n;

    (void)state;
    add("a", NOW, NOW + 10);
    add("b", NOW, NOW + 11);
    add("c", NOW, NOW + 12);
    assert_ok(outbox_sweep(DB, NOW + 12, 1, &n));
    assert_int_equal(n, 1);
    assert_ok(outbox_sweep(DB, NOW + 12, 10, &n));
    assert_int_equal(n, 1);
    assert_ok(outbox_find(DB, A, "c", &item));
}

static void test_count_under(void **state)
{
    int64_t n;

    (void)state;
    add("a", NOW, NOW + 10);
    add("b", NOW, NOW + 10);
    assert_ok(outbox_count_under(DB, (struct bytes){ hash_like(1).p, 4 }, &n));
    assert_int_equal(n, 2);
    assert_ok(outbox_count_under(DB, (struct bytes){ (const uint8_t *)"ease", 4 }, &n));
    assert_int_equal(n, 0);
}

static int take_one(struct db *db, int i)
{
    struct arena *a = arena_start("racer");
    struct outbox_item item;
    enum rc rc = outbox_claim(db, a, NOW, NOW + 60, &item);

    (void)i;
    arena_done(a);
    return (int)rc;
}

static void test_race(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    add("a", NOW, NOW + 1000);
    add("b", NOW, NOW + 1000);
    race(8, take_one, tally);
    assert_int_equal(tally[RC_OK], 2);
    assert_int_equal(tally[RC_NONE], 6);
}

/* ---- the courier is told ---- */

static enum rc put_and_fail(struct db *db, void *arg)
{
    TRY(outbox_add(db, arg));
    return RC_REFUSED;
}

static enum rc put_nothing(struct db *db, void *arg)
{
    (void)arg;
    return outbox_remove(db, "nobody");
}

static uint64_t told(int fd)
{
    uint64_t n = 0;

    return read(fd, &n, sizeof n) == sizeof n ? n : 0;
}

static void test_telling(void **state)
{
    struct outbox_item item = { .id = "a", .kind = "mail", .content_sealed = hash_like(1), .next_try_at = NOW,
                                .created_at = NOW, .expires_at = NOW + 10 };
    struct write_lock *lock;
    struct db_open how = { .path = DB_PATH, .wrote_fd = -1 };
    uint64_t seen = 0;
    struct db *db;

    (void)state;
    assert_ok(write_lock_open(LOCK_PATH, &lock));
    how.lock = lock;
    how.outbox_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_ok(db_open(&how, &db));
    (void)db_has_commits(db, &seen);
    assert_false(db_has_commits(db, &seen));
    assert_refused(db_write(db, put_and_fail, &item)); /* taken back: nobody is told */
    assert_int_equal(told(how.outbox_fd), 0);
    assert_false(db_has_commits(db, &seen));
    assert_ok(db_write(db, put, &item));
    assert_int_equal(told(how.outbox_fd), 1);
    assert_true(db_has_commits(db, &seen));
    assert_false(db_has_commits(db, &seen));
    assert_ok(db_write(db, put_nothing, NULL)); /* other writes are not its business */
    assert_ok(outbox_remove(db, "a"));
    assert_int_equal(told(how.outbox_fd), 0);
    assert_true(db_has_commits(db, &seen));
    db_close(db);
    write_lock_close(lock);
    close(how.outbox_fd);
}

static void queue_outside(void)
{
    db_queued(DB);
}

static void test_queued_outside(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(queue_outside), 70);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_memory, after)
#define F(name) cmocka_unit_test_setup_teardown(name, in_file, after_directory)
    const struct CMUnitTest tests[] = {
        T(test_life), T(test_lease), T(test_put_off), T(test_refuse), T(test_sweep), T(test_count_under), F(test_race), F(test_telling),
        T(test_queued_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
