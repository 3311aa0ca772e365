/*
 * Token families and tokens (design D8, D9).  A family is one grant and all that
 * was issued from it; it is the contract's "OAuth session".  A token row is an
 * access token and the refresh token issued beside it.
 */
#ifndef AUTENTICO_STORE_TOKENS_H
#define AUTENTICO_STORE_TOKENS_H

#include "store/db.h"

struct family {
    const char *id, *user_id, *client_id, *session_id; /* user_id, session_id may be NULL */
    const char *sid, *grant_type, *scope, *nonce;
    int64_t auth_time;
    const char *acr, *amr, *user_agent, *ip_address;
    int64_t created_at, expires_at, revoked_at;
};

struct token {
    int64_t selector;           /* public form: selector_to_id() */
    const char *family_id;
    struct bytes access_hash;   /* opaque access tokens only */
    struct bytes refresh_hash;  /* n = 0: no refresh token */
    const char *scope;
    int64_t issued_at, access_expires_at, refresh_expires_at;
    int64_t rotated_at, revoked_at;
};

/* Inside db_write. */
MUST_CHECK enum rc families_add(struct db *db, const struct family *f);
MUST_CHECK enum rc tokens_add(struct db *db, const struct token *t);
MUST_CHECK enum rc families_extend(struct db *db, const char *id, int64_t expires_at); /* never shorter */

/* A token with its family and liveness, in one read. */
struct token_view {
    struct token token;
    struct family family;
    bool is_user_active;      /* true for families without a user */
    bool is_session_live;     /* the family has no session, or it has not ended */
    bool is_client_active;
    const char *role;         /* of the user, or NULL */
};
MUST_CHECK enum rc tokens_find(struct db *db, struct arena *a, int64_t selector, struct token_view *out);
/* Everything that makes an access token honoured at `now`, expiry included (flows 10). */
bool token_is_live(const struct token_view *v, int64_t now);

/*
 * Spend a refresh token (RFC 6749 6, BCP 4.14.2): one conditional UPDATE; inside
 * db_write.  RC_NONE: it was spent or revoked before, or its family has no living
 * session, user or client any more.
 */
MUST_CHECK enum rc tokens_rotate(struct db *db, int64_t selector, int64_t now);

MUST_CHECK enum rc tokens_revoke(struct db *db, int64_t selector, int64_t now);   /* this pair */
MUST_CHECK enum rc families_live(struct db *db, const char *id); /* RC_NONE: revoked, or there is none */
MUST_CHECK enum rc families_revoke(struct db *db, const char *id, const char *why, int64_t now); /* idempotent */
MUST_CHECK enum rc families_revoke_of_user(struct db *db, const char *user_id, const char *except_id, const char *why, int64_t now);
MUST_CHECK enum rc families_revoke_of_client(struct db *db, const char *client_id, const char *why, int64_t now);
MUST_CHECK enum rc families_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n); /* tokens go with them */
MUST_CHECK enum rc tokens_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n);   /* old pairs of living families */

#endif
