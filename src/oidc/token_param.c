#include "config.h"

#include "oidc/token_param.h"

#include "http/fields.h"

struct token_param { const char *token, *token_type_hint; };
/* Whatever is no token of ours is unknown, not malformed (RFC 7009 2.2); the hint is
 * not looked at (RV-06), but there is one at most (HT-03). */
static const struct field fields[] = {
    FIELD(token_param, token, F_REQUIRED, 16384, NULL),
    FIELD(token_param, token_type_hint, F_OPTIONAL, 16384, NULL),
};

enum rc token_param(struct exchange *x, bool may_be_json, const char **out)
{
    struct token_param p = { 0 };

    if (x->rq->is_form)
        TRY(form_bind(x, fields, ARRAY_LEN(fields), &p));
    else if (may_be_json)
        TRY(json_bind(x, fields, ARRAY_LEN(fields), &p, NULL));
    else
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "Send the parameters as application/x-www-form-urlencoded");
    if (text_empty(p.token))
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "token is missing");
    *out = p.token;
    return RC_OK;
}
