/* Settings in the admin API: http-api 7.6, settings 3; design D16, D17. */
#include "config.h"

#include "admin_test.h"

#include "store/passwords.h"

#define API "/admin/api/settings"

static int with_defaults(void **state)
{
    console_world(state);
    assert_ok(settings_write_defaults(DB, T0));
    return 0;
}

static struct json *all(void)
{
    return json_get(run_json(M_GET, API, NULL, 200), "data");
}

static int64_t version(void)
{
    int64_t n = -1;

    assert_ok(installation_version(DB, &n));
    return n;
}

static void put(const char *body)
{
    run_json(M_PUT, API, body, 204);
}

static void test_get(void **state)
{
    struct json *j;

    (void)state;
    assert_ok(settings_put(DB, "private_key", "x", T0));
    assert_ok(settings_put(DB, "smtp_password", "sealed:x", T0));
    assert_ok(settings_put(DB, "my_own_key", "kept", T0));
    j = all();
    assert_string_equal(text_of(j, "access_token_expiration"), "15m");
    assert_string_equal(text_of(j, "sso_enabled"), "true");
    assert_string_equal(text_of(j, "smtp_port"), "587");
    assert_string_equal(text_of(j, "my_own_key"), "kept");
    assert_false(json_has(j, "smtp_password"));
    assert_false(json_has(j, "private_key"));
}

static void test_put(void **state)
{
    int64_t before = version();
    struct exchange *x;

    (void)state;
    put("{\"access_token_expiration\":\"5m\",\"theme_title\":\"My\\nPlace\",\"my_own_key\":\"1\"}");
    assert_string_equal(text_of(all(), "access_token_expiration"), "5m");
    assert_string_equal(text_of(all(), "my_own_key"), "1");
    assert_true(version() > before);
    assert_trail("settings_updated", "");
    x = a_visit(M_GET, API, NULL);
    assert_int_equal(x->settings->access_token_expiration, 300);
}

static void test_reserved(void **state)
{
    int64_t before = version();

    (void)state;
    put("{\"onboarded\":\"true\",\"private_key\":\"x\"}");
    assert_string_equal(text_of(all(), "onboarded"), "false");
    assert_int_equal(count("SELECT COUNT(*) FROM settings WHERE key = 'private_key'"), 0);
    assert_int_equal(version(), before);
    put("{\"onboarded\":true,\"theme_title\":\"T\"}"); /* whatever they are */
    assert_string_equal(text_of(all(), "theme_title"), "T");
    put("{}");
}

/* Nothing is stored when one of them is refused. */
static void test_refused(void **state)
{
    static const char *const members[] = {
        "\"access_token_expiration\":\"soon\"", "\"access_token_expiration\":\"-1m\"",
        "\"access_token_expiration\":\"25h\"", "\"access_token_expiration\":\"\"",
        "\"refresh_token_expiration\":\"1d\"", "\"account_lockout_duration\":\"15\"",
        "\"sso_enabled\":true", "\"account_lockout_max_attempts\":5", "\"theme_title\":null", "\"theme_title\":{}",
        "\"require_mfa\":\"yes\"", "\"mfa_enabled\":\"yes\"", "\"mfa_method\":\"sms\"", "\"auth_mode\":\"both\"",
        "\"smtp_host\":\"mail.example/x\"", "\"theme_css_file\":\"/etc/passwd\"", "\"smtp_port\":\"65536\"",
        "\"smtp_from\":\"me\"",
        "\"theme_title\":\"a\\u0001b\"", "\"\":\"x\"", "\"a\\u0000b\":\"x\"",
        "\"lockout_duration\":\"5m\",\"account_lockout_duration\":\"6m\"",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        int64_t before = version();

        run_refused(M_PUT, API, arena_printf(A, "{\"theme_tagline\":\"stored\",%s}", members[i]),
                    REFUSE_INVALID_REQUEST);
        assert_string_equal(text_of(all(), "theme_tagline"), "");
        assert_int_equal(version(), before);
    }
    run_refused(M_PUT, API, "", REFUSE_INVALID_REQUEST);
    run_refused(M_PUT, API, "[]", REFUSE_INVALID_REQUEST);
}

