#include "config.h"

#include "hasher/hasher.h"

#include <string.h>

#include "hasher/hasher_frame.h"
#include "util/clock.h"
#include "util/frame.h"
#include "util/log.h"

#define TRIES 2

/* ---- the gate ---- */

static int waiting_n(const struct hasher_gate *gate)
{
    int n = 0;

    for (int i = 0; i < gate->n && i < HASHER_GATE_MAX; i++)
        n += __atomic_load_n(&gate->is_waiting[i], __ATOMIC_SEQ_CST) != 0;
    return n;
}

static void leave(struct hasher *h)
{
    if (h->gate)
        __atomic_store_n(&h->gate->is_waiting[h->slot], 0, __ATOMIC_SEQ_CST);
}

/* Two that come at once for the last place may both go away; never do both get in. */
static bool enter(struct hasher *h)
{
    if (!h->gate)
        return true;
    if (waiting_n(h->gate) >= h->gate->cap)
        return false;
    __atomic_store_n(&h->gate->is_waiting[h->slot], 1, __ATOMIC_SEQ_CST);
    if (waiting_n(h->gate) <= h->gate->cap)
        return true;
    leave(h);
    return false;
}

/* ---- the question ---- */

struct reply {
    int64_t status;
    const char *hash;
};

static enum rc read_reply(struct arena *a, struct bytes answer, struct reply *out)
{
    struct frame_reader r;

    frame_read(&r, answer);
    out->status = frame_get_int(&r);
    out->hash = frame_get_text(&r, a);
    if (frame_end(&r) != RC_OK)
        return fault("hasher: malformed answer");
    return RC_OK;
}

/* Neither password nor hash waits for the end of the request to be wiped. */
static void wipe(struct bytes b)
{
    explicit_bzero((uint8_t *)b.p, b.n);
}

static enum rc late(const struct hasher *h, int64_t asked_ms)
{
    if (ask_is_starved())
        return RC_REFUSED;
    log_event(LOG_LEVEL_WARNING, "hasher_late", "ms", log_num(clock_mono_ms() - asked_ms), NULL);
    if (h->late_since_ms != NULL)
        __atomic_store_n(h->late_since_ms, asked_ms, __ATOMIC_RELEASE);
    return RC_REFUSED;
}

static enum rc ask_wiping(struct hasher *h, struct arena *a, struct bytes question,
                          struct reply *out)
{
    int64_t asked_ms = clock_mono_ms();
    struct bytes answer = { 0 };
    enum rc rc = RC_OK;

    if (h->ask_fd < 0)
        answer = hasher_answer(a, question);
    else
        rc = ask(h->ask_fd, a, question, TRIES, h->deadline_ms, &answer);
    wipe(question);
    if (rc == RC_NONE)
        return late(h, asked_ms);
    if (rc == RC_REFUSED)
        (void)fault("hasher: %d died, one after another, with the same question", TRIES);
    TRY(rc);
    rc = read_reply(a, answer, out);
    wipe(answer);
    return rc;
}

static enum rc converse(struct hasher *h, struct arena *a, enum hasher_op op,
                        const char *password, const char *encoded, struct reply *out)
{
    struct bytes p = bytes_of(password);
    struct sbuf b;
    enum rc rc;

    if (!enter(h))
        return RC_REFUSED;
    sbuf_init(&b, a, p.n + (encoded ? strlen(encoded) : 0) + 32); /* never to grow: no copies */
    frame_put_int(&b, op);
    frame_put_bytes(&b, p);
    frame_put_text(&b, encoded);
    rc = ask_wiping(h, a, sbuf_bytes(&b), out);
    leave(h);
    return rc;
}

enum rc hasher_verify(struct hasher *h, struct arena *a, const char *password,
                      const char *encoded, const char **rehash)
{
    struct reply reply;

    if (bytes_of(password).n > PASSWORD_BYTES_MAX)
        return RC_NONE; /* nobody has such a one, and it tells nothing of the user */
    TRY(converse(h, a, HASHER_VERIFY, password, encoded, &reply));
    if (reply.status == HASHER_WRONG)
        return RC_NONE;
    if (reply.status != HASHER_OK)
        return fault("hasher: it failed; its own line says why");
    *rehash = reply.hash;
    return RC_OK;
}

enum rc hasher_make(struct hasher *h, struct arena *a, const char *password, const char **out)
{
    struct reply reply;

    if (bytes_of(password).n > PASSWORD_BYTES_MAX)
        return fault("hasher: password of more than %d bytes", PASSWORD_BYTES_MAX);
    TRY(converse(h, a, HASHER_MAKE, password, NULL, &reply));
    if (reply.status != HASHER_OK || !reply.hash)
        return fault("hasher: it failed; its own line says why");
    *out = reply.hash;
    return RC_OK;
}
