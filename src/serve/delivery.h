/*
 * One thing of the outbox at a time: claimed, opened, written as a mail, handed to the
 * server, and what came of it written down.
 */
#ifndef AUTENTICO_SERVE_DELIVERY_H
#define AUTENTICO_SERVE_DELIVERY_H

#include "serve/pool.h"
#include "store/db.h"

struct delivery;
struct delivery *delivery_new(const struct pool *pool, struct db *db); /* before the sandbox closes */
void delivery_free(struct delivery *d);                                /* NULL: nothing */

/*
 * Deliver the one that is due first.
 * RC_OK    done with it, whatever came of it; pause_ms > 0: the server cannot be used, leave
 *          it alone for so long
 * RC_NONE  nothing is due
 */
MUST_CHECK enum rc delivery_one(struct delivery *d, int64_t *pause_ms);
/* Take away and log what was not delivered in time. */
MUST_CHECK enum rc delivery_expire(struct delivery *d);
void delivery_rest(struct delivery *d); /* nothing to do now: say goodbye to the server */

/* Has a file that tells where servers are or whom to trust become another one, which the
 * sandbox does not know?  Then another process has to take over. */
bool delivery_is_stale(const struct delivery *d);

#endif
