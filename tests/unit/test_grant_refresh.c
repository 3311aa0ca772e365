/* grant_type=refresh_token: TK-24 to TK-32, IT-10; flows 8. */
#include "factor_test.h"

#include "oidc/bearer.h"

static struct exchange *ask_refresh(const char *client_id, const char *token, const char *more)
{
    bool is_app = text_same(client_id, "app");
    struct exchange *x = a_post(arena_printf(A, "grant_type=refresh_token&refresh_token=%s%s%s%s", token,
                                             client_id && !is_app ? "&client_id=" : "",
                                             client_id && !is_app ? client_id : "", more));

    return is_app ? with_header(x, basic("app", SECRET)) : x;
}

static struct json *refreshed(const char *client_id, const char *token, const char *more)
{
    struct exchange *x = ask_refresh(client_id, token, more);

    if (token_handle(x) != RC_OK)
        fail_msg("refresh: %s", refusal_text(&x->no));
    return answer_of(x);
}

static void assert_not_refreshed(const char *client_id, const char *token, const char *more, enum refusal_code code)
{
    struct exchange *x = ask_refresh(client_id, token, more);

    assert_no(x, token_handle(x), code);
}

static bool is_live(const char *access_token)
{
    struct exchange *x = a_post("");

    return bearer_check(x, access_token) == RC_OK;
}

#define ACCESS(answer) text_of(answer, "access_token")
#define REFRESH(answer) text_of(answer, "refresh_token")

/* TK-29: rotated; the old access token goes with its refresh token. */
static void test_rotation(void **state)
{
    struct json *one = sign_in("app", "u1", SCOPES), *two = refreshed("app", REFRESH(one), "");

    (void)state;
    assert_string_not_equal(REFRESH(one), REFRESH(two));
    assert_false(is_live(ACCESS(one)));
    assert_true(is_live(ACCESS(two)));
    assert_string_equal(text_of(two, "scope"), SCOPES);
    refreshed("app", REFRESH(two), "");
}

static struct token_view view_of(const char *access_token)
{
    struct exchange *x = a_post("");
    struct token_value v;
    struct token_view whole;

    x->now = clock_now();
    assert_ok(bearer_read(x, access_token, &v));
    assert_ok(tokens_find(x->db, x->arena, v.view.token.selector, &whole));
    return whole;
}

static struct json *refreshed_at(int64_t now, struct json *answer)
{
    struct exchange *x = ask_refresh("app", REFRESH(answer), "");

    clock_set_for_test(now);
    x->now = now;
    if (token_handle(x) != RC_OK)
        fail_msg("refresh: %s", refusal_text(&x->no));
    return answer_of(x);
}

/* A family outlives its tokens, and is not written at each refresh for that. */
static void test_family_lasts(void **state)
{
    struct json *one = sign_in("app", "u1", SCOPES), *two = refreshed_at(T0 + 1, one);
    struct token_view first = view_of(ACCESS(two));
    struct json *three = refreshed_at(T0 + 2, two);
    struct token_view then = view_of(ACCESS(three));

    (void)state;
    assert_true(then.token.refresh_expires_at > first.token.refresh_expires_at);
    assert_true(then.family.expires_at >= then.token.refresh_expires_at);
    assert_int_equal(then.family.expires_at, first.family.expires_at);
    assert_true(first.family.expires_at - first.token.refresh_expires_at < 2 * 86400);
}

