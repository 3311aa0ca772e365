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

/* All other sessions and tokens of the person end, the caller's live (flows 11); inside db_write. */
MUST_CHECK enum rc caller_end_others(struct exchange *x, struct db *db, const char *why);

#endif
