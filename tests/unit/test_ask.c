#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/ask.h"
#include "util/clock.h"

static struct arena *arena;
static struct ask_queue queue;

static int set_up(void **state)
{
    (void)state;
    arena = arena_start("test");
    return ask_queue_open(&queue) == RC_OK ? 0 : -1;
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

static int64_t in_ms(int64_t ms)
{
    return clock_mono_ms() + ms;
}

static int open_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* What an answerer does with the i-th question it gets. */
typedef void answerer(int i, struct bytes question, int reply_fd);

/* A process that answers until it is killed. */
static pid_t answer_with(answerer *work)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    close(queue.ask_fd);
    for (int i = 0;;) {
        struct pollfd p = { .fd = queue.answer_fd, .events = POLLIN };
        struct bytes question;
        int reply_fd;

        if (poll(&p, 1, 10000) <= 0 || (p.revents & POLLIN) == 0)
            _exit(1); /* the test is gone */
        while (ask_next(queue.answer_fd, arena, &question, &reply_fd) == RC_OK)
            work(i++, question, reply_fd);
        arena_reset(arena);
    }
}

static void stop(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void echo(int i, struct bytes question, int reply_fd)
{
    (void)i;
    ask_reply(reply_fd, question);
}

static void descriptors_are_closed_on_exec(void **state)
{
    (void)state;
    assert_true(fcntl(queue.ask_fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(queue.answer_fd, F_GETFD) & FD_CLOEXEC);
}

static void answers_of_all_sizes(void **state)
{
    static const size_t sizes[] = { 0, 1, 100, 4096, ASK_MAX - 1, ASK_MAX };
    uint8_t *data = arena_alloc(arena, ASK_MAX);
    pid_t pid = answer_with(echo);
    struct bytes out = { 0 };
    int before;

    (void)state;
    memset(data, 0xA5, ASK_MAX);
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("first"), 1, in_ms(5000), &out), RC_OK);
    before = open_fds();
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {

        assert_int_equal(ask(queue.ask_fd, arena, (struct bytes){ data, sizes[i] }, 1,
                             in_ms(5000), &out), RC_OK);
        assert_int_equal(out.n, sizes[i]);
        assert_memory_equal(out.p, data, sizes[i]);
    }
    assert_int_equal(open_fds(), before); /* nothing leaks */
    stop(pid);
}

static void too_long_is_our_fault(void **state)
{
    struct bytes big = { arena_alloc(arena, ASK_MAX + 1), ASK_MAX + 1 }, out = { NULL, 42 };

    (void)state;
    assert_int_equal(ask(queue.ask_fd, arena, big, 1, in_ms(100), &out), RC_FAULT);
    assert_int_equal(out.n, 42);
}

static void answer_too_much(int i, struct bytes question, int reply_fd)
{
    static const uint8_t big[ASK_MAX + 1];

    (void)question;
    ask_reply(reply_fd, i == 0 ? (struct bytes){ big, sizeof(big) } : bytes_of("short"));
}

static void too_long_an_answer_counts_as_none(void **state)
{
    pid_t pid = answer_with(answer_too_much);
    struct bytes out = { 0 };

    (void)state;
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("q"), 2, in_ms(5000), &out), RC_OK);
    assert_memory_equal(out.p, "short", 5);
    stop(pid);
}

static void nobody_answers(void **state)
{
    struct bytes out = { NULL, 42 };
    int64_t start = clock_mono_ms();
    int before;

    (void)state;
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("q"), 3, in_ms(50), &out), RC_NONE);
    assert_in_range(clock_mono_ms() - start, 50, 2000);
    before = open_fds();
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("q"), 3, in_ms(-1), &out), RC_NONE);
    assert_int_equal(out.n, 42);
    assert_int_equal(open_fds(), before);
}

static void hang(int i, struct bytes question, int reply_fd)
{
    bool is_slow = question.n == 4; /* "slow" */

    (void)i;
    if (is_slow)
        usleep(150000); /* longer than the asker waits */
    ask_reply(reply_fd, bytes_of(is_slow ? "late" : "in time"));
}

