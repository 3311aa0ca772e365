#include "config.h"

#include "serve/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/page.h"
#include "serve/banner.h"
#include "serve/children.h"
#include "serve/dispatch.h"
#include "serve/front.h"
#include "serve/identity.h"
#include "serve/posts.h"
#include "serve/prepare.h"
#include "serve/sandbox.h"
#include "serve/sockets.h"
#include "util/clock.h"

#define TURN_MS 250
#define KEEPER_SILENT_MS 60000

struct parent {
    const struct parent_setup *setup;
    struct arena *arena;
    struct pool pool;
    struct keyring *keys;
    struct posts posts;
    struct prepared *prepared;
    struct front_server front;
    struct children children;
    bool is_stopping;
};

static struct bytes secret_bytes(const struct secret *s)
{
    return (struct bytes){ s->p, s->n };
}

static void derive_keys(struct parent *p)
{
    const struct secrets *s = p->setup->conf->secrets;
    struct keyring_roots roots = {
        .cookie = secret_bytes(&s->cookie),
        .cookie_previous = secret_bytes(&s->cookie_previous),
        .admin_token = secret_bytes(&s->admin_token),
        .admin_token_previous = secret_bytes(&s->admin_token_previous),
        .front = secret_bytes(&s->front),
    };

    p->keys = arena_new(p->arena, struct keyring);
    keyring_derive(&roots, p->keys);
    p->pool.keys = p->keys;
}

static enum rc open_pipes(struct parent *p)
{
    struct pool *pool = &p->pool;

    if (pipe2(pool->control, O_CLOEXEC) != 0 || pipe2(pool->late_control, O_CLOEXEC) != 0)
        return fault("parent: pipe: %s", strerror(errno));
    pool->wrote_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pool->wrote_fd < 0)
        return fault("parent: eventfd: %s", strerror(errno));
    for (int i = 0; i < CHANNELS_N; i++)
        TRY(ask_queue_open(&pool->signer_queue[i]));
    return ask_queue_open(&pool->hasher_queue);
}

static void make_board(struct parent *p)
{
    const struct conf *conf = p->setup->conf;
    struct board *board = p->pool.board = board_new();

    /* at most half of the workers of the main socket may wait for a hash; the login
     * socket exists for nothing else (design 2, D6) */
    board->gate_main.n = board->gate_login.n = HASHER_GATE_MAX;
    board->gate_main.cap = conf->workers > 1 ? (int)conf->workers / 2 : 1;
    board->gate_login.cap = HASHER_GATE_MAX;
    board->slots_n = p->posts.n;
}

static void make_posts(struct parent *p)
{
    const struct conf *conf = p->setup->conf;

    posts_add(&p->posts, PROC_SIGNER, conf->signers);
    posts_add(&p->posts, PROC_HASHER, conf->hashers);
    posts_add(&p->posts, PROC_KEEPER, 1);
    posts_add(&p->posts, PROC_WORKER, conf->workers);
    if (p->pool.listen_login >= 0)
        posts_add(&p->posts, PROC_LOGIN_WORKER, conf->login_workers);
    if (p->front.is_wanted)
        posts_add(&p->posts, PROC_FRONT, 1);
}

static enum rc make_pool(struct parent *p)
{
    struct pool *pool = &p->pool;
    const struct conf *conf = p->setup->conf;
    struct router *router;

    pool->conf = conf;
    TRY(identity_resolve(conf, p->setup->err, &pool->id));
    TRY(identity_check_files(conf, p->setup->err));
    TRY(sockets_lock_instance(conf, &pool->id, p->setup->err));
    pool->lock_path = arena_printf(p->arena, "%s/autentico.lock", conf->state_dir);
    pool->limits_dir = arena_printf(p->arena, "%s/limits", conf->state_dir);
    TRY(templates_load(p->arena, conf->data_dir, &pool->templates));
    TRY(dispatch_router(p->arena, conf->oauth_path, &router));
    pool->router = router;
    p->front.as_root = pool->id.uid == 0;
    TRY(front_prepare(p->arena, conf, router, p->setup->err, &p->front));
    TRY(open_pipes(p));
    TRY(sockets_open(conf, &pool->id, p->front.is_wanted, p->setup->err, &pool->listen_main,
                     &pool->listen_login));
    derive_keys(p);
    make_posts(p);
    make_board(p);
    return RC_OK;
}

