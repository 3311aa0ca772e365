/* Handlers of this room; their rows are in routes.c. */
#ifndef AUTENTICO_PAGES_HANDLERS_H
#define AUTENTICO_PAGES_HANDLERS_H

#include "http/exchange.h"

enum rc pages_login_handle(struct exchange *x);        /* POST {oauth}/login (http-api 5.2) */
enum rc pages_login_wrong_method(struct exchange *x);
enum rc pages_mfa_show(struct exchange *x);            /* GET {oauth}/mfa (http-api 5.4) */
enum rc pages_mfa_submit(struct exchange *x);          /* POST {oauth}/mfa */
enum rc pages_mfa_wrong_method(struct exchange *x);
enum rc pages_passkey_begin(struct exchange *x);       /* GET {oauth}/passkey/login/begin (http-api 5.5) */
enum rc pages_passkey_finish(struct exchange *x);      /* POST {oauth}/passkey/login/finish */
enum rc pages_passkey_discover(struct exchange *x);    /* GET {oauth}/passkey/discoverable/begin */
enum rc pages_passkey_discovered(struct exchange *x);  /* POST {oauth}/passkey/discoverable/finish */
enum rc pages_passkey_sign_up(struct exchange *x);     /* {oauth}/passkey/register/… */
enum rc pages_reset_show(struct exchange *x);          /* GET {oauth}/reset-password (http-api 5.9) */
enum rc pages_reset_submit(struct exchange *x);        /* POST {oauth}/reset-password */
enum rc pages_not_me_show(struct exchange *x);         /* GET {oauth}/not-me: the link of a mail that reports a change */
enum rc pages_not_me_submit(struct exchange *x);
enum rc pages_onboard_show(struct exchange *x);        /* GET /onboard (http-api 9, design D23) */
enum rc pages_onboard_submit(struct exchange *x);      /* POST /onboard */
enum rc pages_onboard_wrong_method(struct exchange *x);
enum rc pages_static_handle(struct exchange *x);       /* GET {oauth}/static/NAME */
enum rc pages_theme_handle(struct exchange *x);        /* GET {oauth}/static/theme.css */
enum rc pages_root_handle(struct exchange *x);         /* / */
enum rc pages_add_slash(struct exchange *x);           /* /admin, /account, {oauth}/static */
enum rc pages_health_handle(struct exchange *x);       /* GET /healthz (http-api 3) */

#endif
