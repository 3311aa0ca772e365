#include "config.h"

#include "hasher/hasher.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "crypto/pwhash.h"
#include "hasher/hasher_frame.h"
#include "util/answerer.h"
#include "util/clock.h"
#include "util/frame.h"
#include "util/log.h"

#define NICENESS 10 /* cheap requests go first */
#define EXIT_BROKEN 1

/* ---- one question ---- */

static enum rc verify(struct arena *a, struct bytes password, const char *encoded, char **rehash)
{
    bool is_due = false;

    TRY(pwhash_verify(a, password, encoded, &is_due));
    return is_due ? pwhash_make(a, password, rehash) : RC_OK;
}

static enum rc answer_op(struct arena *a, struct bytes question, char **hash)
{
    struct frame_reader r;
    struct bytes password;
    const char *encoded;
    int64_t op;

    frame_read(&r, question);
    op = frame_get_int(&r);
    password = frame_get_bytes(&r);
    encoded = frame_get_text(&r, a);
    if (frame_end(&r) != RC_OK || password.n > PASSWORD_BYTES_MAX)
        return fault("hasher: malformed question");
    if (op == HASHER_VERIFY)
        return verify(a, password, encoded, hash);
    if (op == HASHER_MAKE)
        return pwhash_make(a, password, hash);
    return fault("hasher: unknown operation %lld", (long long)op);
}

struct bytes hasher_answer(struct arena *a, struct bytes question)
{
    char *hash = NULL;
    enum rc rc = answer_op(a, question, &hash);
    struct sbuf b;

    sbuf_init(&b, a, 0);
    frame_put_int(&b, rc == RC_OK ? HASHER_OK : rc == RC_NONE ? HASHER_WRONG : HASHER_FAULT);
    frame_put_text(&b, rc == RC_OK ? hash : NULL);
    return sbuf_bytes(&b);
}

/* ---- the process ---- */

static enum rc answer_one(const struct hasher_setup *setup, struct arena *a)
{
    struct bytes question;
    int reply_fd;
    enum rc rc = ask_next(setup->answer_fd, a, &question, &reply_fd);

    answerer_busy(setup->busy_since_ms);
    if (rc == RC_OK)
        ask_reply(reply_fd, hasher_answer(a, question));
    arena_reset(a);
    answerer_idle(setup->busy_since_ms);
    return rc;
}

static int serve(const struct hasher_setup *setup, const sigset_t *while_waiting, struct arena *a)
{
    struct pollfd fds[] = {
        { .fd = setup->answer_fd, .events = POLLIN },
        { .fd = setup->control_fd, .events = POLLIN },
    };
    enum rc rc;

    while (!answerer_is_ending()) {
        if (ppoll(fds, ARRAY_LEN(fds), NULL, while_waiting) < 0) {
            if (errno == EINTR)
                continue;
            (void)fault("hasher: poll: %s", strerror(errno));
            return EXIT_BROKEN;
        }
        if (answerer_is_parent_gone(&fds[1]))
            return 0;
        if (fds[0].revents == 0)
            continue;
        rc = answer_one(setup, a);
        if (rc == RC_FAULT)
            return EXIT_BROKEN;
        if (rc == RC_NONE && fds[0].revents & POLLHUP)
            return 0; /* nobody is left who could ask */
    }
    return 0;
}

int hasher_run(const struct hasher_setup *setup)
{
    sigset_t while_waiting;
    struct arena *a;
    int status = EXIT_BROKEN;

    log_process("hasher");
    answerer_set_signals(&while_waiting);
    errno = 0;
    if (nice(NICENESS) == -1 && errno != 0)
        log_event(LOG_LEVEL_WARNING, "hasher_nice", "why", strerror(errno), NULL);
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        (void)fault("hasher: PR_SET_DUMPABLE: %s", strerror(errno));
    a = arena_start("hasher question");
    if (!setup->enter_sandbox || setup->enter_sandbox() == 0)
        status = serve(setup, &while_waiting, a);
    arena_done(a);
    return status;
}
