#include "config.h"

#include "pages/flow.h"

#include "authn/session.h"
#include "http/response.h"
#include "oidc/authorize.h"

enum rc flow_show_again(struct exchange *x, const struct authz_request *r, const char *error)
{
    x->no.return_to = NULL;
    return respond_redirect(x, authz_request_url(x, r, "error", error, NULL));
}

enum rc flow_complete(struct exchange *x, const struct proof *p)
{
    struct session *session = arena_new(x->arena, struct session);
    struct authorization z = {
        .request = p->request,
        .session = session,
        .is_new = true,
        .user = p->user,
        .event = p->event,
        .method = p->method,
    };

    enum rc rc = authorize_expects(x, p->request, p->user->id);
    if (rc == RC_NONE)
        return flow_show_again(x, p->request, "other_user");
    TRY(rc);
    session_new(x, p->user->id, p->is_two_factors ? "2" : "1", p->amr, session, &z.cookie);
    return authorize_complete(x, &z);
}

enum rc flow_after_first_factor(struct exchange *x, const struct proof *p)
{
    return flow_complete(x, p);
}
