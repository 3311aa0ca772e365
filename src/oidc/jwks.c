#include "config.h"

#include "http/response.h"
#include "oidc/endpoints.h"
#include "oidc/keys.h"

/* RFC 7517 5.  Five minutes is also how long a new key waits before it signs
 * (design D4; MD-25, MD-26). */
enum rc jwks_handle(struct exchange *x)
{
    x->rs->cache_control = "public, max-age=300";
    return respond_bytes(x, 200, "application/json", bytes_of(x->key_set->jwks));
}
