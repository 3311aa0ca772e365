#include "config.h"

#include "authn/caller.h"

#include "store/console_sessions.h"
#include "store/sessions.h"
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

enum rc caller_end_others(struct exchange *x, struct db *db, const char *why)
{
    TRY(sessions_end_of_user(db, x->user->id, session_of(x), why, x->now));
    return families_revoke_of_user(db, x->user->id, caller_family(x), why, x->now);
}