static void test_not_available(void **state)
{
    struct exchange *x = as_admin(M_PUT, API, "{\"magic_link_enabled\":\"true\"}");

    (void)state;
    assert_no(x, run(x), REFUSE_INVALID_REQUEST);
    assert_has(refusal_text(&x->no), "not available yet");
    put("{\"magic_link_enabled\":\"false\",\"smtp_port\":\"587\",\"require_mfa\":\"0\"}");
}

/* design D16 */
static void test_guide_names(void **state)
{
    (void)state;
    put("{\"lockout_max_attempts\":\"7\",\"lockout_duration\":\"5m\",\"account_lockout_duration\":\"5m\"}");
    assert_string_equal(text_of(all(), "account_lockout_max_attempts"), "7");
    assert_string_equal(text_of(all(), "account_lockout_duration"), "5m");
    assert_false(json_has(all(), "lockout_duration"));
}

/* ---- export and import ---- */

#define EXPORT API "/export"
#define PREVIEW API "/import/preview"
#define APPLY API "/import/apply"

static struct json *exported(void)
{
    return json_get(run_json(M_GET, EXPORT, NULL, 200), "data");
}

static void test_export(void **state)
{
    struct json *out, *settings;

    (void)state;
    assert_ok(settings_put(DB, "private_key", "x", T0));
    assert_ok(settings_put(DB, "smtp_password", SETTING_SEALED "hunter2", T0));
    assert_ok(settings_put(DB, "theme_title", "Place", T0));
    assert_ok(settings_put(DB, "my_own_key", "kept", T0));
    out = exported();
    settings = json_get(out, "settings");
    assert_int_equal(int_of(out, "version"), 1);
    assert_non_null(text_of(out, "exported_at"));
    assert_string_equal(text_of(settings, "theme_title"), "Place");
    assert_string_equal(text_of(settings, "my_own_key"), "kept");
    assert_string_equal(text_of(settings, "access_token_expiration"), "15m");
    assert_false(json_has(settings, "smtp_password"));
    assert_false(json_has(settings, "private_key"));
    assert_false(json_has(settings, "onboarded"));
    assert_has_not(json_text(A, out), "hunter2");
}

/* What was exported can be imported where it came from, as it was answered or without
 * the shell of the answer. */
static void test_there_and_back(void **state)
{
    const char *plain, *answered;

    (void)state;
    assert_ok(settings_put(DB, "theme_title", "Before", T0));
    plain = json_text(A, exported());
    answered = arena_printf(A, "{\"data\":%s}", plain);
    put("{\"theme_title\":\"Between\"}");
    run_json(M_POST, APPLY, plain, 204);
    assert_string_equal(text_of(all(), "theme_title"), "Before");
    assert_trail("settings_imported", "");
    put("{\"theme_title\":\"Between\"}");
    run_json(M_POST, APPLY, answered, 204);
    assert_string_equal(text_of(all(), "theme_title"), "Before");
}

static const struct json *row_of(const struct json *rows, const char *key)
{
    for (size_t i = 0; i < json_len(rows); i++)
        if (text_same(text_of(json_at(rows, i), "key"), key))
            return json_at(rows, i);
    return NULL;
}

