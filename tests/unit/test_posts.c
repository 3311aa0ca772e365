/* The parent's posts: who holds them, what becomes of the dead, how long until the next try. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/posts.h"
#include "util/clock.h"

static struct posts *P;
static struct board *board;
static char logged[4096]; /* by the last bury() */

static int set_up(void **state)
{
    (void)state;
    P = calloc(1, sizeof(*P));
    board = board_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(P);
    munmap(board, sizeof(*board));
    return 0;
}

static struct post *fill(int i, pid_t pid, int64_t age_ms)
{
    P->v[i].pid = pid;
    P->v[i].started_ms = clock_mono_ms() - age_ms;
    board->slots[i].pid = pid;
    return &P->v[i];
}

/* With what goes to the log in `logged`. */
static struct post *bury(pid_t pid, int status, bool is_expected)
{
    int pipes[2], kept = dup(STDERR_FILENO);

    assert_int_equal(pipe(pipes), 0);
    dup2(pipes[1], STDERR_FILENO);
    close(pipes[1]);
    struct post *post = posts_bury(P, board, pid, status, is_expected);
    dup2(kept, STDERR_FILENO);
    close(kept);
    ssize_t n = read(pipes[0], logged, sizeof(logged) - 1);
    logged[n > 0 ? n : 0] = '\0';
    close(pipes[0]);
    return post;
}

static int64_t wait_of(const struct post *post)
{
    return post->restart_at_ms - clock_mono_ms();
}

static void names_of_kinds(void **state)
{
    (void)state;
    for (int i = 0; i < PROC_KINDS_N; i++)
        assert_non_null(proc_kind_name((enum proc_kind)i));
    assert_string_equal(proc_kind_name(PROC_LOGIN_WORKER), "login-worker");
}

static void are_counted(void **state)
{
    (void)state;
    posts_add(P, PROC_SIGNER, 1, 1);
    posts_add(P, PROC_WORKER, 3, 1);
    posts_add(P, PROC_FRONT, 1, 0);
    assert_int_equal(P->n, 5);
    assert_int_equal(posts_living(P, PROC_NONE), 0);
    fill(1, 101, 0);
    fill(3, 103, 0);
    fill(4, 104, 0);
    assert_int_equal(posts_living(P, PROC_NONE), 3);
    assert_int_equal(posts_living(P, PROC_WORKER), 2);
    assert_int_equal(posts_living(P, PROC_SIGNER), 0);
    assert_int_equal(posts_living_of(P, PROC_NONE, 1), 2);
    assert_int_equal(posts_living_of(P, PROC_FRONT, 0), 1);
    assert_int_equal(posts_living_of(P, PROC_FRONT, 1), 0);
}

static int add_too_many(void)
{
    if (freopen("/dev/null", "w", stderr) == NULL)
        return 1;
    posts_add(P, PROC_WORKER, SLOTS_MAX, 1);
    posts_add(P, PROC_WORKER, 1, 1);
    return 0;
}

static void have_an_end(void **state)
{
    int status;

    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        _exit(add_too_many());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 70); /* die() */
}

/* What the dead one was doing is no longer being done. */
static void the_dead_leave_nothing_behind(void **state)
{
    int pipes[2];

    (void)state;
    posts_add(P, PROC_WORKER, 3, 1);
    fill(1, 101, 60000);
    assert_int_equal(pipe(pipes), 0);
    P->v[1].control_fd = pipes[0];
    board->slots[1].busy_since_ms = 5;
    board->gate_main.is_waiting[1] = board->gate_login.is_waiting[1] = 1;
    board->gate_main.is_waiting[2] = 1;
    assert_null(bury(999, 0, false)); /* not ours */
    assert_string_equal(logged, "");
    assert_ptr_equal(bury(101, 3 << 8, false), &P->v[1]);
    assert_non_null(strstr(logged, "process_died"));
    assert_non_null(strstr(logged, "kind=worker"));
    assert_non_null(strstr(logged, "why=\"exit status 3\""));
    assert_int_equal(P->v[1].pid, 0);
    assert_int_equal(board->slots[1].pid, 0);
    assert_int_equal(board->slots[1].busy_since_ms, 0);
    assert_int_equal(board->gate_main.is_waiting[1], 0);
    assert_int_equal(board->gate_login.is_waiting[1], 0);
    assert_int_equal(board->gate_main.is_waiting[2], 1); /* another's */
    assert_int_equal(P->v[1].control_fd, -1);
    assert_int_equal(fcntl(pipes[0], F_GETFD), -1); /* closed */
    close(pipes[1]);
}

static void how_it_died(void **state)
{
    (void)state;
    posts_add(P, PROC_SIGNER, 1, 1);
    fill(0, 101, 60000);
    bury(101, SIGKILL, false);
    assert_non_null(strstr(logged, "kind=signer"));
    assert_non_null(strstr(logged, "why=\"signal 9 (Killed)\""));
    fill(0, 102, 60000);
    bury(102, 0, true);
    assert_string_equal(logged, "");
}

