/*
 * The keeper: write-ahead-log checkpoints within 50 ms of a write, clean-up in
 * turns of at most 500 rows (flows 18), buckets that nobody uses.  It never waits
 * for a peer.
 */
#ifndef AUTENTICO_SERVE_KEEPER_H
#define AUTENTICO_SERVE_KEEPER_H

#include "serve/pool.h"

int keeper_run(const struct pool *pool, int slot);

#endif
