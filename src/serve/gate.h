/*
 * Who may enter: the `who` column of the row (style 4.3).
 */
#ifndef AUTENTICO_SERVE_GATE_H
#define AUTENTICO_SERVE_GATE_H

#include "http/exchange.h"

/*
 * Fills x->client, x->token, x->user, x->console as the row demands.
 * RC_OK       go on to the handler; or x->rs is already filled (console sign-in)
 * RC_REFUSED  x->no
 */
MUST_CHECK enum rc gate_admit(struct exchange *x);

/*
 * May whoever is at x->rq->address go there at all (AUTENTICO_ADMIN_ALLOW, design 4)?  Asked
 * before anything of the request is looked at.  No wherever `row` demands an administrator,
 * and everywhere below /admin, whether there is something (`row`) or not (NULL).
 */
bool gate_is_near(const struct exchange *x, const struct route *row);

#endif
