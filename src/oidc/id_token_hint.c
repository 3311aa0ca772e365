#include "config.h"

#include "oidc/id_token_hint.h"

#include "oidc/keys.h"

/* An access token is signed by the same key: it has a `typ` and an aud that is a
 * list (flows 10). */
static bool is_id_token(const struct json *claims)
{
    return !json_has(claims, "typ") && !json_has(claims, "events") &&
           json_type(json_get(claims, "aud")) == JSON_STRING;
}

enum rc id_token_hint_read(struct exchange *x, const char *hint, struct id_token_hint *out)
{
    struct id_token_hint h = { 0 };
    struct json *claims;
    const char *iss;

    TRY(jws_verify(x->arena, hint, x->key_set->v, x->key_set->n, "JWT", &claims));
    TRY(json_get_str(claims, "iss", &iss));
    if (!text_same(iss, x->conf->issuer) || !is_id_token(claims))
        return RC_NONE;
    TRY(json_get_str(claims, "sub", &h.sub));
    TRY(json_get_str(claims, "aud", &h.client_id));
    if (text_empty(h.sub) || text_empty(h.client_id))
        return RC_NONE;
    h.sid = json_str(json_get(claims, "sid"));
    *out = h;
    return RC_OK;
}
