#include "config.h"

#include "store_test.h"

#include "store/challenges.h"

static struct bytes ID;

static void add(int id, int64_t expires_at)
{
    struct challenge c = {
        .id_hash = hash_like(id), .user_id = "u1", .method = "totp", .request = bytes_of("a request"),
        .browser_hash = bytes_of("a browser"), .amr = "pwd", .created_at = NOW, .expires_at = expires_at,
    };

    assert_ok(challenges_add(DB, &c));
}

static int with_one(void **state)
{
    in_file(state);
    add_household();
    ID = hash_like(1);
    add(1, NOW + 600);
    return 0;
}

static void test_as_it_was(void **state)
{
    struct challenge c;

    (void)state;
    assert_ok(challenges_find(DB, A, ID, &c));
    assert_string_equal(c.user_id, "u1");
    assert_string_equal(c.method, "totp");
    assert_string_equal(c.amr, "pwd");
    assert_null(c.session_id);
    assert_int_equal(c.request.n, 9);
    assert_int_equal(c.browser_hash.n, 9);
    assert_int_equal(c.code_hash.n, 0);
    assert_int_equal(c.code_sent_at, 0);
    assert_int_equal(c.failures_n, 0);
    assert_int_equal(c.created_at, NOW);
    assert_int_equal(c.expires_at, NOW + 600);
    assert_int_equal(c.used_at, 0);
    assert_none(challenges_find(DB, A, hash_like(9), &c));
}

static void test_attempts(void **state) /* OT-05 */
{
    int64_t n = 0;

    (void)state;
    for (int i = 1; i <= 3; i++) {
        assert_ok(challenges_claim(DB, ID, 3, NOW, &n));
        assert_int_equal(n, i);
    }
    assert_none(challenges_claim(DB, ID, 3, NOW, &n));
    assert_ok(challenges_give_back(DB, ID));
    assert_none(challenges_claim(DB, ID, 3, NOW + 600, &n)); /* expired */
    assert_ok(challenges_claim(DB, ID, 3, NOW, &n));
    assert_int_equal(n, 3);
    assert_none(challenges_claim(DB, hash_like(9), 3, NOW, &n));
}

static int guess(struct db *db, int i)
{
    int64_t n;

    (void)i;
    return (int)challenges_claim(db, hash_like(1), 5, NOW, &n);
}

static void test_parallel_guesses(void **state) /* OT-05 */
{
    int tally[256] = { 0 };

    (void)state;
    race(50, guess, tally);
    assert_int_equal(tally[RC_OK], 5);
    assert_int_equal(tally[RC_NONE], 45);
}

static int use(struct db *db, int i)
{
    (void)i;
    return (int)challenges_use(db, hash_like(1), NOW);
}

static void test_used_once(void **state)
{
    int tally[256] = { 0 };
    struct challenge c;
    int64_t n;

    (void)state;
    race(40, use, tally);
    assert_int_equal(tally[RC_OK], 1);
    assert_int_equal(tally[RC_NONE], 39);
    assert_none(challenges_claim(DB, ID, 5, NOW, &n));
    assert_none(challenges_set_code(DB, ID, hash_like(5), NOW, NOW));
    assert_ok(challenges_find(DB, A, ID, &c));
    assert_int_equal(c.used_at, NOW);
    add(2, NOW + 600);
    assert_none(challenges_use(DB, hash_like(2), NOW + 600));
}

static void test_codes(void **state)
{
    struct challenge c;
    int64_t n;

    (void)state;
    assert_ok(challenges_set_code(DB, ID, hash_like(5), NOW - 60, NOW));
    assert_none(challenges_set_code(DB, ID, hash_like(6), NOW - 1, NOW + 59)); /* too soon */
    assert_ok(challenges_find(DB, A, ID, &c));
    assert_memory_equal(c.code_hash.p, hash_like(5).p, 32);
    assert_ok(challenges_set_code(DB, ID, hash_like(6), NOW, NOW + 60));
    assert_ok(challenges_find(DB, A, ID, &c));
    assert_memory_equal(c.code_hash.p, hash_like(6).p, 32);
    assert_int_equal(c.code_sent_at, NOW + 60);
    assert_ok(challenges_mailed(DB, "u1", NOW + 59, &n));
    assert_int_equal(n, 1);
    assert_ok(challenges_mailed(DB, "u1", NOW + 60, &n));
    assert_int_equal(n, 0);
}

static void test_ends(void **state)
{
    struct challenge c;
    int64_t n;

    (void)state;
    add(2, NOW + 1000);
    assert_ok(challenges_sweep(DB, NOW + 600, 500, &n)); /* not yet */
    assert_int_equal(n, 0);
    assert_ok(challenges_sweep(DB, NOW + 601, 500, &n));
    assert_int_equal(n, 1);
    assert_none(challenges_find(DB, A, ID, &c));
    /* a changed password, a deactivated person */
    assert_ok(sessions_end_of_user(DB, "u1", "s1", "x", NOW));
    assert_none(challenges_use(DB, hash_like(2), NOW));
    assert_ok(users_delete(DB, "u1"));
    assert_none(challenges_find(DB, A, hash_like(2), &c));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_one, after_directory)
    const struct CMUnitTest tests[] = {
        T(test_as_it_was), T(test_attempts), T(test_parallel_guesses), T(test_used_once), T(test_codes), T(test_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
