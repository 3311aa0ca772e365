/*
 * The clean-up of flows 18, but for the audit trail (audit_seal.h): at start and then every cleanup_interval, in turns of
 * at most 500 rows and one transaction each, so that no writer waits long.
 */
#ifndef AUTENTICO_SERVE_SWEEP_H
#define AUTENTICO_SERVE_SWEEP_H

#include <stdbool.h>

#include "serve/clock_guard.h"
#include "store/db.h"

struct sweep {
    struct arena *arena;
    int step;            /* of the run in hand; -1: none */
    int64_t next_ms;     /* clock_mono_ms() when the next run is due */
    struct clock_guard clock;
};
void sweep_start(struct sweep *s);
void sweep_done(struct sweep *s);
bool sweep_is_busy(const struct sweep *s); /* a run is in hand, or due */
/* One turn, if one is due; true when it wrote.  After the clock was set nothing is swept
 * for a while: what it says has expired is gone for good. */
bool sweep_turn(struct sweep *s, struct db *db);

#endif
