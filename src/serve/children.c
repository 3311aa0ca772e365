#include "config.h"

#include "serve/children.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/calls.h"
#include "serve/courier.h"
#include "serve/keeper.h"
#include "serve/sandbox.h"
#include "serve/worker.h"

static void default_signals(void)
{
    sigset_t none;

    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static pid_t fork_clean(const struct children *c)
{
    fflush(NULL); /* what is buffered here is not to be written twice */
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    (void)setpgid(0, 0); /* Ctrl-C at a terminal is for the parent, which ends us in good order */
    default_signals();
    /* the writing end must be the parent's alone, or nobody ever sees it close */
    close(c->pool->control[1]);
    close(c->pool->late_control[1]);
    return 0;
}

pid_t children_fork(struct children *c, int (*fn)(void *arg), void *arg)
{
    pid_t pid = fork_clean(c);

    if (pid == 0)
        exit(fn(arg));
    return pid;
}

/* As ps and top show it. */
static void take_name(enum proc_kind kind)
{
    log_process(proc_kind_name(kind));
    (void)prctl(PR_SET_NAME, proc_kind_name(kind));
}

static int close_signer(void)
{
    sandbox_close_all();
    calls_close(PROC_SIGNER);
    return 0;
}

static int close_hasher(void)
{
    sandbox_close_all();
    calls_close(PROC_HASHER);
    return 0;
}

/* --- signer --------------------------------------------------------------- */

static int run_signer(const struct children *c, int control_fd, int slot)
{
    struct signer_setup setup = {
        .issuer = c->pool->conf->issuer,
        .env_kid = c->pool->conf->jwk_kid,
        .request_deadline_s = c->pool->conf->request_deadline_s,
        .control_fd = control_fd,
        .enter_sandbox = close_signer,
        .busy_since_ms = &c->pool->board->slots[slot].busy_since_ms,
        .is_overlapping = &c->pool->board->is_overlapping,
    };
    int keep[CHANNELS_N + 1];

    for (int i = 0; i < CHANNELS_N; i++)
        keep[i] = setup.answer_fd[i] = c->pool->signer_queue[i].answer_fd;
    keep[CHANNELS_N] = control_fd;
    take_name(PROC_SIGNER);
    sandbox_child(keep, ARRAY_LEN(keep));
    sandbox_become(c->pool->id.signer_uid, c->pool->id.gid);
    return signer_run(&setup);
}

static enum rc hand_over(const struct children *c, int fd)
{
    const struct secrets *s = c->pool->conf->secrets;
    struct signer_secrets secrets = {
        .encryption = { s->encryption.p, s->encryption.n },
        .encryption_previous = { s->encryption_previous.p, s->encryption_previous.n },
        .private_key_pem = s->private_key_pem,
    };

    return signer_hand_over(fd, &secrets);
}

static pid_t start_signer(struct children *c, struct post *post, int slot)
{
    int pair[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    pid = fork_clean(c);
    if (pid == 0) {
        close(pair[0]);
        exit(run_signer(c, pair[1], slot));
    }
    close(pair[1]);
    if (pid < 0 || hand_over(c, pair[0]) != RC_OK) {
        close(pair[0]);
        return pid; /* one that got no secrets sees EOF, ends, and is tried again */
    }
    post->control_fd = pair[0];
    return pid;
}

/* --- the others ----------------------------------------------------------- */

static int run_hasher(const struct children *c, int slot)
{
    const int keep[] = { c->pool->hasher_queue.answer_fd, c->pool->late_control[0] };
    struct hasher_setup setup = {
        .answer_fd = keep[0],
        .control_fd = keep[1],
        .enter_sandbox = close_hasher,
        .busy_since_ms = &c->pool->board->slots[slot].busy_since_ms,
    };

    sandbox_child(keep, ARRAY_LEN(keep));
    sandbox_become(c->pool->id.uid, c->pool->id.gid);
    return hasher_run(&setup);
}

/* The only process that may start a program, which inherits what is closed here; beyond that
 * it has an identity without privileges, and no database, keys or sockets. */
static int run_checker(const struct children *c, int slot)
{
    const int keep[] = { c->pool->checker_queue.answer_fd, c->pool->late_control[0] };
    struct checker_setup setup = {
        .argv = c->pool->conf->password_argv,
        .answer_fd = keep[0],
        .control_fd = keep[1],
        .busy_since_ms = &c->pool->board->slots[slot].busy_since_ms,
    };

    sandbox_starter(keep, ARRAY_LEN(keep));
    sandbox_become(c->pool->id.uid, c->pool->id.gid);
    sandbox_close_checker(c->pool);
    calls_close(PROC_CHECKER);
    return checker_run(&setup);
}

static int run_front(const struct children *c)
{
    log_process("front");
    if (c->pool->id.was_root)
        sandbox_become(c->pool->id.uid, c->pool->id.gid);
    /* a group of its own, to be ended with all its children; and not to survive us */
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        die("front: %s", strerror(errno));
    front_exec(c->front);
}

static int run_kind(const struct children *c, enum proc_kind kind, int slot)
{
    if (kind != PROC_FRONT) /* exec gives it its own */
        take_name(kind);
    switch (kind) {
    case PROC_WORKER:
    case PROC_LOGIN_WORKER:
        return worker_run(c->pool, kind, slot);
    case PROC_HASHER:
        return run_hasher(c, slot);
    case PROC_CHECKER:
        return run_checker(c, slot);
    case PROC_KEEPER:
        return keeper_run(c->pool, slot);
    case PROC_COURIER:
        return courier_run(c->pool, slot);
    case PROC_FRONT:
        return run_front(c);
    case PROC_NONE:
    case PROC_SIGNER:
    case PROC_KINDS_N:
        break;
    }
    die("children: no such kind");
}

pid_t children_start(struct children *c, struct post *post, int slot)
{
    pid_t pid;

    if (post->kind == PROC_SIGNER)
        return start_signer(c, post, slot);
    pid = fork_clean(c);
    if (pid == 0)
        exit(run_kind(c, post->kind, slot));
    return pid;
}
