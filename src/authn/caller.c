#include "config.h"

#include "authn/caller.h"

#include "store/console_sessions.h"
#include "store/passkeys.h"
#include "store/sessions.h"
#include "store/settings_table.h"
#include "store/tokens.h"
#include "store/users.h"

const char *caller_family(const struct exchange *x)
{
    if (x->console != NULL)
        return x->console->family_id;
    return x->token != NULL ? x->token->family.id : NULL;
}

/* NULL: a token that no browser session stands behind. */
static const char *session_of(const struct exchange *x)
{
    if (x->console != NULL)
        return x->console->session_id;
    return x->token != NULL ? x->token->family.session_id : NULL;
}

enum rc caller_check(struct exchange *x, struct db *db)
{
    enum rc rc = families_live(db, caller_family(x));

    return rc == RC_NONE ? refuse(&x->no, REFUSE_INVALID_TOKEN, NULL) : rc;
}

bool caller_is_signed_out(const struct exchange *x, enum rc rc)
{
    return rc == RC_REFUSED && x->no.code == REFUSE_INVALID_TOKEN;
}

const char *caller_acr(const struct exchange *x)
{
    return x->token != NULL ? x->token->family.acr : x->session->acr;
}

/* Where passkeys open nothing a password is all there is. */
static enum rc has_passkey_for_both(struct exchange *x, struct db *db, bool *out)
{
    *out = false;
    if (text_same(x->settings->auth_mode, "password"))
        return RC_OK;
    enum rc rc = passkeys_any_verifying(db, x->user->id);
    *out = rc == RC_OK;
    return rc == RC_NONE ? RC_OK : rc;
}

enum rc caller_proof_needed(struct exchange *x, struct db *db, enum caller_proof *out)
{
    bool has_passkey;
    struct user now;

    *out = PROOF_PASSWORD;
    if (text_same(caller_acr(x), "2"))
        return RC_OK;
    TRY(users_by_id(db, x->arena, x->user->id, &now));
    if (now.totp_since != 0) {
        *out = PROOF_CODE;
        return RC_OK;
    }
    TRY(has_passkey_for_both(x, db, &has_passkey));
    if (has_passkey)
        *out = PROOF_PASSKEY;
    return RC_OK;
}

enum rc caller_check_passkey(struct exchange *x, struct db *db)
{
    enum caller_proof needed;

    TRY(caller_proof_needed(x, db, &needed));
    return needed == PROOF_PASSKEY ? refuse(&x->no, REFUSE_PASSKEY_FIRST, NULL) : RC_OK;
}

enum rc caller_end_others(struct exchange *x, struct db *db, const char *why)
{
    TRY(sessions_end_of_user(db, x->user->id, session_of(x), why, x->now));
    return families_revoke_of_user(db, x->user->id, caller_family(x), why, x->now);
}
