#include "config.h"

#include "serve/posts.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"

#define SHORT_LIFE_MS 2000
#define BACK_OFF_MS 100
#define BACK_OFF_MAX_MS 5000

const char *proc_kind_name(enum proc_kind kind)
{
    static const char *const names[PROC_KINDS_N] = {
        [PROC_NONE] = "none",     [PROC_WORKER] = "worker", [PROC_LOGIN_WORKER] = "login-worker",
        [PROC_HASHER] = "hasher", [PROC_CHECKER] = "checker", [PROC_SIGNER] = "signer", [PROC_KEEPER] = "keeper",
        [PROC_COURIER] = "courier", [PROC_FRONT] = "front",
    };

    return names[kind];
}

struct board *board_new(void)
{
    void *p = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        die("board: no memory");
    return p;
}

static struct post *unused(struct posts *p)
{
    for (int i = 0; i < p->n; i++)
        if (p->v[i].kind == PROC_NONE)
            return &p->v[i];
    if (p->n == SLOTS_MAX)
        die("more than %d processes are asked for", SLOTS_MAX);
    return &p->v[p->n++];
}

void posts_add(struct posts *p, enum proc_kind kind, int64_t n, int generation)
{
    for (int64_t i = 0; i < n; i++)
        *unused(p) = (struct post){ .kind = kind, .control_fd = -1, .generation = generation };
}

static void give_up(struct post *post)
{
    post->is_leaving = true;
    if (post->pid == 0)
        post->kind = PROC_NONE;
}

void posts_leave(struct posts *p, int generation)
{
    for (int i = 0; i < p->n; i++)
        if (p->v[i].kind != PROC_NONE && p->v[i].generation == generation)
            give_up(&p->v[i]);
}

static const char *reason(char *buf, size_t n, int status)
{
    if (WIFSIGNALED(status))
        snprintf(buf, n, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(buf, n, "exit status %d", WEXITSTATUS(status));
    return buf;
}

/* At once the first time; then slower and slower while it keeps dying young. */
static void set_back_off(struct post *post)
{
    int64_t now = clock_mono_ms(), wait = 0;

    post->failures_n = now - post->started_ms < SHORT_LIFE_MS ? post->failures_n + 1 : 0;
    if (post->failures_n > 1)
        wait = (int64_t)BACK_OFF_MS << (post->failures_n < 8 ? post->failures_n - 2 : 6);
    post->restart_at_ms = now + (wait < BACK_OFF_MAX_MS ? wait : BACK_OFF_MAX_MS);
}

/* It ended of its own accord: a checker was made for one question and has answered it, a
 * courier makes way for one that sees more (serve/lookup_files.h). */
static bool is_done(const struct post *post, int status)
{
    return (post->kind == PROC_CHECKER || post->kind == PROC_COURIER) && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void vacate(struct posts *p, struct board *board, struct post *post)
{
    struct slot *slot = &board->slots[post - p->v];

    slot->pid = 0;
    __atomic_store_n(&slot->busy_since_ms, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&board->gate_main.is_waiting[post - p->v], 0, __ATOMIC_RELEASE);
    __atomic_store_n(&board->gate_login.is_waiting[post - p->v], 0, __ATOMIC_RELEASE);
    post->pid = 0;
    post->stopped_ms = 0;
    if (post->control_fd >= 0)
        close(post->control_fd);
    post->control_fd = -1;
}

struct post *posts_bury(struct posts *p, struct board *board, pid_t pid, int status, bool is_expected)
{
    char why[80];

    for (int i = 0; i < p->n; i++) {
        struct post *post = &p->v[i];

        if (post->pid != pid)
            continue;
        if (!is_expected && !post->is_leaving && !is_done(post, status))
            log_event(LOG_LEVEL_ERROR, "process_died", "kind", proc_kind_name(post->kind), "child",
                      log_num(pid), "why", reason(why, sizeof(why), status), NULL);
        if (post->kind == PROC_FRONT)
            (void)kill(-pid, SIGKILL); /* its own workers would keep the port */
        vacate(p, board, post);
        if (is_done(post, status))
            post->failures_n = 0;
        else
            set_back_off(post);
        if (post->is_leaving)
            post->kind = PROC_NONE;
        return post;
    }
    return NULL;
}

void posts_mark_stopped(struct posts *p, pid_t pid, bool is_stopped)
{
    for (int i = 0; i < p->n; i++)
        if (p->v[i].pid == pid)
            p->v[i].stopped_ms = is_stopped ? clock_mono_ms() : 0;
}

int64_t posts_restart_at(const struct posts *p)
{
    int64_t first = INT64_MAX;

    for (int i = 0; i < p->n; i++)
        if (p->v[i].pid == 0 && p->v[i].kind != PROC_NONE && !p->v[i].is_leaving && p->v[i].restart_at_ms < first)
            first = p->v[i].restart_at_ms;
    return first;
}

int posts_living_of(const struct posts *p, enum proc_kind kind, int generation)
{
    int n = 0;

    for (int i = 0; i < p->n; i++)
        n += p->v[i].pid != 0 && p->v[i].generation == generation &&
             (kind == PROC_NONE || p->v[i].kind == kind);
    return n;
}

int posts_living(const struct posts *p, enum proc_kind kind)
{
    int n = 0;

    for (int i = 0; i < p->n; i++)
        n += p->v[i].pid != 0 && (kind == PROC_NONE || p->v[i].kind == kind);
    return n;
}

void posts_kill(const struct posts *p, enum proc_kind kind, int sig)
{
    for (int i = 0; i < p->n; i++)
        if (p->v[i].pid != 0 && (kind == PROC_NONE || p->v[i].kind == kind))
            kill(p->v[i].pid, sig);
}

void posts_kill_of(const struct posts *p, int generation, int sig)
{
    for (int i = 0; i < p->n; i++)
        if (p->v[i].pid != 0 && p->v[i].generation == generation)
            kill(p->v[i].pid, sig);
}
