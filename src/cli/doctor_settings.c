/* What administrators can change while it runs. */
#include "config.h"

#include "cli/doctor.h"

#define PASSWORD_MIN 12
#define ATTEMPTS_MAX 20
#define LOCKED_MIN_S 60

static bool is_passwordless(const struct doctor *d)
{
    return text_same(d->settings.auth_mode, "passkey_only");
}

void doctor_mfa(struct doctor *d)
{
    if (is_passwordless(d))
        doctor_ok(d, "passkeys only (auth_mode)");
    else if (!d->settings.require_mfa)
        doctor_warn(d, "require_mfa", mend_setting(d, "require_mfa", "true"),
                    "a password alone opens every account that has set up nothing else");
    else if (text_same(d->settings.mfa_method, "email"))
        doctor_warn(d, "mfa_method", mend_setting(d, "mfa_method", "both"),
                    "codes come by mail only: whoever reads the mailbox has the second factor; an authenticator app is better");
}

void doctor_password_length(struct doctor *d)
{
    if (is_passwordless(d))
        doctor_ok(d, "passkeys only (auth_mode)");
    else if (d->settings.validation_min_password_length < PASSWORD_MIN)
        doctor_warn(d, "validation_min_password_length",
                    mend_setting(d, "validation_min_password_length", TEXT_OF(PASSWORD_MIN)),
                    "%lld characters are enough for a new password; %d is what to ask for",
                    (long long)d->settings.validation_min_password_length, PASSWORD_MIN);
    else
        doctor_ok(d, "%lld at least", (long long)d->settings.validation_min_password_length);
}

void doctor_lockout(struct doctor *d)
{
    int64_t attempts = d->settings.account_lockout_max_attempts, duration = d->settings.account_lockout_duration;

    if (attempts <= 0)
        doctor_fail(d, "account_lockout_max_attempts", mend_setting(d, "account_lockout_max_attempts", "5"),
                    "accounts are never locked: passwords can be guessed without an end");
    else if (attempts > ATTEMPTS_MAX)
        doctor_warn(d, "account_lockout_max_attempts", mend_setting(d, "account_lockout_max_attempts", "5"),
                    "%lld wrong passwords are many before an account is locked", (long long)attempts);
    if (attempts > 0 && duration < LOCKED_MIN_S)
        doctor_warn(d, "account_lockout_duration", mend_setting(d, "account_lockout_duration", "15m"),
                    "an account is locked for %lld seconds only", (long long)duration);
    if (doctor_is_clean(d))
        doctor_ok(d, "after %lld attempts, for %lld minutes", (long long)attempts, (long long)duration / 60);
}

/* --- origins ---------------------------------------------------------------------- */

/* Any host, by http, that is not this machine. */
static bool is_plain_origin(const char *origin)
{
    return text_starts(origin, "http://") && !text_starts(origin, "http://localhost") &&
           !text_starts(origin, "http://127.0.0.1") && !text_starts(origin, "http://[::1]");
}

static bool is_bad_origin(const char *origin)
{
    return text_same(origin, "*") || text_same(origin, "null") || is_plain_origin(origin);
}

static const char *good_origins(struct doctor *d, const struct text_list *all)
{
    const char *text = "";

    for (size_t i = 0; i < all->n; i++) {
        const char *origin = text_trim(d->arena, all->v[i]);

        if (!text_empty(origin) && !is_bad_origin(origin))
            text = arena_printf(d->arena, "%s%s%s", text, *text ? "," : "", origin);
    }
    return text;
}

void doctor_cors(struct doctor *d)
{
    struct text_list all = text_split(d->arena, text_or(d->settings.cors_allowed_origins, ""), ',');
    const char *mend = mend_setting(d, "cors_allowed_origins", good_origins(d, &all));

    if (d->conf.enable_cors == 0) {
        doctor_ok(d, "none is (AUTENTICO_ENABLE_CORS=false)");
        return;
    }
    for (size_t i = 0; i < all.n; i++) {
        const char *origin = text_trim(d->arena, all.v[i]);

        if (text_same(origin, "*") || text_same(origin, "null"))
            doctor_fail(d, origin, mend, "cors_allowed_origins lets scripts of every page in the world ask");
        else if (is_plain_origin(origin))
            doctor_warn(d, origin, mend, "is plain http: whoever is in the network between can put a script there");
    }
    if (doctor_is_clean(d) && all.n == 0)
        doctor_ok(d, d->conf.enable_cors == 1 ? "those of public applications are" : "none is");
}

/* --- the rest --------------------------------------------------------------------- */

void doctor_audit_log(struct doctor *d)
{
    int64_t kept = d->settings.audit_log_retention;

    if (kept == 0)
        doctor_warn(d, "audit_log_retention", mend_setting(d, "audit_log_retention", "720h"),
                    "nothing is recorded: nobody will know who signed in from where");
    else
        doctor_ok(d, kept < 0 ? "for ever" : "for %s", doctor_days(d->arena, kept));
}

void doctor_redirect_wildcards(struct doctor *d)
{
    if (d->settings.allow_redirect_uri_wildcard)
        doctor_warn(d, "allow_redirect_uri_wildcard", mend_setting(d, "allow_redirect_uri_wildcard", "false"),
                    "a redirect URI may have a wildcard: whatever lies below it gets the codes");
}
