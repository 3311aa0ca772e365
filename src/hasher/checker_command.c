/* One run of the command; declared in checker.h. */
#include "config.h"

#include "hasher/checker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"

#define LINE_MAX_BYTES 160 /* of what is shown; the rest is read and forgotten */
#define NOT_RUN 126        /* exit status of a shell, and of ours, that could not start a program; 127 too */

struct command {
    const char *const *argv;
    struct bytes password;  /* what is still to be written of it */
    pid_t pid;
    int pid_fd, in, out;    /* -1: closed */
    char line[LINE_MAX_BYTES];
    size_t line_n;
    bool is_line_over, has_ended;
};

/* ---- the program ---- */

/* Nothing of ours goes along: no environment, no descriptor, no privilege to gain, no core
 * file with a password in it. */
static _Noreturn void become(const char *const *argv, int in, int out)
{
    static char *const no_environment[] = { NULL };
    const struct rlimit none = { 0, 0 };
    sigset_t nothing;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    sigemptyset(&nothing);
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &none) != 0 || chdir("/") != 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
        dup2(null, 2) < 0 || syscall(SYS_close_range, 3U, ~0U, 0) != 0 || sigprocmask(SIG_SETMASK, &nothing, NULL) != 0)
        _exit(NOT_RUN);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    execve(argv[0], (char *const *)(uintptr_t)argv, no_environment);
    _exit(NOT_RUN);
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int fork_it(struct command *c, const int in[2], const int out[2])
{
    c->pid = fork();
    if (c->pid == 0)
        become(c->argv, in[0], out[1]);
    if (c->pid < 0)
        return -1;
    (void)setpgid(c->pid, c->pid); /* both do: whoever comes first */
    c->pid_fd = pidfd_open(c->pid, 0);
    return c->pid_fd;
}

static bool start(struct command *c)
{
    int in[2] = { -1, -1 }, out[2] = { -1, -1 };
    bool is_started = pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && fork_it(c, in, out) >= 0;

    shut(&in[0]);
    shut(&out[1]);
    c->in = in[1];
    c->out = out[0];
    return is_started && fcntl(c->in, F_SETFL, O_NONBLOCK) == 0 && fcntl(c->out, F_SETFL, O_NONBLOCK) == 0;
}

/* ---- talking to it ---- */

/* Whoever does not want to read it may say so. */
static void feed(struct command *c)
{
    ssize_t n = write(c->in, c->password.p, c->password.n);

    if (n > 0) {
        c->password.p += n;
        c->password.n -= (size_t)n;
    }
    if (c->password.n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        shut(&c->in);
}

static void keep(struct command *c, const char *text, size_t n)
{
    for (size_t i = 0; i < n && !c->is_line_over; i++) {
        c->is_line_over = text[i] == '\n' || c->line_n + 1 == sizeof(c->line);
        if (!c->is_line_over)
            c->line[c->line_n++] = text[i];
    }
}

/* All of it, whatever it is: a command that writes much is none that hangs. */
static void listen_to(struct command *c)
{
    char text[4096];
    ssize_t n;

    do {
        n = read(c->out, text, sizeof(text));
        keep(c, text, n > 0 ? (size_t)n : 0);
    } while (c->has_ended && n > 0 && !c->is_line_over);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        shut(&c->out);
}

/* false: the time is over */
static bool converse(struct command *c, int64_t until_ms)
{
    while (!c->has_ended) {
        struct pollfd fds[] = {
            { .fd = c->pid_fd, .events = POLLIN },
            { .fd = c->out, .events = POLLIN },
            { .fd = c->in, .events = POLLOUT },
        };
        int64_t left = until_ms - clock_mono_ms();

        if (left <= 0)
            return false;
        if (poll(fds, ARRAY_LEN(fds), (int)left) < 0 && errno != EINTR)
            return false;
        if (fds[2].revents != 0)
            feed(c);
        c->has_ended = fds[0].revents != 0;
        if (c->out >= 0 && (fds[1].revents != 0 || c->has_ended))
            listen_to(c);
    }
    return true;
}

/* ---- what came of it ---- */

static enum rc failed(const struct command *c, const char *why)
{
    log_event(LOG_LEVEL_ERROR, "password_command_failed", "command", c->argv[0], "why", why, NULL);
    return RC_REFUSED;
}

static enum rc verdict(const struct command *c, int status)
{
    if (WIFSIGNALED(status))
        return failed(c, strsignal(WTERMSIG(status)));
    if (WEXITSTATUS(status) == 0)
        return RC_OK;
    if (WEXITSTATUS(status) == NOT_RUN || WEXITSTATUS(status) == NOT_RUN + 1)
        return failed(c, "it could not be started, or could not start what it needs");
    return RC_NONE;
}

/* Its children too; while it has not been waited for, its number is nobody else's. */
static int end(struct command *c)
{
    int status = 0;

    shut(&c->in);
    shut(&c->out);
    shut(&c->pid_fd);
    if (c->pid <= 0)
        return status;
    (void)kill(-c->pid, SIGKILL);
    (void)kill(c->pid, SIGKILL);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

/* Only what can be shown, and never the candidate itself. */
static const char *shown(struct arena *a, const struct command *c, struct bytes password)
{
    const char *line = text_trim(a, arena_strndup(a, c->line, c->line_n));
    const char *candidate = arena_strndup(a, (const char *)password.p, password.n);

    if (!is_text(line) || strstr(line, candidate) != NULL)
        return "";
    return line;
}

static enum rc run(struct command *c, int64_t ms)
{
    bool is_started = start(c);
    const char *why = is_started ? NULL : strerror(errno);
    bool is_done = is_started && converse(c, clock_mono_ms() + ms);
    int status = end(c);

    if (!is_started)
        return failed(c, why);
    return is_done ? verdict(c, status) : failed(c, "it took too long");
}

/* The candidate travels as a line. */
static struct bytes as_line(struct arena *a, struct bytes password)
{
    uint8_t *text = arena_alloc(a, password.n + 1);

    memcpy(text, password.p, password.n);
    text[password.n] = '\n';
    return (struct bytes){ text, password.n + 1 };
}

enum rc checker_command(const char *const *argv, struct arena *a, struct bytes password, int64_t ms, const char **line)
{
    struct command c = { .argv = argv, .password = as_line(a, password), .pid_fd = -1, .in = -1, .out = -1 };
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

    sigaction(SIGPIPE, &ignore, &before); /* it need not read */
    enum rc rc = run(&c, ms);
    sigaction(SIGPIPE, &before, NULL);
    if (rc == RC_NONE)
        *line = shown(a, &c, password);
    explicit_bzero(c.line, sizeof(c.line));
    return rc;
}
