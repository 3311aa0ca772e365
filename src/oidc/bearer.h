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
 * Signature by a published key, kind, issuer, expiry, then liveness in the store:
 * fills x->token.  RC_REFUSED INVALID_TOKEN.
 *   payload  the claims of a JWT; may be NULL
 */
MUST_CHECK enum rc bearer_check(struct exchange *x, const char *token, struct json **payload);

/* An access or refresh token value of any state, for introspection and revocation:
 * RC_NONE unless the value is genuine (signature or secret) and its row exists.
 * *is_refresh says which. */
MUST_CHECK enum rc token_by_value(struct exchange *x, const char *value, struct token_view *out, bool *is_refresh);

/* The same, with what the caller of introspection needs beside it. */
struct token_value {
    struct token_view view;
    bool is_refresh;
    struct json *claims; /* of an access token; NULL for a refresh token */
};
MUST_CHECK enum rc token_read(struct exchange *x, const char *value, struct token_value *out);

/* The admin and account APIs: the steps of http-api 1.10 in order; fills x->user.
 * needs_admin false: U.  AUTENTICO_ADMIN_TOKEN opens the admin API (D25). */
MUST_CHECK enum rc bearer_api(struct exchange *x, bool needs_admin);

/* Introspection and revocation (http-api 6.3): a client, authenticated (x->client),
 * or the live token of an administrator (x->user); for rows with WHO_CLIENT_OR_ADMIN. */
MUST_CHECK enum rc client_or_admin(struct exchange *x);

/* iss, aud, `typ` and times of an access token's claims; liveness is not looked at.
 * RC_NONE: not an access token of ours. */
MUST_CHECK enum rc bearer_claims(struct exchange *x, const char *token, struct json **out);
/* The row behind such claims: fills x->token.  RC_REFUSED INVALID_TOKEN. */
MUST_CHECK enum rc bearer_live(struct exchange *x, const struct json *claims);
bool claim_aud_has(const struct json *claims, const char *audience); /* aud: text or array */

#endif
