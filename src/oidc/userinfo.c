#include "config.h"

#include "http/response.h"
#include "oidc/claims.h"
#include "oidc/endpoints.h"
#include "store/tokens.h"
#include "store/users.h"

/* Core 5.3.2.  The gate has checked the token (WHO_BEARER).  Claims are those of
 * now, not of when the token was made. */
enum rc userinfo_handle(struct exchange *x)
{
    const struct token_view *t = x->token;
    struct user u;
    enum rc rc;

    if (t->family.user_id == NULL) /* client_credentials (BT-09) */
        return refuse(&x->no, REFUSE_INVALID_TOKEN, "This token does not belong to a person");
    if (!text_list_has(t->token.scope, "openid")) /* BT-07 */
        return refuse(&x->no, REFUSE_INSUFFICIENT_SCOPE, "The access token lacks the scope openid");
    rc = users_profile(x->db, x->arena, t->family.user_id, &u);
    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_INVALID_TOKEN, NULL);
    TRY(rc);
    return respond_json(x, 200, claims_userinfo(x->arena, &u, t->token.scope));
}
