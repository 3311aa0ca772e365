#include "config.h"

#include "process_test.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "hasher/hasher.h"
#include "hasher/hasher_frame.h"
#include "util/clock.h"
#include "util/frame.h"
#include "util/text.h"

static struct arena *arena;
static struct ask_queue queue;

static int set_up(void **state)
{
    (void)state;
    arena = arena_start("test");
    return ask_queue_open(&queue) == RC_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    close(queue.ask_fd);
    close(queue.answer_fd);
    arena_done(arena);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* ---- one question ---- */

static struct bytes question(int64_t op, struct bytes password, const char *encoded)
{
    struct sbuf b;

    sbuf_init(&b, arena, 0);
    frame_put_int(&b, op);
    frame_put_bytes(&b, password);
    frame_put_text(&b, encoded);
    return sbuf_bytes(&b);
}

static int64_t answer(struct bytes q, const char **hash)
{
    struct frame_reader r;
    int64_t status;

    frame_read(&r, hasher_answer(arena, q));
    status = frame_get_int(&r);
    *hash = frame_get_text(&r, arena);
    assert_int_equal(frame_end(&r), RC_OK);
    return status;
}

static void make_and_verify(void **state)
{
    const char *hash, *rehash;

    (void)state;
    assert_int_equal(answer(question(HASHER_MAKE, bytes_of("right"), NULL), &hash), HASHER_OK);
    assert_int_equal(answer(question(HASHER_VERIFY, bytes_of("right"), hash), &rehash), HASHER_OK);
    assert_null(rehash);
    assert_int_equal(answer(question(HASHER_VERIFY, bytes_of("wrong"), hash), &rehash), HASHER_WRONG);
    assert_null(rehash);
}

/* htpasswd's: due, so that a hash of ours comes with the answer. */
#define BCRYPT "$2y$05$BQtrmTC4r2Sgfqud3VrKE.uBU7qB/gYKPvQXl5TTXRe.9Sh221T2O"

static void a_rehash_when_due(void **state)
{
    const char *hash, *none;

    (void)state;
    assert_int_equal(answer(question(HASHER_VERIFY, bytes_of("correct horse"), BCRYPT), &hash), HASHER_OK);
    assert_true(text_starts(hash, "$argon2id$"));
    assert_int_equal(answer(question(HASHER_VERIFY, bytes_of("correct horse"), hash), &none), HASHER_OK);
    assert_null(none);
    assert_int_equal(answer(question(HASHER_VERIFY, bytes_of("wrong"), BCRYPT), &none), HASHER_WRONG);
    assert_null(none);
}

/* By the processor's time: by the wall's, a busy machine would decide. */
static int64_t cost_of(const char *encoded)
{
    clock_t at = clock();
    const char *hash;

    assert_int_equal(answer(question(HASHER_VERIFY, bytes_of("wrong"), encoded), &hash), HASHER_WRONG);
    return clock() - at;
}

static void an_unknown_user_costs_as_much(void **state)
{
    int64_t known = INT64_MAX, unknown = INT64_MAX;
    const char *hash;

    (void)state;
    assert_int_equal(answer(question(HASHER_MAKE, bytes_of("right"), NULL), &hash), HASHER_OK);
    for (int i = 0; i < 5; i++) { /* the best of five: page faults are in it, too */
        int64_t a = cost_of(hash), b = cost_of(NULL);

        known = a < known ? a : known;
        unknown = b < unknown ? b : unknown;
    }
    assert_true(unknown > known / 2 && unknown < known * 2);
}

static void malformed_questions(void **state)
{
    struct bytes q = question(HASHER_VERIFY, bytes_of("right"), BCRYPT);
    uint8_t *longer = arena_alloc(arena, q.n + 1), *big = arena_alloc(arena, PASSWORD_BYTES_MAX + 1);
    static const int64_t ops[] = { 0, 1, 2, -1, 0x100, 0x103, 0x201, INT64_MIN };
    const char *hash;

    (void)state;
    for (size_t n = 0; n < q.n; n++)
        assert_int_equal(answer((struct bytes){ q.p, n }, &hash), HASHER_FAULT);
    memcpy(longer, q.p, q.n);
    assert_int_equal(answer((struct bytes){ longer, q.n + 1 }, &hash), HASHER_FAULT);
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        assert_int_equal(answer(question(ops[i], bytes_of("right"), NULL), &hash), HASHER_FAULT);
    assert_int_equal(answer(question(HASHER_MAKE, (struct bytes){ big, PASSWORD_BYTES_MAX + 1 }, NULL), &hash),
                     HASHER_FAULT);
    assert_null(hash);
}

/* ---- real processes ---- */

static void run(int control_fd)
{
    struct hasher_setup setup = { queue.answer_fd, control_fd, NULL };

    _exit(hasher_run(&setup));
}

static struct process start(void)
{
    return start_process(SOCK_STREAM, run);
}

static struct hasher asker(void)
{
    return (struct hasher){ .ask_fd = queue.ask_fd, .deadline_ms = clock_mono_ms() + 20000 };
}

static void over_a_queue(void **state)
{
    struct process p = start();
    struct hasher h = asker();
    const char *hash, *rehash = "untouched";

    (void)state;
    assert_int_equal(hasher_make(&h, arena, "right", &hash), RC_OK);
    assert_int_equal(hasher_verify(&h, arena, "wrong", hash, &rehash), RC_NONE);
    assert_int_equal(hasher_verify(&h, arena, "right", NULL, &rehash), RC_NONE);
    assert_string_equal(rehash, "untouched");
    assert_int_equal(hasher_verify(&h, arena, "right", hash, &rehash), RC_OK);
    assert_null(rehash);
    assert_int_equal(hasher_verify(&h, arena, "correct horse", BCRYPT, &rehash), RC_OK);
    assert_int_equal(hasher_verify(&h, arena, "correct horse", rehash, &hash), RC_OK);
    assert_int_equal(getpriority(PRIO_PROCESS, (id_t)p.pid), getpriority(PRIO_PROCESS, 0) + 10);
    stop(&p);
}

static void passwords_of_any_length(void **state)
{
    struct process p = start();
    struct hasher h = asker();
    char *longest = arena_alloc(arena, PASSWORD_BYTES_MAX + 2);
    const char *hash, *rehash;

    (void)state;
    memset(longest, 'x', PASSWORD_BYTES_MAX);
    assert_int_equal(hasher_make(&h, arena, longest, &hash), RC_OK);
    assert_int_equal(hasher_verify(&h, arena, longest, hash, &rehash), RC_OK);
    longest[PASSWORD_BYTES_MAX] = 'x';
    assert_int_equal(hasher_verify(&h, arena, longest, hash, &rehash), RC_NONE);
    assert_int_equal(hasher_make(&h, arena, longest, &hash), RC_FAULT);
    assert_int_equal(hasher_make(&h, arena, "", &hash), RC_OK);
    assert_int_equal(hasher_verify(&h, arena, NULL, hash, &rehash), RC_OK);
    stop(&p);
}

static void the_deadline(void **state)
{
    struct hasher h = asker();
    struct hasher_gate gate = { .cap = 1, .n = 1 };
    const char *hash;

    (void)state; /* nobody listens */
    h.deadline_ms = clock_mono_ms() + 50;
    h.gate = &gate;
    assert_int_equal(hasher_make(&h, arena, "right", &hash), RC_REFUSED);
    assert_int_equal(gate.is_waiting[0], 0);
}

static void term_ends_it(void **state)
{
    struct process p = start();
    struct hasher h = asker();
    const char *hash;

    (void)state;
    assert_int_equal(hasher_make(&h, arena, "right", &hash), RC_OK);
    kill(p.pid, SIGINT);
    assert_int_equal(hasher_make(&h, arena, "right", &hash), RC_OK);
    kill(p.pid, SIGTERM);
    assert_int_equal(status_of(&p), 0);
    close(p.control_fd);
}

/* Takes one question, puts a real hasher in its place, dies of -9 with the question in hand. */
static void die_in_the_middle(int control_fd)
{
    struct arena *a = arena_start("victim");
    struct bytes q;
    int reply_fd;

    while (ask_next(queue.answer_fd, a, &q, &reply_fd) != RC_OK)
        usleep(1000);
    if (fork() == 0) {
        close(reply_fd);
        arena_done(a);
        run(control_fd);
    }
    kill(getpid(), SIGKILL);
}

static void a_killed_hasher_loses_no_question(void **state)
{
    struct process p = start_process(SOCK_STREAM, die_in_the_middle);
    struct hasher h = asker();
    const char *hash;

    (void)state;
    assert_int_equal(hasher_make(&h, arena, "right", &hash), RC_OK);
    assert_true(WIFSIGNALED(status_of(&p)));
    close(p.control_fd);
}

/* To the asker it dies with each. */
static void answer_none(int control_fd)
{
    struct arena *a = arena_start("victim");
    struct bytes q;
    int reply_fd;

    for (;;)
        if (ask_next(queue.answer_fd, a, &q, &reply_fd) == RC_OK)
            close(reply_fd);
        else if (recv(control_fd, &reply_fd, 1, MSG_DONTWAIT) == 0)
            _exit(0);
        else
            usleep(1000);
}

/* Not the asker's fault, and over in a moment: it may come again. */
static void one_hasher_after_another_is_killed(void **state)
{
    struct process p = start_process(SOCK_STREAM, answer_none);
    struct hasher h = asker();
    const char *hash;

    (void)state;
    assert_int_equal(hasher_verify(&h, arena, "right", NULL, &hash), RC_REFUSED);
    assert_int_equal(hasher_make(&h, arena, "right", &hash), RC_REFUSED);
    close(p.control_fd);
    assert_int_equal(status_of(&p), 0);
}

/* The real one, killed while it hashes; another stands by. */
static void killed_while_it_hashes(void **state)
{
    struct process first = start(), second;
    struct hasher h = asker();
    const char *hash;
    pid_t killer;

    (void)state;
    assert_int_equal(hasher_make(&h, arena, "right", &hash), RC_OK);
    killer = fork();
    if (killer == 0) {
        usleep(5000);
        kill(first.pid, SIGKILL);
        close(first.control_fd);
        second = start();
        usleep(5000000);
        _exit(second.pid > 0 ? 0 : 1);
    }
    assert_int_equal(hasher_make(&h, arena, "right", &hash), RC_OK);
    assert_true(WIFSIGNALED(status_of(&first)));
    kill(killer, SIGKILL);
    waitpid(killer, NULL, 0);
    close(first.control_fd);
}

/* ---- the gate ---- */

static void a_full_gate(void **state)
{
    struct process p = start();
    struct hasher h = asker();
    struct hasher_gate gate = { .cap = 2, .n = 4, .is_waiting = { 1, 1, 0, 0 } };
    const char *hash;

    (void)state;
    h.gate = &gate;
    h.slot = 3;
    assert_int_equal(hasher_make(&h, arena, "right", &hash), RC_REFUSED);
    assert_int_equal(gate.is_waiting[3], 0);
    gate.is_waiting[0] = 0; /* as the parent does for a worker that died */
    assert_int_equal(hasher_make(&h, arena, "right", &hash), RC_OK);
    assert_int_equal(gate.is_waiting[3], 0);
    assert_int_equal(hasher_verify(&h, arena, "wrong", hash, &hash), RC_NONE);
    assert_int_equal(gate.is_waiting[3], 0);
    assert_int_equal(gate.is_waiting[1], 1);
    gate.cap = 0;
    assert_int_equal(hasher_make(&h, arena, "right", &hash), RC_REFUSED);
    stop(&p);
}

#define ASKERS 8

/* As many askers as there are slots press on; the hasher never sees more than `cap` of them wait. */
static void never_more_than_cap(void **state)
{
    struct hasher_gate *gate = mmap(NULL, sizeof(*gate), PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct process p = start();
    pid_t pids[ASKERS];
    int got = 0, status;

    (void)state;
    gate->cap = 2;
    gate->n = ASKERS;
    for (int i = 0; i < ASKERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct hasher h = asker();
            const char *hash;
            int ok = 0;

            h.gate = gate;
            h.slot = i;
            for (int j = 0; j < 40; j++) {
                ok += hasher_make(&h, arena, "right", &hash) == RC_OK;
                usleep(500);
            }
            _exit(ok);
        }
    }
    for (int i = 0; i < ASKERS; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        got += WEXITSTATUS(status);
    }
    assert_true(got > 0 && got < ASKERS * 40); /* some got in, some were sent away */
    for (int i = 0; i < ASKERS; i++)
        assert_int_equal(gate->is_waiting[i], 0);
    stop(&p);
    munmap(gate, sizeof(*gate));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(make_and_verify),
        TEST(a_rehash_when_due),
        TEST(an_unknown_user_costs_as_much),
        TEST(malformed_questions),
        TEST(over_a_queue),
        TEST(passwords_of_any_length),
        TEST(the_deadline),
        TEST(term_ends_it),
        TEST(a_killed_hasher_loses_no_question),
        TEST(one_hasher_after_another_is_killed),
        TEST(killed_while_it_hashes),
        TEST(a_full_gate),
        TEST(never_more_than_cap),
    };

    alarm(300); /* a process that does not end is a failure, too */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
