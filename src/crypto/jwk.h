/*
 * Public keys (RFC 7517), their thumbprints (RFC 7638) and JWS verification
 * (RFC 7515, 8725).  RS256, ES256 and EdDSA.  The algorithm is that of the key
 * we registered, never of the token's header.
 */
#ifndef AUTENTICO_CRYPTO_JWK_H
#define AUTENTICO_CRYPTO_JWK_H

#include "util/json.h"

enum jws_alg { ALG_NONE_OF_OURS, ALG_RS256, ALG_ES256, ALG_EDDSA };
const char *jws_alg_name(enum jws_alg alg);            /* "RS256"; NULL for none of ours */
enum jws_alg jws_alg_of(const char *name);

struct jwk {
    const char *kid;
    enum jws_alg alg;
    const char *json;  /* public members only, with kid, use, alg */
    void *key;         /* gnutls_pubkey_t, NULL until jwk_load */
};

/*
 * Parse json into key; freed with `a`.  Refuses RSA < 2048 bits, points off the
 * curve, private members.  RC_NONE: not such a key.
 *   alg   as registered, or ALG_NONE_OF_OURS: taken from json
 *   kid   as registered, or NULL: taken from json
 */
MUST_CHECK enum rc jwk_load(struct arena *a, struct jwk *k);
/* base64url SHA-256 thumbprint of a public JWK text. */
MUST_CHECK enum rc jwk_thumbprint(struct arena *a, const char *json, char **out);

/*
 * Verify a compact JWS by one of `keys`, found by kid (a header without kid is
 * taken when there is only one key).  Strict base64url, three
 * segments, header an object without duplicates, `alg` equal to the key's,
 * no `crit`, no b64; `jwk`, `jku`, `x5u`, `x5c` are never used (JO-01…JO-07).
 *   typ       required `typ` of the header compared without case, or NULL
 * RC_OK with the payload, an object; RC_NONE otherwise.
 */
MUST_CHECK enum rc jws_verify(struct arena *a, const char *compact, const struct jwk *keys, size_t keys_n,
                              const char *typ, struct json **payload);

/*
 * The same for a token that comes again and again, as access tokens do: one whose
 * signature was found good once is known by its SHA-256 and not verified again, a
 * quarter of the work of an introspection.  A `seen` belongs to one set of keys and one
 * `typ`, holds some hundred tokens, and forgets by chance.
 *   members   of the payload, NULL behind the last: of a token that is known only these
 *             are read again.  Each is written without escapes; static, it is kept.
 */
struct jws_seen;
struct jws_seen *jws_seen_new(struct arena *a, const char *const *members);
MUST_CHECK enum rc jws_verify_once(struct arena *a, struct jws_seen *seen, const char *compact,
                                   const struct jwk *keys, size_t keys_n, const char *typ, struct json **payload);

/*
 * The times of a JWT (RFC 7519 4.1.4 to 4.1.6, JO-10): `exp` must be there and
 * later than `now`; `nbf` and `iat`, when there, at most 10 s ahead.  Not part
 * of jws_verify, since an id_token_hint may have expired.  RC_NONE: refuse it.
 */
MUST_CHECK enum rc jwt_check_times(const struct json *claims, int64_t now);

/* at_hash / c_hash: base64url of the left half of the alg's hash (OIDC Core 3.1.3.6). */
char *jws_half_hash(struct arena *a, enum jws_alg alg, const char *value);

#endif
