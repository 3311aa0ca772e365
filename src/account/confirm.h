/*
 * The same person again: whoever finds an open browser, or a token, must not take the
 * account over (http-api 8 "pw").
 */
#ifndef AUTENTICO_ACCOUNT_CONFIRM_H
#define AUTENTICO_ACCOUNT_CONFIRM_H

#include "authn/caller.h"
#include "http/exchange.h"
#include "store/db.h"

/* Has this person a password to ask for? */
MUST_CHECK enum rc account_has_password(struct exchange *x, bool *out);

/* Of the session or token that this is: what binds a handle to it. */
struct bytes account_binding(const struct exchange *x);

/*
 * The password of x->user; whoever has none is to have signed in within ACCOUNT_RECENT_S.
 * RC_REFUSED  x->no: INVALID_PASSWORD (wrong or missing), PASSWORD_LOCKED, OLD_LOGIN, BUSY
 */
#define ACCOUNT_RECENT_S 900
MUST_CHECK enum rc account_confirm(struct exchange *x, const char *current_password);

/*
 * The same before a factor is added or a passkey removed: whoever has a second factor has
 * to have used it in this session, or to give a code of it now (WR-26, caller_proof_needed()).
 * RC_OK       *shown, unless NULL: what was needed (authn/caller.h), and was shown
 * RC_REFUSED  PASSKEY_FIRST, too; with a code INVALID_CREDENTIALS, FACTOR_LOCKED
 */
MUST_CHECK enum rc account_confirm_strong(struct exchange *x, const char *current_password, const char *code,
                                          enum caller_proof *shown);

/*
 * Password and second factor, for what weakens the account: a code of the authenticator
 * app, or a recovery code.  `then` runs in the transaction that accepts the code.
 * RC_NONE     the person has no authenticator app
 * RC_REFUSED  x->no: INVALID_CREDENTIALS (either is wrong, and it does not say which),
 *             PASSWORD_LOCKED, FACTOR_LOCKED, BUSY
 */
MUST_CHECK enum rc account_confirm_both(struct exchange *x, const char *current_password, const char *code,
                                        db_work *then, void *arg);

#endif
