/*
 * Private keys, as GnuTLS has them: all that the signer knows of that library
 * is signer_native.c, so that another one can take its place (design D7a).
 */
#ifndef AUTENTICO_SIGNER_SIGNER_NATIVE_H
#define AUTENTICO_SIGNER_SIGNER_NATIVE_H

#include "crypto/jwk.h"

struct gnutls_privkey_st; /* a private key, in memory */

/* A new RSA-2048, P-256 or Ed25519 key as PKCS#8 DER, on `a`. */
MUST_CHECK enum rc native_generate(struct arena *a, enum jws_alg alg, struct bytes *der);

/* The caller frees them with native_free().  RC_NONE: not such a key. */
MUST_CHECK enum rc native_import(struct bytes der, enum jws_alg alg, struct gnutls_privkey_st **out);
/* RSA of 2048 to 8192 bits, one PEM block, PKCS#1 or PKCS#8.  RC_REFUSED, and why. */
MUST_CHECK enum rc native_import_pem(const char *pem, struct gnutls_privkey_st **out, const char **why);
void native_free(struct gnutls_privkey_st *key);

/* The signature of RFC 7518 3.3, 3.4 or RFC 8037 3.1. */
MUST_CHECK enum rc native_sign(struct arena *a, struct gnutls_privkey_st *key, enum jws_alg alg,
                               struct bytes input, struct bytes *out);

/* kty, kid, use, alg, then the public members; a NULL kid is left out. */
MUST_CHECK enum rc native_public_jwk(struct arena *a, struct gnutls_privkey_st *key,
                                     enum jws_alg alg, const char *kid, const char **out);

#endif
