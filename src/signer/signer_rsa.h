/*
 * RSA signatures by libcrypto (design D7a), which keeps its blinding values from one
 * signature to the next and checks the result before it leaves.  When configure was
 * told or found otherwise, nothing is here and GnuTLS signs.
 */
#ifndef AUTENTICO_SIGNER_SIGNER_RSA_H
#define AUTENTICO_SIGNER_SIGNER_RSA_H

#include <stdbool.h>

#include "util/text.h"

struct rsa_key;

bool rsa_is_here(void);
/* A private key, PKCS#1 or PKCS#8 DER; free it with rsa_free().  RC_NONE: not here;
 * RC_FAULT: not such a key. */
MUST_CHECK enum rc rsa_import(struct bytes der, struct rsa_key **out);
void rsa_free(struct rsa_key *k);
/* RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 3.3); on `a`. */
MUST_CHECK enum rc rsa_sign(struct arena *a, struct rsa_key *k, struct bytes input, struct bytes *out);

#endif
