/*
 * Access tokens at our own endpoints (RFC 6750; http-api 1.10; flows 10).
 */
#ifndef AUTENTICO_OIDC_BEARER_H
#define AUTENTICO_OIDC_BEARER_H

#include "http/exchange.h"
#include "store/tokens.h"

/* The token of the request: Authorization header, or on POST of a form the field
 * access_token (userinfo).  RC_REFUSED NO_TOKEN, BEARER_REQUEST, BEARER_TWICE. */
MUST_CHECK enum rc bearer_token(struct exchange *x, bool may_be_in_form, const char **out);

/*
 * A token value of ours, access or refresh, in any state, and the row behind it: for
 * introspection and revocation.  RC_NONE unless it is genuine (signature or secret),
 * its row exists and both tell the same story.
 */
struct token_value {
    struct token_view view;
    bool is_refresh;
    struct json *claims; /* of a JWT, else NULL */
};
/* What a JWT says itself of its times (JO-10), by a clock that may have been set back since
 * it was issued.  RC_NONE: it is not good now. */
MUST_CHECK enum rc token_check_times(const struct exchange *x, const struct token_value *v);
/* `aud` of an access token: what a JWT says, or what an opaque one would say now. */
MUST_CHECK enum rc token_audience(struct exchange *x, const struct token_value *v, struct json **out);
MUST_CHECK enum rc token_read(struct exchange *x, const char *value, struct token_value *out);

/* A genuine access token that has not expired: its kind, issuer, audience (AT-06) and
 * times; liveness is not looked at.  RC_REFUSED INVALID_TOKEN. */
MUST_CHECK enum rc bearer_read(struct exchange *x, const char *token, struct token_value *out);
/* Liveness in the store (flows 10): sets x->token.  RC_REFUSED INVALID_TOKEN. */
MUST_CHECK enum rc bearer_live(struct exchange *x, const struct token_value *v);
/* Both; gives rate tokens back (design D11b). */
MUST_CHECK enum rc bearer_check(struct exchange *x, const char *token);

/* The admin and account APIs: the steps of http-api 1.10 in order; fills x->user.
 * needs_admin false: U.  AUTENTICO_ADMIN_TOKEN opens the admin API (D25). */
MUST_CHECK enum rc bearer_api(struct exchange *x, bool needs_admin);

/* Introspection and revocation (http-api 6.3): a client, authenticated (x->client),
 * or the live token of an administrator (x->user); for rows with WHO_CLIENT_OR_ADMIN. */
MUST_CHECK enum rc client_or_admin(struct exchange *x);

bool audience_has(const struct json *aud, const char *audience); /* aud: text or array */

#endif