/* At once; then slower and slower while it keeps dying young; forgiven after a life. */
static void back_off(void **state)
{
    static const int64_t waits[] = { 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000 };
    struct post *post;

    (void)state;
    posts_add(P, PROC_HASHER, 1, 1);
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        fill(0, 101, 0);
        post = bury(101, SIGSEGV, false);
        assert_int_equal(post->failures_n, i + 1);
        /* the clock went on since: never more than that, and not much less */
        assert_true(wait_of(post) <= waits[i]);
        assert_true(post->restart_at_ms >= post->started_ms + waits[i]);
        assert_int_equal(posts_restart_at(P), post->restart_at_ms);
    }
    fill(0, 101, 60000);
    post = bury(101, SIGSEGV, false);
    assert_int_equal(post->failures_n, 0);
    assert_true(wait_of(post) <= 0);
}

/* A checker answers one question and ends: that is no death, and the next comes at once. */
static void it_is_done(void **state)
{
    struct post *post;

    (void)state;
    posts_add(P, PROC_CHECKER, 1, 1);
    for (int i = 0; i < 5; i++) {
        fill(0, 101, 0);
        post = bury(101, 0, false);
        assert_string_equal(logged, "");
        assert_int_equal(post->failures_n, 0);
        assert_true(wait_of(post) <= 0);
        assert_int_equal(board->slots[0].pid, 0);
    }
    fill(0, 101, 0);
    post = bury(101, 1 << 8, false);
    assert_non_null(strstr(logged, "kind=checker"));
    assert_int_equal(post->failures_n, 1);
}

static void the_first_that_is_due(void **state)
{
    (void)state;
    assert_int_equal(posts_restart_at(P), INT64_MAX);
    posts_add(P, PROC_WORKER, 3, 1);
    P->v[0].restart_at_ms = 500;
    P->v[1].restart_at_ms = 300;
    P->v[2].restart_at_ms = 100;
    fill(2, 103, 0); /* held */
    assert_int_equal(posts_restart_at(P), 300);
    fill(1, 102, 0);
    fill(0, 101, 0);
    assert_int_equal(posts_restart_at(P), INT64_MAX);
}

/* A reload: the old ones may finish, nobody follows them, their slots are used again. */
static void generations(void **state)
{
    (void)state;
    posts_add(P, PROC_WORKER, 2, 1);
    posts_add(P, PROC_FRONT, 1, 0);
    fill(0, 101, 60000);
    fill(2, 103, 60000);
    posts_leave(P, 1);
    assert_int_equal(P->v[0].kind, PROC_WORKER); /* at work still */
    assert_int_equal(P->v[1].kind, PROC_NONE);   /* vacant */
    assert_int_equal(P->v[2].kind, PROC_FRONT);  /* of no generation */
    assert_int_equal(posts_restart_at(P), INT64_MAX);
    posts_add(P, PROC_WORKER, 2, 2);
    assert_int_equal(P->n, 4);
    assert_int_equal(P->v[1].generation, 2);
    assert_int_equal(P->v[3].generation, 2);
    assert_ptr_equal(bury(101, SIGKILL, false), &P->v[0]);
    assert_string_equal(logged, ""); /* it was told to go */
    assert_int_equal(P->v[0].kind, PROC_NONE);
    assert_int_equal(posts_living_of(P, PROC_WORKER, 1), 0);
}

static void are_told_to_end(void **state)
{
    pid_t pids[3];
    int status;

    (void)state;
    posts_add(P, PROC_WORKER, 1, 1);
    posts_add(P, PROC_KEEPER, 1, 1);
    posts_add(P, PROC_WORKER, 1, 2);
    for (int i = 0; i < 3; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            for (;;)
                pause();
        fill(i, pids[i], 0);
    }
    posts_kill(P, PROC_KEEPER, SIGTERM);
    assert_int_equal(waitpid(pids[1], &status, 0), pids[1]);
    assert_int_equal(WTERMSIG(status), SIGTERM);
    bury(pids[1], status, true);
    posts_kill_of(P, 1, SIGKILL);
    assert_int_equal(waitpid(pids[0], &status, 0), pids[0]);
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_int_equal(kill(pids[2], 0), 0); /* another generation */
    bury(pids[0], status, true);
    posts_kill(P, PROC_NONE, SIGKILL);
    assert_int_equal(waitpid(pids[2], &status, 0), pids[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(names_of_kinds), TEST(are_counted), TEST(have_an_end), TEST(the_dead_leave_nothing_behind),
        TEST(how_it_died), TEST(back_off), TEST(it_is_done), TEST(the_first_that_is_due), TEST(generations), TEST(are_told_to_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
