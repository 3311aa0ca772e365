/* Has the wall clock been put forward or back?  A wrong clock may yet be put right: whoever
 * takes things away because of their age waits a while.  Slow corrections are no jumps. */
#ifndef AUTENTICO_SERVE_CLOCK_GUARD_H
#define AUTENTICO_SERVE_CLOCK_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_SETTLE_MS 600000 /* a while */

struct clock_guard { int64_t epoch_s; };

void clock_guard_start(struct clock_guard *g);
bool clock_guard_has_jumped(struct clock_guard *g); /* since the last call; logged */

#endif
