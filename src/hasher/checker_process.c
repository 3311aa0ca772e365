#include "config.h"

#include "hasher/checker.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "hasher/checker_frame.h"
#include "util/answerer.h"
#include "util/frame.h"
#include "util/log.h"

#define EXIT_BROKEN 1

static struct bytes answer(const struct checker_setup *setup, struct arena *a, struct bytes question)
{
    struct frame_reader r;
    const char *line = NULL;
    struct bytes password;
    struct sbuf b;

    frame_read(&r, question);
    password = frame_get_bytes(&r);
    enum rc rc = frame_end(&r) == RC_OK ? checker_command(setup->argv, a, password, COMMAND_MS, &line) : RC_REFUSED;
    sbuf_init(&b, a, 0);
    frame_put_int(&b, rc == RC_OK ? CHECKER_GOOD : rc == RC_NONE ? CHECKER_BAD : CHECKER_FAILED);
    frame_put_text(&b, line);
    return sbuf_bytes(&b);
}

/* RC_NONE: another one took it. */
static enum rc answer_one(const struct checker_setup *setup, struct arena *a)
{
    struct bytes question;
    int reply_fd;

    answerer_busy(setup->busy_since_ms);
    enum rc rc = ask_next(setup->answer_fd, a, &question, &reply_fd);
    if (rc == RC_OK)
        ask_reply(reply_fd, answer(setup, a, question));
    answerer_idle(setup->busy_since_ms);
    return rc;
}

static int serve(const struct checker_setup *setup, const sigset_t *while_waiting, struct arena *a)
{
    struct pollfd fds[] = {
        { .fd = setup->answer_fd, .events = POLLIN },
        { .fd = setup->control_fd, .events = POLLIN },
    };

    while (!answerer_is_ending()) {
        if (ppoll(fds, ARRAY_LEN(fds), NULL, while_waiting) < 0) {
            if (errno == EINTR)
                continue;
            (void)fault("checker: poll: %s", strerror(errno));
            return EXIT_BROKEN;
        }
        if (answerer_is_parent_gone(&fds[1]))
            return 0;
        if (fds[0].revents == 0)
            continue;
        enum rc rc = answer_one(setup, a);
        if (rc == RC_FAULT)
            return EXIT_BROKEN;
        if (rc == RC_OK || fds[0].revents & POLLHUP)
            return 0;
    }
    return 0;
}

int checker_run(const struct checker_setup *setup)
{
    sigset_t while_waiting;
    struct arena *a;
    int status;

    answerer_set_signals(&while_waiting);
    a = arena_start("checker question");
    status = serve(setup, &while_waiting, a);
    arena_done(a);
    return status;
}
