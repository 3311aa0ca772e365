#include "config.h"

#include "store/settings_table.h"

#define CHECKED 1 /* column V */
#define LATER 2   /* not available yet */
#define HIDDEN 4

/* NOLINTBEGIN(bugprone-macro-parentheses): parentheses would change an initialiser */
#define S(name, kind, first, of, flags)                                                       \
    { .key = #name, .type = SET_##kind, .initial = first, .choices = of,                      \
      .is_checked = ((flags) & CHECKED) != 0, .is_available = ((flags) & LATER) == 0,         \
      .is_hidden = ((flags) & HIDDEN) != 0, .offset = offsetof(struct settings, name) }
/* NOLINTEND(bugprone-macro-parentheses) */

#define FIELD_CHOICES "hidden optional required"
#define NO_LIMIT "EMPTY 0"
#define ANY_SIGN "-" /* SET_INT: may be negative */

/* In the order of spec/settings.md 3, then our own of 2b. */
const struct setting_row setting_rows[] = {
    S(access_token_expiration, DURATION, "15m", NULL, CHECKED),
    S(refresh_token_expiration, DURATION, "720h", NULL, CHECKED),
    S(authorization_code_expiration, DURATION, "10m", NULL, CHECKED),
    S(access_token_audience, JSON_ARRAY, "[]", NULL, 0),
    S(allow_self_signup, BOOL, "false", NULL, LATER),
    S(sso_enabled, BOOL, "true", NULL, 0),
    S(sso_session_idle_timeout, DURATION, "4h", NO_LIMIT, CHECKED),
    S(sso_session_max_age, DURATION, "720h", NO_LIMIT, CHECKED),
    S(validation_min_username_length, INT, "4", NULL, 0),
    S(validation_max_username_length, INT, "64", NULL, 0),
    S(validation_min_password_length, INT, "6", NULL, 0),
    S(validation_max_password_length, INT, "64", NULL, 0),
    S(account_lockout_max_attempts, INT, "5", ANY_SIGN, 0),
    S(account_lockout_duration, DURATION, "15m", NULL, CHECKED),
    S(auth_mode, ENUM, "password", "password password_and_passkey passkey_only", CHECKED),
    S(passkey_rp_name, STRING, "Autentico", NULL, 0),
    S(passkey_login_mode, ENUM, "username_first", "username_first discoverable conditional passkey_only",
      CHECKED),
    S(trust_device_enabled, BOOL, "false", NULL, 0),
    S(trust_device_expiration, DURATION, "720h", NULL, CHECKED),
    S(cleanup_interval, DURATION, "6h", NULL, CHECKED),
    S(cleanup_retention, DURATION, "24h", NULL, CHECKED),
    S(pkce_enforce_s256, BOOL, "true", NULL, 0),
    S(require_mfa, BOOL, "false", NULL, CHECKED), /* a typing error must not leave it off */
    S(mfa_method, ENUM, "totp", "totp email both", CHECKED),
    S(require_email_verification, BOOL, "false", NULL, LATER),
    S(email_verification_expiration, DURATION, "24h", NULL, CHECKED | LATER),
    S(password_reset_expiration, DURATION, "1h", NULL, CHECKED),
    S(magic_link_enabled, BOOL, "false", NULL, LATER),
    S(magic_link_expiration, DURATION, "15m", NULL, CHECKED | LATER),
    S(audit_log_retention, DURATION, "720h", "EMPTY 0 -1", CHECKED),
    S(smtp_host, STRING, "", NULL, 0),
    S(smtp_port, STRING, "587", NULL, 0),
    S(smtp_username, STRING, "", NULL, 0),
    S(smtp_password, STRING, "", NULL, HIDDEN),
    S(smtp_from, STRING, "", NULL, 0),
    S(theme_title, STRING, "Autentico", NULL, 0),
    S(theme_logo_url, STRING, "", NULL, 0),
    S(theme_css_inline, STRING, "", NULL, 0),
    S(theme_css_file, STRING, "", NULL, LATER), /* for good: AUTENTICO_THEME_CSS_FILE (design D24) */
    S(theme_brand_color, STRING, "#ff7b00", NULL, 0),
    S(theme_tagline, STRING, "", NULL, 0),
    S(email_footer_text, STRING, "", NULL, 0),
    S(footer_links, JSON_ARRAY, "[]", NULL, 0),
    S(onboarded, BOOL, "false", NULL, 0),
    S(allow_self_service_deletion, BOOL, "false", NULL, LATER),
    S(allow_username_change, BOOL, "false", NULL, 0),
    S(allow_email_change, BOOL, "false", NULL, 0),
    S(signup_show_optional_fields, BOOL, "false", NULL, LATER),
    S(profile_field_email, ENUM, "optional", "hidden optional required is_username", 0),
    S(profile_field_given_name, ENUM, "optional", FIELD_CHOICES, 0),
    S(profile_field_family_name, ENUM, "optional", FIELD_CHOICES, 0),
    S(profile_field_middle_name, ENUM, "hidden", FIELD_CHOICES, 0),
    S(profile_field_nickname, ENUM, "hidden", FIELD_CHOICES, 0),
    S(profile_field_phone, ENUM, "optional", FIELD_CHOICES, 0),
    S(profile_field_picture, ENUM, "optional", FIELD_CHOICES, 0),
    S(profile_field_website, ENUM, "hidden", FIELD_CHOICES, 0),
    S(profile_field_gender, ENUM, "hidden", FIELD_CHOICES, 0),
    S(profile_field_birthdate, ENUM, "hidden", FIELD_CHOICES, 0),
    S(profile_field_profile, ENUM, "hidden", FIELD_CHOICES, 0),
    S(profile_field_locale, ENUM, "hidden", FIELD_CHOICES, 0),
    S(profile_field_address, ENUM, "optional", FIELD_CHOICES, 0),
    S(device_code_expiration, DURATION, "10m", NULL, LATER),
    S(device_code_polling_interval, INT, "5", NULL, LATER),
    S(cors_allowed_origins, STRING, "", NULL, 0),

    S(logout_confirmation, ENUM, "auto", "auto always never", CHECKED),
    S(allow_redirect_uri_wildcard, BOOL, "false", NULL, 0),
    S(secret_max_age, DURATION, "8760h", NULL, CHECKED),
    S(signing_key_rotation, DURATION, "0", "0", CHECKED),
    S(id_token_signing_alg, ENUM, "RS256", "RS256 ES256 EdDSA", CHECKED),
    S(access_token_signing_alg, ENUM, "RS256", "RS256 ES256 EdDSA", CHECKED),
    S(access_token_format, ENUM, "jwt", "jwt opaque", CHECKED),
};
const size_t setting_rows_n = ARRAY_LEN(setting_rows);

const struct setting_row *setting_row_of(const char *key)
{
    for (size_t i = 0; i < setting_rows_n; i++)
        if (text_same(setting_rows[i].key, key))
            return &setting_rows[i];
    return NULL;
}
