#include "config.h"

#include "serve/parent_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "serve/banner.h"
#include "serve/calls.h"
#include "serve/dispatch.h"
#include "serve/identity.h"
#include "serve/notify.h"
#include "serve/sandbox.h"
#include "util/clock.h"

/* What stays the same until the end: who we are, where we listen. */
static enum rc open_house(struct parent *p, const struct conf *conf, struct pool *pool)
{
    struct router *router;

    TRY(sockets_take(conf, p->setup->from_stdin, p->setup->err, &p->sockets));
    TRY(identity_resolve(conf, p->setup->err, &pool->id));
    TRY(identity_check_files(conf, p->setup->err));
    TRY(sockets_lock_instance(conf, &pool->id, p->setup->err));
    pool->lock_path = arena_printf(p->arena, "%s/autentico.lock", conf->state_dir);
    pool->limits_dir = arena_printf(p->arena, "%s/limits", conf->state_dir);
    TRY(dispatch_router(p->arena, conf->oauth_path, &router));
    pool->router = router;
    p->front.as_root = pool->id.uid == 0;
    p->front.is_spoken_for = p->sockets.are_given;
    TRY(front_prepare(p->arena, conf, router, p->setup->err, &p->front));
    pool->wrote_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pool->outbox_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pool->wrote_fd < 0 || pool->outbox_fd < 0)
        return fault("parent: eventfd: %s", strerror(errno));
    TRY(sockets_open(conf, &pool->id, p->front.is_wanted, p->setup->err, &p->sockets));
    pool->listen_main = p->sockets.main_fd;
    pool->listen_login = p->sockets.login_fd;
    pool->board = board_new();
    return RC_OK;
}

static enum rc make_pool(struct parent *p)
{
    struct pool pool = { 0 };

    TRY(generation_check_key(p->arena, p->setup->conf, p->setup->err));
    TRY(open_house(p, p->setup->conf, &pool));
    TRY(generation_begin(p, p->setup->conf, arena_start("generation"), &pool, &p->now));
    generation_add_posts(p);
    if (p->front.is_wanted)
        posts_add(&p->posts, PROC_FRONT, 1, 0);
    generation_set_board(p);
    p->prepared = mmap(NULL, sizeof(*p->prepared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return p->prepared != MAP_FAILED ? RC_OK : fault("parent: no memory");
}

static void warn_root(const struct pool *pool)
{
    if (pool->id.was_root && pool->id.uid == 0)
        log_event(LOG_LEVEL_WARNING, "running_as_root", "hint",
                  "give the database directory to a user of its own", NULL);
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGCHLD);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigprocmask(SIG_BLOCK, set, NULL);
}

/* Wait until nobody of these kinds is left; false when the deadline came first. */
static bool wait_gone(struct parent *p, const enum proc_kind *kinds, size_t n, int64_t deadline_ms)
{
    for (;;) {
        int living = 0;

        supervise_reap(p);
        for (size_t i = 0; i < n; i++)
            living += posts_living(&p->posts, kinds[i]);
        if (living == 0)
            return true;
        if (clock_mono_ms() >= deadline_ms)
            return false;
        (void)supervise_wait(p, 20);
    }
}

/* Workers of a front that had to be killed are ours then. */
static void wait_orphans(struct parent *p)
{
    int64_t until = clock_mono_ms() + 500;

    while (waitpid(-1, NULL, WNOHANG) >= 0 && clock_mono_ms() < until)
        (void)supervise_wait(p, 5);
}

static void stop_all(struct parent *p)
{
    static const enum proc_kind first[] = { PROC_WORKER, PROC_LOGIN_WORKER, PROC_KEEPER };
    static const enum proc_kind all[] = { PROC_NONE };
    int64_t drain_ms = p->now.pool.conf->drain_deadline_s * 1000, deadline = clock_mono_ms() + drain_ms;

    p->is_stopping = true;
    notify_stopping();
    posts_kill(&p->posts, PROC_FRONT, p->front.stop_signal);
    generation_drain(&p->now);
    if (!wait_gone(p, first, ARRAY_LEN(first), deadline))
        log_event(LOG_LEVEL_WARNING, "drain_deadline", "left", log_num(posts_living(&p->posts, PROC_NONE)), NULL);
    /* Everything is answered: nobody waits for a front that waits for a browser which has
     * connected in advance and may never ask. */
    posts_kill(&p->posts, PROC_FRONT, SIGTERM);
    generation_drain_late(p, &p->now);
    if (p->old.n != 0)
        generation_drain_late(p, &p->old);
    /* nobody asks these any more: half a second, or more where much patience was asked for */
    if (!wait_gone(p, all, 1, clock_mono_ms() + (drain_ms > 10000 ? drain_ms / 20 : 500))) {
        posts_kill(&p->posts, PROC_NONE, SIGKILL);
        (void)wait_gone(p, all, 1, clock_mono_ms() + 2000);
    }
    wait_orphans(p);
    sockets_remove(p->now.pool.conf, &p->sockets);
}

static int serve(struct parent *p)
{
    p->children = (struct children){ .pool = &p->now.pool, .front = &p->front };
    sandbox_parent_caps();
    sandbox_close_parent(&p->now.pool);
    calls_close_parent();
    supervise_fill(p, PROC_SIGNER);
    if (generation_prepare(p, true) != RC_OK) {
        fprintf(p->setup->err, "%s\n", p->prepared->why);
        return 1;
    }
    front_forget(&p->front);
    supervise_fill(p, PROC_NONE);
    banner_print(p->setup->out, p->now.pool.conf, p->prepared, &p->front, &p->sockets);
    notify_ready();
    supervise(p);
    return 0;
}

static int start_and_serve(struct parent *p)
{
    if (make_pool(p) != RC_OK)
        return 1;
    notify_start();
    warn_root(&p->now.pool);
    int status = serve(p);
    stop_all(p);
    if (status == 0)
        log_event(LOG_LEVEL_INFO, "stopped", NULL);
    if (p->old.n != 0)
        generation_end(&p->old);
    generation_end(&p->now);
    return status;
}

int parent_run(const struct parent_setup *setup)
{
    struct parent *p = calloc(1, sizeof(*p));

    if (p == NULL)
        die("parent: no memory");
    p->setup = setup;
    p->arena = arena_start("parent");
    log_process("parent");
    (void)clock_now(); /* test builds map their clock here, where there is no sandbox yet */
    signal(SIGPIPE, SIG_IGN);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        die("parent: prctl: %s", strerror(errno));
    block_signals(&p->signals);
    int status = start_and_serve(p);
    arena_done(p->arena);
    free(p);
    return status;
}
