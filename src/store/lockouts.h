/*
 * Failed attempts per account, counted atomically (flows 15): wrong passwords, and,
 * apart from them, wrong second factors of whatever method, challenge and browser
 * (the functions named …_factor).  A right password clears the former only (RFC 4226
 * 7.3).
 */
#ifndef AUTENTICO_STORE_LOCKOUTS_H
#define AUTENTICO_STORE_LOCKOUTS_H

#include "store/db.h"

struct lockout {
    int64_t failures_n, locked_until_at;
    int64_t pending_n; /* claimed, and nobody has said yet what came of it; 0 of factors */
};

/* RC_NONE: no failures on record. */
MUST_CHECK enum rc lockouts_find(struct db *db, struct arena *a, const char *user_id, struct lockout *out);
/*
 * Claim one attempt before looking at the password, in one conditional UPSERT …
 * RETURNING: the failure is counted beforehand and taken back by
 * lockouts_clear(), so that of N parallel guesses never more than `max` are
 * looked at.
 *   max 0 or less: lockout is off, RC_OK, zeroes, and nothing is stored
 * RC_OK       go on; out->failures_n counts this attempt
 * RC_REFUSED  locked; out->locked_until_at says until when (or the user was
 *             deleted meanwhile, and `out` is untouched)
 * A claim is pending until lockouts_clear(), lockouts_settle() or lockouts_give_back().
 * An expired lock starts again at one.  Reaching `max` sets locked_until_at =
 * now + duration_s (the attempt that reaches it may still be right).
 */
MUST_CHECK enum rc lockouts_claim(struct db *db, struct arena *a, const char *user_id, int64_t max, int64_t duration_s,
                                  int64_t now, struct lockout *out);
MUST_CHECK enum rc lockouts_clear(struct db *db, const char *user_id); /* right password, or unlocked */

MUST_CHECK enum rc lockouts_settle(struct db *db, const char *user_id); /* it was wrong: it stays counted */

/* An attempt that was claimed and then not looked at (hashers busy) does not count:
 * one less, and no lock below `max`. */
MUST_CHECK enum rc lockouts_give_back(struct db *db, const char *user_id, int64_t max);
MUST_CHECK enum rc lockouts_count_locked(struct db *db, int64_t now, int64_t *out);

MUST_CHECK enum rc lockouts_find_factor(struct db *db, struct arena *a, const char *user_id, struct lockout *out);
MUST_CHECK enum rc lockouts_claim_factor(struct db *db, struct arena *a, const char *user_id, int64_t max,
                                         int64_t duration_s, int64_t now, struct lockout *out);
MUST_CHECK enum rc lockouts_clear_factor(struct db *db, const char *user_id);
MUST_CHECK enum rc lockouts_give_back_factor(struct db *db, const char *user_id, int64_t max);

#endif
