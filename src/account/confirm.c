#include "config.h"

#include "account/confirm.h"

#include "authn/factor.h"
#include "authn/password.h"
#include "authn/totp.h"
#include "crypto/otp.h"
#include "store/console_sessions.h"
#include "store/passwords.h"
#include "store/sessions.h"
#include "store/tokens.h"

struct bytes account_binding(const struct exchange *x)
{
    return bytes_of(x->token != NULL ? x->token->family.id : x->console->family_id);
}

static int64_t auth_time(const struct exchange *x)
{
    return x->token != NULL ? x->token->family.auth_time : x->session->auth_time;
}

enum rc account_has_password(struct exchange *x, bool *out)
{
    int64_t changed_at;
    enum rc rc = passwords_changed_at(x->db, x->user->id, &changed_at);

    if (rc != RC_OK && rc != RC_NONE)
        return rc;
    *out = rc == RC_OK;
    return RC_OK;
}

static enum rc refuse_password(struct exchange *x)
{
    if (x->no.code == REFUSE_BAD_CREDENTIALS)
        return refuse(&x->no, REFUSE_INVALID_PASSWORD, NULL);
    if (x->no.code == REFUSE_LOCKED)
        return refuse(&x->no, REFUSE_PASSWORD_LOCKED, NULL);
    return RC_REFUSED;
}

enum rc account_confirm(struct exchange *x, const char *current_password)
{
    bool has_password;

    TRY(account_has_password(x, &has_password));
    if (!has_password) /* signs in some other way */
        return x->now - auth_time(x) <= ACCOUNT_RECENT_S ? RC_OK : refuse(&x->no, REFUSE_OLD_LOGIN, NULL);
    if (text_empty(current_password))
        return refuse(&x->no, REFUSE_INVALID_PASSWORD, "Current password is missing");
    enum rc rc = password_confirm(x, x->user, current_password);
    return rc == RC_REFUSED ? refuse_password(x) : rc;
}

static enum rc as_either(struct exchange *x, enum rc rc)
{
    if (rc != RC_REFUSED)
        return rc;
    switch (x->no.code) {
    case REFUSE_INVALID_PASSWORD:
    case REFUSE_INVALID_CODE:
    case REFUSE_USED_CODE:
        return refuse(&x->no, REFUSE_INVALID_CREDENTIALS, NULL);
    default:
        return RC_REFUSED;
    }
}

enum rc account_confirm_both(struct exchange *x, const char *current_password, const char *code, db_work *then,
                             void *arg)
{
    bool is_totp = otp_is_code(totp_typed(x->arena, code));
    struct factor_try t = { .kind = is_totp ? FACTOR_TOTP : FACTOR_RECOVERY, .user = x->user, .code = code,
                            .then = then, .arg = arg };

    if (x->user->totp_since == 0)
        return RC_NONE;
    TRY(as_either(x, account_confirm(x, current_password)));
    return as_either(x, factor_check(x, &t));
}

enum rc account_confirm_strong(struct exchange *x, const char *current_password, const char *code,
                               enum caller_proof *shown)
{
    enum caller_proof needed;

    TRY(caller_proof_needed(x, x->db, &needed));
    if (shown != NULL)
        *shown = needed;
    switch (needed) {
    case PROOF_CODE: return account_confirm_both(x, current_password, code, NULL, NULL);
    case PROOF_PASSKEY: return refuse(&x->no, REFUSE_PASSKEY_FIRST, NULL);
    default: return account_confirm(x, current_password);
    }
}
