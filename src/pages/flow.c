#include "config.h"

#include "pages/flow.h"

#include "authn/assurance.h"
#include "authn/session.h"
#include "http/response.h"
#include "oidc/authorize.h"
#include "oidc/second_factor.h"

enum rc flow_show_again(struct exchange *x, const struct authz_request *r, const char *error)
{
    x->no.return_to = NULL;
    return respond_redirect(x, authz_request_url(x, r, "error", error, NULL));
}

static const char *acr_of(const struct proof *p)
{
    return p->is_two_factors ? "2" : "1";
}

/* RC_NONE: this is not who is expected; the person was sent back. */
static enum rc expect(struct exchange *x, const struct proof *p)
{
    enum rc rc = authorize_expects(x, p->request, p->user->id);

    if (rc != RC_NONE)
        return rc;
    TRY(flow_show_again(x, p->request, "other_user"));
    return RC_NONE;
}

enum rc flow_complete(struct exchange *x, const struct proof *p)
{
    struct session *session = arena_new(x->arena, struct session);
    struct authorization z = {
        .request = p->request,
        .session = session,
        .is_new = true,
        .user = p->user,
        .password = p->password,
        .event = p->event,
        .method = p->method,
    };
    enum rc rc = expect(x, p);

    if (rc != RC_OK)
        return rc == RC_NONE ? RC_OK : rc;
    session_new(x, p->user->id, acr_of(p), p->amr, session, &z.cookie);
    session->trusted_device_id = p->trusted_device_id;
    return authorize_complete(x, &z);
}

/* RC_NONE: not the session this began with, or it no longer does. */
static enum rc find_session(struct exchange *x, const struct proof *p, const char *session_id)
{
    TRY(session_find(x));
    if (!text_same(x->session->id, session_id) || !text_same(x->session->user_id, p->user->id))
        return RC_NONE;
    return session_is_fresh(x, x->session, 0, p->request->max_age) ? RC_OK : RC_NONE;
}

enum rc flow_step_up(struct exchange *x, const struct proof *p, const char *session_id)
{
    struct session *session = arena_new(x->arena, struct session);
    struct authorization z = {
        .request = p->request,
        .session = session,
        .is_stronger = true,
        .user = p->user,
        .event = p->event,
        .method = p->method,
    };
    enum rc rc = find_session(x, p, session_id);

    if (rc == RC_NONE)
        return flow_show_again(x, p->request, "expired");
    TRY(rc);
    session_stronger(x, x->session, acr_of(p), p->amr, session, &z.cookie);
    return authorize_complete(x, &z);
}

static enum rc ask_for_second(struct exchange *x, const struct proof *p, enum assurance_step step)
{
    struct second_factor s = { p->request, p->user->id, step, p->amr, NULL, p->password };

    if (step == ASSURANCE_STUCK)
        return flow_show_again(x, p->request, "mfa_unavailable");
    if (step == ASSURANCE_PASSKEY)
        return flow_show_again(x, p->request, "use_passkey");
    return second_factor_begin(x, &s);
}

enum rc flow_after_first_factor(struct exchange *x, const struct proof *p)
{
    struct assurance_ask ask = { .user = p->user, .client = p->request->client,
                                 .acr_values = p->request->acr_values, .acr = acr_of(p) };
    struct proof proven = *p;
    struct assurance next;
    enum rc rc = expect(x, p);

    if (rc != RC_OK)
        return rc == RC_NONE ? RC_OK : rc;
    TRY(assurance_next(x, &ask, &next));
    if (next.step != ASSURED)
        return ask_for_second(x, p, next.step);
    proven.trusted_device_id = next.trusted_device_id;
    return flow_complete(x, &proven);
}
