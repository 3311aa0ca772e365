#include "config.h"

#include "store_test.h"

#include "store/codes.h"

static void add_code(int n, const char *user_id, const char *session_id)
{
    struct code c = {
        .code_hash = hash_like(n), .client_id = "app", .user_id = user_id, .session_id = session_id,
        .redirect_uri = "https://app.example/cb", .scope = "openid", .acr = "1", .amr = "pwd",
        .created_at = NOW, .expires_at = NOW + 60,
    };

    assert_ok(codes_add(DB, &c));
}

static void test_round_trip(void **state)
{
    struct session s;

    (void)state;
    add_household();
    assert_ok(sessions_by_cookie(DB, A, hash_like(1), &s));
    assert_string_equal(s.id, "s1");
    assert_string_equal(s.user_id, "u1");
    assert_int_equal(s.auth_time, NOW);
    assert_string_equal(s.acr, "1");
    assert_string_equal(s.amr, "pwd");
    assert_string_equal(s.user_agent, "curl");
    assert_string_equal(s.ip_address, "192.0.2.1");
    assert_memory_equal(s.cookie_hash.p, hash_like(1).p, 32);
    assert_ok(sessions_by_id(DB, A, "s1", &s));
    assert_none(sessions_by_cookie(DB, A, hash_like(2), &s));
    assert_none(sessions_by_id(DB, A, "s2", &s));
    assert_ok(users_deactivate(DB, "u1", NOW));
    assert_none(sessions_by_cookie(DB, A, hash_like(1), &s));
    assert_none(sessions_by_id(DB, A, "s1", &s));
}

static void test_touch(void **state)
{
    struct session s;

    (void)state;
    add_household();
    assert_ok(sessions_touch(DB, "s1", NOW + 5));
    assert_ok(sessions_touch(DB, "s1", NOW + 3)); /* never back */
    assert_ok(sessions_by_id(DB, A, "s1", &s));
    assert_int_equal(s.last_activity_at, NOW + 5);
}

static void test_rekey(void **state)
{
    struct session s;

    (void)state;
    add_household();
    assert_none(sessions_rekey(DB, "s1", hash_like(2), hash_like(3)));
    assert_ok(sessions_rekey(DB, "s1", hash_like(1), hash_like(3)));
    assert_none(sessions_by_cookie(DB, A, hash_like(1), &s));
    assert_ok(sessions_by_cookie(DB, A, hash_like(3), &s));
    assert_string_equal(s.id, "s1");
}

static void test_end_takes_all_of_it(void **state)
{
    struct token_view v;
    struct session s;
    struct code c;

    (void)state;
    add_household();
    add_session("s2", "u1", 2, NOW);
    add_family("f2", "u1", "app", "s2");
    add_token(2, "f2", 102);
    add_code(11, "u1", "s1");
    add_code(12, "u1", "s2");
    assert_ok(sessions_end(DB, "s1", "logout", NOW + 5));
    assert_none(sessions_by_id(DB, A, "s1", &s));
    assert_ok(tokens_find(DB, A, 1, &v));
    assert_false(token_is_live(&v, NOW + 5));
    assert_false(v.is_session_live);
    assert_int_equal(v.family.revoked_at, NOW + 5);
    assert_none(codes_redeem(DB, A, hash_like(11), "app", "f1", NOW + 5, &c));
    assert_none(codes_replayed(DB, A, hash_like(11), "app", &(const char *){ NULL }));
    /* and nothing else */
    assert_ok(sessions_by_id(DB, A, "s2", &s));
    assert_ok(tokens_find(DB, A, 2, &v));
    assert_true(token_is_live(&v, NOW + 5));
    assert_ok(codes_redeem(DB, A, hash_like(12), "app", "f1", NOW + 5, &c));
    /* idempotent: the first reason and time stay */
    assert_ok(sessions_end(DB, "s1", "again", NOW + 9));
    assert_int_equal(count("SELECT ended_at FROM sessions WHERE id = 's1'"), NOW + 5);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_why = 'logout'"), 1);
    assert_ok(sessions_end(DB, "nobody", "logout", NOW));
}

static void three_sessions(void)
{
    add_household();
    add_user("u2", "bob");
    add_session("s2", "u1", 2, NOW + 10);
    add_session("s3", "u2", 3, NOW + 20);
    add_family("f2", "u1", "app", "s2");
    add_family("f3", "u2", "app", "s3");
    add_family("f4", "u1", "app", NULL); /* a password grant */
    add_code(11, "u1", "s1");
    add_code(12, "u1", "s2");
    add_code(13, "u2", "s3");
}

