/* The consoles' sign-in: OA-25, RFC 6749 10.12, PK-01, RFC 9207; design D14; form-fields 5. */
#include "config.h"

#include "admin_test.h"

#include "store/console_sessions.h"

/* ---- a person at a browser ---- */

/* Root is signed in at the SSO level; the consoles are clients of their own. */
static int signed_in(void **state)
{
    console_world(state);
    put_client_of("autentico-account", true, "none", NULL);
    return 0;
}

static const char *sso(struct jar *j, const char *user_id)
{
    struct exchange *x = a_visit(M_GET, "/admin/", j);
    struct session *s = arena_new(A, struct session);
    const char *cookie;

    session_new(x, user_id, "1", "pwd", s, &cookie);
    assert_ok(sessions_add(DB, s));
    jar_set(j, CONF.session_cookie_name, cookie);
    return s->id;
}

/* What authorize would do: a code for what the console asked. */
static void put_answer(const char *location, const char *code, const char *user_id, const char *session_id)
{
    struct code c = a_code(code, query_of(location, "client_id"));

    c.user_id = user_id;
    c.session_id = session_id;
    c.redirect_uri = query_of(location, "redirect_uri");
    c.scope = query_of(location, "scope");
    c.code_challenge = query_of(location, "code_challenge");
    assert_ok(codes_add(DB, &c));
}

static const char *begin(struct jar *j, const char *console, const char *path)
{
    struct exchange *x = a_visit(M_GET, arena_printf(A, "/%s/", console), j);

    assert_ok(console_start(x, console, path));
    assert_int_equal(x->rs->status, 302);
    jar_take(j, x);
    return header_of(x, "Location");
}

static struct exchange *come_back(struct jar *j, const char *console, const char *query)
{
    struct exchange *x = a_visit(M_GET, arena_printf(A, "/%s/callback?%s", console, query), j);

    assert_ok(run(x));
    jar_take(j, x);
    return x;
}

static struct exchange *sign_in_console(struct jar *j, const char *console, const char *path, const char *user_id)
{
    const char *session_id = sso(j, user_id), *location = begin(j, console, path), *code = random_token(A);

    put_answer(location, code, user_id, session_id);
    return come_back(j, console, arena_printf(A, "code=%s&state=%s&iss=https%%3A%%2F%%2Fid.example%%2Foauth2", code,
                                              query_of(location, "state")));
}

static enum rc find(const struct jar *j, const char *console, struct exchange **out)
{
    struct exchange *x = a_visit(M_GET, arena_printf(A, "/%s/", console), j);

    if (out != NULL)
        *out = x;
    return console_find(x, console);
}

/* ---- to authorize ---- */

static void test_start(void **state)
{
    struct jar j = { 0 };
    const char *location = begin(&j, "admin", "/admin/users");

    (void)state;
    assert_true(text_starts(location, ISSUER "/authorize?client_id=autentico-admin&"));
    assert_string_equal(query_of(location, "redirect_uri"), "https://id.example/admin/callback");
    assert_string_equal(query_of(location, "response_type"), "code");
    assert_string_equal(query_of(location, "scope"), "openid profile email offline_access");
    assert_string_equal(query_of(location, "code_challenge_method"), "S256");
    assert_int_equal(strlen(query_of(location, "code_challenge")), 43);
    assert_int_equal(strlen(query_of(location, "state")), 43);
    assert_non_null(jar_get(&j, "autentico_console_state"));
}

static void test_start_cookie(void **state)
{
    struct exchange *x = a_visit(M_GET, "/account/", NULL);
    const char *cookie;

    (void)state;
    assert_ok(console_start(x, "account", "/account/"));
    cookie = header_of(x, "Set-Cookie");
    assert_has(cookie, "; Path=/account;");
    assert_has(cookie, "Max-Age=600");
    assert_has(cookie, "HttpOnly; SameSite=Lax; Secure");
    assert_has_not(cookie, query_of(header_of(x, "Location"), "state"));
}

/* ---- back again ---- */

static void test_signs_in(void **state)
{
    struct jar j = { 0 };
    struct exchange *x = sign_in_console(&j, "admin", "/admin/users", "u2");

    (void)state;
    assert_int_equal(x->rs->status, 302);
    assert_string_equal(header_of(x, "Location"), "/admin/users");
    assert_string_equal(jar_get(&j, "autentico_console_state"), "");
    assert_int_equal(strlen(jar_get(&j, "autentico_admin")), 43);
    assert_ok(find(&j, "admin", &x));
    assert_string_equal(x->user->username, "root");
    assert_string_equal(x->user->role, "admin");
    assert_int_equal(x->console->expires_at, x->now + 720 * 3600);
    assert_none(find(&j, "account", NULL));
}

