/* Scopes (RFC 6749 3.3). */
#ifndef AUTENTICO_OIDC_SCOPE_H
#define AUTENTICO_OIDC_SCOPE_H

#include "util/text.h"

#define SCOPES_SUPPORTED "openid profile email address phone offline_access groups"

/* Words of `asked` that the client may have, doubled spaces folded.  RC_REFUSED
 * INVALID_SCOPE: one it may not (http-api 5.1; OA-20 the contract). An empty
 * `allowed` allows everything, an empty `asked` passes. */
MUST_CHECK enum rc scope_check(struct arena *a, const char *asked, const char *allowed, struct refusal *no, const char **out);

#endif
