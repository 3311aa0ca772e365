/* Browser sessions: CO-14 to CO-16, CS-01 to CS-05; flows 4; design D8. */
#include "config.h"

#include "authz_test.h"

static const struct jar NOBODY = { NULL, NULL };

static struct exchange *with_session(const char *cookie)
{
    struct jar jar = { NULL, cookie };

    return get(&jar, "");
}

static const struct keyring *keys_of(const char *secret, const char *previous)
{
    struct keyring *k = arena_new(A, struct keyring);
    struct keyring_roots roots = { .cookie = bytes_of(secret), .cookie_previous = bytes_of(previous) };

    keyring_derive(&roots, k);
    return k;
}

static void test_new(void **state)
{
    struct exchange *x = get(&NOBODY, "");
    struct session one, two;
    const char *cookie_one, *cookie_two;

    (void)state;
    session_new(x, "u1", "1", "pwd", &one, &cookie_one);
    session_new(x, "u1", "1", "pwd", &two, &cookie_two);
    assert_int_equal(strlen(cookie_one), 43); /* CS-03: 256 bits */
    assert_string_not_equal(cookie_one, cookie_two); /* CS-02 */
    assert_string_not_equal(one.id, two.id);
    assert_int_equal(one.cookie_hash.n, 32);
    assert_false(ct_equal(one.cookie_hash, sha256_of(A, cookie_one))); /* a MAC, not a hash */
    assert_int_equal(one.auth_time, x->now);
    assert_string_equal(one.ip_address, "192.0.2.7");
}

static void test_find(void **state)
{
    const char *cookie = signed_in("u1", 60);
    struct exchange *x = with_session(cookie);

    (void)state;
    assert_ok(session_find(x));
    assert_string_equal(x->session->user_id, "u1");
    assert_int_equal(x->session->auth_time, x->session->created_at);
    assert_none(session_find(with_session(NULL)));
    assert_none(session_find(with_session("")));
    assert_none(session_find(with_session("s1")));
    assert_none(session_find(with_session(arena_printf(A, "%sA", cookie))));
    assert_none(session_find(with_session(random_token(A)))); /* CS-02: never adopted */
}

static void test_ended_and_inactive(void **state)
{
    const char *cookie = signed_in("u1", 60);
    struct exchange *x = with_session(cookie);

    (void)state;
    assert_ok(session_find(x));
    assert_ok(users_deactivate(DB, "u1", T0)); /* flows 4: the user must be active */
    assert_none(session_find(with_session(cookie)));
    assert_ok(users_reactivate(DB, "u1", T0));
    assert_ok(sessions_end(DB, x->session->id, "logout", T0)); /* CS-04 */
    assert_none(session_find(with_session(cookie)));
}

static void test_rotated_secret(void **state)
{
    const char *old = "a cookie secret of at least 32 bytes"; /* of oidc_test.h */
    const char *cookie = signed_in("u1", 60);
    struct exchange *x = with_session(cookie);

    (void)state;
    x->keys = keys_of("another secret of at least 32 bytes.", NULL); /* no overlap */
    assert_none(session_find(x));
    x = with_session(cookie);
    x->keys = keys_of("another secret of at least 32 bytes.", old);
    assert_ok(session_find(x));
    x = with_session(cookie); /* has gone over to the new one meanwhile */
    x->keys = keys_of("another secret of at least 32 bytes.", NULL);
    assert_ok(session_find(x));
}

static void test_fresh(void **state)
{
    static const struct {
        int64_t idle_limit, absolute, max_age, idle_for, old, auth_age;
        bool is;
    } cases[] = {
        { 0, 0, -1, 999999, 999999, 999999, true }, /* no limits */
        { 100, 0, -1, 99, 500, 500, true },         /* CS-05 */
        { 100, 0, -1, 100, 500, 500, false },
        { 0, 100, -1, 0, 99, 99, true },
        { 0, 100, -1, 0, 100, 100, false },
        { 0, 0, 1, 0, 1, 1, true }, /* CO-14 */
        { 0, 0, 1, 0, 2, 2, false },
        { 0, 0, 10000, 0, 10000, 10000, true }, /* CO-15 */
        { 0, 0, 10, 0, 500, 5, true },          /* the login counts, not the session */
        { 0, 0, 0, 0, 0, 0, false },            /* CO-16, in the same second too */
    };
    struct exchange *x = get(&NOBODY, "");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct settings settings = *x->settings;
        struct session s = { .last_activity_at = x->now - cases[i].idle_for, .created_at = x->now - cases[i].old,
                             .auth_time = x->now - cases[i].auth_age };

        settings.sso_session_max_age = cases[i].absolute;
        x->settings = &settings;
        if (session_is_fresh(x, &s, cases[i].idle_limit, cases[i].max_age) != cases[i].is)
            fail_msg("case %zu", i);
    }
}

static void test_cookie(void **state)
{
    struct exchange *x = get(&NOBODY, "");
    const char *line;

    (void)state;
    session_cookie_set(x, "value");
    line = header(x, "Set-Cookie");
    assert_true(text_starts(line, "autentico_idp_session=value; Path=/; Max-Age=2592000;"));
    assert_non_null(strstr(line, "HttpOnly")); /* CS-01 */
    assert_non_null(strstr(line, "SameSite=Lax"));
    assert_non_null(strstr(line, "Secure"));
    assert_null(strstr(line, "Domain"));
    x = get(&NOBODY, "");
    session_cookie_clear(x);
    assert_true(text_starts(header(x, "Set-Cookie"), "autentico_idp_session=; Path=/; Max-Age=0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new, world, after),
        cmocka_unit_test_setup_teardown(test_find, world, after),
        cmocka_unit_test_setup_teardown(test_ended_and_inactive, world, after),
        cmocka_unit_test_setup_teardown(test_rotated_secret, world, after),
        cmocka_unit_test_setup_teardown(test_fresh, world, after),
        cmocka_unit_test_setup_teardown(test_cookie, world, after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