static void late_answer_goes_nowhere(void **state)
{
    pid_t pid = answer_with(hang);
    struct bytes out = { 0 };

    (void)state;
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("slow"), 1, in_ms(50), &out), RC_NONE);
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("q"), 1, in_ms(5000), &out), RC_OK);
    assert_int_equal(out.n, 7);
    assert_memory_equal(out.p, "in time", 7);
    stop(pid);
}

static void die_holding_it(int i, struct bytes question, int reply_fd)
{
    (void)i;
    (void)question;
    (void)reply_fd;
    _exit(0);
}

static void death_of_the_answerer_is_seen_at_once(void **state)
{
    struct bytes out = { NULL, 42 };
    int64_t start = clock_mono_ms();
    pid_t pid = answer_with(die_holding_it);

    (void)state;
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("q"), 1, in_ms(10000), &out), RC_REFUSED);
    assert_in_range(clock_mono_ms() - start, 0, 5000);
    assert_int_equal(out.n, 42);
    stop(pid);
}

/* The socket that earlier answers came by has no end in the asker that would hide it. */
static void die_at_the_third(int i, struct bytes question, int reply_fd)
{
    if (i == 2)
        _exit(0);
    ask_reply(reply_fd, question);
}

static void death_is_seen_after_answers_too(void **state)
{
    struct bytes out = { 0 };
    int64_t start = clock_mono_ms();
    pid_t pid = answer_with(die_at_the_third), bystander;

    (void)state;
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("1"), 1, in_ms(5000), &out), RC_OK);
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("2"), 1, in_ms(5000), &out), RC_OK);
    bystander = fork(); /* nor has a child of the asker's */
    if (bystander == 0)
        for (;;)
            pause();
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("3"), 1, in_ms(10000), &out), RC_REFUSED);
    assert_in_range(clock_mono_ms() - start, 0, 5000);
    stop(pid);
    stop(bystander);
}

/* As one that has no descriptors left to send would. */
static void keep_the_socket(int i, struct bytes question, int reply_fd)
{
    (void)i;
    assert_true(question.n < 8);
    assert_int_equal(send(reply_fd, "Akept", 5, 0), 5);
    close(reply_fd);
}

static void an_answer_may_come_without_the_socket(void **state)
{
    pid_t pid = answer_with(keep_the_socket);
    struct bytes out = { 0 };

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(queue.ask_fd, arena, bytes_of("q"), 1, in_ms(5000), &out), RC_OK);
        assert_int_equal(out.n, 4);
    }
    stop(pid);
}

static pid_t ask_in_child(int tries)
{
    struct bytes out;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(ask(queue.ask_fd, arena, bytes_of("q"), tries, in_ms(10000), &out) == RC_OK ? 0 : 1);
    return pid;
}

static bool has_succeeded(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void wait_for_question(void)
{
    struct pollfd p = { .fd = queue.answer_fd, .events = POLLIN };

    assert_int_equal(poll(&p, 1, 5000), 1);
}

static void another_try_finds_another_answerer(void **state)
{
    pid_t dying = answer_with(die_holding_it), asker = ask_in_child(2), other;

    (void)state;
    assert_int_equal(waitpid(dying, NULL, 0), dying);
    wait_for_question(); /* the second one */
    other = answer_with(echo);
    assert_true(has_succeeded(asker));
    stop(other);
}

static void question_waits_for_a_replacement(void **state)
{
    pid_t asker = ask_in_child(1), pid;

    (void)state;
    wait_for_question();
    pid = answer_with(echo); /* was not there when it was asked */
    assert_true(has_succeeded(asker));
    stop(pid);
}

/* Questions of `n` bytes into the queue until it is full; how many fitted. */
static int fill_queue(size_t n)
{
    struct bytes question = { arena_alloc(arena, n), n };
    int count = 0;
    struct pollfd p = { .fd = queue.ask_fd, .events = POLLOUT };

    for (; count < 2000 && send(queue.ask_fd, question.p, n, MSG_DONTWAIT) >= 0; count++)
        ;
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(poll(&p, 1, 0), 0);
    return count;
}

static void full_queue_meets_the_deadline(void **state)
{
    struct bytes out = { NULL, 42 };
    int64_t start;

    (void)state;
    assert_true(fill_queue(32768) >= 3);
    start = clock_mono_ms();
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("q"), 1, in_ms(50), &out), RC_NONE);
    assert_in_range(clock_mono_ms() - start, 50, 2000);
}

