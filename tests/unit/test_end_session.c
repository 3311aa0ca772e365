/* RP-initiated logout: RL-01 to RL-11, CS-04, CS-07; http-api 6.6, design 5 "Logout". */
#include "config.h"

#include "authz_test.h"

#include "oidc/end_session.h"

#define BYE "https://app.example/bye"
#define TO "&post_logout_redirect_uri=https://app.example/bye"

static const struct jar NOBODY = { NULL, NULL };

static int with_bye(void **state)
{
    const char *uris[] = { BYE, "https://app.example/bye?x=1" };
    struct client c;

    world(state);
    assert_ok(clients_find(DB, A, "app", &c));
    c.post_logout_redirect_uris = (struct text_list){ uris, 2 };
    assert_ok(clients_update(DB, &c));
    return 0;
}

static struct jar ann(void)
{
    return (struct jar){ NULL, signed_in("u1", 60) };
}

static bool is_signed_in(const struct jar *jar)
{
    return session_find(get(jar, "")) == RC_OK;
}

static const char *hint_of(const struct jar *jar)
{
    return arena_printf(A, "id_token_hint=%s", id_token_for(session_of(jar->session), "u1"));
}

static void answered(struct exchange *x)
{
    enum rc rc = end_session_handle(x);

    if (rc == RC_REFUSED)
        problem_respond(x, 0);
    else
        assert_int_equal(rc, RC_OK);
    db_read_end(DB);
}

static struct exchange *logout(const struct jar *jar, const char *query)
{
    struct exchange *x = get(jar, query);

    answered(x);
    return x;
}

static void assert_cleared(const struct exchange *x)
{
    assert_string_equal(set_cookie(x, CONF.session_cookie_name), "");
}

static void assert_goodbye(const struct exchange *x)
{
    assert_page(x, "pages/signed_out");
    assert_int_equal(x->rs->status, 200);
    assert_cleared(x);
}

static void assert_question(const struct exchange *x, const struct jar *jar)
{
    assert_page(x, "pages/logout_confirm");
    assert_int_equal(x->rs->status, 200);
    assert_true(is_signed_in(jar)); /* CS-07 */
    assert_null(set_cookie(x, CONF.session_cookie_name));
}

static void assert_refusal(const struct exchange *x, const char *names)
{
    assert_int_equal(x->rs->status, 400);
    assert_null(header(x, "Location"));
    assert_non_null(strstr((const char *)x->rs->body.p, names)); /* without templates: text */
}

static void test_hint_and_uri(void **state)
{
    struct jar jar = ann();
    const char *hint = hint_of(&jar);
    struct exchange *x = logout(&jar, arena_printf(A, "%s" TO "&state=a%%20b", hint));
    struct audit_row row = last_event();

    (void)state;
    assert_int_equal(x->rs->status, 302);
    assert_string_equal(header(x, "Location"), BYE "?state=a+b"); /* RL-02: that and nothing else */
    assert_cleared(x);
    assert_false(is_signed_in(&jar)); /* CS-04 */
    assert_string_equal(row.event, "logout");
    assert_string_equal(row.actor_id, "u1");
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NULL"), 0); /* flows 11 */
    /* RL-03; and again, when nobody is signed in any more */
    x = logout(&jar, arena_printf(A, "%s" TO, hint));
    assert_string_equal(header(x, "Location"), BYE);
    x = logout(&NOBODY, arena_printf(A, "%s&client_id=app" TO, hint));
    assert_string_equal(header(x, "Location"), BYE);
    x = logout(&NOBODY, arena_printf(A, "%s&post_logout_redirect_uri=https%%3A%%2F%%2Fapp.example%%2Fbye%%3Fx%%3D1"
                                        "&state=s", hint));
    assert_string_equal(header(x, "Location"), BYE "?x=1&state=s");
}

static void test_expired_hint(void **state)
{
    struct jar jar = ann();
    const char *hint = hint_of(&jar);

    (void)state;
    clock_set_for_test(T0 + 7200);
    assert_goodbye(logout(&jar, hint)); /* RL-02, RL-07 */
    assert_false(is_signed_in(&jar));
}

