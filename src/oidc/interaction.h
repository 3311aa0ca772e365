/*
 * A sign-in dialogue in progress: the validated authorization request, sealed into
 * a handle of at most 4 KiB that travels in the hidden field `authorize_sig`
 * (design D7).  It expires, carries a key id, and is bound to the CSRF cookie of
 * the browser.  It never says that a factor was passed.
 */
#ifndef AUTENTICO_OIDC_INTERACTION_H
#define AUTENTICO_OIDC_INTERACTION_H

#include "oidc/authz_request.h"

#define INTERACTION_LIFE_S 3600
#define INTERACTION_MAX 4096 /* characters of a handle */

/* RC_REFUSED: the request is too long for a handle (invalid_request, to the client). */
MUST_CHECK enum rc interaction_seal(struct exchange *x, const struct authz_request *r, const char **handle);

/*
 * Open a handle that came with the seven contract parameters and `prompt`; they
 * must equal the sealed ones, everything else is read from the seal.
 * RC_OK       *out, re-checked (authz_request_check)
 * RC_REFUSED  TAMPERED: not ours, altered, or other parameters beside it
 * RC_NONE     genuine, but expired or of another browser: *out is re-checked and
 *             the person goes back to authorize with it (authz_request_url)
 */
struct interaction_form { const char *authorize_sig, *client_id, *redirect_uri, *scope, *state, *nonce, *code_challenge,
                          *code_challenge_method, *prompt; };
/* Bind it: from the form of a POST, from the query of anything else. */
MUST_CHECK enum rc interaction_form_bind(struct exchange *x, struct interaction_form *out);
MUST_CHECK enum rc interaction_open(struct exchange *x, const struct interaction_form *form, struct authz_request *out);

/* 200 login page for `r`; error: a code of the fixed table (design D27), or NULL. */
enum rc interaction_login_page(struct exchange *x, const struct authz_request *r, const char *error_code);
const char *interaction_error_text(const char *error_code); /* NULL: unknown code, show nothing */

#endif
