#include "config.h"

#include "account/security.h"

#include "account/confirm.h"
#include "account/handlers.h"
#include "http/response.h"

enum rc account_security_show(struct exchange *x, int status)
{
    struct json *vars = json_object(x->arena);
    bool has_password;

    TRY(account_has_password(x, &has_password));
    json_set_bool(vars, "ask_password", has_password);
    if (x->no.code != REFUSE_NOTHING)
        json_set_str(vars, "error", refusal_text(&x->no));
    TRY(account_totp_vars(x, vars));
    TRY(account_passkey_vars(x, vars));
    return account_page(x, status, "account/security", vars);
}

enum rc account_security_answer(struct exchange *x, enum rc rc)
{
    if (rc != RC_REFUSED || !is_page(x) || x->no.code == REFUSE_BUSY)
        return rc;
    return account_security_show(x, refusal_status(x->no.code));
}

enum rc account_security(struct exchange *x)
{
    return account_security_show(x, 200);
}
