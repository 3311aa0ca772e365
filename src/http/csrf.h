/*
 * Cross-site request forgery (http-api 1.5, form-fields 1).  The cookie is 32
 * bytes: random, issue time and a MAC, so that one we did not make counts as
 * none.  A form token is a mask and the masked MAC of the cookie: different text
 * each time, base64url (86 characters).  Both live 12 hours.
 */
#ifndef AUTENTICO_HTTP_CSRF_H
#define AUTENTICO_HTTP_CSRF_H

#include "http/response.h"

#define CSRF_COOKIE "autentico_csrf"
#define CSRF_FIELD "csrf_token"
#define CSRF_LIFE_S 43200

/* Make sure the browser has a valid cookie: sets one when the request has none.
 * Returns its value (this request's cookie from now on). */
const char *csrf_cookie(struct exchange *x);
const char *csrf_token(struct exchange *x);      /* for a form; sets the cookie if needed */
/* Binding of sealed handles to this browser: 16 bytes of SHA-256 of the cookie. */
struct bytes csrf_binding(struct exchange *x);
/* Safe methods pass.  Origin/Referer, then cookie and field or X-CSRF-Token. */
MUST_CHECK enum rc csrf_check(struct exchange *x);

#endif
