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
};
struct signing_key_rows { struct signing_key_row *v; size_t n; };
MUST_CHECK enum rc signing_keys_all(struct db *db, struct arena *a, struct signing_key_rows *out); /* active first */
/* The first of this algorithm and state; NULL: none. */
const struct signing_key_row *signing_keys_pick(const struct signing_key_rows *rows, const char *alg, const char *state);
MUST_CHECK enum rc signing_keys_add(struct db *db, const struct signing_key_row *k);
MUST_CHECK enum rc signing_keys_set_state(struct db *db, const char *kid, const char *state, int64_t now);

#endif