/* OA-25 */
static void test_returns_only_to_itself(void **state)
{
    static const char *const cases[][2] = {
        { "/admin/clients/my-app", "/admin/clients/my-app" },
        { "/admin/clients/a b\r\nX: y", "/admin/clients/a%20b%0D%0AX%3A%20y" },
        { "/admin/clients/a%2f?x#y", "/admin/clients/a%252f%3Fx%23y" },
        { "https://evil.example/admin/", "/admin/" },
        { "//evil.example/", "/admin/" },
        { "/admin//evil.example", "/admin/" },
        { "/admin/../account/", "/admin/" },
        { "/admin/\\evil.example", "/admin/%5Cevil.example" },
        { "/account/", "/admin/" },
        { "/administrator", "/admin/" },
        { "/admin/callback", "/admin/" },
        { "", "/admin/" },
        { NULL, "/admin/" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct jar j = { 0 };
        struct exchange *x = sign_in_console(&j, "admin", cases[i][0], "u2");

        assert_string_equal(header_of(x, "Location"), cases[i][1]);
    }
}

/* RFC 6749 10.12: a code from elsewhere is not redeemed; once round, then a page. */
static void test_foreign_state(void **state)
{
    struct jar j = { 0 }, empty = { 0 };
    const char *session_id = sso(&j, "u2"), *location = begin(&j, "admin", "/admin/"), *again;
    struct exchange *x;

    (void)state;
    put_answer(location, "c1", "u2", session_id);
    x = come_back(&empty, "admin", arena_printf(A, "code=c1&state=%s", query_of(location, "state")));
    again = header_of(x, "Location");
    assert_true(text_starts(again, ISSUER "/authorize?"));
    assert_true(text_starts(query_of(again, "state"), "again."));
    empty = (struct jar){ 0 }; /* a browser that keeps no cookies */
    x = come_back(&empty, "admin", arena_printf(A, "code=c1&state=%s", query_of(again, "state")));
    assert_int_equal(x->rs->status, 400);
    assert_has(body_of(x), "allow cookies");
    assert_int_equal(count("SELECT COUNT(*) FROM console_sessions"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM authorization_codes WHERE redeemed_at IS NOT NULL"), 0);
}

/* The second round of a browser that does keep cookies. */
static void test_second_round(void **state)
{
    struct jar j = { 0 };
    const char *session_id = sso(&j, "u2"), *again;
    struct exchange *x = come_back(&j, "admin", "code=c1&state=stale");

    (void)state;
    again = header_of(x, "Location");
    put_answer(again, "c2", "u2", session_id);
    x = come_back(&j, "admin", arena_printf(A, "code=c2&state=%s", query_of(again, "state")));
    assert_string_equal(header_of(x, "Location"), "/admin/");
    assert_ok(find(&j, "admin", NULL));
}

static void test_state_of_other_console(void **state)
{
    struct jar j = { 0 };
    const char *location = begin(&j, "account", "/account/");
    struct exchange *x = come_back(&j, "admin", arena_printf(A, "code=c1&state=%s", query_of(location, "state")));

    (void)state;
    assert_true(text_starts(query_of(header_of(x, "Location"), "state"), "again."));
}

/* A reload of the callback must not look like a replay, which ends the family. */
static void test_reload(void **state)
{
    struct jar j = { 0 };
    const char *session_id = sso(&j, "u2"), *location = begin(&j, "admin", "/admin/users"), *query;
    struct exchange *x;

    (void)state;
    put_answer(location, "c1", "u2", session_id);
    query = arena_printf(A, "code=c1&state=%s", query_of(location, "state"));
    come_back(&j, "admin", query);
    x = come_back(&j, "admin", query);
    assert_string_equal(header_of(x, "Location"), "/admin/");
    assert_ok(find(&j, "admin", NULL));
}

static void test_expired_state(void **state)
{
    struct jar j = { 0 };
    const char *location = begin(&j, "admin", "/admin/");
    struct exchange *x;

    (void)state;
    clock_set_for_test(T0 + 601);
    x = come_back(&j, "admin", arena_printf(A, "code=c1&state=%s", query_of(location, "state")));
    assert_true(text_starts(query_of(header_of(x, "Location"), "state"), "again."));
}

/* design D27: nothing of the query is shown. */
static void test_errors(void **state)
{
    static const struct { const char *query; int status; } cases[] = {
        { "error=access_denied&error_description=Call+me", 403 },
        { "error=%3Cscript%3E", 400 },
        { "code=unknown", 400 },
        { "code=c1&iss=https%3A%2F%2Fevil.example", 400 },
        { "", 400 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct jar j = { 0 };
        const char *location = begin(&j, "admin", "/admin/");
        struct exchange *x = come_back(&j, "admin", arena_printf(A, "%s&state=%s", cases[i].query,
                                                                 query_of(location, "state")));

        assert_int_equal(x->rs->status, cases[i].status);
        assert_has(body_of(x), "href=\"/admin/\"");
        assert_has_not(body_of(x), "Call me");
        assert_has_not(body_of(x), "<script>");
    }
    assert_int_equal(count("SELECT COUNT(*) FROM console_sessions"), 0);
}

/* ---- who is it? ---- */

static void test_ends_with_session(void **state)
{
    struct jar j = { 0 };
    struct exchange *x;

    (void)state;
    sign_in_console(&j, "admin", "/admin/", "u2");
    assert_ok(find(&j, "admin", &x));
    assert_ok(sessions_end(DB, x->session->id, "logout", T0));
    assert_none(find(&j, "admin", NULL));
}

static void test_ends_with_family(void **state)
{
    struct jar j = { 0 };
    struct exchange *x;

    (void)state;
    sign_in_console(&j, "admin", "/admin/", "u2");
    assert_ok(find(&j, "admin", &x));
    assert_ok(families_revoke(DB, x->console->family_id, "test", T0));
    assert_none(find(&j, "admin", NULL));
}

/* A logout in this browser, or somebody else signing in, must end the console too. */
static void test_follows_the_browser(void **state)
{
    struct jar j = { 0 };

    (void)state;
    sign_in_console(&j, "admin", "/admin/", "u2");
    sso(&j, "u1");
    assert_none(find(&j, "admin", NULL));
    jar_set(&j, CONF.session_cookie_name, "");
    assert_none(find(&j, "admin", NULL));
}

static void test_idle(void **state)
{
    struct jar j = { 0 };

    (void)state;
    sign_in_console(&j, "admin", "/admin/", "u2");
    clock_set_for_test(T0 + 4 * 3600 - 100);
    assert_ok(find(&j, "admin", NULL)); /* activity */
    clock_set_for_test(T0 + 8 * 3600 - 200);
    assert_ok(find(&j, "admin", NULL));
    clock_set_for_test(T0 + 12 * 3600);
    assert_none(find(&j, "admin", NULL));
}

static void test_garbage_cookies(void **state)
{
    static const char *const cookies[] = { "", "x", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                                           "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEj%k" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cookies); i++) {
        struct jar j = { 0 };

        sso(&j, "u2");
        jar_set(&j, "autentico_admin", cookies[i]);
        jar_set(&j, "autentico_console_state", cookies[i]);
        assert_none(find(&j, "admin", NULL));
        assert_true(text_starts(header_of(come_back(&j, "admin", "state=x"), "Location"), ISSUER));
    }
}

/* The cookie secret was rotated with an overlap: both cookies still count. */
static void test_rotated_secret(void **state)
{
    struct keyring_roots roots = { .cookie = bytes_of("another cookie secret of 32 bytes and more"),
                                   .cookie_previous = bytes_of("a cookie secret of at least 32 bytes") };
    struct keyring *k = arena_new(A, struct keyring);
    struct jar j = { 0 };
    struct exchange *x;

    (void)state;
    keyring_derive(&roots, k);
    sign_in_console(&j, "admin", "/admin/", "u2");
    x = a_visit(M_GET, "/admin/", &j);
    x->keys = k;
    assert_ok(console_find(x, "admin"));
}

/* The role of the row, as it is now. */
static void test_denied(void **state)
{
    struct jar j = { 0 };
    struct exchange *x;

    (void)state;
    sign_in_console(&j, "admin", "/admin/", "u1");
    assert_ok(find(&j, "admin", &x));
    assert_string_equal(x->user->role, "user");
    assert_ok(console_denied(x));
    assert_ok(response_render(x));
    assert_int_equal(x->rs->status, 403);
    assert_has(body_of(x), "data-testid=\"access-denied\"");
    assert_has(body_of(x), "<strong>ann</strong>");
}

static void test_logout_url(void **state)
{
    struct exchange *x = a_visit(M_GET, "/admin/", NULL);

    (void)state;
    assert_string_equal(console_logout_url(x, "admin"), "/oauth2/logout?client_id=autentico-admin");
    assert_string_equal(console_logout_url(x, "account"),
                        "/oauth2/logout?client_id=autentico-account"
                        "&post_logout_redirect_uri=https%3A%2F%2Fid.example%2Faccount%2F");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, signed_in, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_start), TEST(test_start_cookie), TEST(test_signs_in), TEST(test_returns_only_to_itself),
        TEST(test_foreign_state), TEST(test_second_round), TEST(test_state_of_other_console), TEST(test_reload),
        TEST(test_expired_state), TEST(test_errors), TEST(test_ends_with_session), TEST(test_ends_with_family),
        TEST(test_follows_the_browser), TEST(test_idle), TEST(test_garbage_cookies), TEST(test_rotated_secret),
        TEST(test_denied), TEST(test_logout_url),
    };

    return cmocka_run_group_tests(tests, with_consoles, without_consoles);
}
