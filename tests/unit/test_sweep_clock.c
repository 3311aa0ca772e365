#include "store_test.h"

#include "serve/sweep.h"
#include "store/replays.h"

static struct sweep SWEEP;

static enum rc spend(struct db *db, void *arg)
{
    static const uint8_t hash[32] = { 1 };

    (void)arg;
    return replays_spend(db, BYTES(hash), NOW + 60);
}

/* One value that expires in a minute; whatever was due at the start is swept. */
static int start(void **state)
{
    in_memory(state);
    clock_set_for_test(NOW);
    sweep_start(&SWEEP);
    while (sweep_is_busy(&SWEEP))
        (void)sweep_turn(&SWEEP, DB);
    assert_ok(db_write(DB, spend, NULL));
    return 0;
}

static int end(void **state)
{
    sweep_done(&SWEEP);
    return after(state);
}

static bool is_spent(void)
{
    return db_write(DB, spend, NULL) == RC_REFUSED;
}

/* The next run is due. */
static void run(void)
{
    SWEEP.next_ms = 0;
    do
        (void)sweep_turn(&SWEEP, DB);
    while (sweep_is_busy(&SWEEP));
}

static void what_has_expired_goes(void **state)
{
    (void)state;
    SWEEP.clock.epoch_s += 60 * 86400; /* as if the time had passed */
    clock_set_for_test(NOW + 60 * 86400);
    run();
    assert_false(is_spent());
}

static void not_by_a_clock_that_jumped(void **state)
{
    (void)state;
    clock_set_for_test(NOW + 60 * 86400);
    run();
    assert_true(is_spent());
    clock_set_for_test(NOW); /* put right */
    run();
    assert_true(is_spent());
}

/* It was the old time that was wrong. */
static void a_clock_that_stays_is_believed(void **state)
{
    (void)state;
    clock_set_for_test(NOW + 60 * 86400);
    run();
    run();
    assert_false(is_spent());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_has_expired_goes, start, end),
        cmocka_unit_test_setup_teardown(not_by_a_clock_that_jumped, start, end),
        cmocka_unit_test_setup_teardown(a_clock_that_stays_is_believed, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
