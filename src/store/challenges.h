/*
 * Sign-ins whose first factor was right and whose second is missing (flows 5).  The id
 * is 256 random bits that travel in the URL; the row has its SHA-256.  Only somebody who
 * knew a password, or has a session, makes one: they expire and are swept.
 */
#ifndef AUTENTICO_STORE_CHALLENGES_H
#define AUTENTICO_STORE_CHALLENGES_H

#include "store/db.h"

struct challenge {
    struct bytes id_hash;
    const char *user_id;
    const char *method;        /* "totp" or "email" */
    struct bytes request;      /* authz_request_pack() */
    struct bytes browser_hash; /* csrf_binding() */
    const char *amr;           /* proven so far */
    const char *session_id;    /* of the session to step up, or NULL */
    struct bytes code_hash;    /* of the code that was mailed last; n = 0: none was */
    int64_t code_sent_at;
    int64_t failures_n, created_at, expires_at, used_at;
};

MUST_CHECK enum rc challenges_add(struct db *db, const struct challenge *c);
/* Spent and expired ones too: the caller looks.  RC_NONE: unknown. */
MUST_CHECK enum rc challenges_find(struct db *db, struct arena *a, struct bytes id_hash, struct challenge *out);
/*
 * Claim one attempt before the code is looked at, so that of N parallel guesses never
 * more than `max` are.  RC_OK: *failures_n counts this one.  RC_NONE: used up, used or expired.
 */
MUST_CHECK enum rc challenges_claim(struct db *db, struct bytes id_hash, int64_t max, int64_t now, int64_t *failures_n);
/* A claimed attempt that nobody looked at does not count. */
MUST_CHECK enum rc challenges_give_back(struct db *db, struct bytes id_hash);
/* Use it, once.  RC_NONE: used before, or expired. */
MUST_CHECK enum rc challenges_use(struct db *db, struct bytes id_hash, int64_t now);
/* A new code replaces the last one, unless that was sent after `not_since`: RC_NONE. */
MUST_CHECK enum rc challenges_set_code(struct db *db, struct bytes id_hash, struct bytes code_hash, int64_t not_since,
                                       int64_t now);
/* Challenges of this person that a code was mailed for since then. */
MUST_CHECK enum rc challenges_mailed(struct db *db, const char *user_id, int64_t since, int64_t *out_n);
MUST_CHECK enum rc challenges_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n);

#endif
