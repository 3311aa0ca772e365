/* The parameter `token` of introspection and revocation. */
#ifndef AUTENTICO_OIDC_TOKEN_PARAM_H
#define AUTENTICO_OIDC_TOKEN_PARAM_H

#include "http/exchange.h"

/* From the form; where `may_be_json`, from {"token":…} as well (http-api 6.4).
 * token_type_hint is ignored (RFC 7009 2.1).  RC_REFUSED INVALID_REQUEST. */
MUST_CHECK enum rc token_param(struct exchange *x, bool may_be_json, const char **out);

#endif
