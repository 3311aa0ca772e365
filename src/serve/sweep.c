#include "config.h"

#include "serve/sweep.h"

#include <string.h>

#include "store/challenges.h"
#include "store/codes.h"
#include "store/console_sessions.h"
#include "store/outbox.h"
#include "store/links.h"
#include "store/replays.h"
#include "store/sessions.h"
#include "store/settings_table.h"
#include "store/tokens.h"
#include "store/trusted_devices.h"
#include "util/clock.h"
#include "util/log.h"

#define ROWS_PER_TURN 500
#define PAUSE_AFTER_FAULT_MS 60000

struct turn {
    const struct settings *settings;
    int64_t now, before; /* before: expired longer ago than cleanup_retention */
    int step;
    int64_t n;
};

static enum rc end_sessions(struct db *db, struct turn *t)
{
    const struct settings *s = t->settings;
    int64_t idle = s->sso_session_idle_timeout, age = s->sso_session_max_age;

    return sessions_end_idle(db, idle > 0 ? t->now - idle : 0, age > 0 ? t->now - age : 0,
                             ROWS_PER_TURN, t->now, &t->n);
}

static enum rc sweep_codes(struct db *db, struct turn *t)
{
    return codes_sweep(db, t->before, ROWS_PER_TURN, &t->n);
}

static enum rc sweep_consoles(struct db *db, struct turn *t)
{
    return console_sessions_sweep(db, t->before, ROWS_PER_TURN, &t->n);
}

static enum rc sweep_tokens(struct db *db, struct turn *t)
{
    return tokens_sweep(db, t->before, ROWS_PER_TURN, &t->n);
}

static enum rc sweep_families(struct db *db, struct turn *t)
{
    return families_sweep(db, t->before, ROWS_PER_TURN, &t->n);
}

static enum rc sweep_sessions(struct db *db, struct turn *t)
{
    return sessions_sweep(db, t->before, ROWS_PER_TURN, &t->n);
}

static enum rc sweep_replays(struct db *db, struct turn *t)
{
    return replays_sweep(db, t->before, ROWS_PER_TURN, &t->n);
}

static enum rc sweep_challenges(struct db *db, struct turn *t)
{
    return challenges_sweep(db, t->before, ROWS_PER_TURN, &t->n);
}

static enum rc sweep_devices(struct db *db, struct turn *t)
{
    return trusted_devices_sweep(db, t->before, ROWS_PER_TURN, &t->n);
}

static enum rc sweep_outbox(struct db *db, struct turn *t)
{
    return outbox_sweep(db, t->before, ROWS_PER_TURN, &t->n);
}

static enum rc sweep_links(struct db *db, struct turn *t)
{
    return links_sweep(db, t->before, ROWS_PER_TURN, &t->n);
}

static enum rc (*const steps[])(struct db *db, struct turn *t) = {
    end_sessions,     sweep_codes,    sweep_consoles, sweep_tokens,
    sweep_families,   sweep_sessions, sweep_replays,
    sweep_challenges, sweep_devices,  sweep_links,    sweep_outbox,
};

void sweep_start(struct sweep *s)
{
    s->arena = arena_start("sweep");
    s->step = -1;
    s->next_ms = 0;
    clock_guard_start(&s->clock);
}

void sweep_done(struct sweep *s)
{
    if (s->arena != NULL)
        arena_done(s->arena);
}

bool sweep_is_busy(const struct sweep *s)
{
    return s->step >= 0 || clock_mono_ms() >= s->next_ms;
}

static enum rc run_step(struct db *db, void *arg)
{
    struct turn *t = arg;

    t->n = 0;
    return steps[t->step](db, t);
}

static void finish(struct sweep *s, int64_t pause_ms)
{
    s->step = -1;
    s->next_ms = clock_mono_ms() + pause_ms;
}

static bool one_turn(struct sweep *s, struct db *db, const struct settings *settings)
{
    struct turn t = { .settings = settings, .now = clock_now(), .step = s->step };

    t.before = t.now - settings->cleanup_retention;
    if (db_write(db, run_step, &t) != RC_OK) {
        finish(s, PAUSE_AFTER_FAULT_MS);
        return false;
    }
    if (t.n < ROWS_PER_TURN)
        s->step++;
    if (s->step >= (int)ARRAY_LEN(steps))
        finish(s, settings->cleanup_interval > 0 ? settings->cleanup_interval * 1000
                                                 : PAUSE_AFTER_FAULT_MS);
    return t.n > 0;
}

bool sweep_turn(struct sweep *s, struct db *db)
{
    struct settings settings;

    if (clock_guard_has_jumped(&s->clock))
        finish(s, CLOCK_SETTLE_MS);
    if (!sweep_is_busy(s))
        return false;
    if (s->step < 0)
        s->step = 0;
    if (settings_load(db, s->arena, &settings) != RC_OK) {
        finish(s, PAUSE_AFTER_FAULT_MS);
        return false;
    }
    bool did_write = one_turn(s, db, &settings);
    arena_reset(s->arena);
    return did_write;
}
