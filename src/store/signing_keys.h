/* Signing keys: public halves, wrapped private halves (design D4). */
#ifndef AUTENTICO_STORE_SIGNING_KEYS_H
#define AUTENTICO_STORE_SIGNING_KEYS_H

#include "store/db.h"

struct signing_key_row {
    const char *kid, *alg, *public_jwk;
    struct bytes private_sealed;  /* n = 0: the environment's */
    const char *state;            /* next, active, retired */
    const char *thumbprint;
    int64_t created_at, activated_at, retired_at;
    int64_t unpublished_at;       /* 0: it is in the JWK Set, unless it was revoked */
    int64_t revoked_at;           /* a compromise: not believed any more; 0: it is */
};
struct signing_key_rows { struct signing_key_row *v; size_t n; };
MUST_CHECK enum rc signing_keys_all(struct db *db, struct arena *a, struct signing_key_rows *out); /* active first */
/* Those that sign, out of a database of any schema; without the dates that came later. */
MUST_CHECK enum rc signing_keys_active(struct db *db, struct arena *a, struct signing_key_rows *out);
/* The first of this algorithm and state; NULL: none. */
const struct signing_key_row *signing_keys_pick(const struct signing_key_rows *rows, const char *alg, const char *state);
MUST_CHECK enum rc signing_keys_add(struct db *db, const struct signing_key_row *k);
/* From next to active, from active to retired.  RC_NONE: it is not there any more (somebody has
 * revoked it meanwhile, and it must not come back). */
MUST_CHECK enum rc signing_keys_activate(struct db *db, const char *kid, int64_t now);
MUST_CHECK enum rc signing_keys_retire(struct db *db, const char *kid, int64_t now);
/* Of a retired one the last token has expired.  RC_NONE: it was done before. */
MUST_CHECK enum rc signing_keys_unpublish(struct db *db, const char *kid, int64_t now);
/* It signs no more, and what it signed counts no more.  RC_NONE: no such key, or done before. */
MUST_CHECK enum rc signing_keys_revoke(struct db *db, const char *kid, int64_t now);
/* Wrapped anew; RC_NONE: it is not `from` any more. */
MUST_CHECK enum rc signing_keys_reseal(struct db *db, const char *kid, struct bytes from, struct bytes to);

#endif
