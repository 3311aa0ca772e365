/*
 * One try at a second factor, whoever asks for it: the sign-in page, the password
 * grant, the account pages.
 *
 * The try is claimed before the code is looked at and stays counted unless it was
 * right, for the person (all methods, challenges and browsers together) and for the
 * challenge; so of any number of parallel guesses never more than the limit are
 * looked at, and neither a new sign-in nor another method begins anew (OT-05).
 */
#ifndef AUTENTICO_AUTHN_FACTOR_H
#define AUTENTICO_AUTHN_FACTOR_H

#include "http/exchange.h"
#include "store/challenges.h"
#include "store/users.h"

#define FACTOR_TRIES_MAX 5 /* of a challenge; of a person, where the settings set no limit */

enum factor_kind { FACTOR_TOTP, FACTOR_EMAIL, FACTOR_RECOVERY };

struct factor_try {
    enum factor_kind kind;
    const struct user *user;
    const char *code;                  /* as typed */
    const struct challenge *challenge; /* used up when the code is right; NULL: there is none */
    db_work *then;                     /* in the transaction that accepts the code; may be NULL */
    void *arg;
    /* out */
    bool is_last;                      /* the challenge allows no other */
    int64_t recovery_left;             /* FACTOR_RECOVERY: unused codes after it */
};

/*
 * RC_OK       right, and accepted: at most once for a time step, a recovery code, a
 *             challenge; failures of the person are forgotten
 * RC_REFUSED  x->no:
 *             INVALID_CODE     wrong
 *             USED_CODE        right, but accepted before
 *             FACTOR_LOCKED    too many wrong ones; it was not looked at
 *             CHALLENGE_SPENT  used, used up or expired; it was not looked at
 *             BUSY             nobody could look at it; it does not count
 * Wrong ones are in the audit trail (mfa_failed), right ones are the caller's to write.
 */
MUST_CHECK enum rc factor_check(struct exchange *x, struct factor_try *t);

const char *factor_name(enum factor_kind kind); /* "totp", "email", "recovery_code": `method` of the audit rows */

/* A new code for the mail, and its HMAC for challenges_set_code(). */
const char *factor_email_code(struct exchange *x, const char *user_id, struct bytes *hash);

#endif
