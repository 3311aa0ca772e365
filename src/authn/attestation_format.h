/* What the formats of attestation statements share; one function each. */
#ifndef AUTENTICO_AUTHN_ATTESTATION_FORMAT_H
#define AUTENTICO_AUTHN_ATTESTATION_FORMAT_H

#include "authn/attestation.h"
#include "crypto/x509.h"

/* A statement in hand. */
struct attested {
    struct arena *a;
    const struct attestation *at;
    const struct cose_key *key;       /* of the credential */
    struct bytes client_data_hash;
    struct bytes to_be_signed;        /* authenticator data, client data hash */
};

/* alg, sig and the first certificate of x5c.  RC_NONE: missing or malformed. */
MUST_CHECK enum rc attested_alg(const struct attested *t, int64_t *out);
MUST_CHECK enum rc attested_signature(const struct attested *t, struct bytes *out);
MUST_CHECK enum rc attested_cert(const struct attested *t, struct x509_cert *out);
size_t attested_certs_n(const struct attested *t);
bool attested_has(const struct attested *t, const char *name);
/* id-fido-gen-ce-aaguid, where the certificate has it, is that of the authenticator. */
MUST_CHECK enum rc attested_aaguid(const struct attested *t, const struct x509_cert *c);

MUST_CHECK enum rc attestation_packed(const struct attested *t);    /* WebAuthn 8.2 */
MUST_CHECK enum rc attestation_tpm(const struct attested *t);       /* 8.3 */
MUST_CHECK enum rc attestation_android(const struct attested *t);   /* 8.4 */
MUST_CHECK enum rc attestation_u2f(const struct attested *t);       /* 8.6 */
MUST_CHECK enum rc attestation_apple(const struct attested *t);     /* 8.8 */

#endif