static void full_queue_is_waited_for(void **state)
{
    pid_t asker, pid;

    (void)state;
    fill_queue(32768);
    asker = ask_in_child(1);
    usleep(50000);
    pid = answer_with(echo); /* drops the filling, which is malformed */
    assert_true(has_succeeded(asker));
    stop(pid);
}

static void nothing_waiting(void **state)
{
    struct bytes question = { NULL, 42 };
    int fd = 42;

    (void)state;
    assert_int_equal(ask_next(queue.answer_fd, arena, &question, &fd), RC_NONE);
    assert_int_equal(question.n, 42);
    assert_int_equal(fd, 42);
}

/* Send `n` bytes and `fds_n` descriptors as an attacker would. */
static void send_raw(const void *p, size_t n, const int *fds, size_t fds_n)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(8 * sizeof(int))];
    } control;
    struct iovec part = { (void *)(uintptr_t)p, n };
    struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

    memset(&control, 0, sizeof(control));
    if (fds_n > 0) {
        struct cmsghdr *c;

        msg.msg_control = control.room;
        msg.msg_controllen = CMSG_SPACE(fds_n * sizeof(int));
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(fds_n * sizeof(int));
        memcpy(CMSG_DATA(c), fds, fds_n * sizeof(int));
    }
    assert_true(sendmsg(queue.ask_fd, &msg, 0) >= 0);
}

static void malformed_is_dropped_and_nothing_leaks(void **state)
{
    static uint8_t big[ASK_MAX + 2] = { 'A' };
    int pair[2], stream[2], pipe_fds[2], before, reply_fd = -1;
    struct bytes question = { 0 };

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, stream), 0);
    assert_int_equal(pipe(pipe_fds), 0);
    before = open_fds();
    send_raw("Aquestion", 9, NULL, 0);                    /* no descriptor */
    send_raw("Xquestion", 9, pair, 1);                    /* no mark */
    send_raw("A", 1, pipe_fds, 1);                        /* not a socket */
    send_raw("A", 1, stream, 1);                          /* not of packets */
    send_raw("A", 1, (const int[]){ pair[0], pair[0] }, 2); /* two of them */
    send_raw(big, sizeof(big), pair, 1);                  /* too long */
    assert_int_equal(ask_next(queue.answer_fd, arena, &question, &reply_fd), RC_NONE);
    assert_int_equal(open_fds(), before);
    send_raw(big, ASK_MAX + 1, pair, 1);
    assert_int_equal(ask_next(queue.answer_fd, arena, &question, &reply_fd), RC_OK);
    assert_int_equal(question.n, ASK_MAX);
    assert_true(fcntl(reply_fd, F_GETFD) & FD_CLOEXEC);
    close(reply_fd);
    for (int i = 0; i < 2; i++) {
        close(pair[i]);
        close(stream[i]);
        close(pipe_fds[i]);
    }
}

static void gone_asker_is_skipped(void **state)
{
    int pair[2], reply_fd = 42;
    struct bytes question = { 0 };

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    send_raw("Aq", 2, pair, 1);
    close(pair[0]);
    close(pair[1]);
    assert_int_equal(ask_next(queue.answer_fd, arena, &question, &reply_fd), RC_NONE);
    assert_int_equal(reply_fd, 42);
}