static void test_unregistered_uri(void **state) /* RL-04 */
{
    struct jar jar = ann();
    const char *hint = hint_of(&jar);
    static const char *const uris[] = { "https%3A%2F%2Fevil.example%2F", "https%3A%2F%2Fapp.example%2Fbye%3Ffoo%3Dbar",
                                        "https%3A%2F%2Fapp.example%2Fcb" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
        const char *query = arena_printf(A, "%s&post_logout_redirect_uri=%s", hint, uris[i]);

        assert_question(logout(&jar, query), &jar);
        assert_goodbye(logout(&NOBODY, query));
    }
}

static void test_not_our_hint(void **state) /* RL-05 */
{
    struct jar jar = ann();
    const char *hint = hint_of(&jar);
    const char *bad[] = {
        arena_printf(A, "%sx" TO, hint),
        "id_token_hint=eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUvb2F1dGgyIn0." TO,
        "id_token_hint=garbage" TO,
        arena_printf(A, "id_token_hint=%s" TO, text_of(sign_in("app", "u1", "openid"), "access_token")),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_refusal(logout(&jar, bad[i]), "id_token_hint");
        assert_refusal(logout(&NOBODY, bad[i]), "id_token_hint");
    }
    assert_true(is_signed_in(&jar));
    assert_refusal(logout(&jar, arena_printf(A, "%s&client_id=spa" TO, hint)), "client_id"); /* RL-08 */
    assert_refusal(logout(&jar, arena_printf(A, "%s&state=a&state=b", hint)), "state");
    assert_true(is_signed_in(&jar));
}

static void test_without_hint(void **state) /* RL-06, RL-07, RL-10 */
{
    struct jar jar = ann();
    static const char *const queries[] = { "", "state=s", ("client_id=app" TO),
                                           "post_logout_redirect_uri=https%3A%2F%2Fx" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(queries); i++)
        assert_question(logout(&jar, queries[i]), &jar);
    assert_goodbye(logout(&NOBODY, ""));
    assert_goodbye(logout(&NOBODY, "client_id=app"));
    assert_goodbye(logout(&NOBODY, "client_id=nobody" TO));
    assert_string_equal(header(logout(&NOBODY, "client_id=app" TO), "Location"), BYE);
    assert_ok(clients_set_active(DB, "app", false, T0)); /* OA-25 */
    assert_goodbye(logout(&NOBODY, "client_id=app" TO));
}

static void test_someone_elses_hint(void **state) /* RL-09 */
{
    struct jar jar = ann(), root = { NULL, signed_in("u2", 60) };
    const char *other_session = arena_printf(A, "id_token_hint=%s" TO, id_token_for("s1", "u1"));

    (void)state;
    assert_question(logout(&root, arena_printf(A, "%s" TO, hint_of(&jar))), &root);
    assert_question(logout(&jar, other_session), &jar);
}

static struct exchange *from_own_site(const struct jar *jar, const char *query)
{
    struct exchange *x = get(jar, query);

    ((struct request *)x->rq)->sec_fetch_site = "same-origin";
    answered(x);
    return x;
}

static void test_setting(void **state)
{
    struct jar jar = ann();

    (void)state;
    assert_goodbye(from_own_site(&jar, "client_id=app" TO)); /* auto: our own link is not asked */
    assert_false(is_signed_in(&jar));
    put_setting("logout_confirmation", "always");
    jar = ann();
    assert_question(from_own_site(&jar, ""), &jar);
    assert_question(logout(&jar, hint_of(&jar)), &jar);
    put_setting("logout_confirmation", "never");
    assert_goodbye(logout(&jar, ""));
    assert_false(is_signed_in(&jar));
}

