/*
 * Public keys out of their numbers, for JWK and COSE keys alike, and signatures by them.
 * A key is a gnutls_pubkey_t, freed with the arena.
 */
#ifndef AUTENTICO_CRYPTO_PUBKEY_H
#define AUTENTICO_CRYPTO_PUBKEY_H

#include <stdbool.h>

#include "util/arena.h"

enum pubkey_curve { PUBKEY_P256, PUBKEY_P384, PUBKEY_P521 };

/* RC_NONE: no such key.  RSA: 2048 to 8192 bits, an odd exponent over 1, no leading zeros. */
MUST_CHECK enum rc pubkey_rsa(struct arena *a, struct bytes n, struct bytes e, void **out);
/* Both coordinates in full length, the point on the curve. */
MUST_CHECK enum rc pubkey_ec(struct arena *a, enum pubkey_curve curve, struct bytes x, struct bytes y, void **out);
MUST_CHECK enum rc pubkey_ed25519(struct arena *a, struct bytes x, void **out);

bool pubkey_same(const void *a, const void *b);

#endif
