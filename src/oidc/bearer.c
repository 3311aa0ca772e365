#include "config.h"

#include "oidc/bearer.h"

#include <string.h>

#include "crypto/hash.h"
#include "http/request.h"
#include "oidc/issue.h"
#include "oidc/keys.h"
#include "oidc/refund.h"

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

/* ---- claims ---- */

bool claim_aud_has(const struct json *claims, const char *audience)
{
    const struct json *aud = json_get(claims, "aud");

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

    TRY(jws_verify(x->arena, token, x->key_set->v, x->key_set->n, "JWT", &claims));
    if (!is_claim(claims, "iss", x->conf->issuer) || !is_claim(claims, "typ", "Bearer") ||
        !claim_aud_has(claims, x->conf->issuer))
        return RC_NONE;
    *out = claims;
    return RC_OK;
}

enum rc bearer_claims(struct exchange *x, const char *token, struct json **out)
{
    struct json *claims;

    TRY(genuine_claims(x, token, &claims));
    TRY(jwt_check_times(claims, x->now));
    *out = claims;
    return RC_OK;
}

/* ---- the row behind it ---- */

/* The row must tell the same story as the claims: whose, and for which client. */
static bool agrees(const struct token_view *v, const struct json *claims)
{
    const char *sub = v->family.user_id != NULL ? v->family.user_id : v->family.client_id;

    return is_claim(claims, "sub", sub) && is_claim(claims, "azp", v->family.client_id);
}

static enum rc row_of(struct exchange *x, const struct json *claims, struct token_view *out)
{
    struct token_view v;
    int64_t selector;
    const char *jti;

    TRY(json_get_str(claims, "jti", &jti));
    TRY(id_to_selector(jti, &selector));
    TRY(tokens_find(x->db, x->arena, selector, &v));
    if (!agrees(&v, claims))
        return RC_NONE;
    *out = v;
    return RC_OK;
}

static enum rc live_row(struct exchange *x, const struct json *claims)
{
    struct token_view *v = arena_new(x->arena, struct token_view);

    TRY(row_of(x, claims, v));
    if (!token_is_live(v, x->now))
        return RC_NONE;
    x->token = v;
    return RC_OK;
}

static enum rc check(struct exchange *x, const char *token, struct json **out)
{
    TRY(bearer_claims(x, token, out));
    return live_row(x, *out);
}

enum rc bearer_check(struct exchange *x, const char *token, struct json **payload)
{
    struct json *claims = NULL;
    enum rc rc = check(x, token, &claims);

    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_INVALID_TOKEN, NULL);
    TRY(rc);
    refund_proven(x);
    if (payload != NULL)
        *payload = claims;
    return RC_OK;
}

enum rc bearer_live(struct exchange *x, const struct json *claims)
{
    enum rc rc = live_row(x, claims);

    return rc == RC_NONE ? refuse(&x->no, REFUSE_INVALID_TOKEN, NULL) : rc;
}

/* ---- any value, in any state ---- */

static enum rc read_refresh(struct exchange *x, const char *value, struct token_value *out)
{
    struct refresh_value r;

    TRY(issue_read_refresh(value, &r));
    TRY(tokens_find(x->db, x->arena, r.selector, &out->view));
    if (!ct_equal(out->view.token.refresh_hash, BYTES(r.hash)))
        return RC_NONE;
    out->is_refresh = true;
    return RC_OK;
}

static enum rc read_access(struct exchange *x, const char *value, struct token_value *out)
{
    TRY(genuine_claims(x, value, &out->claims));
    return row_of(x, out->claims, &out->view);
}

enum rc token_read(struct exchange *x, const char *value, struct token_value *out)
{
    struct token_value v = { 0 };

    TRY(strchr(value, '.') != NULL ? read_access(x, value, &v) : read_refresh(x, value, &v));
    *out = v;
    return RC_OK;
}

enum rc token_by_value(struct exchange *x, const char *value, struct token_view *out, bool *is_refresh)
{
    struct token_value v;

    TRY(token_read(x, value, &v));
    *out = v.view;
    *is_refresh = v.is_refresh;
    return RC_OK;
}
