#include "config.h"

#include "store_test.h"

#include "store/console_sessions.h"

static int with_session(void **state)
{
    struct console_session s;

    in_memory(state);
    add_household();
    s = (struct console_session){
        .id = "o1", .cookie_hash = hash_like(5), .console = "admin", .user_id = "u1", .family_id = "f1",
        .created_at = NOW, .expires_at = NOW + 60,
    };
    assert_ok(console_sessions_add(DB, &s));
    return 0;
}

static enum rc find(const char *console, int64_t now)
{
    struct console_session s;

    return console_sessions_find(DB, A, hash_like(5), console, now, &s);
}

static void test_round_trip(void **state)
{
    struct console_session s;

    (void)state;
    assert_ok(console_sessions_find(DB, A, hash_like(5), "admin", NOW, &s));
    assert_string_equal(s.id, "o1");
    assert_string_equal(s.user_id, "u1");
    assert_string_equal(s.family_id, "f1");
    assert_string_equal(s.session_id, "s1");
    assert_int_equal(s.expires_at, NOW + 60);
    assert_none(console_sessions_find(DB, A, hash_like(6), "admin", NOW, &s));
    assert_none(find("account", NOW)); /* a cookie opens its own console only */
    assert_none(find("admin", NOW + 60));
}

static void test_rekey(void **state)
{
    struct console_session s;

    (void)state;
    assert_none(console_sessions_rekey(DB, "o1", hash_like(6), hash_like(7)));
    assert_ok(console_sessions_rekey(DB, "o1", hash_like(5), hash_like(7)));
    assert_none(find("admin", NOW));
    assert_ok(console_sessions_find(DB, A, hash_like(7), "admin", NOW, &s));
    assert_string_equal(s.id, "o1");
}

static void test_ends_itself(void **state)
{
    (void)state;
    assert_ok(console_sessions_end(DB, "o1", NOW));
    assert_none(find("admin", NOW));
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NULL"), 1);
}

static void test_ends_with_its_family(void **state)
{
    (void)state;
    assert_ok(families_revoke(DB, "f1", "logout", NOW));
    assert_none(find("admin", NOW));
}

static void test_ends_with_the_session(void **state)
{
    (void)state;
    assert_ok(db_run(db_sql(DB, "UPDATE sessions SET ended_at = 1"))); /* the family alone would do */
    assert_none(find("admin", NOW));
}

static void test_ends_with_the_person(void **state)
{
    (void)state;
    assert_ok(users_deactivate(DB, "u1", NOW));
    assert_none(find("admin", NOW));
}

static void test_sweep(void **state)
{
    int64_t n;

    (void)state;
    assert_ok(console_sessions_sweep(DB, NOW + 60, 5, &n));
    assert_int_equal(n, 0);
    assert_ok(console_sessions_sweep(DB, NOW + 61, 5, &n));
    assert_int_equal(n, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_session, after)
    const struct CMUnitTest tests[] = {
        T(test_round_trip), T(test_rekey), T(test_ends_itself), T(test_ends_with_its_family), T(test_ends_with_the_session),
        T(test_ends_with_the_person), T(test_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
