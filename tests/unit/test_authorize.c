/*
 * The authorization endpoint and the one function that issues a code: OA-02, OA-13,
 * OA-16, OA-17, IS-01, FP-01, CO-06, CO-08, CO-10, CO-14 to CO-16, CO-20 to CO-22;
 * http-api 5.1, 10 to 14; flows 4.
 */
#include "config.h"

#include "authz_test.h"

#include "oidc/authorize.h"

#define QUERY "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code&scope=openid&state=st"

static const struct jar NOBODY = { NULL, NULL };

/* What the endpoint answers, refusals included. */
static struct exchange *asked(const struct jar *jar, const char *query)
{
    struct exchange *x = get(jar, query);
    enum rc rc = authorize_handle(x);

    if (rc == RC_REFUSED)
        problem_respond(x, 0);
    else
        assert_int_equal(rc, RC_OK);
    db_read_end(DB);
    return x;
}

static struct jar browser_of(const char *user_id, int64_t age_s)
{
    return (struct jar){ NULL, signed_in(user_id, age_s) };
}

static struct code code_of(const struct exchange *x)
{
    const char *value = landed(x, "code");
    struct code c;

    assert_non_null(value);
    assert_int_equal(strlen(value), 43); /* OA-16 */
    assert_ok(codes_redeem(DB, A, sha256_of(A, value), "app", "f1", x->now, &c));
    return c;
}

static void assert_code(const struct exchange *x)
{
    assert_int_equal(x->rs->status, 302);
    assert_lands_at(x, REDIRECT "?code=");
    assert_string_equal(landed(x, "state"), "st");    /* OA-13 */
    assert_string_equal(landed(x, "iss"), ISSUER);    /* IS-01 */
}

static void assert_login(const struct exchange *x, const char *says)
{
    assert_page(x, "pages/login");
    if (strstr(json_str(json_get(x->rs->model, "login_error")), says) == NULL)
        fail_msg("says %s", json_str(json_get(x->rs->model, "login_error")));
}

static void assert_error(const struct exchange *x, const char *error)
{
    assert_lands_at(x, REDIRECT "?error=");
    assert_string_equal(landed(x, "error"), error);
    assert_string_equal(landed(x, "state"), "st"); /* OA-14 */
    assert_string_equal(landed(x, "iss"), ISSUER); /* IS-02 */
}

static void test_sign_in_page(void **state)
{
    struct exchange *x = asked(&NOBODY, QUERY);

    (void)state;
    assert_login(x, "");
    assert_non_null(set_cookie(x, CSRF_COOKIE));
    assert_null(set_cookie(x, CONF.session_cookie_name));
    assert_login(asked(&NOBODY, QUERY "&error=account_locked"), "temporarily locked");
    assert_string_equal(json_str(json_get(asked(&NOBODY, QUERY "&error=Hello")->rs->model, "login_error")), "");
    assert_login(asked(&NOBODY, QUERY "&prompt=create"), "not enabled");
}

static void test_reuse(void **state)
{
    struct jar ann = browser_of("u1", 3600);
    struct exchange *x = asked(&ann, QUERY "&nonce=no&code_challenge=" CHALLENGE);
    struct code c = code_of(x);
    struct session s;

    (void)state;
    assert_code(x);
    assert_string_equal(c.user_id, "u1"); /* OA-17 */
    assert_string_equal(c.redirect_uri, REDIRECT);
    assert_string_equal(c.scope, "openid");
    assert_string_equal(c.nonce, "no");
    assert_string_equal(c.code_challenge, CHALLENGE);
    assert_string_equal(c.code_challenge_method, "S256");
    assert_int_equal(c.expires_at - c.created_at, 600);
    assert_ok(sessions_by_id(DB, A, c.session_id, &s));
    assert_int_equal(c.auth_time, s.auth_time); /* CO-08: of the login, not of now */
    assert_true(c.auth_time <= x->now - 3600);
    assert_int_equal(s.last_activity_at, x->now); /* flows 4 */
    assert_null(set_cookie(x, CONF.session_cookie_name));
    assert_string_equal(last_event().event, "");
}