static void test_preview(void **state)
{
    struct json *out = json_get(run_json(M_POST, PREVIEW,
        "{\"version\":7,\"settings\":{\"theme_title\":\"New\",\"lockout_duration\":\"5m\",\"onboarded\":\"false\","
        "\"private_key\":\"x\",\"stranger\":\"1\",\"sso_enabled\":\"true\"}}", 200), "data");
    struct json *rows = json_get(out, "rows"), *unknown = json_get(out, "unknown");

    (void)state;
    assert_int_equal(json_len(rows), 3);
    assert_string_equal(text_of(row_of(rows, "theme_title"), "current"), "Autentico");
    assert_string_equal(text_of(row_of(rows, "theme_title"), "incoming"), "New");
    assert_string_equal(text_of(row_of(rows, "account_lockout_duration"), "current"), "15m");
    assert_string_equal(text_of(row_of(rows, "sso_enabled"), "current"), "true");
    assert_int_equal(json_len(unknown), 1);
    assert_string_equal(json_str(json_at(unknown, 0)), "stranger");
    assert_string_equal(text_of(all(), "theme_title"), "Autentico");
    out = json_get(run_json(M_POST, PREVIEW, "{\"settings\":{}}", 200), "data");
    assert_int_equal(json_type(json_get(out, "rows")), JSON_ARRAY);
    assert_int_equal(json_type(json_get(out, "unknown")), JSON_ARRAY);
}

static void test_apply(void **state)
{
    int64_t before = version();

    (void)state;
    run_json(M_POST, APPLY, "{\"settings\":{\"theme_title\":\"New\",\"stranger\":\"1\",\"onboarded\":\"true\","
                            "\"mfa_enabled\":\"0\"}}", 204);
    assert_string_equal(text_of(all(), "theme_title"), "New");
    assert_string_equal(text_of(all(), "require_mfa"), "0");
    assert_string_equal(text_of(all(), "onboarded"), "false");
    assert_false(json_has(all(), "stranger"));
    assert_true(version() > before);
    before = version();
    run_json(M_POST, APPLY, "{\"settings\":{\"stranger\":\"1\"}}", 204);
    assert_int_equal(version(), before);
}

/* The checks of PUT, the way in included; and nothing of it is stored. */
static void test_import_refused(void **state)
{
    static const char *const bodies[] = {
        "", "[]", "{}", "null", "{\"settings\":null}", "{\"settings\":[]}", "{\"settings\":\"x\"}",
        "{\"data\":{\"settings\":1}}", "{\"settings\":{\"theme_tagline\":\"stored\",\"theme_title\":1}}",
        "{\"settings\":{\"theme_tagline\":\"stored\",\"access_token_expiration\":\"soon\"}}",
        "{\"settings\":{\"theme_tagline\":\"stored\",\"auth_mode\":\"passkey_only\"}}",
        "{\"settings\":{\"theme_tagline\":\"stored\",\"validation_min_username_length\":\"60\"}}",
        "{\"settings\":{\"theme_tagline\":\"stored\",\"lockout_duration\":\"5m\",\"account_lockout_duration\":\"6m\"}}",
        "{\"settings\":{\"theme_tagline\":\"stored\",\"theme_tagline\":\"twice\"}}",
        "{\"settings\":{\"theme_tagline\":\"stored\",\"magic_link_enabled\":\"true\"}}",
    };
    int64_t before = version();

    (void)state;
    assert_ok(passwords_set(DB, "u2", "hash", T0)); /* who would be locked out */
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        run_refused(M_POST, APPLY, bodies[i], REFUSE_INVALID_REQUEST);
        assert_string_equal(text_of(all(), "theme_tagline"), "");
        assert_int_equal(version(), before);
    }
    run_refused(M_POST, PREVIEW, "{}", REFUSE_INVALID_REQUEST);
    run_refused(M_POST, PREVIEW, "{\"settings\":{\"cleanup_interval\":\"1d\"}}", REFUSE_INVALID_REQUEST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, with_defaults, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_get), TEST(test_put), TEST(test_reserved), TEST(test_refused), TEST(test_not_available),
        TEST(test_guide_names), TEST(test_export), TEST(test_there_and_back), TEST(test_preview), TEST(test_apply),
        TEST(test_import_refused),
    };

    return cmocka_run_group_tests(tests, with_consoles, without_consoles);
}