static void warn_root(const struct pool *pool)
{
    if (pool->id.was_root && pool->id.uid == 0)
        log_event(LOG_LEVEL_WARNING, "running_as_root", "hint",
                  "give the database directory to a user of its own", NULL);
}

/* --- supervision ---------------------------------------------------------- */

static void fill_post(struct parent *p, int i)
{
    struct post *post = &p->posts.v[i];
    struct slot *slot = &p->pool.board->slots[i];

    post->started_ms = clock_mono_ms();
    *slot = (struct slot){ .kind = post->kind, .beat_ms = post->started_ms };
    post->pid = children_start(&p->children, post, i);
    if (post->pid < 0) {
        log_event(LOG_LEVEL_ERROR, "fork_failed", "why", strerror(errno), NULL);
        post->pid = 0;
        post->restart_at_ms = clock_mono_ms() + 1000;
        return;
    }
    slot->pid = post->pid;
    log_event(LOG_LEVEL_DEBUG, "process_started", "kind", proc_kind_name(post->kind), "child",
              log_num(post->pid), NULL);
}

static void fill_vacant(struct parent *p, enum proc_kind kind)
{
    int64_t now = clock_mono_ms();

    for (int i = 0; i < p->posts.n; i++) {
        const struct post *post = &p->posts.v[i];

        if (post->pid == 0 && post->restart_at_ms <= now &&
            (kind == PROC_NONE || post->kind == kind))
            fill_post(p, i);
    }
}

static const char *hung_why(const struct parent *p, int i, int64_t now)
{
    const struct slot *slot = &p->pool.board->slots[i];
    int64_t busy = __atomic_load_n(&slot->busy_since_ms, __ATOMIC_ACQUIRE);

    if (busy != 0 && now - busy > p->setup->conf->request_deadline_s * 1000)
        return "missed the request deadline";
    if (slot->kind == PROC_KEEPER &&
        now - __atomic_load_n(&slot->beat_ms, __ATOMIC_ACQUIRE) > KEEPER_SILENT_MS)
        return "silent";
    return NULL;
}

/* SIGKILL: a process that does not answer will not clean up either. */
static void kill_hung(struct parent *p)
{
    int64_t now = clock_mono_ms();

    for (int i = 0; i < p->posts.n; i++) {
        const char *why = p->posts.v[i].pid != 0 ? hung_why(p, i, now) : NULL;

        if (why == NULL)
            continue;
        log_event(LOG_LEVEL_ERROR, "process_hung", "kind", proc_kind_name(p->posts.v[i].kind),
                  "child", log_num(p->posts.v[i].pid), "why", why, NULL);
        kill(p->posts.v[i].pid, SIGKILL);
    }
}

static void reap(struct parent *p)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        (void)posts_bury(&p->posts, p->pool.board, pid, status, p->is_stopping);
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

/* The signal, or 0 after `ms`. */
static int wait_signal(const sigset_t *set, int64_t ms)
{
    struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };
    int sig = sigtimedwait(set, NULL, &ts);

    return sig > 0 ? sig : 0;
}

/* Until the next look at who hangs, or a vacant post is due. */
static int64_t turn_ms(const struct parent *p)
{
    int64_t left = posts_restart_at(&p->posts) - clock_mono_ms();

    return left < 0 ? 0 : left < TURN_MS ? left : TURN_MS;
}

static void supervise(struct parent *p, const sigset_t *set)
{
    for (;;) {
        int sig = wait_signal(set, turn_ms(p));

        if (sig == SIGTERM || sig == SIGINT) {
            log_event(LOG_LEVEL_INFO, "stopping", "signal", strsignal(sig), NULL);
            return;
        }
        if (sig == SIGHUP)
            log_event(LOG_LEVEL_WARNING, "reload_not_available", NULL);
        reap(p);
        kill_hung(p);
        fill_vacant(p, PROC_NONE);
    }
}

/* --- start and stop ------------------------------------------------------- */