static void test_prompts_and_ages(void **state)
{
    static const struct { const char *more; bool code; } cases[] = {
        { "", true },
        { "&prompt=none", true },        /* CO-08 */
        { "&prompt=login", false },      /* CO-10 */
        { "&prompt=login%20consent", false },
        { "&prompt=whatever", true },
        { "&prompt=create", true },      /* http-api 5.1: 10 before 12 */
        { "&max_age=0", false },         /* CO-16 */
        { "&max_age=99", false },        /* CO-14 */
        { "&max_age=10000", true },      /* CO-15 */
        { "&max_age=99999999999999999999", true },
        { "&error=expired", true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct jar ann = browser_of("u1", 100);
        struct exchange *x = asked(&ann, arena_printf(A, "%s%s", QUERY, cases[i].more));

        if ((landed(x, "code") != NULL) != cases[i].code)
            fail_msg("%s", cases[i].more);
        if (!cases[i].code)
            assert_page(x, "pages/login");
    }
}

static void test_prompt_none(void **state)
{
    struct jar ann = browser_of("u1", 100), old = browser_of("u1", 5 * 3600);
    struct exchange *x = asked(&NOBODY, QUERY "&prompt=none");

    (void)state;
    assert_error(x, "login_required"); /* CO-06 */
    assert_null(landed(x, "error_description"));
    assert_error(asked(&ann, QUERY "&prompt=none&max_age=10"), "login_required");
    assert_error(asked(&old, QUERY "&prompt=none"), "login_required"); /* idle, CS-05 */
    assert_ok(users_deactivate(DB, "u1", T0));
    assert_error(asked(&ann, QUERY "&prompt=none"), "login_required");
}

static void test_limits(void **state)
{
    struct jar idle = browser_of("u1", 4 * 3600);
    struct client c;

    (void)state;
    assert_page(asked(&idle, QUERY), "pages/login");
    assert_ok(clients_find(DB, A, "app", &c)); /* settings 5 */
    c.sso_session_idle_timeout = "24h";
    c.authorization_code_expiration = "1m";
    assert_ok(clients_update(DB, &c));
    struct code code = code_of(asked(&idle, QUERY));
    assert_int_equal(code.expires_at - code.created_at, 60);
    put_setting("sso_enabled", "false");
    assert_page(asked(&idle, QUERY), "pages/login");
}

static void test_post_becomes_get(void **state) /* OA-02 */
{
    struct jar ann = browser_of("u1", 100);
    struct exchange *x = post(&ann, QUERY "&prompt=login&max_age=9&login_hint=ann&response_mode=form_post");

    (void)state;
    assert_ok(authorize_handle(x));
    assert_int_equal(x->rs->status, 302);
    assert_lands_at(x, "/oauth2/authorize?");
    assert_string_equal(landed(x, "state"), "st");
    assert_string_equal(landed(x, "prompt"), "login");
    assert_string_equal(landed(x, "max_age"), "9");
    assert_string_equal(landed(x, "login_hint"), "ann");
    assert_string_equal(landed(x, "response_mode"), "form_post");
    assert_null(landed(x, "code"));
}

static void test_form_post(void **state)
{
    struct jar ann = browser_of("u1", 100);
    struct exchange *x = asked(&ann, QUERY "&response_mode=form_post");

    (void)state;
    assert_page(x, "pages/form_post"); /* FP-01, FP-05 */
    assert_null(header(x, "Location"));
    assert_string_equal(json_str(json_get(x->rs->model, "action")), REDIRECT);
    x = asked(&NOBODY, QUERY "&response_mode=form_post&prompt=none"); /* FP-02 */
    assert_page(x, "pages/form_post");
}

static void test_hint(void **state)
{
    struct jar ann = browser_of("u1", 100), root = browser_of("u2", 100);
    const char *hint = arena_printf(A, "%s&id_token_hint=%s", QUERY, id_token_for("s1", "u1"));
    const char *none = arena_printf(A, "%s&prompt=none", hint);

    (void)state;
    assert_code(asked(&ann, none));                     /* CO-20 */
    assert_error(asked(&root, none), "login_required"); /* CO-21 */
    assert_error(asked(&NOBODY, none), "login_required");
    assert_code(asked(&ann, hint));
    assert_login(asked(&root, hint), "Somebody else");
    assert_login(asked(&NOBODY, hint), "");
    clock_set_for_test(T0 + 90000); /* CO-22: expired, but ours */
    assert_error(asked(&NOBODY, none), "login_required");
    assert_error(asked(&NOBODY, arena_printf(A, "%sx", hint)), "invalid_request");
    assert_error(asked(&NOBODY, QUERY "&id_token_hint=eyJhbGciOiJub25lIn0.e30."), "invalid_request");
}

/* An access token is no hint, though the same key signed it. */
static void test_access_token_is_no_hint(void **state)
{
    const char *token = text_of(sign_in("app", "u1", "openid"), "access_token");

    (void)state;
    assert_error(asked(&NOBODY, arena_printf(A, "%s&id_token_hint=%s", QUERY, token)), "invalid_request");
}

/* ---- authorize_complete ---- */

static struct authz_request request_of(struct exchange *x)
{
    struct authz_request r;

    assert_ok(authz_request_read(x, &r));
    return r;
}

static enum rc complete(struct exchange *x, const struct authz_request *r, const char *user_id)
{
    struct user *user = arena_new(A, struct user);
    struct session session;
    struct authorization z = { .request = r, .session = &session, .is_new = true, .user = user,
                               .event = "login_success", .method = "password" };

    assert_ok(users_by_id_any(DB, A, user_id, user));
    session_new(x, user_id, "1", "pwd", &session, &z.cookie);
    return authorize_complete(x, &z);
}

static void test_new_login(void **state)
{
    struct jar ann = browser_of("u1", 100);
    struct exchange *x = get(&ann, QUERY "&prompt=login&max_age=0");
    struct authz_request r = request_of(x);
    struct audit_row row;
    struct session old;

    (void)state;
    assert_ok(complete(x, &r, "u1"));
    assert_code(x);
    assert_string_not_equal(set_cookie(x, CONF.session_cookie_name), ann.session); /* CS-02 */
    assert_ok(sessions_by_id(DB, A, session_of(set_cookie(x, CONF.session_cookie_name)), &old));
    assert_int_equal(code_of(x).auth_time, x->now); /* CO-10 */
    assert_non_null(session_of(ann.session));       /* the old one is left alone */
    row = last_event();
    assert_string_equal(row.event, "login_success");
    assert_string_equal(row.actor_id, "u1");
    assert_string_equal(row.target_id, "u1");
    assert_string_equal(row.detail, "{\"method\":\"password\"}");
}

static void test_complete_checks_again(void **state)
{
    struct exchange *x = get(&NOBODY, QUERY);
    struct authz_request r = request_of(x);

    (void)state;
    assert_ok(users_deactivate(DB, "u1", T0)); /* while the password was hashed */
    assert_no(x, complete(x, &r, "u1"), REFUSE_LOGIN_REQUIRED);
    assert_null(set_cookie(x, CONF.session_cookie_name));
    assert_ok(clients_set_active(DB, "app", false, T0));
    assert_no(x, complete(x, &r, "u2"), REFUSE_INVALID_CLIENT_400);
    assert_int_equal(count("SELECT COUNT(*) FROM authorization_codes"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM sessions"), 2);
}

static void test_reuse_of_an_ended_session(void **state)
{
    struct jar ann = browser_of("u1", 100);
    struct exchange *x = get(&ann, QUERY);
    struct authz_request r = request_of(x);
    struct authorization z = { .request = &r };

    (void)state;
    assert_ok(session_find(x));
    z.session = x->session;
    assert_ok(sessions_end(DB, x->session->id, "logout", T0));
    assert_no(x, authorize_complete(x, &z), REFUSE_LOGIN_REQUIRED);
    assert_int_equal(count("SELECT COUNT(*) FROM authorization_codes"), 0);
}

static void test_old_session_does_not_pass_for_a_login(void **state)
{
    static const char *const more[] = { "&prompt=login", "&max_age=0", "&max_age=99" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(more); i++) {
        struct jar ann = browser_of("u1", 100);
        struct exchange *x = get(&ann, arena_printf(A, "%s%s", QUERY, more[i]));
        struct authz_request r = request_of(x);
        struct authorization z = { .request = &r };

        assert_ok(session_find(x));
        z.session = x->session;
        assert_no(x, authorize_complete(x, &z), REFUSE_LOGIN_REQUIRED);
    }
}

/* CO-10: prompt=login re-authenticates; CO-21: so does a hint */
static void test_expects(void **state)
{
    struct jar ann = browser_of("u1", 100), stale = browser_of("u1", 5 * 3600);
    const char *hint = arena_printf(A, "%s&id_token_hint=%s", QUERY, id_token_for("s1", "u1"));
    struct { const struct jar *jar; const char *query; const char *user_id; bool is; } cases[] = {
        { &ann, QUERY "&prompt=login", "u1", true },
        { &ann, QUERY "&prompt=login", "u2", false },
        { &stale, QUERY "&prompt=login", "u2", true },
        { &NOBODY, QUERY "&prompt=login", "u2", true },
        { &ann, QUERY "&max_age=0", "u2", true },
        { &ann, QUERY, "u2", true },
        { &NOBODY, hint, "u1", true },
        { &NOBODY, hint, "u2", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exchange *x = get(cases[i].jar, cases[i].query);
        struct authz_request r = request_of(x);

        if (authorize_expects(x, &r, cases[i].user_id) != (cases[i].is ? RC_OK : RC_NONE))
            fail_msg("case %zu", i);
        if (!cases[i].is)
            assert_no(x, complete(x, &r, cases[i].user_id), REFUSE_LOGIN_REQUIRED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sign_in_page, world, after),
        cmocka_unit_test_setup_teardown(test_reuse, world, after),
        cmocka_unit_test_setup_teardown(test_prompts_and_ages, world, after),
        cmocka_unit_test_setup_teardown(test_prompt_none, world, after),
        cmocka_unit_test_setup_teardown(test_limits, world, after),
        cmocka_unit_test_setup_teardown(test_post_becomes_get, world, after),
        cmocka_unit_test_setup_teardown(test_form_post, world, after),
        cmocka_unit_test_setup_teardown(test_hint, world, after),
        cmocka_unit_test_setup_teardown(test_access_token_is_no_hint, world, after),
        cmocka_unit_test_setup_teardown(test_new_login, world, after),
        cmocka_unit_test_setup_teardown(test_complete_checks_again, world, after),
        cmocka_unit_test_setup_teardown(test_reuse_of_an_ended_session, world, after),
        cmocka_unit_test_setup_teardown(test_old_session_does_not_pass_for_a_login, world, after),
        cmocka_unit_test_setup_teardown(test_expects, world, after),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
