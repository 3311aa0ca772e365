/*
 * Sealed text: AES-256-GCM under a key of its own for each message, derived by
 * HMAC-SHA256(key, salt) from a fresh 16-byte salt, so that random nonces never
 * wear a key out.  Layout: version(1) salt(16) ciphertext tag(16).
 */
#ifndef AUTENTICO_CRYPTO_SEAL_H
#define AUTENTICO_CRYPTO_SEAL_H

#include "util/arena.h"

#define SEAL_KEY_BYTES 32
#define SEAL_OVERHEAD 33

struct bytes seal_box(struct arena *a, const uint8_t key[SEAL_KEY_BYTES], struct bytes aad, struct bytes plain);
/* RC_NONE: not ours, altered, or other associated data. */
MUST_CHECK enum rc seal_open(struct arena *a, const uint8_t key[SEAL_KEY_BYTES], struct bytes aad,
                             struct bytes sealed, struct bytes *out);

#endif
