/*
 * Requests by scripts of other origins (http-api 1.8, design D16): whose scripts may
 * read the answers of rows with .cors.  Pages never have it, nor does anything that a
 * cookie opens (HT-12, RFC 9700 2.6).
 */
#ifndef AUTENTICO_HTTP_CORS_H
#define AUTENTICO_HTTP_CORS_H

#include "http/exchange.h"

struct cors {
    bool is_on;
    bool is_any;              /* "*": everybody, never with credentials (HT-13) */
    struct text_list origins; /* sorted; each as browsers send it */
};

/* Sorts and drops repeats: what cors_allow() looks into. */
void cors_take(struct cors *c, struct text_list origins);

/*
 * Adds the headers to whatever the answer will be, a refusal included: a script that
 * may call may read why not.
 *   row  of the path; NULL: none
 * True: the origin of the request is allowed, so that a preflight ends here.
 */
bool cors_allow(struct exchange *x, const struct route *row);

#endif
