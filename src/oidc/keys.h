/*
 * The signing keys as a worker knows them: public halves to verify with, wrapped
 * private halves to hand to the signer.  Loaded with the settings, and again when
 * installation.settings_version moves.
 */
#ifndef AUTENTICO_OIDC_KEYS_H
#define AUTENTICO_OIDC_KEYS_H

#include "crypto/jwk.h"
#include "signer/signer.h"
#include "store/signing_keys.h"

/* How long others may keep the published keys, and so how long a new one waits before it
 * signs (design D4; MD-25, MD-26). */
#define JWKS_MAX_AGE_S 300
/* What a key signed last has expired then, wherever it was looked at: 24 h are the longest
 * life a signer grants (design D3). */
#define KEY_OUTLIVED_S (24 * 3600 + JWKS_MAX_AGE_S)
#define JWKS_CACHE_CONTROL "public, max-age=" TEXT_OF(JWKS_MAX_AGE_S)

struct key_set {
    struct jwk *v;                 /* all that are believed: active, next, retired; not revoked */
    struct signing_key *signing;   /* parallel to v */
    const char **states;
    size_t n;
    const char *jwks;              /* the published document: those of which tokens can be alive */
    const char *algs;              /* "RS256 ES256": what can be signed with now */
    struct jws_seen *seen;         /* access tokens that these keys have verified */
};
MUST_CHECK enum rc key_set_load(struct db *db, struct arena *a, struct key_set *out);
/* A key of the signer's as a row that is to be added, `state` "next" or "active" since `now`. */
MUST_CHECK enum rc key_row_new(struct arena *a, const struct signing_key *key, const char *state, int64_t now,
                               struct signing_key_row *out);
/* The active key for an algorithm; NULL: none. */
const struct signing_key *key_set_active(const struct key_set *k, enum jws_alg alg);

#endif
