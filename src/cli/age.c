#include "config.h"

#include "cli/age.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "util/log.h"

#define RECIPIENTS_MAX 16
#define WORDS_MAX 2000
#define NOT_THERE 127
#define IDENTITY_MAX 65536 /* what a pipe takes without a reader */

bool age_is_encrypted(const uint8_t *head, size_t n)
{
    static const char *const starts[] = { "age-encryption.org/", "-----BEGIN AGE ENCRYPTED FILE-----" };

    for (size_t i = 0; i < ARRAY_LEN(starts); i++)
        if (n >= strlen(starts[i]) && memcmp(head, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

/* --- running it ------------------------------------------------------------- */

struct run { const char *const *argv; int in_fd, out_fd, third_fd; }; /* third_fd: becomes 3; -1: none */

/* Descriptors may be what others are to become: all are moved out of the way first. */
static int aside(int fd)
{
    return fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 10);
}

static void become_age(const struct run *r, int words_fd)
{
    int in = aside(r->in_fd), out = aside(r->out_fd), third = aside(r->third_fd), words = aside(words_fd);

    signal(SIGPIPE, SIG_DFL);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(words, 2) < 0 || (third >= 0 && dup2(third, 3) < 0))
        _exit(1);
    execvp(r->argv[0], (char *const *)(uintptr_t)r->argv);
    _exit(errno == ENOENT ? NOT_THERE : 1);
}

static enum rc start(const struct run *r, struct age *out)
{
    out->words_fd = memfd_create("age", MFD_CLOEXEC);
    if (out->words_fd < 0)
        return fault("age: %s", strerror(errno));
    fflush(NULL);
    out->pid = fork();
    if (out->pid == 0)
        become_age(r, out->words_fd);
    return out->pid > 0 ? RC_OK : fault("age: %s", strerror(errno));
}

/* "age: error: no identity matched any of the recipients" and a line for its author */
static const char *words_of(struct arena *a, int fd)
{
    char text[WORDS_MAX + 1];
    ssize_t n = pread(fd, text, WORDS_MAX, 0);
    char *from = text;

    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (text_starts(from, "age: "))
        from += 5;
    if (text_starts(from, "error: "))
        from += 7;
    return *from != '\0' ? arena_strdup(a, from) : "age failed";
}

enum rc age_end(struct age *g, struct arena *a, const char **why)
{
    int status = 0;
    enum rc rc = RC_OK;

    if (g->pipe_fd >= 0)
        close(g->pipe_fd);
    while (waitpid(g->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        *why = WIFEXITED(status) && WEXITSTATUS(status) == NOT_THERE
                   ? "age is not installed: apt-get install age" : words_of(a, g->words_fd);
        rc = RC_REFUSED;
    }
    close(g->words_fd);
    return rc;
}

/* --- encrypting ------------------------------------------------------------- */

static enum rc recipients_of(struct arena *a, const char *recipients, const char **argv)
{
    struct text_list list = text_split(a, recipients, ' ');
    size_t n = 0;

    argv[n++] = "age";
    for (size_t i = 0; i < list.n; i++) {
        if (n + 3 > 2 * RECIPIENTS_MAX || !text_starts(list.v[i], "age1"))
            return cli_refuse("--recipient: \"%s\" is not a public key of age (age1...); age-keygen makes one", list.v[i]);
        argv[n++] = "-r";
        argv[n++] = list.v[i];
    }
    argv[n] = NULL;
    return n > 1 ? RC_OK : RC_REFUSED;
}

enum rc age_encrypt(struct arena *a, const char *recipients, int to_fd, struct age *out)
{
    const char *argv[2 * RECIPIENTS_MAX + 2];
    struct run r = { .argv = argv, .out_fd = to_fd, .third_fd = -1 };
    int fds[2];

    TRY(recipients_of(a, recipients, argv));
    if (pipe2(fds, O_CLOEXEC) != 0)
        return fault("age: %s", strerror(errno));
    r.in_fd = fds[0];
    enum rc rc = start(&r, out);
    close(fds[0]);
    out->pipe_fd = fds[1];
    return rc;
}

enum rc age_check_recipients(struct arena *a, const char *recipients)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const char *why = "";
    struct age g;
    enum rc rc = age_encrypt(a, recipients, nowhere, &g);

    close(nowhere);
    TRY(rc);
    if (age_end(&g, a, &why) == RC_OK)
        return RC_OK;
    return cli_refuse("%s", why);
}

/* --- decrypting ------------------------------------------------------------- */

/* By a pipe: the file may be one that only root can read, and we are somebody else by now. */
static enum rc identity_pipe(struct bytes identity, int *out)
{
    int fds[2];

    if (identity.n > IDENTITY_MAX)
        return cli_refuse("--identity: that is no identity file of age");
    if (pipe2(fds, O_CLOEXEC) != 0)
        return fault("age: %s", strerror(errno));
    ssize_t n = write(fds[1], identity.p, identity.n);
    close(fds[1]);
    *out = fds[0];
    return n == (ssize_t)identity.n ? RC_OK : fault("age: %s", strerror(errno));
}

enum rc age_decrypt(int from_fd, struct bytes identity, struct age *out)
{
    const char *const argv[] = { "age", "-d", "-i", "/dev/fd/3", NULL };
    struct run r = { .argv = argv, .in_fd = from_fd };
    int fds[2];
    enum rc rc;

    TRY(identity_pipe(identity, &r.third_fd));
    if (pipe2(fds, O_CLOEXEC) != 0)
        return fault("age: %s", strerror(errno));
    r.out_fd = fds[1];
    rc = start(&r, out);
    close(fds[1]);
    close(r.third_fd);
    out->pipe_fd = fds[0];
    return rc;
}
