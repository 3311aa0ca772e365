/*
 * Sign-in of the two consoles by the ordinary code flow of their seeded clients
 * (design D13, D14).  State, PKCE verifier and the page to return to travel sealed
 * in a short-lived cookie.
 */
#ifndef AUTENTICO_OIDC_CONSOLE_H
#define AUTENTICO_OIDC_CONSOLE_H

#include "http/exchange.h"

/* 302 to authorize; back to `path` (of this console) afterwards. */
enum rc console_start(struct exchange *x, const char *console, const char *path);
/* … with two factors (acr_values=2), also for somebody who is signed in with one. */
enum rc console_start_stronger(struct exchange *x, const char *console, const char *path);
/* GET /admin/callback, /account/callback.  Missing or foreign state: restarts the
 * login once; an error from authorize: a page. */
enum rc console_callback_admin(struct exchange *x);
enum rc console_callback_account(struct exchange *x);
/*
 * The console session of the request: sets x->console, x->session and x->user, the
 * row as it is now.  It lives while its family does and while this browser still
 * has the SSO session it came from, neither idle nor too old, so that a logout or
 * another person's sign-in in the same browser ends it too.  Notes the activity.
 * RC_NONE: none.
 */
MUST_CHECK enum rc console_find(struct exchange *x, const char *console);
/* A person without the role: admin/denied, 403.  For the gate. */
enum rc console_denied(struct exchange *x);
/* Where "Logout" leads: {oauth}/logout with client_id and, for account, the
 * registered post_logout_redirect_uri. */
const char *console_logout_url(struct exchange *x, const char *console);

#endif
