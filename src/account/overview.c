#include "config.h"

#include "account/handlers.h"
#include "oidc/console_frame.h"

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
    json_set_bool(vars, "is_admin", text_same(u->role, "admin"));
    return account_page(x, 200, "account/overview", vars);
}
