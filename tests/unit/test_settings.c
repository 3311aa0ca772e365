#include "config.h"

#include "store_test.h"

#include "store/settings_table.h"

static void put(const char *key, const char *value)
{
    assert_ok(settings_put(DB, key, value, NOW));
}

static struct settings loaded(void)
{
    struct settings s;

    assert_ok(settings_load(DB, A, &s));
    return s;
}

static void test_rows(void **state)
{
    struct settings_rows r;

    (void)state;
    put("b", "1");
    put("a", "2");
    put("b", "3");
    assert_ok(settings_all(DB, A, &r));
    assert_int_equal(r.n, 2);
    assert_string_equal(r.v[0].key, "a");
    assert_string_equal(r.v[1].value, "3");
    assert_int_equal(r.v[1].updated_at, NOW);
}

static void test_defaults(void **state)
{
    struct settings s;
    struct settings_rows r;

    (void)state;
    put("theme_title", "Mine");
    put("smtp_port", "");
    put("of_somebody_else", "");
    assert_ok(settings_write_defaults(DB, NOW + 1));
    assert_ok(settings_write_defaults(DB, NOW + 2));
    assert_ok(settings_all(DB, A, &r));
    assert_int_equal(r.n, setting_rows_n + 1);
    s = loaded();
    assert_string_equal(s.theme_title, "Mine");
    assert_string_equal(s.smtp_port, "587"); /* missing or empty */
    assert_int_equal(count("SELECT COUNT(*) FROM settings WHERE updated_at > 1800000001"), 0);
}

static void test_loaded_defaults(void **state)
{
    struct settings s = loaded();

    (void)state;
    assert_int_equal(s.version, 1);
    assert_int_equal(s.access_token_expiration, 900);
    assert_int_equal(s.refresh_token_expiration, 720 * 3600);
    assert_int_equal(s.access_token_audiences.n, 0);
    assert_true(s.sso_enabled);
    assert_true(s.pkce_enforce_s256);
    assert_false(s.require_mfa);
    assert_int_equal(s.account_lockout_max_attempts, 5);
    assert_int_equal(s.audit_log_retention, 720 * 3600);
    assert_int_equal(s.signing_key_rotation, 0);
    assert_string_equal(s.profile_field_locale, "hidden");
    assert_string_equal(s.profile_field_email, "optional");
    assert_string_equal(s.smtp_host, "");
    assert_string_equal(s.logout_confirmation, "auto");
    assert_string_equal(s.access_token_format, "jwt");
    assert_string_equal(s.footer_links, "[]");
}

static void test_the_table_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < setting_rows_n; i++) {
        const struct setting_row *row = &setting_rows[i];
        const char *key = row->key, *why = "";

        assert_ptr_equal(setting_row_of(row->key), row); /* no name twice */
        if (setting_check(A, &key, row->initial, &why) != RC_OK)
            fail_msg("%s: the default is refused: %s", row->key, why);
        assert_true(row->type != SET_ENUM || text_list_has(row->choices, row->initial));
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(setting_rows[j].offset, row->offset);
    }
    assert_null(setting_row_of("unknown"));
    assert_true(setting_row_of("smtp_password")->is_hidden);
}

static void test_loading(void **state)
{
    static const struct { const char *key, *value; } rows[] = {
        { "access_token_expiration", "1h" }, { "sso_session_idle_timeout", "" },
        { "sso_session_max_age", "0" }, { "audit_log_retention", "-1" },
        { "account_lockout_max_attempts", "-3" }, { "sso_enabled", "F" }, { "require_mfa", "1" },
        { "access_token_audience", "[\"https://api\",\"b\",\"\",7]" }, { "logout_confirmation", "never" },
        { "validation_min_password_length", "12" }, { "profile_field_email", "is_username" },
        { "unknown", "x" },
    };
    struct settings s;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        put(rows[i].key, rows[i].value);
    s = loaded();
    assert_int_equal(s.access_token_expiration, 3600);
    assert_int_equal(s.sso_session_idle_timeout, 0);
    assert_int_equal(s.sso_session_max_age, 0);
    assert_int_equal(s.audit_log_retention, -1);
    assert_int_equal(s.account_lockout_max_attempts, -3);
    assert_false(s.sso_enabled);
    assert_true(s.require_mfa);
    assert_int_equal(s.access_token_audiences.n, 2);
    assert_string_equal(s.access_token_audiences.v[0], "https://api");
    assert_string_equal(s.logout_confirmation, "never");
    assert_int_equal(s.validation_min_password_length, 12);
    assert_string_equal(s.profile_field_email, "is_username");
    put("audit_log_retention", "");
    assert_int_equal(loaded().audit_log_retention, 0);
}

