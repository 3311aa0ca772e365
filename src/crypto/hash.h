/*
 * SHA-2, HMAC, HKDF (RFC 5869) and the only comparison for secrets.
 */
#ifndef AUTENTICO_CRYPTO_HASH_H
#define AUTENTICO_CRYPTO_HASH_H

#include <stdbool.h>

#include "util/encode.h"

#define SHA256_BYTES 32

void sha256(struct bytes in, uint8_t out[SHA256_BYTES]);
struct bytes sha256_of(struct arena *a, const char *text); /* on `a` */
/* Of a whole file, whatever its position.  RC_FAULT: it cannot be read, logged. */
MUST_CHECK enum rc sha256_fd(int fd, uint8_t out[SHA256_BYTES]);
void sha384(struct bytes in, uint8_t out[48]);
void sha512(struct bytes in, uint8_t out[64]);
void hmac_sha256(struct bytes key, struct bytes in, uint8_t out[SHA256_BYTES]);
/* HKDF-SHA256 without salt; `label` is the info string, one per purpose. */
void hkdf(struct bytes root, const char *label, uint8_t *out, size_t n);

/* Constant time in the contents; different lengths are unequal. */
bool ct_equal(struct bytes a, struct bytes b);
bool ct_same_text(const char *a, const char *b); /* compares SHA-256 of both */

/* First sixteen hex digits of SHA-256: by which a key of the configuration is known. */
char *key_fingerprint(struct arena *a, struct bytes key);
/* First eight hex digits of SHA-256, for logs. */
const char *log_hash(struct arena *a, const char *secret);

#endif
