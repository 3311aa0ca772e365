/* Client authentication (RFC 6749 2.3, OIDC Core 9, http-api 1.11). */
#ifndef AUTENTICO_OIDC_CLIENT_AUTH_H
#define AUTENTICO_OIDC_CLIENT_AUTH_H

#include "http/exchange.h"

enum client_need { CLIENT_REQUIRED, CLIENT_OPTIONAL };
/*
 * client_secret_basic, client_secret_post, none, each only for clients registered
 * for it; two methods at once, a secret in the query, Basic and client_id that
 * differ: refused.  Sets x->client.  RC_REFUSED INVALID_CLIENT or INVALID_REQUEST.
 */
MUST_CHECK enum rc client_authenticate(struct exchange *x, enum client_need need);

/* Does the Authorization header carry Basic credentials? */
bool client_has_basic(const struct exchange *x);

#endif
