/*
 * Registered applications (RFC 7591 metadata, http-api 7.2), their lists and
 * secrets.
 */
#ifndef AUTENTICO_STORE_CLIENTS_H
#define AUTENTICO_STORE_CLIENTS_H

#include "store/db.h"
#include "store/lists.h"

struct client {
    const char *id, *client_id, *client_name;
    bool is_public, is_active;
    const char *scopes;                     /* space list */
    const char *token_endpoint_auth_method;
    const char *profile;                    /* "oauth", "fapi2" */
    struct text_list redirect_uris, post_logout_redirect_uris, grant_types, response_types;
    struct text_list allowed_audiences;
    bool has_allowed_audiences;             /* false: null */
    /* overrides; NULL or -1 = null = the global setting */
    const char *access_token_expiration, *refresh_token_expiration, *authorization_code_expiration;
    const char *sso_session_idle_timeout, *trust_device_expiration;
    int allow_self_signup, trust_device_enabled, consent_required, require_mfa;
    const char *id_token_signed_response_alg, *access_token_signing_alg, *access_token_format;
    int64_t last_used_at, created_at, updated_at;
};

struct client_secret {
    const char *id;
    struct bytes sha256; /* n = 0: see hash */
    const char *hash;    /* Argon2id, or NULL */
    int64_t created_at, expires_at;
};
struct client_secrets { struct client_secret *v; size_t n; };

/* With all lists.  Inactive ones too: the caller looks at is_active. */
MUST_CHECK enum rc clients_find(struct db *db, struct arena *a, const char *client_id, struct client *out);
/* Secrets that have not expired at `now`, newest first. */
MUST_CHECK enum rc clients_secrets(struct db *db, struct arena *a, const char *client_id, int64_t now, struct client_secrets *out);

/* What a worker knows of all registrations; loaded with the settings, and again when
 * installation.settings_version moves, as the writers below make it. */
struct clients_facts {
    bool has_password_grant; /* an active client is registered for it */
};
MUST_CHECK enum rc clients_facts_load(struct db *db, struct clients_facts *out);
/* Of active public ones. */
MUST_CHECK enum rc clients_public_redirect_uris(struct db *db, struct arena *a, struct text_list *out);

/* Call inside db_write.  RC_REFUSED: client_id taken. */
MUST_CHECK enum rc clients_add(struct db *db, const struct client *c);
MUST_CHECK enum rc clients_update(struct db *db, const struct client *c); /* everything but ids, client_type, created_at */
MUST_CHECK enum rc clients_set_active(struct db *db, const char *client_id, bool is_active, int64_t now); /* RC_NONE: unknown */
MUST_CHECK enum rc clients_add_secret(struct db *db, const char *client_id, const struct client_secret *s);
/* Older secrets expire at `at` unless they do so sooner. */
MUST_CHECK enum rc clients_expire_secrets(struct db *db, const char *client_id, const char *except_id, int64_t at);
#define CLIENTS_TOUCH_S 3600 /* clients.last_used_at is no finer than this */
MUST_CHECK enum rc clients_touch(struct db *db, const char *client_id, int64_t now); /* last_used_at, at most once an hour */
bool client_touch_is_due(const struct client *c, int64_t now); /* by what is known of it: is that worth a question? */
MUST_CHECK enum rc clients_count(struct db *db, int64_t *out); /* active ones */
/* Has any application chosen this signing algorithm, active or not? */
MUST_CHECK enum rc clients_want_alg(struct db *db, const char *alg, bool *out);

extern const char *const clients_sorts[];
struct clients_query {
    struct list_query list;
    const char *client_type; /* NULL: any */
    int is_active;           /* -1: any */
};
struct clients_page { struct client *v; size_t n; int64_t total; }; /* lists filled by one more query, not one per row */
MUST_CHECK enum rc clients_list(struct db *db, struct arena *a, const struct clients_query *q, struct clients_page *out);

#endif
