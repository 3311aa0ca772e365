/*
 * Authenticator data (WebAuthn 6.1): what an authenticator says, and signs, at every
 * ceremony.  Total: any bytes give an answer.
 */
#ifndef AUTENTICO_AUTHN_AUTHENTICATOR_DATA_H
#define AUTENTICO_AUTHN_AUTHENTICATOR_DATA_H

#include <stdbool.h>

#include "util/arena.h"

#define CREDENTIAL_ID_MAX 1023 /* WebAuthn 7.1 */
#define AAGUID_BYTES 16

/* Everything points into what was read. */
struct authenticator_data {
    struct bytes rp_id_hash;
    bool is_user_present, is_user_verified, is_backup_eligible, is_backed_up;
    uint32_t sign_count;
    bool has_credential;        /* the four below: attested credential data */
    struct bytes aaguid;
    struct bytes credential_id; /* of any length, also 0 or beyond CREDENTIAL_ID_MAX */
    struct bytes public_key;    /* COSE_Key, as encoded */
    bool has_extensions;
};

/* RC_NONE: shorter than it must be, a flag without what it announces, bytes left over. */
MUST_CHECK enum rc authenticator_data_read(struct arena *a, struct bytes in, struct authenticator_data *out);

#endif
