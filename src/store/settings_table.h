/*
 * The settings table of spec/settings.md 3 with our own keys: name, type,
 * default, validation, availability (design D17); and its loaded form.
 *
 * A handler sees `x->settings`, loaded once per process and again whenever
 * installation.settings_version has moved, so a write is live on the next
 * request in every worker.
 */
#ifndef AUTENTICO_STORE_SETTINGS_TABLE_H
#define AUTENTICO_STORE_SETTINGS_TABLE_H

#include "store/settings.h"

enum setting_type { SET_STRING, SET_BOOL, SET_INT, SET_DURATION, SET_ENUM, SET_JSON_ARRAY };

struct setting_row {
    const char *key;
    enum setting_type type;
    const char *initial;     /* default */
    const char *choices;     /* SET_ENUM: "a b c"; SET_DURATION: extra values allowed ("" as EMPTY) */
    bool is_checked;         /* column V of the contract */
    bool is_available;       /* false: any value but the default is refused, "not available yet" */
    bool is_hidden;          /* never returned, and stored sealed (smtp_password; authn/setting_secret.h) */
    size_t offset;           /* in struct settings */
};
extern const struct setting_row setting_rows[];
extern const size_t setting_rows_n;
const struct setting_row *setting_row_of(const char *key); /* NULL: unknown */

#define SETTING_SEALED "sealed:" /* what a secret begins with in its row */

struct settings {
    int64_t version;
    int64_t access_token_expiration, refresh_token_expiration, authorization_code_expiration;
    const char *access_token_audience;           /* JSON array text */
    struct text_list access_token_audiences;     /* parsed */
    bool allow_self_signup, sso_enabled;
    int64_t sso_session_idle_timeout, sso_session_max_age; /* 0: no limit */
    int64_t validation_min_username_length, validation_max_username_length;
    int64_t validation_min_password_length, validation_max_password_length;
    int64_t account_lockout_max_attempts, account_lockout_duration;
    const char *auth_mode, *passkey_rp_name, *passkey_login_mode;
    bool trust_device_enabled;
    int64_t trust_device_expiration, cleanup_interval, cleanup_retention;
    bool pkce_enforce_s256, require_mfa;
    const char *mfa_method;
    bool require_email_verification, magic_link_enabled;
    int64_t email_verification_expiration, password_reset_expiration, magic_link_expiration;
    int64_t audit_log_retention;                 /* 0: do not log; -1: log and keep */
    const char *smtp_host, *smtp_port, *smtp_username, *smtp_password, *smtp_from;
    const char *theme_title, *theme_logo_url, *theme_css_inline, *theme_css_file, *theme_brand_color, *theme_tagline;
    const char *email_footer_text, *footer_links;
    bool onboarded, allow_self_service_deletion, allow_username_change, allow_email_change, signup_show_optional_fields;
    const char *profile_field_email, *profile_field_given_name, *profile_field_family_name, *profile_field_middle_name;
    const char *profile_field_nickname, *profile_field_phone, *profile_field_picture, *profile_field_website;
    const char *profile_field_gender, *profile_field_birthdate, *profile_field_profile, *profile_field_locale, *profile_field_address;
    int64_t device_code_expiration, device_code_polling_interval;
    const char *cors_allowed_origins;
    /* our own */
    const char *logout_confirmation;             /* auto, always, never */
    bool allow_redirect_uri_wildcard;
    int64_t secret_max_age;                      /* older ones are told by doctor; 0: none are */
    int64_t signing_key_rotation;
    const char *id_token_signing_alg, *access_token_signing_alg, *access_token_format;
};

/* Load all rows into `out`, whose texts live on `a`.  Bad stored values fall back
 * to the default. */
MUST_CHECK enum rc settings_load(struct db *db, struct arena *a, struct settings *out);
/* Write every missing or empty known key with its default (inside db_write). */
MUST_CHECK enum rc settings_write_defaults(struct db *db, int64_t now);
const char *setting_name(const char *key); /* a guide name (design D16) is its contract name */
/*
 * May this value be stored?  Guide names (design D16) are folded to contract
 * names in `*key`.  RC_REFUSED: `why` says so: bad duration, "not available yet",
 * a lifetime over 24 h for access tokens (design D3), a mail server or sender that is none.
 */
MUST_CHECK enum rc setting_check(struct arena *a, const char **key, const char *value, const char **why);

#endif
