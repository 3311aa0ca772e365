#include "config.h"

#include "oidc/refund.h"

#include "http/route.h"
#include "store/limits.h"

void refund_proven(struct exchange *x)
{
    if (x->limits == NULL || x->route == NULL || x->route->limit != LIMIT_REFUND)
        return;
    limits_refund(x->limits, x->rq->limit_key, x->now * 1000);
}
