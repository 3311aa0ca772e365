/*
 * Certificates of authenticators: what attestation statements ask of them (WebAuthn 8).
 * Chains are not followed: no attestation is demanded, so there are no roots to trust.
 */
#ifndef AUTENTICO_CRYPTO_X509_H
#define AUTENTICO_CRYPTO_X509_H

#include <stdbool.h>

#include "util/arena.h"

struct x509_cert {
    void *crt; /* gnutls_x509_crt_t */
    void *key; /* gnutls_pubkey_t; both live on the arena */
};

/* One certificate in DER, of at most 64 KiB.  RC_NONE: it is none, or has no key we know. */
MUST_CHECK enum rc x509_read(struct arena *a, struct bytes der, struct x509_cert *out);

/* Version 3, subject with C, O, CN and OU "Authenticator Attestation", no CA (WebAuthn 8.2.1). */
bool x509_is_attestation(struct arena *a, const struct x509_cert *c);
/* Version 3, no subject but alternative names, for attestation identity keys, no CA (8.3.1). */
bool x509_is_tpm(struct arena *a, const struct x509_cert *c);
bool x509_is_p256(const struct x509_cert *c);

/* The value of an extension.  RC_NONE: absent. */
struct x509_extension { struct bytes value; bool is_critical; };
MUST_CHECK enum rc x509_extension(struct arena *a, const struct x509_cert *c, const char *oid, struct x509_extension *out);

#endif
