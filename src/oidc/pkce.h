/* Proof Key for Code Exchange (RFC 7636). */
#ifndef AUTENTICO_OIDC_PKCE_H
#define AUTENTICO_OIDC_PKCE_H

#include "util/rc.h"

struct arena;
/* The challenge of an authorization request: method S256 (or "", which means S256
 * here), 43 base64url characters; plain only while enforce_s256 is false. */
MUST_CHECK enum rc pkce_check_challenge(const char *challenge, const char *method, int enforce_s256, struct refusal *no);
/* 4.6: RC_REFUSED invalid_grant: missing, malformed or wrong verifier, or a
 * verifier without a challenge (BCP 4.8.2). */
MUST_CHECK enum rc pkce_verify(struct arena *a, const char *challenge, const char *method, const char *verifier,
                               struct refusal *no);

#endif
