/*
 * The verification lists of WebAuthn Level 3, step by step: 7.1 for a credential that was
 * made, 7.2 for one that was shown.  What needs the store (is the credential known, whose is
 * it, is the counter higher) is the caller's (authn/passkey.h).  Total: made for bytes of
 * anybody; the parsers below are in authn/client_data.h, authenticator_data.h, attestation.h,
 * crypto/ctap.h and cose.h.
 */
#ifndef AUTENTICO_AUTHN_WEBAUTHN_H
#define AUTENTICO_AUTHN_WEBAUTHN_H

#include <stdbool.h>

#include "util/json.h"

#define WEBAUTHN_CHALLENGE_BYTES 32
#define WEBAUTHN_TRANSPORTS_MAX 8

/* What we asked for. */
struct webauthn_expected {
    struct bytes challenge;
    const char *origin, *rp_id;
    bool needs_user_verified;
};

/* What the browser sent, decoded: of an attestation response, and of an assertion response. */
struct webauthn_made { struct bytes id, client_data, attestation_object; const char *transports; };
struct webauthn_shown { struct bytes id, client_data, authenticator_data, signature, user_handle; }; /* user_handle.n 0: none */

/* The PublicKeyCredential of http-api 5.5.  RC_NONE: a member is missing, or is none of its
 * type or encoding; id and rawId differ; the authenticator data of an assertion is malformed. */
MUST_CHECK enum rc webauthn_made_read(struct arena *a, const struct json *body, struct webauthn_made *out);
MUST_CHECK enum rc webauthn_shown_read(struct arena *a, const struct json *body, struct webauthn_shown *out);

/* A new credential. */
struct webauthn_credential {
    struct bytes id, public_key, aaguid;
    int64_t alg;
    uint32_t sign_count;
    bool is_user_verified, is_backup_eligible, is_backed_up;
};

/* RC_NONE: not good; `*why` names the step, for the log and never for the client. */
MUST_CHECK enum rc webauthn_register(struct arena *a, const struct webauthn_expected *e, const struct webauthn_made *made,
                                     struct webauthn_credential *out, const char **why);

/* The credential as it is stored. */
struct webauthn_known { struct bytes public_key; bool is_backup_eligible; };
/* What was learnt; the caller demands that sign_count is higher than the stored one, unless both are 0. */
struct webauthn_seen { uint32_t sign_count; bool is_user_verified, is_backed_up; };

MUST_CHECK enum rc webauthn_authenticate(struct arena *a, const struct webauthn_expected *e,
                                         const struct webauthn_known *known, const struct webauthn_shown *shown,
                                         struct webauthn_seen *out, const char **why);

#endif
