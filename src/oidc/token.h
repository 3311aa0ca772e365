/* The grants of the token endpoint (http-api 6.1), one function each: they bind
 * their parameters, decide and answer. */
#ifndef AUTENTICO_OIDC_TOKEN_H
#define AUTENTICO_OIDC_TOKEN_H

#include "http/exchange.h"

struct client;
/* x->client is set when the request named one; it has authenticated then. */
MUST_CHECK enum rc grant_code(struct exchange *x);
MUST_CHECK enum rc grant_refresh(struct exchange *x);
MUST_CHECK enum rc grant_client(struct exchange *x);
MUST_CHECK enum rc grant_password(struct exchange *x);

/* RC_REFUSED UNAUTHORIZED_CLIENT unless the client is registered for the grant. */
MUST_CHECK enum rc grant_check_registered(struct exchange *x, const struct client *c, const char *grant_type);

#endif