static int prepare_in_child(void *arg)
{
    struct parent *p = arg;
    struct signer signer = {
        .ask_fd = p->pool.signer_queue[CHANNEL_CLI].ask_fd,
        .deadline_ms = clock_mono_ms() + 60000,
    };
    struct prepare_setup setup = {
        .conf = p->setup->conf,
        .keys = p->keys,
        .signer = &signer,
        .may_migrate = p->setup->may_migrate,
        .is_start = true,
        .lock_path = p->pool.lock_path,
        .limits_dir = p->pool.limits_dir,
    };

    log_process("prepare");
    sandbox_become(p->pool.id.uid, p->pool.id.gid);
    return prepare(&setup, p->prepared) == RC_OK ? 0 : 1;
}

static enum rc prepare_database(struct parent *p)
{
    int status;

    p->prepared = mmap(NULL, sizeof(*p->prepared), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p->prepared == MAP_FAILED)
        return fault("parent: no memory");
    pid_t pid = children_fork(&p->children, prepare_in_child, p);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return fault("parent: prepare: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return RC_OK;
    fprintf(p->setup->err, "%s\n",
            p->prepared->why[0] != '\0' ? p->prepared->why : "the start failed; the log says why");
    return RC_REFUSED;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Wait until nobody of these kinds is left; false when the deadline came first. */
static bool wait_gone(struct parent *p, const sigset_t *set, const enum proc_kind *kinds, size_t n,
                      int64_t deadline_ms)
{
    for (;;) {
        int living = 0;

        reap(p);
        for (size_t i = 0; i < n; i++)
            living += posts_living(&p->posts, kinds[i]);
        if (living == 0)
            return true;
        if (clock_mono_ms() >= deadline_ms)
            return false;
        (void)wait_signal(set, 20);
    }
}

static void stop_all(struct parent *p, const sigset_t *set)
{
    static const enum proc_kind first[] = { PROC_WORKER, PROC_LOGIN_WORKER, PROC_KEEPER, PROC_FRONT };
    static const enum proc_kind all[] = { PROC_NONE };
    int64_t deadline = clock_mono_ms() + p->setup->conf->drain_deadline_s * 1000;

    p->is_stopping = true;
    posts_kill(&p->posts, PROC_FRONT, SIGQUIT); /* nginx: finish what is begun */
    close_end(&p->pool.control[1]);
    if (!wait_gone(p, set, first, ARRAY_LEN(first), deadline))
        log_event(LOG_LEVEL_WARNING, "drain_deadline", "left", log_num(posts_living(&p->posts, PROC_NONE)), NULL);
    close_end(&p->pool.late_control[1]);
    for (int i = 0; i < p->posts.n; i++)
        close_end(&p->posts.v[i].control_fd);
    if (!wait_gone(p, set, all, 1, clock_mono_ms() + 500)) {
        posts_kill(&p->posts, PROC_NONE, SIGKILL);
        (void)wait_gone(p, set, all, 1, clock_mono_ms() + 2000);
    }
    sockets_remove(p->setup->conf);
}

static int start_and_serve(struct parent *p, const sigset_t *set)
{
    if (make_pool(p) != RC_OK)
        return 1;
    warn_root(&p->pool);
    p->children = (struct children){ .pool = &p->pool, .secrets = p->setup->conf->secrets, .front = &p->front };
    sandbox_parent_caps();
    fill_vacant(p, PROC_SIGNER);
    if (prepare_database(p) != RC_OK) {
        stop_all(p, set);
        return 1;
    }
    fill_vacant(p, PROC_NONE);
    banner_print(p->setup->out, p->setup->conf, p->prepared, &p->front);
    supervise(p, set);
    stop_all(p, set);
    log_event(LOG_LEVEL_INFO, "stopped", NULL);
    return 0;
}

int parent_run(const struct parent_setup *setup)
{
    struct parent *p = calloc(1, sizeof(*p));
    sigset_t set;

    if (p == NULL)
        die("parent: no memory");
    p->setup = setup;
    p->arena = arena_start("parent");
    p->pool.control[1] = p->pool.late_control[1] = -1;
    log_process("parent");
    signal(SIGPIPE, SIG_IGN);
    block_signals(&set);
    int status = start_and_serve(p, &set);
    arena_done(p->arena);
    free(p);
    return status;
}
