/*
 * Private keys in memory.  GnuTLS makes, checks and exports them and signs with
 * elliptic curves; RSA signatures are libcrypto's when configure found it (design D7a:
 * a quarter of the time).  What the signer knows of the two libraries stands in
 * signer_native.c, signer_public.c and signer_rsa.c.
 */
#ifndef AUTENTICO_SIGNER_SIGNER_NATIVE_H
#define AUTENTICO_SIGNER_SIGNER_NATIVE_H

#include "crypto/jwk.h"

struct native_key;

/* "openssl" or "gnutls": who signs with RSA. */
const char *native_rsa_name(void);

/* A new RSA-2048, P-256 or Ed25519 key as PKCS#8 DER, on `a`. */
MUST_CHECK enum rc native_generate(struct arena *a, enum jws_alg alg, struct bytes *der);

/* The caller frees them with native_free().  RC_NONE: not such a key. */
MUST_CHECK enum rc native_import(struct bytes der, enum jws_alg alg, struct native_key **out);
/* RSA of 2048 to 8192 bits, one PEM block, PKCS#1 or PKCS#8.  RC_REFUSED, and why. */
MUST_CHECK enum rc native_import_pem(const char *pem, struct native_key **out, const char **why);
void native_free(struct native_key *key);

/* The signature of RFC 7518 3.3, 3.4 or RFC 8037 3.1. */
MUST_CHECK enum rc native_sign(struct arena *a, struct native_key *key, enum jws_alg alg,
                               struct bytes input, struct bytes *out);

void *native_handle(struct native_key *k); /* its gnutls_privkey_t, for signer_public.c */

/* kty, kid, use, alg, then the public members; a NULL kid is left out. */
MUST_CHECK enum rc native_public_jwk(struct arena *a, struct native_key *key,
                                     enum jws_alg alg, const char *kid, const char **out);

#endif
