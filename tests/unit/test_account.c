/* The account console: http-api 8 (settings, profile), settings 4; form-fields 5. */
#include "config.h"

#include "admin_test.h"

#include "hasher/hasher.h"
#include "store/passwords.h"

static struct user *ANN;
static struct console_session *CONSOLE;

static int as_ann(void **state)
{
    const char *hash;

    console_world(state);
    assert_ok(hasher_make(&HASHER, A, "secret-1", &hash));
    assert_ok(passwords_set(DB, "u1", hash, T0));
    struct family f = { .id = "f1", .user_id = "u1", .client_id = "app", .session_id = "s1", .sid = "s1",
                        .grant_type = "authorization_code", .scope = "openid", .acr = "1", .created_at = T0,
                        .expires_at = T0 + 9000 };
    assert_ok(families_add(DB, &f));
    CONSOLE = arena_new(A, struct console_session);
    *CONSOLE = (struct console_session){ .user_id = "u1", .family_id = "f1", .session_id = "s1" };
    ANN = arena_new(A, struct user);
    assert_ok(users_by_id(DB, A, "u1", ANN));
    return 0;
}

static struct user stored(void)
{
    struct user u;

    assert_ok(users_by_id(DB, A, "u1", &u));
    return u;
}

static const char *visit(enum method method, const char *uri, const char *form, int status)
{
    struct exchange *x = a_visit(method, uri, NULL);
    enum rc rc;

    if (form != NULL)
        give_body(x, form);
    x->user = ANN;
    x->console = CONSOLE;
    rc = run(x);
    if (rc != RC_OK)
        fail_msg("%s: %d %s", uri, rc, refusal_text(&x->no));
    if (x->rs->status != status)
        fail_msg("%s: status %d: %s", uri, x->rs->status, body_of(x));
    return status == 303 ? header_of(x, "Location") : body_of(x);
}

static const char *post(const char *form, int status)
{
    return visit(M_POST, "/account/profile", form, status);
}

static void put_setting(const char *key, const char *value)
{
    assert_ok(settings_put(DB, key, value, T0));
}

static void test_api_settings(void **state)
{
    static const char *const texts[] = {
        "theme_logo_url", "theme_title", "auth_mode", "mfa_method", "oauth_path", "profile_field_given_name",
        "profile_field_family_name", "profile_field_middle_name", "profile_field_nickname", "profile_field_phone",
        "profile_field_picture", "profile_field_website", "profile_field_gender", "profile_field_birthdate",
        "profile_field_profile", "profile_field_locale", "profile_field_address",
    };
    static const char *const flags[] = { "require_mfa", "allow_self_service_deletion", "allow_username_change",
                                         "allow_email_change" };
    struct exchange *x = a_visit(M_GET, "/account/api/settings", NULL);
    struct json *data;

    (void)state;
    assert_int_equal(x->route->who, WHO_ANYONE);
    assert_ok(run(x));
    data = json_get(json_of(x), "data");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        assert_non_null(text_of(data, texts[i]));
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        assert_int_equal(json_type(json_get(data, flags[i])), JSON_BOOL);
    assert_string_equal(text_of(data, "oauth_path"), "/oauth2");
}

static void test_overview(void **state)
{
    const char *page = visit(M_GET, "/account/", NULL, 200);

    (void)state;
    assert_has(page, "data-testid=\"account-dashboard\"");
    assert_has(page, "Hello, Ann");
    assert_has(page, "data-testid=\"nav-overview\" aria-current=\"page\"");
    assert_has(page, "data-testid=\"nav-profile\"");
    assert_has(page, "data-testid=\"sign-out\"");
    assert_has_not(page, "href=\"/admin/\"");
    ANN = ADMIN;
    assert_has(visit(M_GET, "/account/", NULL, 200), "href=\"/admin/\"");
}

static void test_form(void **state)
{
    const char *page = visit(M_GET, "/account/profile", NULL, 200);

    (void)state;
    assert_has(page, "name=\"given_name\" type=\"text\" value=\"Ann\"");
    assert_has_not(page, "name=\"username\"");
    assert_has_not(page, "name=\"email\"");
    assert_has_not(page, "name=\"nickname\"");
    assert_has_not(page, "name=\"current_password\"");
    put_setting("allow_username_change", "true");
    put_setting("allow_email_change", "true");
    put_setting("profile_field_nickname", "optional");
    page = visit(M_GET, "/account/profile", NULL, 200);
    assert_has(page, "name=\"username\"");
    assert_has(page, "name=\"email\"");
    assert_has(page, "name=\"nickname\"");
    assert_has(page, "name=\"current_password\"");
    put_setting("profile_field_email", "is_username");
    assert_has_not(visit(M_GET, "/account/profile", NULL, 200), "name=\"email\"");
}

