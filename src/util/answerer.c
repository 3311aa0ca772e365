#include "config.h"

#include "util/answerer.h"

#include <errno.h>
#include <sys/socket.h>

#include "util/clock.h"

static volatile sig_atomic_t is_ending;

static void on_term(int sig)
{
    (void)sig;
    is_ending = 1;
}

void answerer_set_signals(sigset_t *while_waiting)
{
    struct sigaction term = { .sa_handler = on_term }, ignore = { .sa_handler = SIG_IGN };
    sigset_t blocked;

    is_ending = 0;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, while_waiting);
    sigdelset(while_waiting, SIGTERM);
    sigaction(SIGTERM, &term, NULL);
    sigaction(SIGINT, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

bool answerer_is_ending(void)
{
    return is_ending != 0;
}

bool answerer_is_parent_gone(const struct pollfd *control)
{
    char byte;
    ssize_t n;

    if (control->revents == 0)
        return false;
    n = recv(control->fd, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void answerer_busy(int64_t *busy_since_ms)
{
    if (busy_since_ms != NULL)
        __atomic_store_n(busy_since_ms, clock_mono_ms(), __ATOMIC_RELEASE);
}

void answerer_idle(int64_t *busy_since_ms)
{
    if (busy_since_ms != NULL)
        __atomic_store_n(busy_since_ms, -clock_mono_ms(), __ATOMIC_RELEASE);
}
