#include "config.h"

#include "hasher/checker.h"

#include <string.h>

#include "hasher/checker_frame.h"
#include "util/clock.h"
#include "util/frame.h"
#include "util/log.h"
#include "util/text.h"

#define TRIES 2

static enum rc read_answer(struct arena *a, struct bytes answer, const char **line)
{
    struct frame_reader r;
    const char *said;
    int64_t status;

    frame_read(&r, answer);
    status = frame_get_int(&r);
    said = frame_get_text(&r, a);
    if (frame_end(&r) != RC_OK) {
        (void)fault("checker: malformed answer");
        return RC_REFUSED;
    }
    if (status == CHECKER_GOOD)
        return RC_OK;
    if (status != CHECKER_BAD) /* its own line says why */
        return RC_REFUSED;
    *line = text_or(said, "");
    return RC_NONE;
}

static enum rc late(const struct checker *c, int64_t asked_ms)
{
    log_event(LOG_LEVEL_WARNING, "checker_late", "ms", log_num(clock_mono_ms() - asked_ms), NULL);
    if (c->late_since_ms != NULL)
        __atomic_store_n(c->late_since_ms, asked_ms, __ATOMIC_RELEASE);
    return RC_REFUSED;
}

static enum rc converse(const struct checker *c, struct arena *a, struct bytes password, const char **line)
{
    int64_t asked_ms = clock_mono_ms();
    struct bytes answer;
    struct sbuf b;

    sbuf_init(&b, a, password.n + 32); /* never to grow: no copies */
    frame_put_bytes(&b, password);
    enum rc rc = ask(c->ask_fd, a, sbuf_bytes(&b), TRIES, c->deadline_ms, &answer);
    explicit_bzero((uint8_t *)sbuf_bytes(&b).p, sbuf_bytes(&b).n);
    if (rc == RC_NONE)
        return ask_is_starved() ? RC_REFUSED : late(c, asked_ms);
    return rc == RC_OK ? read_answer(a, answer, line) : RC_REFUSED;
}

enum rc checker_ask(const struct checker *c, struct arena *a, const char *password, const char **line)
{
    if (c == NULL || c->argv == NULL)
        return RC_OK;
    if (c->ask_fd < 0)
        return checker_command(c->argv, a, bytes_of(password), COMMAND_MS, line);
    return converse(c, a, bytes_of(password), line);
}
