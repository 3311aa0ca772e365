#include "config.h"

#include "store_test.h"

#include "store/factors.h"
#include "store/lockouts.h"

static struct totp T;

static int with_users(void **state)
{
    in_file(state);
    add_user("u1", "ann");
    add_user("u2", "bob");
    return 0;
}

static void test_enrolment(void **state) /* OT-08: active only after one valid code */
{
    (void)state;
    assert_none(factors_totp_find(DB, A, "u1", &T));
    assert_none(factors_totp_accept(DB, "u1", 5));
    assert_ok(factors_totp_begin(DB, "u1", hash_like(1), NOW));
    assert_ok(factors_totp_find(DB, A, "u1", &T));
    assert_int_equal(T.confirmed_at, 0);
    assert_int_equal(T.created_at, NOW);
    assert_none(factors_totp_accept(DB, "u1", 5)); /* no factor yet */
    assert_ok(factors_totp_begin(DB, "u1", hash_like(2), NOW + 1)); /* again */
    assert_none(factors_totp_confirm(DB, "u1", hash_like(1), 5, NOW + 2)); /* of the first */
    assert_ok(factors_totp_confirm(DB, "u1", hash_like(2), 5, NOW + 2));
    assert_none(factors_totp_confirm(DB, "u1", hash_like(2), 6, NOW + 3));
    assert_ok(factors_totp_find(DB, A, "u1", &T));
    assert_int_equal(T.confirmed_at, NOW + 2);
    assert_int_equal(T.last_step, 5);
    assert_memory_equal(T.secret_sealed.p, hash_like(2).p, 32);
}

static void test_a_factor_is_not_overwritten(void **state) /* OT-08 */
{
    (void)state;
    assert_ok(factors_totp_enrol(DB, "u1", hash_like(1), 5, NOW));
    assert_refused(factors_totp_begin(DB, "u1", hash_like(2), NOW));
    assert_refused(factors_totp_enrol(DB, "u1", hash_like(2), 6, NOW));
    assert_ok(factors_totp_find(DB, A, "u1", &T));
    assert_memory_equal(T.secret_sealed.p, hash_like(1).p, 32);
    assert_none(factors_totp_find(DB, A, "u2", &T));
    assert_ok(factors_totp_remove(DB, "u1"));
    assert_none(factors_totp_remove(DB, "u1"));
    assert_ok(factors_totp_begin(DB, "u1", hash_like(2), NOW)); /* a begun one gives way */
    assert_ok(factors_totp_enrol(DB, "u1", hash_like(3), 7, NOW));
    assert_ok(factors_totp_find(DB, A, "u1", &T));
    assert_memory_equal(T.secret_sealed.p, hash_like(3).p, 32);
    assert_int_equal(T.last_step, 7);
}

static void test_a_step_once(void **state) /* OT-04 */
{
    (void)state;
    assert_ok(factors_totp_enrol(DB, "u1", hash_like(1), 5, NOW));
    assert_none(factors_totp_accept(DB, "u1", 5));
    assert_none(factors_totp_accept(DB, "u1", 4));
    assert_ok(factors_totp_accept(DB, "u1", 7));
    assert_none(factors_totp_accept(DB, "u1", 6));
    assert_none(factors_totp_accept(DB, "u2", 8));
}

static int accept_it(struct db *db, int i)
{
    (void)i;
    return (int)factors_totp_accept(db, "u1", 9);
}

static void test_a_step_once_in_parallel(void **state) /* OT-04 */
{
    int tally[256] = { 0 };

    (void)state;
    assert_ok(factors_totp_enrol(DB, "u1", hash_like(1), 5, NOW));
    race(40, accept_it, tally);
    assert_int_equal(tally[RC_OK], 1);
    assert_int_equal(tally[RC_NONE], 39);
}

static int64_t left(const char *user_id)
{
    int64_t n = -1;

    assert_ok(factors_recovery_left(DB, user_id, &n));
    return n;
}