static void reply_to_nobody_is_no_error(void **state)
{
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    close(pair[1]);
    ask_reply(pair[0], bytes_of("hello?"));
    assert_int_equal(fcntl(pair[0], F_GETFD), -1); /* closed */
}

static void reply_to_a_full_socket_does_not_hang(void **state)
{
    int pair[2];
    char filling[1024] = { 0 };

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    while (send(pair[0], filling, sizeof(filling), MSG_DONTWAIT) > 0)
        ;
    ask_reply(pair[0], bytes_of("no room"));
    close(pair[1]);
}

static void no_answerer_in_the_world(void **state)
{
    struct bytes out;

    (void)state;
    close(queue.answer_fd);
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("q"), 3, in_ms(1000), &out), RC_FAULT);
    queue.answer_fd = dup(queue.ask_fd); /* for tear_down */
}

static void on_alarm(int sig)
{
    (void)sig;
}

/* A signal without SA_RESTART every few milliseconds. */
static void signals_do_not_disturb(void **state)
{
    struct sigaction act = { .sa_handler = on_alarm }, old;
    struct itimerval every = { { 0, 2000 }, { 0, 2000 } }, never = { 0 };
    struct bytes out = { 0 };
    int64_t start = clock_mono_ms();
    pid_t pid;

    (void)state;
    sigaction(SIGALRM, &act, &old);
    setitimer(ITIMER_REAL, &every, NULL);
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("q"), 1, in_ms(60), &out), RC_NONE);
    assert_in_range(clock_mono_ms() - start, 60, 2000);
    pid = answer_with(hang); /* timers are not inherited */
    assert_int_equal(ask(queue.ask_fd, arena, bytes_of("slow"), 1, in_ms(5000), &out), RC_OK);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &old, NULL);
    assert_memory_equal(out.p, "late", 4);
    stop(pid);
}

static void ask_many(unsigned seed)
{
    for (int i = 0; i < 200; i++) {
        size_t n = (seed * 7919U + (unsigned)i * 104729U) % 3000;
        uint8_t *data = arena_alloc(arena, n);
        struct bytes out = { 0 };

        memset(data, (int)(seed + (unsigned)i), n);
        if (ask(queue.ask_fd, arena, (struct bytes){ data, n }, 1, in_ms(10000), &out) != RC_OK ||
            out.n != n || (n > 0 && memcmp(out.p, data, n) != 0))
            _exit(1);
        arena_reset(arena);
    }
    _exit(0);
}

/* Everybody gets the answer to his own question. */
static void crowd(void **state)
{
    pid_t answerers[3], askers[8];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(answerers); i++)
        answerers[i] = answer_with(echo);
    for (size_t i = 0; i < ARRAY_LEN(askers); i++)
        if ((askers[i] = fork()) == 0)
            ask_many((unsigned)i);
    for (size_t i = 0; i < ARRAY_LEN(askers); i++)
        assert_true(has_succeeded(askers[i]));
    for (size_t i = 0; i < ARRAY_LEN(answerers); i++)
        stop(answerers[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(descriptors_are_closed_on_exec),
        TEST(answers_of_all_sizes),
        TEST(too_long_is_our_fault),
        TEST(too_long_an_answer_counts_as_none),
        TEST(nobody_answers),
        TEST(late_answer_goes_nowhere),
        TEST(death_of_the_answerer_is_seen_at_once),
        TEST(death_is_seen_after_answers_too),
        TEST(an_answer_may_come_without_the_socket),
        TEST(another_try_finds_another_answerer),
        TEST(question_waits_for_a_replacement),
        TEST(full_queue_meets_the_deadline),
        TEST(full_queue_is_waited_for),
        TEST(nothing_waiting),
        TEST(malformed_is_dropped_and_nothing_leaks),
        TEST(gone_asker_is_skipped),
        TEST(reply_to_nobody_is_no_error),
        TEST(reply_to_a_full_socket_does_not_hang),
        TEST(no_answerer_in_the_world),
        TEST(signals_do_not_disturb),
        TEST(crowd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
