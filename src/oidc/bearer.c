#include "config.h"

#include "oidc/bearer.h"

#include <string.h>

#include "crypto/hash.h"
#include "http/request.h"
#include "oidc/issue.h"
#include "oidc/keys.h"
#include "oidc/refund.h"
#include "store/clients_kept.h"

/* ---- the token of the request (RFC 6750 2) ---- */

/* "Bearer", one space, a token of b64token's characters (RFC 6750 2.1; HT-24). */
static enum rc header_token(struct exchange *x, const char **out)
{
    const char *text = x->rq->authorization, *space = strchr(text, ' ');

    if (space == NULL || space - text != 6 || strncasecmp(text, "Bearer", 6) != 0 || space[1] == '\0' ||
        strchr(space + 1, ' ') != NULL || !is_vschar(space + 1))
        return refuse(&x->no, REFUSE_BEARER_REQUEST, NULL);
    *out = space + 1;
    return RC_OK;
}

/* RFC 6750 2.2: in the body of a form post only. */
static enum rc form_token(struct exchange *x, const char **out)
{
    bool is_repeated;
    const char *token;

    if (x->rq->method != M_POST || !x->rq->is_form)
        return RC_NONE;
    if (x->rq->is_bad_form)
        return refuse(&x->no, REFUSE_BAD_REQUEST, NULL);
    token = param_get(&x->rq->form, "access_token", &is_repeated);
    if (is_repeated)
        return refuse(&x->no, REFUSE_BEARER_TWICE, NULL);
    if (token == NULL)
        return RC_NONE;
    *out = token;
    return RC_OK;
}

enum rc bearer_token(struct exchange *x, bool may_be_in_form, const char **out)
{
    const char *form = NULL;
    enum rc rc = may_be_in_form ? form_token(x, &form) : RC_NONE;

    if (rc != RC_NONE)
        TRY(rc);
    if (!x->rq->has_authorization) {
        if (form == NULL)
            return refuse(&x->no, REFUSE_NO_TOKEN, NULL);
        *out = form;
        return RC_OK;
    }
    if (form != NULL) /* BT-04 */
        return refuse(&x->no, REFUSE_BEARER_TWICE, NULL);
    return header_token(x, out);
}

/* ---- what it says and the row behind it ---- */

bool audience_has(const struct json *aud, const char *audience)
{
    if (json_type(aud) == JSON_STRING)
        return text_same(json_str(aud), audience);
    if (json_type(aud) != JSON_ARRAY)
        return false;
    for (size_t i = 0; i < json_len(aud); i++)
        if (text_same(json_str(json_at(aud, i)), audience))
            return true;
    return false;
}

static bool is_claim(const struct json *claims, const char *name, const char *value)
{
    const char *text = json_str(json_get(claims, name));

    return text != NULL && value != NULL && strcmp(text, value) == 0;
}

/* JO-06: an ID token is signed by the same key; `typ` and `aud` tell them apart. */
static enum rc genuine_claims(struct exchange *x, const char *token, struct json **out)
{
    struct json *claims;

    TRY(jws_verify_once(x->arena, x->key_set->seen, token, x->key_set->v, x->key_set->n, "JWT", &claims));
    if (!is_claim(claims, "iss", x->conf->issuer) || !is_claim(claims, "typ", "Bearer") ||
        !audience_has(json_get(claims, "aud"), x->conf->issuer))
        return RC_NONE;
    *out = claims;
    return RC_OK;
}

/* The row must tell the same story as the claims: whose, and for which client. */
static bool agrees(const struct token_view *v, const struct json *claims)
{
    const char *sub = v->family.user_id != NULL ? v->family.user_id : v->family.client_id;

    return is_claim(claims, "sub", sub) && is_claim(claims, "azp", v->family.client_id);
}

static enum rc read_jwt(struct exchange *x, const char *value, struct token_value *out)
{
    int64_t selector;
    const char *jti;

    TRY(genuine_claims(x, value, &out->claims));
    TRY(json_get_str(out->claims, "jti", &jti));
    TRY(id_to_selector(jti, &selector));
    TRY(tokens_shown(x->db, x->arena, selector, &out->view));
    return agrees(&out->view, out->claims) ? RC_OK : RC_NONE;
}

static enum rc read_opaque(struct exchange *x, const char *value, struct token_value *out)
{
    const struct token *row = &out->view.token;
    struct opaque_value o;

    TRY(issue_read_opaque(value, &o));
    TRY(tokens_shown(x->db, x->arena, o.selector, &out->view));
    out->is_refresh = ct_equal(row->refresh_hash, BYTES(o.hash));
    return out->is_refresh || ct_equal(row->access_hash, BYTES(o.hash)) ? RC_OK : RC_NONE;
}

enum rc token_read(struct exchange *x, const char *value, struct token_value *out)
{
    struct token_value v = { 0 };

    TRY(strchr(value, '.') != NULL ? read_jwt(x, value, &v) : read_opaque(x, value, &v));
    *out = v;
    return RC_OK;
}

enum rc token_audience(struct exchange *x, const struct token_value *v, struct json **out)
{
    struct client *c;

    if (v->claims != NULL) {
        *out = json_get(v->claims, "aud");
        return RC_OK;
    }
    TRY(clients_known(x->clients, x->db, x->arena, v->view.family.client_id, &c));
    *out = issue_audience(x, c);
    return RC_OK;
}

/* The clock was set back: what our own row says is the earliest it can be. */
enum rc token_check_times(const struct exchange *x, const struct token_value *v)
{
    int64_t issued_at = v->view.token.issued_at;

    return v->claims == NULL ? RC_OK : jwt_check_times(v->claims, x->now > issued_at ? x->now : issued_at);
}

/* ---- an access token at our own endpoints ---- */

static enum rc read_access(struct exchange *x, const char *token, struct token_value *out)
{
    struct token_value v;

    TRY(token_read(x, token, &v));
    if (v.is_refresh)
        return RC_NONE;
    TRY(token_check_times(x, &v));
    if (v.view.token.access_expires_at <= x->now)
        return RC_NONE;
    *out = v;
    return RC_OK;
}

enum rc bearer_read(struct exchange *x, const char *token, struct token_value *out)
{
    enum rc rc = read_access(x, token, out);

    return rc == RC_NONE ? refuse(&x->no, REFUSE_INVALID_TOKEN, NULL) : rc;
}

enum rc bearer_live(struct exchange *x, const struct token_value *v)
{
    if (!token_is_live(&v->view, x->now))
        return refuse(&x->no, REFUSE_INVALID_TOKEN, NULL);
    x->token = arena_memdup(x->arena, &v->view, sizeof(v->view));
    return RC_OK;
}

enum rc bearer_check(struct exchange *x, const char *token)
{
    struct token_value v;

    TRY(bearer_read(x, token, &v));
    TRY(bearer_live(x, &v));
    refund_proven(x);
    return RC_OK;
}
