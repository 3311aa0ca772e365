#include "config.h"

#include "serve/clock_guard.h"

#include "util/clock.h"
#include "util/log.h"

#define JUMP_S 60

static int64_t epoch_s(void)
{
    return clock_now() - clock_mono_ms() / 1000;
}

void clock_guard_start(struct clock_guard *g)
{
    g->epoch_s = epoch_s();
}

bool clock_guard_has_jumped(struct clock_guard *g)
{
    int64_t epoch = epoch_s(), jump = epoch - g->epoch_s;

    g->epoch_s = epoch;
    if (jump >= -JUMP_S && jump <= JUMP_S)
        return false;
    log_event(LOG_LEVEL_WARNING, "clock_jumped", "seconds", log_num(jump), NULL);
    return true;
}
