/*
 * Changing an account: the rules shared by the admin API and the account console
 * (http-api 7.1 "Validation").
 */
#ifndef AUTENTICO_AUTHN_ACCOUNT_CHANGE_H
#define AUTENTICO_AUTHN_ACCOUNT_CHANGE_H

#include "http/exchange.h"
#include "store/users.h"

/* NULL keeps, "" clears.  username and role cannot be cleared. */
struct account_change {
    const char *username, *email, *role;
#define X(claim) const char *claim;
    PROFILE_CLAIMS(X)
#undef X
};

/*
 * Trim, fold and check `c`, then change `inout`, a row as it is stored now.  In
 * is_username mode the e-mail address follows the username.  A changed address
 * or telephone number is unverified.  Pure: may run inside a transaction.
 * RC_REFUSED  VALIDATION with a text for people; *wrong names the member
 */
MUST_CHECK enum rc account_apply(struct exchange *x, const struct account_change *c, struct user *inout,
                                 const char **wrong);
/* Store it, inside db_write.  RC_REFUSED CONFLICT: taken; *wrong names the member. */
MUST_CHECK enum rc account_store(struct exchange *x, struct user *u, const char **wrong);
/* What `c` asks for leaves no administrator: RC_REFUSED CONFLICT.  Inside db_write,
 * before `u` stops being an active administrator. */
MUST_CHECK enum rc account_keep_admin(struct exchange *x, const struct user *u);

#endif