/* RL-01: an application may post; a Lax cookie stays behind when its site is another */
static void test_post(void **state)
{
    struct jar jar = ann();
    const char *hint = hint_of(&jar);
    struct exchange *x = post(&NOBODY, arena_printf(A, "%s&client_id=app" TO "&state=s", hint));

    (void)state;
    ((struct request *)x->rq)->sec_fetch_site = "cross-site";
    answered(x);
    assert_int_equal(x->rs->status, 303);
    assert_lands_at(x, "/oauth2/logout?id_token_hint=ey");
    assert_true(is_signed_in(&jar));
    x = logout(&jar, strchr(header(x, "Location"), '?') + 1);
    assert_string_equal(header(x, "Location"), BYE "?state=s");
    assert_false(is_signed_in(&jar));
    jar = ann();
    x = post(&jar, hint_of(&jar));
    answered(x);
    assert_goodbye(x);
    assert_false(is_signed_in(&jar));
}

/* ---- the question ---- */

static struct exchange *say(const struct jar *jar, const char *handle, const char *action)
{
    struct exchange *x = post(jar, arena_printf(A, "handle=%s&action=%s", handle, action));

    assert_ok(end_session_confirm_handle(x));
    return x;
}

/* Asks, and returns the handle; the browser keeps its CSRF cookie. */
static const char *question(struct jar *jar, const char *query)
{
    struct exchange *x = logout(jar, query);

    assert_question(x, jar);
    jar->csrf = x->csrf_cookie;
    return json_str(json_get(x->rs->model, "handle"));
}

static void test_yes_and_no(void **state)
{
    struct jar jar = ann();
    const char *handle = question(&jar, "client_id=app" TO);

    (void)state;
    assert_string_equal(header(say(&jar, handle, "no"), "Location"), "/account/");
    assert_string_equal(header(say(&jar, handle, ""), "Location"), "/account/");
    assert_true(is_signed_in(&jar));
    assert_goodbye(say(&jar, handle, "yes")); /* RL-06: no redirect without a hint */
    assert_false(is_signed_in(&jar));
    assert_goodbye(say(&jar, handle, "yes")); /* twice is no harm */
}

static void test_yes_with_hint(void **state)
{
    struct jar jar = ann();
    const char *query = arena_printf(A, "id_token_hint=%s" TO "&state=s", id_token_for("s1", "u1"));
    const char *handle = question(&jar, query);

    (void)state;
    assert_string_equal(header(say(&jar, handle, "yes"), "Location"), BYE "?state=s");
    assert_false(is_signed_in(&jar));
    jar.session = signed_in("u1", 60);
    handle = question(&jar, query);
    assert_ok(clients_set_active(DB, "app", false, T0));
    assert_goodbye(say(&jar, handle, "yes")); /* never for a disabled client */
}

static void assert_asks_again(const struct exchange *x, const struct jar *jar)
{
    assert_string_equal(header(x, "Location"), "/oauth2/logout");
    assert_true(is_signed_in(jar));
}

static void test_bad_questions(void **state)
{
    struct jar jar = ann(), other = ann(), later = ann();
    const char *handle = question(&jar, ""), *old = question(&later, "");

    (void)state;
    (void)question(&other, "");
    assert_asks_again(say(&jar, "", "yes"), &jar);
    assert_asks_again(say(&jar, "garbage", "yes"), &jar);
    assert_asks_again(say(&other, handle, "yes"), &other); /* another browser */
    jar.session = other.session;                           /* somebody else by now */
    assert_asks_again(say(&jar, handle, "yes"), &jar);
    clock_set_for_test(T0 + 4000);
    assert_asks_again(say(&later, old, "yes"), &later);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hint_and_uri, with_bye, after),
        cmocka_unit_test_setup_teardown(test_expired_hint, with_bye, after),
        cmocka_unit_test_setup_teardown(test_unregistered_uri, with_bye, after),
        cmocka_unit_test_setup_teardown(test_not_our_hint, with_bye, after),
        cmocka_unit_test_setup_teardown(test_without_hint, with_bye, after),
        cmocka_unit_test_setup_teardown(test_someone_elses_hint, with_bye, after),
        cmocka_unit_test_setup_teardown(test_setting, with_bye, after),
        cmocka_unit_test_setup_teardown(test_post, with_bye, after),
        cmocka_unit_test_setup_teardown(test_yes_and_no, with_bye, after),
        cmocka_unit_test_setup_teardown(test_yes_with_hint, with_bye, after),
        cmocka_unit_test_setup_teardown(test_bad_questions, with_bye, after),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
