/* /onboard (http-api 9, design D23, form-fields 3). */
#include "config.h"

#include "authz_test.h"

#include "pages/handlers.h"

#define GOOD "username=root-admin&password=a-long-secret&confirm_password=a-long-secret&email=Root%40Example.org"

static const struct jar NOBODY = { NULL, NULL };

static int empty(void **state)
{
    in_memory(state);
    T0 = clock_now();
    CONF.is_loopback = true;
    return 0;
}

static int public_host(void **state)
{
    empty(state);
    CONF.is_loopback = false;
    assert_ok(installation_set_onboard_token(DB, sha256_of(A, "the-token"), T0 + 3600));
    return 0;
}

static struct exchange *done(struct exchange *x, enum rc rc)
{
    if (rc == RC_REFUSED)
        problem_respond(x, 0);
    else
        assert_int_equal(rc, RC_OK);
    db_read_end(DB);
    return x;
}

static struct exchange *shown(const char *query)
{
    struct exchange *x = get(&NOBODY, query);

    return done(x, pages_onboard_show(x));
}

static struct exchange *submitted(const char *form)
{
    struct exchange *x = post(&NOBODY, form);

    return done(x, pages_onboard_submit(x));
}

static const char *var(const struct exchange *x, const char *name)
{
    return json_str(json_get(x->rs->model, name));
}

static bool flag(const struct exchange *x, const char *name)
{
    bool is = false;

    return json_get_bool(x->rs->model, name, &is) == RC_OK && is;
}

static void assert_message(const struct exchange *x, const char *says, const char *invalid)
{
    assert_page(x, "pages/onboard");
    assert_int_equal(x->rs->status, 200);
    if (strstr(var(x, "error"), says) == NULL)
        fail_msg("says %s", var(x, "error"));
    assert_true(flag(x, invalid));
}

static void test_show(void **state)
{
    struct exchange *x = shown("");

    (void)state;
    assert_page(x, "pages/onboard");
    assert_string_equal(var(x, "username_value"), "admin");
    assert_true(flag(x, "show_email"));
    assert_false(flag(x, "email_required"));
    assert_string_equal(var(x, "onboard_token"), "");
    put_setting("profile_field_email", "is_username");
    x = shown("");
    assert_string_equal(var(x, "username_value"), "");
    assert_true(flag(x, "username_is_email"));
    assert_false(flag(x, "show_email"));
}

static void test_submit(void **state)
{
    struct exchange *x = submitted(GOOD);
    struct user u;

    (void)state;
    assert_int_equal(x->rs->status, 302);
    assert_string_equal(header(x, "Location"), "/admin/");
    assert_non_null(session_of(set_cookie(x, CONF.session_cookie_name)));
    assert_ok(users_by_username(DB, A, "root-admin", &u));
    assert_string_equal(u.role, "admin");
    assert_string_equal(u.email, "root@example.org");
    /* once */
    assert_string_equal(header(shown(""), "Location"), "/admin/");
    x = submitted("username=other-one&password=a-long-secret&confirm_password=a-long-secret");
    assert_string_equal(header(x, "Location"), "/admin/");
    assert_null(set_cookie(x, CONF.session_cookie_name));
    assert_int_equal(count("SELECT COUNT(*) FROM users"), 1);
}

static void test_messages(void **state)
{
    (void)state;
    assert_message(submitted("username=root-admin&password=a-long-secret&confirm_password=another"), "differ",
                   "invalid_confirm_password");
    assert_message(submitted("username=root-admin&password=a-long-secret"), "differ", "invalid_confirm_password");
    assert_message(submitted("username=abc&password=a-long-secret&confirm_password=a-long-secret"), "Username",
                   "invalid_username");
    assert_message(submitted("username=root-admin&password=abc&confirm_password=abc"), "Password", "invalid_password");
    assert_message(submitted("username=root-admin&password=a-long-secret&confirm_password=a-long-secret&email=x"),
                   "Email", "invalid_email");
    assert_message(submitted(""), "Username", "invalid_username");
    assert_int_equal(count("SELECT COUNT(*) FROM users"), 0);
    struct exchange *x = submitted("username=abc&password=a-long-secret&confirm_password=a-long-secret&email=x");
    assert_string_equal(var(x, "username_value"), "abc");
    assert_string_equal(var(x, "email_value"), "x");
}

static void test_token(void **state)
{
    (void)state;
    assert_int_equal(shown("")->rs->status, 403);
    assert_int_equal(shown("token=other")->rs->status, 403);
    assert_int_equal(submitted(GOOD)->rs->status, 403);
    assert_int_equal(submitted(GOOD "&onboard_token=other")->rs->status, 403);
    assert_string_equal(var(shown("token=the-token"), "onboard_token"), "the-token");
    assert_string_equal(header(submitted(GOOD "&onboard_token=the-token"), "Location"), "/admin/");
}

static void test_token_expires(void **state)
{
    (void)state;
    clock_set_for_test(T0 + 3600);
    assert_int_equal(shown("token=the-token")->rs->status, 403);
    assert_int_equal(submitted(GOOD "&onboard_token=the-token")->rs->status, 403);
    assert_int_equal(count("SELECT COUNT(*) FROM users"), 0);
}

static void test_other_methods(void **state)
{
    struct exchange *x = get(&NOBODY, "");

    (void)state;
    assert_no(x, pages_onboard_wrong_method(x), REFUSE_METHOD);
    assert_string_equal(header(x, "Allow"), "GET, HEAD, POST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_show, empty, after),
        cmocka_unit_test_setup_teardown(test_submit, empty, after),
        cmocka_unit_test_setup_teardown(test_messages, empty, after),
        cmocka_unit_test_setup_teardown(test_token, public_host, after),
        cmocka_unit_test_setup_teardown(test_token_expires, public_host, after),
        cmocka_unit_test_setup_teardown(test_other_methods, empty, after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
