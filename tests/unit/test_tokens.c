#include "config.h"

#include "store_test.h"

static int with_household(void **state)
{
    in_file(state);
    add_household();
    return 0;
}

static struct token_view view(int64_t selector)
{
    struct token_view v;

    assert_ok(tokens_find(DB, A, selector, &v));
    return v;
}

/* Both readers are of one mind. */
static bool is_live(int64_t selector, int64_t now)
{
    struct token_view v = view(selector), shown;

    assert_ok(tokens_shown(DB, A, selector, &shown));
    assert_int_equal(token_is_live(&shown, now), token_is_live(&v, now));
    return token_is_live(&v, now);
}

static void test_round_trip(void **state)
{
    struct token t = {
        .selector = 7, .family_id = "f1", .access_hash = hash_like(1), .refresh_hash = hash_like(2),
        .scope = "email", .issued_at = NOW + 1, .access_expires_at = NOW + 2, .refresh_expires_at = NOW + 3,
    };
    struct token_view v;

    (void)state;
    assert_ok(tokens_add(DB, &t));
    v = view(7);
    assert_int_equal(v.token.selector, 7);
    assert_string_equal(v.token.family_id, "f1");
    assert_memory_equal(v.token.access_hash.p, hash_like(1).p, 32);
    assert_memory_equal(v.token.refresh_hash.p, hash_like(2).p, 32);
    assert_string_equal(v.token.scope, "email");
    assert_int_equal(v.token.issued_at, NOW + 1);
    assert_int_equal(v.token.access_expires_at, NOW + 2);
    assert_int_equal(v.token.refresh_expires_at, NOW + 3);
    assert_int_equal(v.token.rotated_at, 0);
    assert_int_equal(v.token.revoked_at, 0);
    assert_string_equal(v.family.id, "f1");
    assert_string_equal(v.family.user_id, "u1");
    assert_string_equal(v.family.client_id, "app");
    assert_string_equal(v.family.session_id, "s1");
    assert_string_equal(v.family.sid, "s1");
    assert_string_equal(v.family.grant_type, "authorization_code");
    assert_string_equal(v.family.scope, "openid");
    assert_string_equal(v.family.nonce, "n-1");
    assert_int_equal(v.family.auth_time, NOW);
    assert_string_equal(v.family.acr, "1");
    assert_string_equal(v.family.amr, "pwd");
    assert_int_equal(v.family.expires_at, NOW + 1000);
    assert_string_equal(v.username, "ann");
    assert_none(tokens_find(DB, A, 8, &v));
    assert_none(tokens_shown(DB, A, 8, &v));
    assert_ok(tokens_shown(DB, A, 7, &v));
    assert_memory_equal(v.token.access_hash.p, hash_like(1).p, 32);
    assert_memory_equal(v.token.refresh_hash.p, hash_like(2).p, 32);
    assert_string_equal(v.token.scope, "email");
    assert_int_equal(v.token.refresh_expires_at, NOW + 3);
    assert_string_equal(v.family.id, "f1");
    assert_string_equal(v.family.user_id, "u1");
    assert_string_equal(v.family.client_id, "app");
    assert_string_equal(v.family.session_id, "s1");
    assert_int_equal(v.family.auth_time, NOW);
    assert_string_equal(v.family.acr, "1");
    assert_string_equal(v.username, "ann");
    assert_refused(tokens_add(DB, &t));
}

static void test_liveness(void **state)
{
    (void)state;
    assert_true(is_live(1, NOW));
    assert_true(is_live(1, NOW + 899));
    assert_false(is_live(1, NOW + 900));
    assert_ok(users_deactivate(DB, "u1", NOW));
    assert_false(is_live(1, NOW));
    assert_ok(users_reactivate(DB, "u1", NOW));
    assert_true(is_live(1, NOW));
    assert_ok(clients_set_active(DB, "app", false, NOW));
    assert_false(is_live(1, NOW));
    assert_ok(clients_set_active(DB, "app", true, NOW));
    assert_ok(db_run(db_sql(DB, "UPDATE sessions SET ended_at = 1")));
    assert_false(is_live(1, NOW));
    assert_ok(db_run(db_sql(DB, "UPDATE sessions SET ended_at = NULL")));
    assert_ok(tokens_revoke(DB, 1, NOW + 3));
    assert_ok(tokens_revoke(DB, 1, NOW + 4));
    assert_int_equal(view(1).token.revoked_at, NOW + 3);
    assert_false(is_live(1, NOW));
}

static void test_without_a_user(void **state)
{
    struct token_view v;

    (void)state;
    add_family("f2", NULL, "app", NULL); /* client_credentials */
    add_token(2, "f2", 0);
    v = view(2);
    assert_null(v.family.user_id);
    assert_null(v.username);
    assert_true(v.is_user_active);
    assert_true(v.is_session_live);
    assert_int_equal(v.token.refresh_hash.n, 0);
    assert_true(token_is_live(&v, NOW));
    assert_none(tokens_rotate(DB, 2, NOW)); /* there is nothing to spend */
}

