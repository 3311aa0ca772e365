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

struct key_set {
    struct jwk *v;                 /* all published: active, next, retired */
    struct signing_key *signing;   /* parallel to v */
    const char **states;
    size_t n;
    const char *jwks;              /* the published document */
    const char *algs;              /* "RS256 ES256": what can be signed with now */
    struct jws_seen *seen;         /* access tokens that these keys have verified */
};
MUST_CHECK enum rc key_set_load(struct db *db, struct arena *a, struct key_set *out);
/* The active key for an algorithm; NULL: none. */
const struct signing_key *key_set_active(const struct key_set *k, enum jws_alg alg);

#endif
