/* Values that may be used once: handles, challenges, later jti. */
#ifndef AUTENTICO_STORE_REPLAYS_H
#define AUTENTICO_STORE_REPLAYS_H

#include "store/db.h"

/* RC_OK: first use; RC_REFUSED: used before.  Inside db_write. */
MUST_CHECK enum rc replays_spend(struct db *db, struct bytes value_hash, int64_t expires_at);
MUST_CHECK enum rc replays_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n);

#endif
