/* POST {oauth}/login, in the order of http-api 5.2: CO-10, CS-02, CS-11, CS-12, HT-11. */
#include "config.h"

#include "authz_test.h"

#include "authn/password.h"
#include "oidc/interaction.h"
#include "pages/handlers.h"

#define QUERY "client_id=app&redirect_uri=https://app.example/cb&response_type=code&scope=openid&state=st"
#define RIGHT "correct-horse"

static int people(void **state)
{
    struct jar nobody = { NULL, NULL };
    const char *hash;

    world(state);
    assert_ok(password_hash(post(&nobody, ""), RIGHT, &hash));
    put_user("u3", "anna", "user");
    put_user("u4", "berta", "user");
    assert_ok(passwords_set(DB, "u3", hash, T0));
    assert_ok(passwords_set(DB, "u4", hash, T0));
    return 0;
}

/* The login page of a request: what its form holds besides name and password. */
static const char *form_of(struct jar *jar, const char *query)
{
    struct exchange *x = get(jar, query);
    struct authz_request r;
    const char *handle;

    assert_ok(authz_request_read(x, &r));
    assert_ok(interaction_seal(x, &r, &handle));
    jar->csrf = x->csrf_cookie;
    return arena_printf(A, "authorize_sig=%s&client_id=app&redirect_uri=%s&scope=openid&state=st&nonce="
                           "&code_challenge=&code_challenge_method=&prompt=%s", handle, REDIRECT,
                        text_or(r.prompt, ""));
}

static struct exchange *login(const struct jar *jar, const char *form, const char *credentials)
{
    struct exchange *x = post(jar, arena_printf(A, "%s&%s", form, credentials));
    enum rc rc;

    x->route = &ROUTE; /* SPEAK_OAUTH, as its row */
    rc = pages_login_handle(x);
    if (rc == RC_REFUSED)
        problem_respond(x, 0);
    else
        assert_int_equal(rc, RC_OK);
    return x;
}

static void assert_again(const struct exchange *x, const char *error)
{
    assert_int_equal(x->rs->status, 302);
    assert_lands_at(x, "/oauth2/authorize?");
    assert_string_equal(landed(x, "error"), error);
    assert_string_equal(landed(x, "client_id"), "app");
    assert_string_equal(landed(x, "response_type"), "code");
    assert_string_equal(landed(x, "state"), "st");
    assert_null(landed(x, "username"));
    assert_null(set_cookie(x, CONF.session_cookie_name));
}

static void assert_json(const struct exchange *x, int status, const char *error, const char *says)
{
    const char *body = (const char *)x->rs->body.p;

    assert_int_equal(x->rs->status, status);
    assert_string_equal(x->rs->content_type, "application/json");
    assert_null(header(x, "Location"));
    assert_non_null(strstr(body, arena_printf(A, "\"error\":\"%s\"", error)));
    assert_non_null(strstr(body, says));
}

static void test_right(void **state)
{
    struct jar jar = { NULL, NULL };
    struct exchange *x = login(&jar, form_of(&jar, QUERY), "username=anna&password=" RIGHT);

    (void)state;
    assert_int_equal(x->rs->status, 302); /* HT-11 */
    assert_lands_at(x, REDIRECT "?code=");
    assert_string_equal(landed(x, "state"), "st");
    jar.session = set_cookie(x, CONF.session_cookie_name);
    assert_non_null(session_of(jar.session));
    assert_string_equal(last_event().event, "login_success");
}

static void test_wrong(void **state)
{
    static const struct { const char *credentials, *error; } cases[] = {
        { "username=anna&password=wrong-one", "bad_credentials" },
        { "username=nobody&password=" RIGHT, "bad_credentials" },
        { "username=&password=" RIGHT, "credentials_missing" },
        { "username=anna&password=", "credentials_missing" },
        { "", "credentials_missing" },
        { "username=an&password=" RIGHT, "bad_credentials" }, /* outside the limits */
        { "username=anna&password=short", "bad_credentials" }, /* limits are for new ones: looked at, and counted */
        { "username=an%01na&password=wr%02ong-one", "bad_credentials" },
    };
    struct jar jar = { NULL, NULL };
    const char *form = form_of(&jar, QUERY);
    char longest[5000];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_again(login(&jar, form, cases[i].credentials), cases[i].error);
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_again(login(&jar, form, arena_printf(A, "username=anna&password=%s", longest)), "bad_credentials");
    assert_again(login(&jar, form, arena_printf(A, "username=%s&password=" RIGHT, longest)), "bad_credentials");
    for (int i = 0; i < 2; i++)
        assert_again(login(&jar, form, "username=anna&password=wrong-one"), "bad_credentials");
    assert_again(login(&jar, form, "username=anna&password=" RIGHT), "account_locked");
}

