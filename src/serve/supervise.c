#include "config.h"

#include "serve/parent_state.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "serve/notify.h"
#include "util/clock.h"

#define TURN_MS 250
#define KEEPER_SILENT_MS 60000
#define COURIER_SILENT_MS 300000 /* it waits for name servers and mail servers */
#define STOPPED_MS 200 /* a terminal's Ctrl-Z stops us all, and we go on a moment before the others */

void supervise_fill_post(struct parent *p, int i)
{
    struct post *post = &p->posts.v[i];
    struct slot *slot = &p->now.pool.board->slots[i];

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

void supervise_fill(struct parent *p, enum proc_kind kind)
{
    int64_t now = clock_mono_ms();

    for (int i = 0; i < p->posts.n; i++) {
        const struct post *post = &p->posts.v[i];

        if (post->pid == 0 && !post->is_leaving && post->restart_at_ms <= now &&
            (kind == PROC_NONE || post->kind == kind))
            supervise_fill_post(p, i);
    }
}

/* Idle, while all the time until its deadline a question waited that it could have taken. */
static bool has_overslept(const struct parent *p, int i, int64_t busy, int64_t late_since)
{
    return late_since != 0 && busy <= 0 && -busy < late_since && p->posts.v[i].started_ms < late_since;
}

static bool is_silent(const struct slot *slot, int64_t now)
{
    int64_t quiet = now - __atomic_load_n(&slot->beat_ms, __ATOMIC_ACQUIRE);

    return (slot->kind == PROC_KEEPER && quiet > KEEPER_SILENT_MS) ||
           (slot->kind == PROC_COURIER && quiet > COURIER_SILENT_MS);
}

static const char *hung_why(const struct parent *p, int i, int64_t now, const int64_t *late_since)
{
    const struct slot *slot = &p->now.pool.board->slots[i];
    int64_t stopped = p->posts.v[i].stopped_ms;
    int64_t busy = __atomic_load_n(&slot->busy_since_ms, __ATOMIC_ACQUIRE);

    if (busy > 0 && now - busy > p->now.pool.conf->request_deadline_s * 1000)
        return "missed the request deadline";
    if (has_overslept(p, i, busy, late_since[slot->kind]))
        return "let a question wait";
    if (stopped != 0 && now - stopped >= STOPPED_MS)
        return "stopped";
    if (is_silent(slot, now))
        return "silent";
    return NULL;
}

/* SIGKILL: a process that does not answer will not clean up either. */
static void kill_hung(struct parent *p)
{
    int64_t now = clock_mono_ms(), late_since[PROC_KINDS_N];

    for (int kind = 0; kind < PROC_KINDS_N; kind++)
        late_since[kind] = __atomic_exchange_n(&p->now.pool.board->late_since_ms[kind], 0, __ATOMIC_ACQ_REL);
    for (int i = 0; i < p->posts.n; i++) {
        const char *why = p->posts.v[i].pid != 0 ? hung_why(p, i, now, late_since) : NULL;

        if (why == NULL)
            continue;
        log_event(LOG_LEVEL_ERROR, "process_hung", "kind", proc_kind_name(p->posts.v[i].kind),
                  "child", log_num(p->posts.v[i].pid), "why", why, NULL);
        kill(p->posts.v[i].pid, SIGKILL);
    }
}

void supervise_reap(struct parent *p)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        if (WIFSTOPPED(status) || WIFCONTINUED(status))
            posts_mark_stopped(&p->posts, pid, WIFSTOPPED(status));
        else
            (void)posts_bury(&p->posts, p->now.pool.board, pid, status, p->is_stopping);
    }
}

int supervise_wait(struct parent *p, int64_t ms)
{
    struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };
    int sig = sigtimedwait(&p->signals, NULL, &ts);

    notify_alive();
    if (sig == SIGTERM || sig == SIGINT)
        p->stop_signal = sig;
    if (sig == SIGHUP)
        p->is_reload_wanted = true;
    return sig > 0 ? sig : 0;
}

/* Until the next look at who hangs, or a vacant post is due. */
static int64_t turn_ms(const struct parent *p)
{
    int64_t left = posts_restart_at(&p->posts) - clock_mono_ms();

    return left < 0 ? 0 : left < TURN_MS ? left : TURN_MS;
}

void supervise(struct parent *p)
{
    while (p->stop_signal == 0) {
        (void)supervise_wait(p, turn_ms(p));
        supervise_reap(p);
        kill_hung(p);
        reload_go_on(p);
        if (p->is_reload_wanted && p->old.n == 0 && p->stop_signal == 0)
            reload(p);
        supervise_fill(p, PROC_NONE);
    }
    log_event(LOG_LEVEL_INFO, "stopping", "signal", strsignal(p->stop_signal), NULL);
}
