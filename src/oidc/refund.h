/* Rate tokens given back (design D11b). */
#ifndef AUTENTICO_OIDC_REFUND_H
#define AUTENTICO_OIDC_REFUND_H

#include "http/exchange.h"

/* The request has proven a confidential client or a live token: on rows with
 * LIMIT_REFUND it costs nothing.  Failures keep costing. */
void refund_proven(struct exchange *x);

#endif
