#include "config.h"

#include "serve/worker.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "http/fcgi.h"
#include "serve/calls.h"
#include "serve/dispatch.h"
#include "serve/sandbox.h"
#include "store/limits.h"
#include "util/clock.h"

#define BODY_MAX (128 * 1024)
#define PARK_MS 10000
#define PARKED_MAX 512

struct worker {
    const struct pool *pool;
    struct slot *slot;
    struct db *db;
    struct write_lock *lock;
    struct limits *limits;
    struct hasher hasher;
    struct kept *kept;
    struct fcgi *fcgi;
    struct arena *arena;
};

static bool is_login(const struct worker *w)
{
    return w->slot->kind == PROC_LOGIN_WORKER;
}

static void drop_privileges(const struct worker *w)
{
    const struct pool *pool = w->pool;
    const int keep[] = {
        is_login(w) ? pool->listen_login : pool->listen_main,
        pool->control[0],
        pool->wrote_fd,
        pool->outbox_fd,
        pool->signer_queue[CHANNEL_WORKER].ask_fd,
        pool->hasher_queue.ask_fd,
        pool->checker_queue.ask_fd,
    };

    sandbox_child(keep, ARRAY_LEN(keep));
    sandbox_become(pool->id.uid, pool->id.gid);
}

static enum rc open_limits(struct worker *w)
{
    const struct conf *conf = w->pool->conf;
    struct limits_rates rates = { conf->rate_rps, conf->rate_rpm, conf->rate_burst,
                                  conf->rate_rpm_burst };

    if (rates.rps <= 0)
        return RC_OK;
    return limits_open(w->pool->limits_dir, false, &rates, &w->limits);
}

static enum rc open_files(struct worker *w)
{
    struct db_open how = { .path = w->pool->conf->db_path, .wrote_fd = w->pool->wrote_fd,
                           .outbox_fd = w->pool->outbox_fd,
                           .is_relaxed = w->pool->conf->durability == DURABILITY_NORMAL };

    TRY(write_lock_open(w->pool->lock_path, &w->lock));
    how.lock = w->lock;
    TRY(db_open(&how, &w->db));
    db_warm(w->db);
    return open_limits(w);
}

static void start_hasher(struct worker *w, int slot)
{
    w->hasher.ask_fd = w->pool->hasher_queue.ask_fd;
    w->hasher.gate = is_login(w) ? &w->pool->board->gate_login : &w->pool->board->gate_main;
    w->hasher.slot = slot;
    w->hasher.late_since_ms = &w->pool->board->late_since_ms[PROC_HASHER];
}

static enum rc start_serving(struct worker *w)
{
    const struct pool *pool = w->pool;
    struct fcgi_setup fcgi = {
        .listen_fd = is_login(w) ? pool->listen_login : pool->listen_main,
        .control_fd = pool->control[0],
        .park_ms = PARK_MS,
        .body_max = BODY_MAX,
        .parked_max = PARKED_MAX,
    };
    struct kept_setup kept = {
        .db = w->db,
        .limits = w->limits,
        .signer = { .ask_fd = pool->signer_queue[CHANNEL_WORKER].ask_fd,
                    .late_since_ms = &pool->board->late_since_ms[PROC_SIGNER] },
        .hasher = &w->hasher,
        .checker = { .argv = pool->conf->password_argv, .ask_fd = pool->checker_queue.ask_fd,
                     .late_since_ms = &pool->board->late_since_ms[PROC_CHECKER] },
        .conf = pool->conf,
        .keys = pool->keys,
        .templates = pool->templates,
        .router = pool->router,
    };

    w->kept = kept_new(&kept);
    return fcgi_start(&fcgi, &w->fcgi);
}

static void serve_one(struct worker *w, const struct fcgi_request *request)
{
    __atomic_store_n(&w->slot->busy_since_ms, clock_mono_ms(), __ATOMIC_RELEASE);
    fcgi_answer(w->fcgi, dispatch(w->kept, w->arena, request->env, request->body));
    arena_reset(w->arena);
    w->slot->requests_n++;
    __atomic_store_n(&w->slot->busy_since_ms, 0, __ATOMIC_RELEASE);
}

static enum rc serve_all(struct worker *w)
{
    struct fcgi_request request;

    for (;;) {
        enum rc rc = fcgi_next(w->fcgi, w->arena, NULL, NULL, 60000, &request);
        if (rc == RC_NONE)
            return RC_OK;
        TRY(rc);
        serve_one(w, &request);
        if (ask_is_starved())
            return fault("worker: no descriptors left; another one takes over");
    }
}

static void close_all(struct worker *w)
{
    if (w->fcgi != NULL)
        fcgi_stop(w->fcgi);
    if (w->kept != NULL)
        kept_free(w->kept);
    if (w->limits != NULL)
        limits_close(w->limits);
    if (w->db != NULL)
        db_close(w->db);
    if (w->lock != NULL)
        write_lock_close(w->lock);
    arena_done(w->arena);
}

/* fcgi_start() puts libfcgi's handlers in place; the parent ends workers by the
 * control pipe, so INT of a terminal is not for them. */
static void set_signals(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
}

static enum rc run(struct worker *w, int slot)
{
    drop_privileges(w);
    TRY(open_files(w));
    start_hasher(w, slot);
    TRY(start_serving(w));
    set_signals();
    sandbox_close_worker(w->pool);
    calls_close(w->slot->kind);
    __atomic_store_n(&w->slot->is_ready, 1, __ATOMIC_RELEASE);
    return serve_all(w);
}

int worker_run(const struct pool *pool, enum proc_kind kind, int slot)
{
    struct worker w;

    memset(&w, 0, sizeof(w));
    w.pool = pool;
    w.slot = &pool->board->slots[slot];
    w.arena = arena_start("request");
    log_process(proc_kind_name(kind));
    enum rc rc = run(&w, slot);
    close_all(&w);
    return rc == RC_OK ? 0 : 1;
}
