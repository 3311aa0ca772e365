/*
 * authorization_codes (RFC 6749 4.1.2): single use, found by their SHA-256.
 */
#ifndef AUTENTICO_STORE_CODES_H
#define AUTENTICO_STORE_CODES_H

#include "store/db.h"

struct code {
    struct bytes code_hash;
    const char *client_id, *user_id, *session_id, *redirect_uri, *scope;
    const char *nonce, *code_challenge, *code_challenge_method; /* NULL: none */
    int64_t auth_time;
    const char *acr, *amr;
    int64_t created_at, expires_at;
};

MUST_CHECK enum rc codes_add(struct db *db, const struct code *c); /* inside db_write */
/*
 * Redeem once, by the code's own client only (design D9), for the family that is
 * to be added.  A code expiring at `now` is expired.  Inside db_write.
 * RC_OK    redeemed; at most one caller ever gets this
 * RC_NONE  unknown, of another client, expired or already redeemed
 */
MUST_CHECK enum rc codes_redeem(struct db *db, struct arena *a, struct bytes code_hash, const char *client_id,
                                const char *family_id, int64_t now, struct code *out);
MUST_CHECK enum rc codes_burn(struct db *db, struct bytes code_hash); /* redeemed, and there is no family */
/* After RC_NONE: the family of a code that its own client had redeemed before; RC_NONE: not a replay. */
MUST_CHECK enum rc codes_replayed(struct db *db, struct arena *a, struct bytes code_hash, const char *client_id, const char **family_id);
MUST_CHECK enum rc codes_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n);

#endif