/* What is not sent stays, what is sent empty is cleared. */
static void test_update(void **state)
{
    struct audit_rows rows;

    (void)state;
    assert_string_equal(post("given_name=Anna&family_name=&picture=https%3A%2F%2Fx.example%2Fa.png", 303),
                        "/account/profile?notice=saved");
    assert_string_equal(stored().given_name, "Anna");
    assert_string_equal(stored().family_name, "");
    assert_string_equal(stored().locale, "en");
    assert_string_equal(stored().username, "ann");
    assert_true(stored().is_email_verified);
    assert_ok(audit_latest(DB, A, 1, &rows));
    assert_string_equal(rows.v[0].event, "user_updated");
    assert_string_equal(rows.v[0].actor_id, "u1");
    assert_has(rows.v[0].detail, "account");
    assert_has(visit(M_GET, "/account/profile?notice=saved", NULL, 200), "Saved.");
}

static void test_update_refused(void **state)
{
    const char *page = post("given_name=%3Ci%3E&picture=javascript%3Ax", 400);

    (void)state;
    assert_has(page, "id=\"picture-error\"");
    assert_has(page, "value=\"&lt;i&gt;\"");
    assert_has(post("username=anna", 403), "Only an administrator can change the username");
    assert_has(post("email=a%40b.example", 403), "Only an administrator can change the e-mail address");
    assert_has(post("given_name=a&given_name=b", 400), "role=\"alert\"");
    assert_string_equal(stored().given_name, "Ann");
    assert_string_equal(stored().email, "ann@example.org");
}

/* Whoever finds an open browser must not take the account over. */
static void test_update_name(void **state)
{
    (void)state;
    put_setting("allow_username_change", "true");
    put_setting("allow_email_change", "true");
    assert_has(post("username=anna", 403), "id=\"current_password-error\">Current password is missing");
    assert_has(post("username=anna&current_password=wrong", 403), "id=\"current_password-error\">The current password");
    assert_string_equal(stored().username, "ann");
    assert_int_equal(stored().failures_n, 1);
    post("username=ann&email=ANN%40example.org&given_name=A", 303); /* the same: no password needed */
    post("username=anna&email=a%40b.example&current_password=secret-1", 303);
    assert_string_equal(stored().username, "anna");
    assert_string_equal(stored().email, "a@b.example");
    assert_false(stored().is_email_verified);
    assert_int_equal(stored().failures_n, 0);
}

static void test_update_name_refused(void **state)
{
    (void)state;
    put_setting("allow_username_change", "true");
    put_setting("allow_email_change", "true");
    assert_has(post("username=root&current_password=secret-1", 409), "id=\"username-error\">That username is taken");
    assert_has(post("email=root%40example.org&current_password=secret-1", 409), "id=\"email-error\"");
    assert_has(post("username=x&current_password=secret-1", 400), "id=\"username-error\"");
    assert_has(post("email=x&current_password=secret-1", 400), "id=\"email-error\"");
    post("email=&current_password=secret-1", 303);
    assert_null(stored().email);
}

/* Between the confirmation and the change somebody has ended every session, this one too. */
static void test_signed_out_meanwhile(void **state)
{
    (void)state;
    assert_ok(families_revoke(DB, "f1", "x", T0));
    assert_string_equal(post("given_name=Mallory", 303), "/account/profile");
    assert_string_equal(stored().given_name, "Ann");
    assert_string_equal(visit(M_POST, "/account/security/password",
                              "current_password=secret-1&new_password=secret-2&confirm_password=secret-2", 303),
                        "/account/security");
    assert_string_equal(visit(M_POST, "/account/sessions/end-others", "", 303), "/account/sessions");
    assert_int_equal(stored().failures_n, 0);
}

static void test_locked(void **state)
{
    (void)state;
    put_setting("allow_username_change", "true");
    put_setting("account_lockout_max_attempts", "2");
    post("username=anna&current_password=wrong", 403);
    post("username=anna&current_password=wrong", 403);
    assert_has(post("username=anna&current_password=secret-1", 429), "Too many wrong passwords");
    assert_string_equal(stored().username, "ann");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, as_ann, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_api_settings), TEST(test_overview), TEST(test_form), TEST(test_update), TEST(test_update_refused),
        TEST(test_update_name), TEST(test_update_name_refused), TEST(test_signed_out_meanwhile),
        TEST(test_locked),
    };

    return cmocka_run_group_tests(tests, with_consoles, without_consoles);
}
