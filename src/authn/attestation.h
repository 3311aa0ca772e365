/*
 * Attestation objects (WebAuthn 6.5, 8): what an authenticator says of the credential it
 * has made.  We ask for "none", and browsers then take everything else away; what comes all
 * the same is checked by the rules of its format, and an unknown format is refused.  Known:
 * none, packed (self and x5c), fido-u2f, apple, android-key, tpm.  No chain is followed: no
 * attestation is demanded (WR-21, WR-22).
 */
#ifndef AUTENTICO_AUTHN_ATTESTATION_H
#define AUTENTICO_AUTHN_ATTESTATION_H

#include "authn/authenticator_data.h"
#include "crypto/cose.h"

struct attestation {
    const struct ctap_item *format;     /* text */
    const struct ctap_item *statement;  /* map */
    struct bytes raw_data;              /* authenticator data as signed */
    struct authenticator_data data;
};

/* Total.  RC_NONE: not one canonical map of fmt, attStmt and authData, or bytes after it. */
MUST_CHECK enum rc attestation_read(struct arena *a, struct bytes object, struct attestation *out);

/*
 * The verification procedure of the format.
 *   client_data_hash  SHA-256 of clientDataJSON
 *   key               the credential's, out of data.public_key
 * RC_NONE  the statement is not good, or its format is unknown
 */
MUST_CHECK enum rc attestation_check(struct arena *a, const struct attestation *at, struct bytes client_data_hash,
                                     const struct cose_key *key);

#endif
