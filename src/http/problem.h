/*
 * A refusal, in the language of the row: OERR JSON, bearer challenge, page, plain
 * text, or a redirect to the client.
 */
#ifndef AUTENTICO_HTTP_PROBLEM_H
#define AUTENTICO_HTTP_PROBLEM_H

#include "http/response.h"

/* Where refusals of the authorization endpoint travel once redirect_uri is
 * verified (RFC 6749 4.1.2.1, RFC 9207). */
struct return_to {
    const char *redirect_uri;
    const char *state;       /* NULL: not sent */
    bool is_form_post;
    const char *client_name; /* for the page of form_post; may be NULL */
};

/* Fill x->rs from x->no.  Codes 405 set Allow from `allow` (bit mask, 0: none);
 * too_many_requests Retry-After: 1; 503 Retry-After: 2. */
void problem_respond(struct exchange *x, int allow);
/* RC_FAULT: a 500 (503 when is_busy) that shows the request id and no cause. */
void problem_fault(struct exchange *x, bool is_busy);

/* An authorization response to a client: success (code) or error, by 302 or
 * form_post; adds state and iss.  Params are NULL-closed name, value pairs. */
enum rc respond_to_client(struct exchange *x, const struct return_to *to, ...) __attribute__((sentinel));

/* CSP form-action of a page whose form post ends, perhaps by further redirects of
 * the application's own, at `redirect_uri` (HT-21). */
const char *problem_form_action(struct arena *a, const char *redirect_uri);

#endif