static void test_bad_values_fall_back(void **state)
{
    static const struct { const char *key, *value; } rows[] = {
        { "access_token_expiration", "25h" }, { "refresh_token_expiration", "a week" },
        { "authorization_code_expiration", "-5m" }, { "sso_enabled", "maybe" },
        { "validation_min_password_length", "-1" }, { "account_lockout_max_attempts", "many" },
        { "access_token_audience", "{}" }, { "footer_links", "not json" }, { "logout_confirmation", "" },
        { "profile_field_email", "sometimes" }, { "account_lockout_duration", "" },
        { "cleanup_interval", "-1" },
    };
    struct settings s;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        put(rows[i].key, rows[i].value);
    s = loaded();
    assert_int_equal(s.access_token_expiration, 900);
    assert_int_equal(s.refresh_token_expiration, 720 * 3600);
    assert_int_equal(s.authorization_code_expiration, 600);
    assert_true(s.sso_enabled);
    assert_int_equal(s.validation_min_password_length, 6);
    assert_int_equal(s.account_lockout_max_attempts, 5);
    assert_string_equal(s.access_token_audience, "[]");
    assert_string_equal(s.footer_links, "[]");
    assert_string_equal(s.logout_confirmation, "auto");
    assert_string_equal(s.profile_field_email, "optional");
    assert_int_equal(s.account_lockout_duration, 900);
    assert_int_equal(s.cleanup_interval, 6 * 3600);
}

