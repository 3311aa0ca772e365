#include "config.h"

#include "account/handlers.h"
#include "account/security.h"
#include "oidc/console_frame.h"

static enum rc set_security(struct exchange *x, struct json *vars)
{
    int64_t sessions_n;

    TRY(account_password_vars(x, vars));
    TRY(account_sessions_count(x, &sessions_n));
    json_set_str(vars, "totp_since", console_time(x->arena, x->user->totp_since));
    json_set_int(vars, "sessions_n", sessions_n);
    json_set_bool(vars, "is_alone", sessions_n <= 1);
    json_set_str(vars, "security_href", ACCOUNT_SECURITY);
    json_set_str(vars, "sessions_href", ACCOUNT_SESSIONS);
    return RC_OK;
}

enum rc account_overview(struct exchange *x)
{
    const struct user *u = x->user;
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "display_name", text_or(u->given_name, u->username));
    json_set_str(vars, "username", u->username);
    json_set_str(vars, "email", text_or(u->email, ""));
    json_set(vars, "claims", console_claims(x->arena, u));
    json_set_str(vars, "created", console_time(x->arena, u->created_at));
    json_set_str(vars, "profile_href", ACCOUNT_PROFILE);
    TRY(set_security(x, vars));
    json_set_bool(vars, "is_admin", text_same(u->role, "admin"));
    return account_page(x, 200, "account/overview", vars);
}
