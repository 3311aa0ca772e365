#include "config.h"

#include "store_test.h"

#include "store/replays.h"

static void test_spend_once(void **state)
{
    int64_t n;

    (void)state;
    assert_ok(replays_spend(DB, hash_like(1), NOW));
    assert_refused(replays_spend(DB, hash_like(1), NOW + 5));
    assert_ok(replays_spend(DB, hash_like(2), NOW));
    assert_ok(replays_sweep(DB, NOW, 9, &n));
    assert_int_equal(n, 0);
    assert_ok(replays_sweep(DB, NOW + 1, 1, &n));
    assert_int_equal(n, 1);
    assert_ok(replays_sweep(DB, NOW + 1, 9, &n));
    assert_int_equal(n, 1);
}

static int spending(struct db *db, int i)
{
    (void)i;
    A = arena_start("racer");
    return (int)replays_spend(db, hash_like(1), NOW);
}

static void test_parallel(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    race(20, spending, tally);
    assert_int_equal(tally[RC_OK], 1);
    assert_int_equal(tally[RC_REFUSED], 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_spend_once, in_memory, after),
        cmocka_unit_test_setup_teardown(test_parallel, in_file, after_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