/* IT-10, flows 8, conflict 10: the original login; no nonce. */
static void test_id_token(void **state)
{
    struct json *one = sign_in("app", "u1", SCOPES), *two = refreshed("app", REFRESH(one), "");
    struct exchange *x = a_post("");
    struct json *before = claims_of(x, text_of(one, "id_token")), *now = claims_of(x, text_of(two, "id_token"));
    static const char *const same[] = { "iss", "sub", "aud", "azp", "sid", "acr" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        assert_string_equal(text_of(now, same[i]), text_of(before, same[i]));
    assert_int_equal(int_of(now, "auth_time"), T0 - 60);
    assert_string_equal(json_text(A, json_get(now, "amr")), "[\"pwd\"]");
    assert_string_equal(text_of(before, "nonce"), "n-0S6");
    assert_false(json_has(now, "nonce"));
    assert_int_equal(int_of(claims_of(x, ACCESS(two)), "auth_time"), T0 - 60);
    assert_string_equal(text_of(claims_of(x, ACCESS(two)), "sid"), "s1");
}

/* TK-30: the old one again ends the family, whoever holds the new one. */
static void test_replay(void **state)
{
    struct json *one = sign_in("app", "u1", SCOPES), *two = refreshed("app", REFRESH(one), "");

    (void)state;
    assert_not_refreshed("app", REFRESH(one), "", REFUSE_INVALID_GRANT);
    assert_false(is_live(ACCESS(two)));
    assert_not_refreshed("app", REFRESH(two), "", REFUSE_INVALID_GRANT);
}

/* TK-24: to its own client only, and another one cannot end the family. */
static void test_other_client(void **state)
{
    struct json *one = sign_in("app", "u1", SCOPES), *two = refreshed("app", REFRESH(one), "");

    (void)state;
    assert_not_refreshed("spa", REFRESH(two), "", REFUSE_INVALID_GRANT);
    assert_not_refreshed("spa", REFRESH(one), "", REFUSE_INVALID_GRANT);
    refreshed("app", REFRESH(two), "");
}

/* TK-25: a confidential client authenticates; http-api 6.1: a public one need not be named. */
static void test_without_client(void **state)
{
    struct json *app = sign_in("app", "u1", SCOPES), *spa = sign_in("spa", "u1", SCOPES);

    (void)state;
    assert_not_refreshed(NULL, REFRESH(app), "", REFUSE_INVALID_CLIENT);
    refreshed("app", REFRESH(app), "");
    spa = refreshed(NULL, REFRESH(spa), "");
    refreshed("spa", REFRESH(spa), "");
}

/* TK-13, by the client that the token names. */
static void test_not_registered(void **state)
{
    struct json *spa = sign_in("spa", "u1", SCOPES);
    static const char *grants[] = { "authorization_code" };
    struct client c;

    (void)state;
    assert_ok(clients_find(DB, A, "spa", &c));
    c.grant_types = (struct text_list){ grants, 1 };
    assert_ok(clients_update(DB, &c));
    assert_not_refreshed(NULL, REFRESH(spa), "", REFUSE_UNAUTHORIZED_CLIENT);
    assert_not_refreshed("spa", REFRESH(spa), "", REFUSE_UNAUTHORIZED_CLIENT);
}

/* TK-26: wider is refused and nothing is consumed; TK-27: narrower, then all again. */
static void test_scope(void **state)
{
    struct json *one = sign_in("app", "u1", "openid email"), *two, *three, *four;

    (void)state;
    assert_not_refreshed("app", REFRESH(one), "&scope=openid+profile", REFUSE_INVALID_SCOPE);
    assert_true(is_live(ACCESS(one)));
    two = refreshed("app", REFRESH(one), "&scope=openid");
    assert_string_equal(text_of(two, "scope"), "openid");
    assert_false(json_has(claims_of(a_post(""), ACCESS(two)), "email"));
    three = refreshed("app", REFRESH(two), "");
    assert_string_equal(text_of(three, "scope"), "openid email");
    four = refreshed("app", REFRESH(three), "&scope=email");
    assert_string_equal(text_of(four, "scope"), "email");
    assert_false(json_has(four, "id_token"));
}

/* design D26: 403 mfa_required only to who has enrolled since and showed no factor then. */
static void test_enrolled_since(void **state)
{
    struct json *one = sign_in("app", "u1", SCOPES); /* a minute ago */

    (void)state;
    enrol("u1", T0 - 61);
    one = refreshed("app", REFRESH(one), "");
    assert_ok(factors_totp_remove(DB, "u1"));
    enrol("u1", T0 - 59);
    assert_not_refreshed("app", REFRESH(one), "", REFUSE_MFA_REQUIRED);
    assert_int_equal(refusal_status(REFUSE_MFA_REQUIRED), 403);
    assert_true(is_live(ACCESS(one))); /* nothing was consumed */
    assert_ok(db_run(db_sql(DB, "UPDATE token_families SET acr = '2' WHERE user_id = 'u1'")));
    refreshed("app", REFRESH(one), "");
}

static void test_garbled(void **state)
{
    struct json *one = sign_in("app", "u1", SCOPES);
    char *value = arena_strdup(A, REFRESH(one));

    (void)state;
    value[40] = value[40] == 'A' ? 'B' : 'A'; /* right selector, wrong secret */
    assert_not_refreshed("app", value, "", REFUSE_INVALID_GRANT);
    assert_not_refreshed("app", "", "", REFUSE_INVALID_GRANT);
    assert_not_refreshed("app", "x", "", REFUSE_INVALID_GRANT);
    assert_not_refreshed("app", ACCESS(one), "", REFUSE_INVALID_GRANT);
    refreshed("app", REFRESH(one), "");
}

/* Expired: refused, and nothing is revoked. */
static void test_expired(void **state)
{
    struct json *one = sign_in("app", "u1", SCOPES);
    struct exchange *x = ask_refresh("app", REFRESH(one), "");

    (void)state;
    x->now += 720 * 3600;
    assert_no(x, token_handle(x), REFUSE_INVALID_GRANT);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NOT NULL"), 0);
}

static void write_setting(const char *key, const char *value)
{
    assert_ok(settings_put(DB, key, value, T0));
}

/* TK-31: idle and absolute limits of the sign-in behind it. */
static void test_idle(void **state)
{
    struct json *one = sign_in("app", "u1", SCOPES);
    struct exchange *x;

    (void)state;
    write_setting("sso_session_idle_timeout", "1h");
    x = ask_refresh("app", REFRESH(one), "");
    x->now = T0 - 60 + 3600;
    assert_no(x, token_handle(x), REFUSE_INVALID_GRANT);
    write_setting("sso_session_idle_timeout", "0");
    write_setting("sso_session_max_age", "2h");
    x = ask_refresh("app", REFRESH(one), "");
    x->now = T0 - 60 + 7200;
    assert_no(x, token_handle(x), REFUSE_INVALID_GRANT);
    refreshed("app", REFRESH(one), "");
}

/* flows 8 "rotate": a refresh is activity. */
static void test_touches_session(void **state)
{
    struct json *one = sign_in("app", "u1", SCOPES);
    struct session s;

    (void)state;
    refreshed("app", REFRESH(one), "");
    assert_ok(sessions_by_id(DB, A, "s1", &s));
    assert_true(s.last_activity_at >= T0);
}

static void test_session_ended(void **state)
{
    struct json *one = sign_in("app", "u1", SCOPES);

    (void)state;
    assert_ok(sessions_end(DB, "s1", "logout", T0));
    assert_not_refreshed("app", REFRESH(one), "", REFUSE_INVALID_GRANT);
}

static void test_user_deactivated(void **state)
{
    struct json *one = sign_in("spa", "u1", SCOPES);

    (void)state;
    assert_ok(users_deactivate(DB, "u1", T0));
    assert_not_refreshed("spa", REFRESH(one), "", REFUSE_INVALID_GRANT);
}

static void test_client_disabled(void **state)
{
    struct json *one = sign_in("spa", "u1", SCOPES);

    (void)state;
    assert_ok(clients_set_active(DB, "spa", false, T0));
    assert_not_refreshed(NULL, REFRESH(one), "", REFUSE_INVALID_GRANT);
}

static void test_repeated(void **state) /* HT-03 */
{
    struct json *one = sign_in("spa", "u1", SCOPES);

    (void)state;
    assert_not_refreshed("spa", REFRESH(one), "&scope=openid&scope=email", REFUSE_INVALID_REQUEST);
    assert_not_refreshed("spa", REFRESH(one), "&refresh_token=x", REFUSE_INVALID_REQUEST);
    refreshed("spa", REFRESH(one), "");
}

/* TK-32: 20 at once; one succeeds, and afterwards the family is dead. */
static const char *raced;

static int refresh_once(struct db *db, int i)
{
    (void)i;
    DB = db;
    return (int)token_handle(ask_refresh("spa", raced, ""));
}

static void test_parallel(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    raced = REFRESH(sign_in("spa", "u1", SCOPES));
    race(20, refresh_once, tally);
    assert_int_equal(tally[RC_OK], 1);
    assert_int_equal(tally[RC_REFUSED], 19);
    assert_int_equal(count("SELECT COUNT(*) FROM tokens"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NULL"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rotation, world, after),
        cmocka_unit_test_setup_teardown(test_family_lasts, world, after),
        cmocka_unit_test_setup_teardown(test_id_token, world, after),
        cmocka_unit_test_setup_teardown(test_replay, world, after),
        cmocka_unit_test_setup_teardown(test_other_client, world, after),
        cmocka_unit_test_setup_teardown(test_without_client, world, after),
        cmocka_unit_test_setup_teardown(test_not_registered, world, after),
        cmocka_unit_test_setup_teardown(test_scope, world, after),
        cmocka_unit_test_setup_teardown(test_enrolled_since, world, after),
        cmocka_unit_test_setup_teardown(test_garbled, world, after),
        cmocka_unit_test_setup_teardown(test_expired, world, after),
        cmocka_unit_test_setup_teardown(test_idle, world, after),
        cmocka_unit_test_setup_teardown(test_touches_session, world, after),
        cmocka_unit_test_setup_teardown(test_session_ended, world, after),
        cmocka_unit_test_setup_teardown(test_user_deactivated, world, after),
        cmocka_unit_test_setup_teardown(test_client_disabled, world, after),
        cmocka_unit_test_setup_teardown(test_repeated, world, after),
        cmocka_unit_test_setup_teardown(test_parallel, world_in_file, after_directory),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
