#include "config.h"

#include "crypto/jwk.h"
#include "http/response.h"
#include "oidc/bearer.h"
#include "oidc/endpoints.h"
#include "oidc/token_param.h"
#include "store/clients.h"
#include "util/encode.h"

/* RFC 7662 2.2.  All that is said of a token that is not active is that (IN-03). */
static enum rc respond_inactive(struct exchange *x)
{
    struct json *out = json_object(x->arena);

    json_set_bool(out, "active", false);
    return respond_json(x, 200, out);
}

/* An access token says itself how long it is good, too (JO-10).  A refresh token is as
 * alive as its pair, but for its own expiry. */
static bool is_active(const struct exchange *x, const struct token_value *v)
{
    struct token_view view = v->view;

    if (token_check_times(x, v) != RC_OK)
        return false;
    if (v->is_refresh)
        view.token.access_expires_at = view.token.refresh_expires_at;
    return token_is_live(&view, x->now);
}

/* RFC 7662 4 (IN-08): the token's client, a member of its audience (NULL: a refresh
 * token, nobody's business but its client's), or an administrator. */
static bool is_entitled(const struct exchange *x, const struct token_value *v, const struct json *aud)
{
    if (x->client == NULL)
        return true;
    if (text_same(x->client->client_id, v->view.family.client_id))
        return true;
    return audience_has(aud, x->client->client_id);
}

static enum rc respond_active(struct exchange *x, const struct token_value *v, struct json *aud)
{
    const struct token *t = &v->view.token;
    struct json *out = json_object(x->arena);
    char *jti = arena_alloc(x->arena, 21);

    selector_to_id(t->selector, jti);
    json_set_bool(out, "active", true);
    json_set_str(out, "scope", text_or(t->scope, ""));
    json_set_str(out, "client_id", v->view.family.client_id);
    json_set_str(out, "sub", v->view.family.user_id); /* nobody's: neither of the two */
    json_set_str(out, "username", v->view.username);
    json_set_str(out, "token_type", "Bearer");
    json_set_int(out, "exp", v->is_refresh ? t->refresh_expires_at : t->access_expires_at);
    json_set_int(out, "iat", t->issued_at);
    json_set_str(out, "iss", x->conf->issuer);
    if (aud != NULL)
        json_set(out, "aud", aud);
    json_set_str(out, "jti", jti);
    return respond_json(x, 200, out);
}

/* The gate has admitted a client or an administrator (WHO_CLIENT_OR_ADMIN). */
enum rc introspect_handle(struct exchange *x)
{
    struct json *aud = NULL;
    struct token_value v;
    const char *value;
    enum rc rc;

    if (x->client != NULL && x->client->is_public) /* RFC 7662 2.1 (IN-02) */
        return refuse(&x->no, REFUSE_INVALID_CLIENT, "A public client cannot introspect tokens");
    TRY(token_param(x, true, &value));
    rc = token_read(x, value, &v);
    if (rc == RC_NONE)
        return respond_inactive(x);
    TRY(rc);
    if (!v.is_refresh)
        TRY(token_audience(x, &v, &aud));
    if (!is_active(x, &v) || !is_entitled(x, &v, aud))
        return respond_inactive(x);
    return respond_active(x, &v, aud);
}
