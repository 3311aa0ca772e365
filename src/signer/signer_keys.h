/*
 * The keys of one signer: what is derived from AUTENTICO_ENCRYPTION_KEY and the
 * previous one (HKDF, one label per purpose), the RSA key of the environment,
 * and a bounded cache of unwrapped private keys.
 */
#ifndef AUTENTICO_SIGNER_SIGNER_KEYS_H
#define AUTENTICO_SIGNER_SIGNER_KEYS_H

#include <stdbool.h>

#include "crypto/hash.h"
#include "crypto/seal.h"
#include "signer/process.h"
#include "signer/signer_frame.h"
#include "signer/signer_native.h"

#define CACHED_KEYS_MAX 16

struct signer_keys {
    struct { uint8_t wrap[SEAL_KEY_BYTES], column[SEAL_KEY_BYTES]; } roots[2]; /* current, previous */
    int roots_n;
    const int *is_overlapping;           /* process.h */
    char fingerprint[17], previous_fingerprint[17]; /* "": there is no previous one */
    const char *env_kid;                 /* NULL: no key in the environment */
    const char *env_jwk;
    struct native_key *env_key;
    struct { uint8_t id[SHA256_BYTES]; struct native_key *key; uint64_t used; } cache[CACHED_KEYS_MAX];
    uint64_t uses;
};

/* `own` keeps the texts.  RC_REFUSED: a secret is unusable; logged. */
MUST_CHECK enum rc signer_keys_start(struct signer_keys *k, struct arena *own, const char *env_kid,
                                     const struct signer_secrets *secrets);
void signer_keys_end(struct signer_keys *k);

/*
 * The private key behind what the asker sent.
 * RC_OK       `out` is good until the next call
 * RC_REFUSED  there is no such key in the environment
 * RC_FAULT    it does not unwrap (another encryption key, or altered); logged
 */
MUST_CHECK enum rc signer_keys_find(struct signer_keys *k, struct arena *a,
                                    const struct signing_key *key,
                                    struct native_key **out);

MUST_CHECK enum rc signer_keys_generate(struct signer_keys *k, struct arena *a, enum jws_alg alg,
                                        struct signing_key *out);

/*
 * What stands sealed, sealed under the current key; of a signing key `table` is
 * "signing_keys", `column` its alg and `row_id` its kid.  `out` is for RESEAL_DONE only.
 */
enum reseal_state signer_keys_reseal(struct signer_keys *k, struct arena *a, const struct seal_place *where,
                                     struct bytes sealed, struct bytes *out);

/* Column values; RC_FAULT: does not open, logged. */
struct bytes signer_keys_seal(struct signer_keys *k, struct arena *a,
                              const struct seal_place *where, struct bytes plain);
MUST_CHECK enum rc signer_keys_open(struct signer_keys *k, struct arena *a,
                                    const struct seal_place *where, struct bytes sealed,
                                    struct bytes *out);

#endif