static void test_end_of_user(void **state)
{
    (void)state;
    three_sessions();
    assert_ok(sessions_end_of_user(DB, "u1", "s2", "password_changed", NOW + 30));
    assert_int_equal(count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NOT NULL AND id = 's1'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NOT NULL"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NOT NULL AND id = 'f1'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NOT NULL"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM authorization_codes WHERE redeemed_at IS NOT NULL"
                           " AND session_id = 's1'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM authorization_codes WHERE redeemed_at IS NOT NULL"), 1);
    assert_ok(sessions_end_of_user(DB, "u1", NULL, "deactivated", NOW + 31));
    assert_int_equal(count("SELECT COUNT(*) FROM sessions WHERE ended_at IS NOT NULL"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NOT NULL"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM authorization_codes WHERE redeemed_at IS NOT NULL"), 2);
}

static void test_end_idle_and_old(void **state)
{
    int64_t n = -1;

    (void)state;
    three_sessions(); /* activity and birth at 0, 10, 20 */
    assert_ok(sessions_touch(DB, "s1", NOW + 100));
    assert_ok(sessions_end_idle(DB, 0, 0, 10, NOW + 200, &n)); /* no limits set */
    assert_int_equal(n, 0);
    assert_ok(sessions_end_idle(DB, NOW + 20, 0, 10, NOW + 200, &n)); /* s2 sat idle */
    assert_int_equal(n, 1);
    assert_int_equal(count("SELECT COUNT(*) FROM sessions WHERE id = 's2' AND ended_at IS NOT NULL"), 1);
    assert_ok(sessions_end_idle(DB, 0, NOW + 10, 10, NOW + 200, &n)); /* s1 is old */
    assert_int_equal(n, 1);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at = 1800000200"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_why = 'idle' AND id = 'f2'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_why = 'max_age' AND id = 'f1'"), 1);
}

static void test_end_in_turns(void **state)
{
    int64_t n = -1;

    (void)state;
    three_sessions();
    assert_ok(sessions_end_idle(DB, NOW + 99, NOW + 99, 2, NOW + 200, &n));
    assert_int_equal(n, 2);
    assert_ok(sessions_end_idle(DB, NOW + 99, NOW + 99, 2, NOW + 200, &n));
    assert_int_equal(n, 1);
    assert_ok(sessions_end_idle(DB, NOW + 99, NOW + 99, 2, NOW + 200, &n));
    assert_int_equal(n, 0);
}

static void test_sweep(void **state)
{
    struct token_view v;
    int64_t n;

    (void)state;
    three_sessions();
    add_token(3, "f3", 0);
    assert_ok(sessions_end(DB, "s1", "logout", NOW + 30));
    assert_ok(sessions_sweep(DB, NOW + 30, 10, &n));
    assert_int_equal(n, 0);
    assert_ok(sessions_sweep(DB, NOW + 31, 10, &n));
    assert_int_equal(n, 1);
    assert_ok(tokens_find(DB, A, 1, &v)); /* the family stays, and stays revoked */
    assert_null(v.family.session_id);
    assert_string_equal(v.family.sid, "s1");
    assert_false(token_is_live(&v, NOW));
    /* a session that ended without its family must not free it by going */
    assert_ok(db_run(db_sql(DB, "UPDATE sessions SET ended_at = 5 WHERE id = 's3'")));
    assert_ok(sessions_sweep(DB, NOW + 31, 10, &n));
    assert_int_equal(n, 0);
    assert_ok(tokens_find(DB, A, 3, &v));
    assert_false(token_is_live(&v, NOW));
}

/* CS-02: the session stays, with what hangs on it; its cookie does not. */
static void test_step_up(void **state)
{
    struct session s;
    struct token_view v;

    (void)state;
    three_sessions();
    assert_ok(db_run(db_sql(DB, "UPDATE sessions SET trusted_device_id = 'd1' WHERE id = 's1'")));
    assert_ok(sessions_by_id(DB, A, "s1", &s));
    assert_string_equal(s.trusted_device_id, "d1");
    assert_ok(sessions_step_up(DB, "s1", hash_like(77), "2", "pwd otp mfa", NOW + 50));
    assert_none(sessions_by_cookie(DB, A, hash_like(1), &s));
    assert_ok(sessions_by_cookie(DB, A, hash_like(77), &s));
    assert_string_equal(s.id, "s1");
    assert_string_equal(s.acr, "2");
    assert_string_equal(s.amr, "pwd otp mfa");
    assert_null(s.trusted_device_id);
    assert_int_equal(s.auth_time, NOW);
    assert_int_equal(s.last_activity_at, NOW + 50);
    assert_ok(tokens_find(DB, A, 1, &v));
    assert_true(token_is_live(&v, NOW + 50));
    assert_ok(sessions_end(DB, "s1", "logout", NOW + 60));
    assert_none(sessions_step_up(DB, "s1", hash_like(78), "2", "pwd otp mfa", NOW + 70));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_memory, after)
    const struct CMUnitTest tests[] = {
        T(test_round_trip), T(test_touch), T(test_rekey), T(test_end_takes_all_of_it), T(test_end_of_user),
        T(test_end_idle_and_old), T(test_end_in_turns), T(test_sweep), T(test_step_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
