#include "config.h"

#include "http/response.h"
#include "oidc/endpoints.h"
#include "oidc/keys.h"

/* RFC 7517 5 */
enum rc jwks_handle(struct exchange *x)
{
    x->rs->cache_control = JWKS_CACHE_CONTROL;
    return respond_bytes(x, 200, "application/json", bytes_of(x->key_set->jwks));
}
