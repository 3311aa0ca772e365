/*
 * The authorization endpoint, and the one function that can issue a code.
 */
#ifndef AUTENTICO_OIDC_AUTHORIZE_H
#define AUTENTICO_OIDC_AUTHORIZE_H

#include "authn/password.h"
#include "oidc/authz_request.h"
#include "store/sessions.h"

enum rc authorize_handle(struct exchange *x); /* GET|POST {oauth}/authorize */

/*
 * May this person be the one that signs in?  RC_NONE: id_token_hint names another,
 * or prompt=login was to re-authenticate another whose session is live here.
 * RC_REFUSED: the hint is none of ours.
 */
MUST_CHECK enum rc authorize_expects(struct exchange *x, const struct authz_request *r, const char *user_id);

/*
 * End of every way in: re-checks client, redirect_uri, scope, PKCE, prompt and
 * max_age against session.auth_time, writes code (and the new session, when
 * is_new, or what the old one has become, when is_stronger) and audit row in one
 * transaction, and answers with the redirect or form_post.
 *   session  live; belongs to an active user; has every factor that is demanded
 *   event    audit event ("login_success"), or NULL for SSO reuse
 */
struct authorization {
    const struct authz_request *request;
    struct session *session;
    bool is_new, is_stronger;
    const char *cookie;       /* of a new session, or the new one of a stronger one */
    const struct user *user;
    struct right_password *password; /* given just now and not recorded yet, or NULL */
    const char *event, *method;
};
enum rc authorize_complete(struct exchange *x, const struct authorization *z);

#endif