static enum rc replace(struct db *db, void *arg)
{
    return factors_recovery_replace(db, "u1", arg, 3, NOW);
}

static void test_recovery_codes(void **state) /* OT-08: single-use, hashed */
{
    struct bytes old[] = { hash_like(1), hash_like(2), hash_like(3) };
    struct bytes new[] = { hash_like(4), hash_like(5), hash_like(6) };

    (void)state;
    assert_int_equal(left("u1"), 0);
    assert_none(factors_recovery_spend(DB, "u1", hash_like(1), NOW));
    assert_ok(db_write(DB, replace, old));
    assert_int_equal(left("u1"), 3);
    assert_none(factors_recovery_spend(DB, "u2", hash_like(1), NOW)); /* of somebody else */
    assert_ok(factors_recovery_spend(DB, "u1", hash_like(1), NOW));
    assert_none(factors_recovery_spend(DB, "u1", hash_like(1), NOW));
    assert_int_equal(left("u1"), 2);
    assert_ok(db_write(DB, replace, new));
    assert_int_equal(left("u1"), 3);
    assert_none(factors_recovery_spend(DB, "u1", hash_like(2), NOW));
    assert_ok(factors_recovery_spend(DB, "u1", hash_like(4), NOW));
    assert_ok(users_delete(DB, "u1"));
    assert_int_equal(count("SELECT COUNT(*) FROM recovery_codes"), 0);
}

static int spend_it(struct db *db, int i)
{
    (void)i;
    return (int)factors_recovery_spend(db, "u1", hash_like(1), NOW);
}

static void test_a_recovery_code_once_in_parallel(void **state)
{
    struct bytes codes[] = { hash_like(1), hash_like(2), hash_like(3) };
    int tally[256] = { 0 };

    (void)state;
    assert_ok(db_write(DB, replace, codes));
    race(40, spend_it, tally);
    assert_int_equal(tally[RC_OK], 1);
    assert_int_equal(tally[RC_NONE], 39);
}

/* OT-05: counted apart from passwords; a right password clears only those. */
static void test_factor_lockout(void **state)
{
    struct lockout l;

    (void)state;
    for (int i = 1; i <= 3; i++)
        assert_ok(lockouts_claim_factor(DB, A, "u1", 3, 100, NOW, &l));
    assert_int_equal(l.locked_until_at, NOW + 100);
    assert_refused(lockouts_claim_factor(DB, A, "u1", 3, 100, NOW + 99, &l));
    assert_ok(lockouts_clear(DB, "u1"));
    assert_refused(lockouts_claim_factor(DB, A, "u1", 3, 100, NOW + 99, &l));
    assert_ok(lockouts_claim(DB, A, "u1", 3, 100, NOW, &l));
    assert_int_equal(l.failures_n, 1);
    assert_ok(lockouts_give_back_factor(DB, "u1", 3)); /* it was not looked at */
    assert_ok(lockouts_claim_factor(DB, A, "u1", 3, 100, NOW, &l));
    assert_ok(lockouts_clear_factor(DB, "u1"));
    assert_none(lockouts_find_factor(DB, A, "u1", &l));
    assert_ok(lockouts_find(DB, A, "u1", &l));
}

static int guess(struct db *db, int i)
{
    struct arena *a = arena_start("racer");
    struct lockout l;

    (void)i;
    return (int)lockouts_claim_factor(db, a, "u1", 5, 100, NOW, &l);
}

static void test_parallel_guesses(void **state) /* OT-05 */
{
    int tally[256] = { 0 };

    (void)state;
    race(50, guess, tally);
    assert_int_equal(tally[RC_OK], 5);
    assert_int_equal(tally[RC_REFUSED], 45);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_users, after_directory)
    const struct CMUnitTest tests[] = {
        T(test_enrolment), T(test_a_factor_is_not_overwritten), T(test_a_step_once), T(test_a_step_once_in_parallel),
        T(test_recovery_codes), T(test_a_recovery_code_once_in_parallel), T(test_factor_lockout),
        T(test_parallel_guesses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
