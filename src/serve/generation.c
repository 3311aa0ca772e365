#include "config.h"

#include "serve/parent_state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/page.h"
#include "serve/sandbox.h"
#include "util/clock.h"

enum rc generation_check_key(struct arena *a, const struct conf *conf, FILE *err)
{
    const char *why = NULL;

    if (conf->secrets->private_key_pem[0] == '\0')
        return RC_OK;
    if (signer_check_pem(a, conf->secrets->private_key_pem, &why) == RC_OK)
        return RC_OK;
    fprintf(err, "AUTENTICO_PRIVATE_KEY: %s\n", text_or(why, "is not an RSA key in PEM"));
    return RC_REFUSED;
}

static void derive_keys(struct generation *g)
{
    struct keyring *keys = arena_new(g->arena, struct keyring);

    keyring_of(g->pool.conf->secrets, keys);
    keys->is_overlapping = &g->pool.board->is_overlapping;
    g->pool.keys = keys;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void no_pipes(struct pool *pool)
{
    pool->control[0] = pool->control[1] = pool->late_control[0] = pool->late_control[1] = -1;
    for (int i = 0; i < CHANNELS_N; i++)
        pool->signer_queue[i] = (struct ask_queue){ -1, -1 };
    pool->hasher_queue = (struct ask_queue){ -1, -1 };
    pool->checker_queue = (struct ask_queue){ -1, -1 };
}

static void close_queue(struct ask_queue *q)
{
    close_end(&q->ask_fd);
    close_end(&q->answer_fd);
}

static void close_pipes(struct pool *pool)
{
    close_end(&pool->control[0]);
    close_end(&pool->control[1]);
    close_end(&pool->late_control[0]);
    close_end(&pool->late_control[1]);
    for (int i = 0; i < CHANNELS_N; i++)
        close_queue(&pool->signer_queue[i]);
    close_queue(&pool->hasher_queue);
    close_queue(&pool->checker_queue);
}

static enum rc open_pipes(struct pool *pool)
{
    if (pipe2(pool->control, O_CLOEXEC) != 0 || pipe2(pool->late_control, O_CLOEXEC) != 0)
        return fault("parent: pipe: %s", strerror(errno));
    for (int i = 0; i < CHANNELS_N; i++)
        TRY(ask_queue_open(&pool->signer_queue[i]));
    TRY(ask_queue_open(&pool->hasher_queue));
    return pool->conf->password_argv != NULL ? ask_queue_open(&pool->checker_queue) : RC_OK;
}

static enum rc begin(struct generation *g)
{
    no_pipes(&g->pool);
    TRY(templates_load(g->arena, g->pool.conf->data_dir, &g->pool.templates));
    TRY(open_pipes(&g->pool));
    derive_keys(g);
    return RC_OK;
}

enum rc generation_begin(struct parent *p, const struct conf *conf, struct arena *arena,
                         const struct pool *like, struct generation *out)
{
    struct generation g = { .n = p->now.n + 1, .arena = arena, .pool = *like };
    enum rc rc;

    g.pool.conf = conf;
    g.pool.has_previous_key = conf->secrets->encryption_previous.n > 0;
    rc = begin(&g);
    if (rc != RC_OK) {
        close_pipes(&g.pool);
        return rc;
    }
    *out = g;
    return RC_OK;
}

void generation_add_posts(struct parent *p)
{
    const struct pool *pool = &p->now.pool;
    const struct conf *conf = pool->conf;

    posts_add(&p->posts, PROC_SIGNER, conf->signers, p->now.n);
    posts_add(&p->posts, PROC_HASHER, conf->hashers, p->now.n);
    if (conf->password_argv != NULL)
        posts_add(&p->posts, PROC_CHECKER, conf->hashers, p->now.n);
    posts_add(&p->posts, PROC_KEEPER, 1, p->now.n);
    posts_add(&p->posts, PROC_COURIER, 1, p->now.n);
    posts_add(&p->posts, PROC_WORKER, conf->workers, p->now.n);
    if (pool->listen_login >= 0)
        posts_add(&p->posts, PROC_LOGIN_WORKER, conf->login_workers, p->now.n);
}

void generation_set_board(struct parent *p)
{
    const struct conf *conf = p->now.pool.conf;
    struct board *board = p->now.pool.board;

    /* at most half of the workers of the main socket may wait for a hash; the login
     * socket exists for nothing else (design 2, D6) */
    board->gate_main.n = board->gate_login.n = HASHER_GATE_MAX;
    board->gate_main.cap = conf->workers > 1 ? (int)conf->workers / 2 : 1;
    board->gate_login.cap = HASHER_GATE_MAX;
}

void generation_drain(struct generation *g)
{
    close_end(&g->pool.control[1]);
}

void generation_drain_late(struct parent *p, struct generation *g)
{
    close_end(&g->pool.late_control[1]);
    for (int i = 0; i < p->posts.n; i++)
        if (p->posts.v[i].generation == g->n)
            close_end(&p->posts.v[i].control_fd);
}

void generation_end(struct generation *g)
{
    close_pipes(&g->pool);
    if (g->pool.conf)
        secrets_free(g->pool.conf->secrets);
    arena_done(g->arena);
    *g = (struct generation){ 0 };
}

/* --- the database --------------------------------------------------------- */

struct preparation { struct parent *parent; bool is_start; };

static int prepare_in_child(void *arg)
{
    const struct preparation *what = arg;
    struct parent *p = what->parent;
    const struct pool *pool = &p->now.pool;
    struct signer signer = {
        .ask_fd = pool->signer_queue[CHANNEL_CLI].ask_fd,
        .deadline_ms = clock_mono_ms() + 60000,
    };
    struct prepare_setup setup = {
        .conf = pool->conf,
        .keys = pool->keys,
        .signer = &signer,
        .may_migrate = what->is_start && p->setup->may_migrate,
        .is_start = what->is_start,
        .lock_path = pool->lock_path,
        .limits_dir = pool->limits_dir,
    };

    log_process("prepare");
    sandbox_become(pool->id.uid, pool->id.gid);
    if (what->is_start && front_write(&p->front) != RC_OK)
        return 1;
    return prepare(&setup, p->prepared) == RC_OK ? 0 : 1;
}

enum rc generation_prepare(struct parent *p, bool is_start)
{
    struct preparation what = { p, is_start };
    int status;

    memset(p->prepared, 0, sizeof(*p->prepared));
    pid_t pid = children_fork(&p->children, prepare_in_child, &what);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return fault("parent: prepare: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return RC_OK;
    if (p->prepared->why[0] == '\0')
        snprintf(p->prepared->why, sizeof(p->prepared->why), "the start failed; the log says why");
    return RC_REFUSED;
}

