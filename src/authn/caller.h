/*
 * Whoever asks, by the console or by the API: what they are signed in with, and what ends
 * when everything else does.
 */
#ifndef AUTENTICO_AUTHN_CALLER_H
#define AUTENTICO_AUTHN_CALLER_H

#include "http/exchange.h"
#include "store/db.h"

/* The grant that the request rests on. */
const char *caller_family(const struct exchange *x);

/*
 * Does it still stand?  Inside db_write: while a password was being hashed somebody may
 * have ended every session of the person, and meant this one.
 * RC_REFUSED  INVALID_TOKEN
 */
MUST_CHECK enum rc caller_check(struct exchange *x, struct db *db);

/* The same for the page that was about to answer: has the caller been signed out meanwhile? */
bool caller_is_signed_out(const struct exchange *x, enum rc rc);

/* How the caller signed in (D26): "1" or "2". */
const char *caller_acr(const struct exchange *x);

/*
 * What it takes, beside the password, to add or remove a factor (WR-26).  Whoever has a
 * second factor, or a passkey for both, and has signed in without it, could be anybody who
 * has learned the password: a new factor would get around the one that there is.
 * Inside db_write, too: it may be there since the request began.
 */
enum caller_proof {
    PROOF_PASSWORD, /* nothing more */
    PROOF_CODE,     /* a code of the authenticator app, or a recovery code */
    PROOF_PASSKEY,  /* there is no app: a sign-in with the passkey */
};
MUST_CHECK enum rc caller_proof_needed(struct exchange *x, struct db *db, enum caller_proof *out);

/* RC_REFUSED PASSKEY_FIRST where caller_proof_needed() is PROOF_PASSKEY; inside db_write. */
MUST_CHECK enum rc caller_check_passkey(struct exchange *x, struct db *db);

/* All other sessions and tokens of the person end, the caller's live (flows 11); inside db_write. */
MUST_CHECK enum rc caller_end_others(struct exchange *x, struct db *db, const char *why);

#endif
