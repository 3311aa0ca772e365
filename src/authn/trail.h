/* Audit rows with what the exchange knows filled in (actor, address, time). */
#ifndef AUTENTICO_AUTHN_TRAIL_H
#define AUTENTICO_AUTHN_TRAIL_H

#include "http/exchange.h"
#include "store/audit.h"

/* Actor: `actor` when given, else x->user, else "admin-token" (design D25), else
 * none.  detail: NULL-closed name, value pairs.  Inside db_write. */
MUST_CHECK enum rc trail(struct exchange *x, const char *event, const struct user *actor, const char *target_type,
                         const char *target_id, ...) __attribute__((sentinel));
/* The same in a transaction of its own. */
MUST_CHECK enum rc trail_now(struct exchange *x, const char *event, const struct user *actor, const char *target_type,
                             const char *target_id, ...) __attribute__((sentinel));

#endif
