/*
 * RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0 2; http-api 6.6;
 * design 5 "Logout").
 */
#ifndef AUTENTICO_OIDC_END_SESSION_H
#define AUTENTICO_OIDC_END_SESSION_H

#include "http/exchange.h"

enum rc end_session_handle(struct exchange *x);         /* GET|POST {oauth}/logout */
enum rc end_session_confirm_handle(struct exchange *x); /* POST {oauth}/logout/confirm */

#endif