static void test_rotation(void **state)
{
    (void)state;
    assert_ok(tokens_rotate(DB, 1, NOW + 1));
    assert_int_equal(view(1).token.rotated_at, NOW + 1);
    assert_false(is_live(1, NOW + 1)); /* the access token went with it */
    assert_none(tokens_rotate(DB, 1, NOW + 2));
    assert_none(tokens_rotate(DB, 99, NOW));
    add_token(2, "f1", 102);
    assert_ok(tokens_revoke(DB, 2, NOW));
    assert_none(tokens_rotate(DB, 2, NOW));
    add_token(3, "f1", 103);
    assert_ok(families_revoke(DB, "f1", "replay", NOW));
    assert_none(tokens_rotate(DB, 3, NOW));
}

static void test_family(void **state)
{
    (void)state;
    assert_ok(families_extend(DB, "f1", NOW + 2000));
    assert_ok(families_extend(DB, "f1", NOW + 1500));
    assert_int_equal(view(1).family.expires_at, NOW + 2000);
    assert_ok(families_revoke(DB, "f1", "replay", NOW + 1));
    assert_ok(families_revoke(DB, "f1", "again", NOW + 2));
    assert_int_equal(view(1).family.revoked_at, NOW + 1);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_why = 'replay'"), 1);
    assert_ok(families_revoke(DB, "nobody", "x", NOW));
}

static void test_revoke_many(void **state)
{
    (void)state;
    add_user("u2", "bob");
    add_client("web");
    add_family("f2", "u1", "web", NULL);
    add_family("f3", "u1", "app", NULL);
    add_family("f4", "u2", "app", NULL);
    assert_ok(families_revoke_of_user(DB, "u1", "f2", "password_changed", NOW));
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NOT NULL"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NULL AND id IN ('f2', 'f4')"), 2);
    assert_ok(families_revoke_of_user(DB, "u1", NULL, "deactivated", NOW));
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NULL"), 1);
    assert_ok(families_revoke_of_client(DB, "app", "client_deleted", NOW));
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NULL"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_why = 'deactivated'"), 1);
}

static void test_families_sweep_in_turns(void **state)
{
    int64_t n, turns = 0, gone = 0;

    (void)state;
    for (int i = 10; i < 20; i++)
        add_token(i, "f1", i); /* eleven tokens in f1 */
    add_family("f2", "u1", "app", NULL);
    assert_ok(families_extend(DB, "f2", NOW + 5000));
    add_token(30, "f2", 30);
    assert_ok(families_sweep(DB, NOW + 1000, 4, &n));
    assert_int_equal(n, 0);
    do {
        assert_ok(families_sweep(DB, NOW + 1001, 4, &n));
        assert_in_range(n, 0, 4);
        gone += n;
        turns++;
    } while (n);
    assert_int_equal(gone, 12);
    assert_true(turns >= 4);
    assert_int_equal(count("SELECT COUNT(*) FROM tokens"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families"), 1);
}

static void test_tokens_sweep(void **state)
{
    struct token t = { .selector = 40, .family_id = "f1", .scope = "openid", .refresh_hash = hash_like(40),
                       .access_expires_at = NOW + 5000, .refresh_expires_at = NOW + 10 };
    int64_t n;

    (void)state;
    add_token(2, "f1", 0);    /* no refresh token: goes with its family */
    add_token(3, "f1", 103);
    assert_ok(tokens_add(DB, &t)); /* the access token outlives the refresh token */
    add_token(4, "f1", 104);       /* never spent: goes with its family */
    assert_ok(tokens_rotate(DB, 1, NOW)); /* spent: kept all the same, to know a replay */
    assert_ok(tokens_rotate(DB, 3, NOW));
    assert_ok(tokens_rotate(DB, 40, NOW));
    assert_ok(tokens_sweep(DB, NOW + 1000, 5, &n));
    assert_int_equal(n, 0);
    assert_ok(tokens_sweep(DB, NOW + 1001, 1, &n));
    assert_int_equal(n, 1);
    assert_ok(tokens_sweep(DB, NOW + 1001, 5, &n));
    assert_int_equal(n, 1);
    assert_ok(tokens_sweep(DB, NOW + 1001, 5, &n));
    assert_int_equal(n, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM tokens"), 3);
}

static int rotating(struct db *db, int i)
{
    (void)i;
    return (int)tokens_rotate(db, 1, NOW);
}

static void test_parallel_rotations(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    race(20, rotating, tally);
    assert_int_equal(tally[RC_OK], 1);
    assert_int_equal(tally[RC_NONE], 19);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_household, after_directory)
    const struct CMUnitTest tests[] = {
        T(test_round_trip), T(test_liveness), T(test_without_a_user), T(test_rotation), T(test_family),
        T(test_revoke_many), T(test_families_sweep_in_turns), T(test_tokens_sweep), T(test_parallel_rotations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
