/*
 * Public keys of authenticators (COSE_Key, RFC 9052 7, RFC 9053, RFC 8230) and signatures
 * by them, in the ten algorithms of http-api 5.5.  The algorithm is that of the key we
 * registered; what a signature says of itself is never asked.
 */
#ifndef AUTENTICO_CRYPTO_COSE_H
#define AUTENTICO_CRYPTO_COSE_H

#include "crypto/ctap.h"

enum {
    COSE_ES256 = -7, COSE_EDDSA = -8, COSE_ES384 = -35, COSE_ES512 = -36, COSE_PS256 = -37, COSE_PS384 = -38,
    COSE_PS512 = -39, COSE_RS256 = -257, COSE_RS384 = -258, COSE_RS512 = -259,
};
extern const int64_t cose_algs[]; /* what is offered, in the order of the contract */
extern const size_t cose_algs_n;

struct cose_key {
    int64_t alg;
    struct bytes x, y;  /* of an elliptic curve; y empty for Ed25519 */
    struct bytes n, e;  /* RSA */
    void *key;          /* gnutls_pubkey_t; lives on the arena */
};

/*
 * A credential public key (WebAuthn 5.8.5, 6.5.1.1): `alg` among the offered ones, the curve
 * that belongs to it, uncompressed, on the curve, RSA from 2048 bits, and no other member.
 * `encoded` is the whole of it.  Total: made for bytes of anybody.
 * RC_NONE  not such a key
 */
MUST_CHECK enum rc cose_key_read(struct arena *a, struct bytes encoded, struct cose_key *out);

/* RC_OK: `signature` is one of `key` over `data`.  ECDSA: one DER encoding; EdDSA: 64 bytes. */
MUST_CHECK enum rc cose_verify(const struct cose_key *key, struct bytes data, struct bytes signature);
/* The same by a key from elsewhere (of a certificate), which has to be of the kind that
 * `alg` is for. */
MUST_CHECK enum rc cose_verify_by(void *key, int64_t alg, struct bytes data, struct bytes signature);

#endif
