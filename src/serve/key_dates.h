/*
 * The keeper's look at the signing keys (design D4): a key for every algorithm that is
 * selected, published as `next` at once and `active` when everybody who keeps the JWK
 * Set for its max-age can have fetched it; a new one when the setting signing_key_rotation
 * says so; and one that retired leaves the JWK Set when what it signed last has expired.
 */
#ifndef AUTENTICO_SERVE_KEY_DATES_H
#define AUTENTICO_SERVE_KEY_DATES_H

#include "signer/signer.h"
#include "store/db.h"

struct key_dates {
    struct arena *arena;
    int64_t version;   /* of the settings at the last look; -1: none yet */
    int64_t due_at;    /* unix seconds: a key becomes active; 0: none */
    int64_t look_ms;   /* clock_mono_ms() of the next look */
};
void key_dates_start(struct key_dates *k);
void key_dates_done(struct key_dates *k);
/* Looks once a second at most; true when it wrote. */
bool key_dates_turn(struct key_dates *k, struct db *db, struct signer *signer);

#endif