static void test_checks(void **state)
{
    static const struct { const char *key, *value, *why; } cases[] = {
        { "access_token_expiration", "24h", NULL },
        { "access_token_expiration", "24h1s", "access_token_expiration: must be more than 0 and at most 24h" },
        { "access_token_expiration", "0", "access_token_expiration: must be more than 0 and at most 24h" },
        { "access_token_expiration", "", "access_token_expiration: not a duration such as 15m or 1h30m" },
        { "refresh_token_expiration", "7d", "refresh_token_expiration: not a duration such as 15m or 1h30m" },
        { "refresh_token_expiration", "-1h", "refresh_token_expiration: not a duration such as 15m or 1h30m" },
        { "refresh_token_expiration", "8760h", NULL },
        { "sso_session_idle_timeout", "", NULL },
        { "sso_session_idle_timeout", "0", NULL },
        { "sso_session_idle_timeout", "-1", "sso_session_idle_timeout: not a duration such as 15m or 1h30m" },
        { "audit_log_retention", "-1", NULL },
        { "audit_log_retention", "-2", "audit_log_retention: not a duration such as 15m or 1h30m" },
        { "validation_min_password_length", "twelve", NULL }, /* stored as it is, by contract */
        { "theme_title", "Ours", NULL },
        { "profile_field_email", "required", NULL },
        { "logout_confirmation", "always", NULL },
        { "logout_confirmation", "perhaps", "logout_confirmation: not one of: auto always never" },
        { "unknown_key", "anything", NULL },
        /* design D17 */
        { "require_mfa", "true", NULL },
        { "require_mfa", "yes", "require_mfa: not true or false" },
        { "mfa_method", "both", NULL },
        { "mfa_method", "sms", "mfa_method: not one of: totp email both" },
        { "trust_device_enabled", "true", NULL },
        { "trust_device_expiration", "a month", "trust_device_expiration: not a duration such as 15m or 1h30m" },
        { "require_mfa", "0", NULL },
        { "allow_self_signup", "1", "allow_self_signup: not available yet" },
        { "auth_mode", "passkey_only", NULL },
        { "auth_mode", "both", "auth_mode: not one of: password password_and_passkey passkey_only" },
        { "passkey_login_mode", "conditional", NULL },
        { "passkey_login_mode", "", "passkey_login_mode: not one of: username_first discoverable conditional passkey_only" },
        { "auth_mode", "password", NULL },
        { "smtp_host", "mail.example", NULL },
        { "smtp_host", "smtps://mail.example", NULL },
        { "smtp_host", "192.0.2.1", NULL },
        { "smtp_host", "[2001:db8::1]", NULL },
        { "smtp_host", "", NULL },
        { "smtp_host", "smtp://mail.example", "smtp_host: not the name of a host" },
        { "smtp_host", "smtps://", "smtp_host: not the name of a host" },
        { "smtp_host", "user@mail.example", "smtp_host: not the name of a host" },
        { "smtp_host", "mail.example/x", "smtp_host: not the name of a host" },
        { "smtp_host", "mail.example ", "smtp_host: not the name of a host" },
        { "smtp_host", "-x", "smtp_host: not the name of a host" },
        { "smtp_port", "587", NULL },
        { "smtp_port", "", NULL },
        { "smtp_port", "0", "smtp_port: not a port" },
        { "smtp_port", "65536", "smtp_port: not a port" },
        { "smtp_port", "smtp", "smtp_port: not a port" },
        { "smtp_from", "id@example.org", NULL },
        { "smtp_from", "Example ID <id@example.org>", NULL },
        { "smtp_from", "", NULL },
        { "smtp_from", "Example <id@example.org> x", "smtp_from: neither an e-mail address nor \"Name <address>\"" },
        { "smtp_from", "Example <>", "smtp_from: neither an e-mail address nor \"Name <address>\"" },
        { "smtp_from", "id", "smtp_from: neither an e-mail address nor \"Name <address>\"" },
        { "magic_link_expiration", "15m0s", NULL },
        { "magic_link_expiration", "16m", "magic_link_expiration: not available yet" },
        { "magic_link_expiration", "soon", "magic_link_expiration: not a duration such as 15m or 1h30m" },
        { "theme_css_file", "/etc/passwd", "theme_css_file: not available yet" },
        { "cors_allowed_origins", "https://app.example, *", NULL },
        { "allow_redirect_uri_wildcard", "true", NULL },
        { "id_token_signing_alg", "ES256", NULL },
        { "access_token_signing_alg", "EdDSA", NULL },
        { "access_token_format", "opaque", NULL },
        { "access_token_format", "paper", "access_token_format: not one of: jwt opaque" },
        { "signing_key_rotation", "0s", NULL },
        { "signing_key_rotation", "720h", NULL },
        { "signing_key_rotation", "59m", "signing_key_rotation: must be 0 (by hand) or at least 1h" },
        { "signing_key_rotation", "soon", "signing_key_rotation: not a duration such as 15m or 1h30m" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *key = cases[i].key, *why = NULL;
        enum rc rc = setting_check(A, &key, cases[i].value, &why);

        if (rc != (cases[i].why ? RC_REFUSED : RC_OK) || (cases[i].why && strcmp(cases[i].why, why) != 0))
            fail_msg("%s=%s: %d %s", cases[i].key, cases[i].value, rc, why ? why : "");
    }
}

static void test_guide_names(void **state)
{
    static const char *const names[][3] = {
        { "mfa_enabled", "false", "require_mfa" },
        { "lockout_max_attempts", "3", "account_lockout_max_attempts" },
        { "lockout_duration", "5m", "account_lockout_duration" },
    };
    const char *key = "mfa_enabled", *why;

    (void)state;
    assert_refused(setting_check(A, &key, "maybe", &why));
    assert_string_equal(why, "require_mfa: not true or false");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        key = names[i][0];
        assert_ok(setting_check(A, &key, names[i][1], &why));
        assert_string_equal(key, names[i][2]);
    }
}

static void test_installation(void **state)
{
    struct installation in;
    int64_t version;

    (void)state;
    assert_ok(installation_get(DB, A, &in));
    assert_int_equal(in.settings_version, 1);
    assert_null(in.encryption_fingerprint);
    assert_int_equal(in.onboard_token_hash.n, 0);
    assert_ok(installation_bump(DB));
    assert_ok(installation_set_fingerprint(DB, "abc"));
    assert_ok(installation_set_onboard_token(DB, hash_like(1), NOW));
    assert_ok(installation_version(DB, &version));
    assert_int_equal(version, 2);
    assert_ok(installation_get(DB, A, &in));
    assert_string_equal(in.encryption_fingerprint, "abc");
    assert_int_equal(in.onboard_token_hash.n, 32);
    assert_int_equal(in.onboard_token_expires_at, NOW);
    assert_ok(installation_set_onboard_token(DB, (struct bytes){ 0 }, NOW));
    assert_ok(installation_get(DB, A, &in));
    assert_int_equal(in.onboard_token_hash.n, 0);
    assert_int_equal(in.onboard_token_expires_at, 0);
    assert_int_equal(loaded().version, 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_memory, after)
    const struct CMUnitTest tests[] = {
        T(test_rows), T(test_defaults), T(test_loaded_defaults), T(test_the_table_is_sound), T(test_loading),
        T(test_bad_values_fall_back), T(test_checks), T(test_guide_names), T(test_installation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
