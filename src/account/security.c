#include "config.h"

#include "account/security.h"

#include "account/handlers.h"
#include "authn/caller.h"
#include "http/response.h"
#include "oidc/console.h"

static void set_error(struct exchange *x, struct json *vars, const char *wrong)
{
    if (x->no.code == REFUSE_NOTHING)
        return;
    json_set_str(vars, wrong != NULL ? arena_printf(x->arena, "error_%s", wrong) : "error", refusal_text(&x->no));
    json_set_bool(vars, "password_open", wrong != NULL);
}

static enum rc show(struct exchange *x, int status, const char *wrong)
{
    struct json *vars = json_object(x->arena);

    set_error(x, vars, wrong);
    TRY(account_password_vars(x, vars));
    TRY(account_totp_vars(x, vars));
    TRY(account_passkey_vars(x, vars));
    return account_page(x, status, "account/security", vars);
}

enum rc account_security_show(struct exchange *x, int status)
{
    return show(x, status, NULL);
}

enum rc account_security_answer_at(struct exchange *x, enum rc rc, const char *wrong)
{
    if (rc != RC_REFUSED || !is_page(x) || x->no.code == REFUSE_BUSY)
        return rc;
    if (caller_is_signed_out(x, rc))
        return respond_see_other(x, ACCOUNT_SECURITY);
    return show(x, refusal_status(x->no.code), wrong);
}

enum rc account_security_answer(struct exchange *x, enum rc rc)
{
    return account_security_answer_at(x, rc, NULL);
}

/* The same person with both factors, and back. */
enum rc account_security_confirm(struct exchange *x)
{
    return console_start_stronger(x, "account", ACCOUNT_SECURITY);
}

enum rc account_security(struct exchange *x)
{
    return account_security_show(x, 200);
}
