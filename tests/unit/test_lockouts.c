#include "config.h"

#include "store_test.h"

#include "store/lockouts.h"

static struct lockout L;

static enum rc claim(int64_t max, int64_t now)
{
    return lockouts_claim(DB, A, "u1", max, 100, now, &L);
}

static int with_user(void **state)
{
    in_file(state);
    add_user("u1", "ann");
    return 0;
}

static void test_counts_and_locks(void **state)
{
    (void)state;
    assert_none(lockouts_find(DB, A, "u1", &L));
    for (int i = 1; i <= 3; i++) {
        assert_ok(claim(3, NOW));
        assert_int_equal(L.failures_n, i);
        assert_int_equal(L.locked_until_at, i < 3 ? 0 : NOW + 100);
    }
    assert_refused(claim(3, NOW + 1));
    assert_int_equal(L.locked_until_at, NOW + 100);
    assert_refused(claim(3, NOW + 99));
    assert_int_equal(L.failures_n, 3);
}

static void test_an_expired_lock_starts_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_ok(claim(3, NOW));
    assert_ok(claim(3, NOW + 100)); /* a lock until `now` is over */
    assert_int_equal(L.failures_n, 1);
    assert_int_equal(L.locked_until_at, 0);
    assert_ok(claim(3, NOW + 101));
    assert_ok(claim(3, NOW + 102));
    assert_refused(claim(3, NOW + 103));
    assert_int_equal(L.locked_until_at, NOW + 202);
}

static void test_clear(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_ok(claim(3, NOW));
    assert_ok(lockouts_clear(DB, "u1"));
    assert_ok(lockouts_clear(DB, "u1"));
    assert_none(lockouts_find(DB, A, "u1", &L));
    assert_ok(claim(3, NOW));
    assert_int_equal(L.failures_n, 1);
}

static void test_limits_of_the_setting(void **state)
{
    (void)state;
    assert_ok(claim(0, NOW)); /* off */
    assert_ok(claim(-1, NOW));
    assert_none(lockouts_find(DB, A, "u1", &L));
    assert_ok(claim(1, NOW));
    assert_int_equal(L.locked_until_at, NOW + 100);
    assert_refused(claim(1, NOW));
    assert_refused(claim(9, NOW)); /* raised: the lock stays */
    assert_ok(lockouts_clear(DB, "u1"));
    for (int i = 0; i < 3; i++)
        assert_ok(claim(9, NOW));
    assert_ok(claim(2, NOW)); /* lowered: this one and no more */
    assert_refused(claim(2, NOW));
    assert_refused(lockouts_claim(DB, A, "nobody", 3, 100, NOW, &L));
}

static int guess(struct db *db, int i)
{
    struct arena *a = arena_start("racer");
    struct lockout l;
    enum rc rc = lockouts_claim(db, a, "u1", 5, 100, NOW, &l);

    (void)i;
    if (rc == RC_REFUSED && l.locked_until_at != NOW + 100)
        return 50;
    return (int)rc;
}

/* What is being looked at just now, so that nobody is locked out by attempts that may be right. */
static void test_pending(void **state)
{
    struct lockout l;

    (void)state;
    for (int i = 1; i <= 3; i++) {
        assert_ok(lockouts_claim(DB, A, "u1", 3, 60, NOW, &l));
        assert_ok(lockouts_find(DB, A, "u1", &l));
        assert_int_equal(l.pending_n, i);
    }
    assert_refused(lockouts_claim(DB, A, "u1", 3, 60, NOW, &l));
    assert_int_equal(l.pending_n, 3);
    assert_ok(lockouts_settle(DB, "u1"));
    assert_ok(lockouts_settle(DB, "u1"));
    assert_ok(lockouts_find(DB, A, "u1", &l));
    assert_int_equal(l.pending_n, 1);
    assert_int_equal(l.failures_n, 3);
    assert_ok(lockouts_give_back(DB, "u1", 3));
    assert_ok(lockouts_find(DB, A, "u1", &l));
    assert_int_equal(l.pending_n, 0);
    assert_int_equal(l.failures_n, 2);
    assert_int_equal(l.locked_until_at, 0);
    assert_ok(lockouts_settle(DB, "u1")); /* never less than none */
    assert_ok(lockouts_claim(DB, A, "u1", 3, 60, NOW, &l)); /* somebody is killed over this one */
    assert_ok(lockouts_claim(DB, A, "u1", 3, 60, NOW + 61, &l));
    assert_int_equal(l.failures_n, 1);
    assert_ok(lockouts_find(DB, A, "u1", &l));
    assert_int_equal(l.pending_n, 1);
    assert_ok(lockouts_clear(DB, "u1"));
    assert_ok(lockouts_settle(DB, "u1"));
    assert_none(lockouts_find(DB, A, "u1", &l));
    assert_ok(lockouts_claim_factor(DB, A, "u1", 3, 60, NOW, &l));
    assert_ok(lockouts_find_factor(DB, A, "u1", &l));
    assert_int_equal(l.pending_n, 0);
}

static void test_parallel_guesses(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    race(50, guess, tally);
    assert_int_equal(tally[RC_OK], 5);
    assert_int_equal(tally[RC_REFUSED], 45);
}

static void test_give_back(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) { /* claimed, but the hashers were busy */
        assert_ok(claim(3, NOW));
        assert_ok(lockouts_give_back(DB, "u1", 3));
    }
    for (int i = 1; i <= 3; i++) {
        assert_ok(claim(3, NOW));
        assert_int_equal(L.failures_n, i);
    }
    assert_refused(claim(3, NOW));
    assert_ok(lockouts_give_back(DB, "u1", 3)); /* the third was not looked at after all */
    assert_ok(claim(3, NOW));
    assert_refused(claim(3, NOW));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_user, after_directory)
    const struct CMUnitTest tests[] = {
        T(test_counts_and_locks), T(test_an_expired_lock_starts_again), T(test_clear), T(test_give_back),
        T(test_limits_of_the_setting), T(test_pending), T(test_parallel_guesses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
