/*
 * Token families and tokens (design D8, D9).  A family is one grant and all that
 * was issued from it; it is the contract's "OAuth session".  A token row is an
 * access token and the refresh token issued beside it.
 */
#ifndef AUTENTICO_STORE_TOKENS_H
#define AUTENTICO_STORE_TOKENS_H

#include "store/db.h"
#include "store/lists.h"

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
    const char *username;     /* of the user, or NULL */
    int64_t session_created_at, session_active_at; /* 0: the family has no session; tokens_find() only */
};
MUST_CHECK enum rc tokens_find(struct db *db, struct arena *a, int64_t selector, struct token_view *out);
/* The same for a token that is shown at an endpoint, at each request: of the family only id,
 * user_id, client_id, session_id, auth_time, acr and revoked_at. */
MUST_CHECK enum rc tokens_shown(struct db *db, struct arena *a, int64_t selector, struct token_view *out);
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
MUST_CHECK enum rc tokens_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n);   /* spent pairs of living families */

/* For administrators to look at (http-api 7.3).  An "OAuth session" is a family. */
struct families_page { struct family *v; size_t n; int64_t total; };
#define FAMILIES_LATEST_MAX 1000
/* The newest, at most FAMILIES_LATEST_MAX; user_id NULL: of everybody. */
MUST_CHECK enum rc families_latest(struct db *db, struct arena *a, const char *user_id, struct families_page *out);
/* Of one browser session; sorts created_at, expires_at. */
MUST_CHECK enum rc families_of_session(struct db *db, struct arena *a, const char *session_id, const struct list_query *q,
                                       struct families_page *out);
MUST_CHECK enum rc families_by_id(struct db *db, struct arena *a, const char *id, struct family *out); /* revoked ones too */

struct token_line {
    int64_t selector;
    const char *user_id, *username, *email; /* NULL: of an application itself */
    const char *scope, *grant_type;
    int64_t issued_at, access_expires_at;
    int64_t revoked_at;      /* of the pair, of its rotation or of its family; 0: none */
};
struct tokens_query {
    struct list_query list;  /* sorts issued_at, access_token_expires_at; search: username, e-mail */
    int64_t issued_from, issued_to;
};
struct tokens_page { struct token_line *v; size_t n; int64_t total; };
MUST_CHECK enum rc tokens_list(struct db *db, struct arena *a, const struct tokens_query *q, struct tokens_page *out);
/* Access tokens that are good at `now`; none lives longer than access_life_max_s. */
MUST_CHECK enum rc tokens_count_live(struct db *db, int64_t now, int64_t access_life_max_s, int64_t *out);
MUST_CHECK enum rc families_count_since(struct db *db, int64_t since, int64_t *out);

#endif
