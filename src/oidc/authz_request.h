/*
 * An authorization request (RFC 6749 4.1.1, OIDC Core 3.1.2.1): parameters into
 * one struct, checked in the order of http-api 5.1.
 */
#ifndef AUTENTICO_OIDC_AUTHZ_REQUEST_H
#define AUTENTICO_OIDC_AUTHZ_REQUEST_H

#include "http/problem.h"
#include "store/clients.h"

struct authz_request {
    const char *client_id, *redirect_uri, *response_type, *scope, *state, *nonce; /* state, nonce NULL when absent */
    const char *code_challenge, *code_challenge_method;  /* method "S256" when a challenge came without one */
    const char *prompt, *response_mode, *login_hint, *id_token_hint, *ui_locales, *acr_values, *display;
    int64_t max_age;          /* -1: absent */
    int64_t requested_at;     /* when the browser first came; carried through the handle */
    struct client *client;    /* filled by authz_request_check */
    struct return_to *to;     /* set once redirect_uri is verified */
};

/* Bind from query or form.  client_id and redirect_uri first, so that each refusal
 * lands where it belongs: PAGE before redirect_uri is verified, REDIR after (sets
 * x->no.return_to).  Includes authz_request_check. */
MUST_CHECK enum rc authz_request_read(struct exchange *x, struct authz_request *out);

/* Client known and active, redirect_uri registered, then request, request_uri,
 * registration, response_mode, response_type, scope, PKCE, prompt, max_age: every
 * check, for a request from the wire and again for one out of a handle. */
MUST_CHECK enum rc authz_request_check(struct exchange *x, struct authz_request *r);

/* The request as an authorize URL of ours (path and query); empties left out.
 * extra: name, value pairs, NULL-closed. */
char *authz_request_url(struct exchange *x, const struct authz_request *r, ...) __attribute__((sentinel));

/*
 * The request as bytes and back, for handles and for rows of a sign-in in progress;
 * `client` and `to` are not in them, so authz_request_check() follows an unpack.
 * RC_NONE: garbled, or of another version of the program.
 */
struct bytes authz_request_pack(struct arena *a, const struct authz_request *r);
MUST_CHECK enum rc authz_request_unpack(struct arena *a, struct bytes packed, struct authz_request *out);

bool authz_prompt_has(const struct authz_request *r, const char *value);

#endif
