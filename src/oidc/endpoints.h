/* Handlers of this room that are one function each; their rows are in routes.c. */
#ifndef AUTENTICO_OIDC_ENDPOINTS_H
#define AUTENTICO_OIDC_ENDPOINTS_H

#include "http/exchange.h"

enum rc token_handle(struct exchange *x);      /* POST {oauth}/token (RFC 6749 3.2) */
enum rc userinfo_handle(struct exchange *x);   /* GET|POST {oauth}/userinfo (Core 5.3) */
enum rc introspect_handle(struct exchange *x); /* POST {oauth}/introspect (RFC 7662) */
enum rc revoke_handle(struct exchange *x);     /* POST {oauth}/revoke (RFC 7009) */
enum rc jwks_handle(struct exchange *x);       /* GET {oauth}/.well-known/jwks.json (RFC 7517 5) */
enum rc discovery_handle(struct exchange *x);  /* GET …/.well-known/openid-configuration */
/* GET /.well-known/oauth-authorization-server, and with the issuer's path behind it
 * (RFC 8414 3.1). */
enum rc discovery_infix_handle(struct exchange *x);

#endif