static void test_tampered(void **state)
{
    struct jar jar = { NULL, NULL };
    const char *form = form_of(&jar, QUERY), *right = "username=anna&password=" RIGHT;
    const char *bad[] = {
        "client_id=app",
        "authorize_sig=bad%20sig!&client_id=app",
        arena_printf(A, "%s&x=y", strchr(form, '&') + 1),
        arena_printf(A, "%.*sz&%s", (int)strcspn(form, "&"), form, strchr(form, '&') + 1),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_json(login(&jar, bad[i], right), 400, "invalid_request", "tampered");
    assert_json(login(&jar, form, "scope=openid&username=anna"), 400, "invalid_request", "scope"); /* HT-03 */
    assert_ok(clients_set_active(DB, "app", false, T0));
    assert_json(login(&jar, form, right), 400, "invalid_client", "client_id");
    assert_int_equal(count("SELECT COUNT(*) FROM lockouts"), 0);
}

static void test_client_changed(void **state)
{
    struct jar jar = { NULL, NULL };
    const char *form = form_of(&jar, QUERY), *right = "username=anna&password=" RIGHT;
    const char *uris[] = { "https://app.example/new" };
    struct client c;

    (void)state;
    assert_ok(clients_find(DB, A, "app", &c));
    c.scopes = "email";
    assert_ok(clients_update(DB, &c));
    assert_json(login(&jar, form, right), 400, "invalid_scope", "openid");
    c.redirect_uris = (struct text_list){ uris, 1 };
    assert_ok(clients_update(DB, &c));
    assert_json(login(&jar, form, right), 400, "invalid_request", "redirect_uri");
}

static void test_expired(void **state)
{
    struct jar jar = { NULL, NULL }, other = { NULL, NULL };
    const char *form = form_of(&jar, QUERY);

    (void)state;
    (void)form_of(&other, QUERY);
    assert_again(login(&other, form, "username=anna&password=" RIGHT), "expired"); /* CS-09 */
    clock_set_for_test(clock_now() + INTERACTION_LIFE_S);
    assert_again(login(&jar, form, "username=anna&password=" RIGHT), "expired");
}

/* ⚠ of http-api 5.2: a wrong password must not get around re-authentication */
static void test_error_keeps_the_request(void **state)
{
    struct jar jar = { NULL, NULL };
    struct exchange *x = login(&jar, form_of(&jar, QUERY "&prompt=login&max_age=5&response_mode=form_post"),
                               "username=anna&password=wrong-one");

    (void)state;
    assert_again(x, "bad_credentials");
    assert_string_equal(landed(x, "prompt"), "login");
    assert_string_equal(landed(x, "max_age"), "5");
    assert_string_equal(landed(x, "response_mode"), "form_post");
}

static void test_other_person(void **state) /* CO-10 */
{
    struct jar jar = { NULL, signed_in("u3", 60) };
    const char *form = form_of(&jar, QUERY "&prompt=login");

    (void)state;
    assert_again(login(&jar, form, "username=berta&password=" RIGHT), "other_user");
    assert_int_equal(count("SELECT COUNT(*) FROM authorization_codes"), 0);
    assert_lands_at(login(&jar, form, "username=anna&password=" RIGHT), REDIRECT "?code=");
    form = form_of(&jar, QUERY);
    assert_lands_at(login(&jar, form, "username=berta&password=" RIGHT), REDIRECT "?code=");
}

static void test_busy(void **state)
{
    struct hasher_gate gate = { .cap = 0, .n = 1 };
    struct hasher full = { .ask_fd = -1, .gate = &gate };
    struct jar jar = { NULL, NULL };
    const char *form = form_of(&jar, QUERY);
    struct exchange *x = post(&jar, arena_printf(A, "%s&username=anna&password=" RIGHT, form));

    (void)state;
    ROUTE.when_down = SPEAK_HTML; /* as its row */
    x->route = &ROUTE;
    x->hasher = &full;
    assert_no(x, pages_login_handle(x), REFUSE_BUSY);
    problem_respond(x, 0);
    assert_int_equal(x->rs->status, 503);
    assert_non_null(header(x, "Retry-After"));
    assert_null(header(x, "Location"));
    assert_true(text_starts(x->rs->content_type, "text/")); /* a person waits there */
}

static void test_form_post(void **state)
{
    struct jar jar = { NULL, NULL };
    struct exchange *x = login(&jar, form_of(&jar, QUERY "&response_mode=form_post"),
                               "username=anna&password=" RIGHT);

    (void)state;
    assert_page(x, "pages/form_post");
    assert_non_null(set_cookie(x, CONF.session_cookie_name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_right, people, after),
        cmocka_unit_test_setup_teardown(test_wrong, people, after),
        cmocka_unit_test_setup_teardown(test_tampered, people, after),
        cmocka_unit_test_setup_teardown(test_client_changed, people, after),
        cmocka_unit_test_setup_teardown(test_expired, people, after),
        cmocka_unit_test_setup_teardown(test_error_keeps_the_request, people, after),
        cmocka_unit_test_setup_teardown(test_other_person, people, after),
        cmocka_unit_test_setup_teardown(test_busy, people, after),
        cmocka_unit_test_setup_teardown(test_form_post, people, after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
