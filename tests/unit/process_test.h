/*
 * What the tests of hashers and signers share: a process of ours at the end of a
 * control socket, that goes when the socket is closed.
 */
#ifndef AUTENTICO_TESTS_PROCESS_TEST_H
#define AUTENTICO_TESTS_PROCESS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
    pid_t pid;
    int control_fd; /* ours; closing it ends the process */
};

/* `run` is the child's part and does not return. */
static __attribute__((unused)) struct process start_process(int type, void (*run)(int control_fd))
{
    struct process p;
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
    p.pid = fork();
    assert_true(p.pid >= 0);
    if (p.pid == 0) {
        close(pair[0]);
        run(pair[1]);
        _exit(99);
    }
    close(pair[1]);
    p.control_fd = pair[0];
    return p;
}

static __attribute__((unused)) int status_of(const struct process *p)
{
    int status;

    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    return status;
}

static __attribute__((unused)) void stop(struct process *p)
{
    close(p->control_fd);
    assert_int_equal(status_of(p), 0);
}

#endif
