#include "config.h"

#include "signer/process.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "signer/signer_state.h"
#include "util/answerer.h"
#include "util/clock.h"
#include "util/frame.h"
#include "util/log.h"

/* What is handed over: a length of 4 bytes, then a frame of the three secrets. */
#define LENGTH_BYTES 4
#define HAND_OVER_MAX 16384
#define EXIT_BROKEN 1

/* ---- memory for secrets ---- */

static void *locked_new(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        die("signer: no memory");
    (void)madvise(p, n, MADV_DONTDUMP);
    if (mlock(p, n) != 0)
        log_event(LOG_LEVEL_WARNING, "signer_unlocked", "why", strerror(errno), "mend",
                  "raise the limit of locked memory (RLIMIT_MEMLOCK)", NULL);
    return p;
}

static void locked_free(void *p, size_t n)
{
    explicit_bzero(p, n);
    munmap(p, n);
}

/* ---- the hand-over ---- */

static bool send_all(int fd, struct bytes data)
{
    ssize_t n;

    while (data.n > 0) {
        n = send(fd, data.p, data.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data.p += n;
        data.n -= (size_t)n;
    }
    return true;
}

static void put_length(uint8_t *out, size_t n)
{
    for (int i = 0; i < LENGTH_BYTES; i++)
        out[i] = (uint8_t)(n >> (24 - 8 * i));
}

enum rc signer_hand_over(int control_fd, const struct signer_secrets *secrets)
{
    static const uint8_t no_length[LENGTH_BYTES];
    struct arena *a = arena_start("signer hand-over");
    enum rc rc = RC_OK;
    struct sbuf b;

    sbuf_init(&b, a, HAND_OVER_MAX);
    sbuf_addn(&b, no_length, LENGTH_BYTES);
    frame_put_bytes(&b, secrets->encryption);
    frame_put_bytes(&b, secrets->encryption_previous);
    frame_put_bytes(&b, bytes_of(secrets->private_key_pem));
    put_length((uint8_t *)b.text, b.n - LENGTH_BYTES);
    if (b.n >= HAND_OVER_MAX)
        rc = fault("signer: secrets of %zu bytes", b.n);
    else if (!send_all(control_fd, sbuf_bytes(&b)))
        rc = fault("signer: hand-over: %s", strerror(errno));
    arena_done(a);
    return rc;
}

static size_t get_length(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* Bytes received; 0: the parent is gone, or talks nonsense. */
static size_t receive_all(int fd, uint8_t *buffer)
{
    size_t have = 0, wanted = LENGTH_BYTES;
    ssize_t n;

    while (have < wanted) {
        n = recv(fd, buffer + have, HAND_OVER_MAX - 1 - have, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        have += (size_t)n;
        if (have >= LENGTH_BYTES)
            wanted = LENGTH_BYTES + get_length(buffer);
        if (wanted >= HAND_OVER_MAX)
            return 0;
    }
    return have == wanted ? have : 0;
}

static enum rc read_secrets(int fd, uint8_t *buffer, struct signer_secrets *out)
{
    size_t n = receive_all(fd, buffer);
    struct frame_reader r;

    if (n == 0)
        return fault("signer: no secrets arrived");
    frame_read(&r, (struct bytes){ buffer + LENGTH_BYTES, n - LENGTH_BYTES });
    out->encryption = frame_get_bytes(&r);
    out->encryption_previous = frame_get_bytes(&r);
    out->private_key_pem = (const char *)frame_get_bytes(&r).p;
    if (frame_end(&r) != RC_OK)
        return fault("signer: malformed secrets");
    buffer[n] = '\0'; /* the PEM text is the last thing there */
    return RC_OK;
}

/* ---- the state ---- */

struct signer_state *signer_state_new(const struct signer_setup *setup,
                                      const struct signer_secrets *secrets)
{
    struct signer_state *st = locked_new(sizeof(*st));

    st->own = arena_start("signer");
    st->issuer = arena_strdup(st->own, setup->issuer);
    st->request_deadline_s = setup->request_deadline_s;
    st->keys.is_overlapping = setup->is_overlapping;
    if (signer_keys_start(&st->keys, st->own, setup->env_kid, secrets) == RC_OK)
        return st;
    signer_state_free(st);
    return NULL;
}

void signer_state_free(struct signer_state *st)
{
    if (!st)
        return;
    signer_keys_end(&st->keys);
    arena_done(st->own);
    locked_free(st, sizeof(*st));
}

static struct signer_state *receive_state(const struct signer_setup *setup)
{
    uint8_t *buffer = locked_new(HAND_OVER_MAX);
    struct signer_secrets secrets = { 0 };
    struct signer_state *st = NULL;

    if (read_secrets(setup->control_fd, buffer, &secrets) == RC_OK)
        st = signer_state_new(setup, &secrets);
    locked_free(buffer, HAND_OVER_MAX);
    return st;
}

/* ---- the process ---- */

static enum rc answer_one(struct signer_state *st, enum signer_channel channel, int fd,
                          struct arena *a)
{
    struct bytes question;
    int reply_fd;
    enum rc rc = ask_next(fd, a, &question, &reply_fd);

    if (rc == RC_OK)
        ask_reply(reply_fd, signer_answer(st, channel, a, question));
    arena_reset(a);
    return rc;
}

/* One question of each channel in turn, so that none starves another. */
static enum rc answer_ready(struct signer_state *st, struct pollfd *fds, struct arena *a)
{
    for (int i = 0; i < CHANNELS_N; i++) {
        enum rc rc;

        if (fds[i].revents == 0)
            continue;
        rc = answer_one(st, (enum signer_channel)i, fds[i].fd, a);
        if (rc == RC_FAULT)
            return rc;
        if (rc == RC_NONE && !(fds[i].revents & ~(POLLHUP | POLLIN)) && fds[i].revents & POLLHUP)
            fds[i].fd = -1; /* nobody is left who could ask */
    }
    return RC_OK;
}

static int serve(const struct signer_setup *setup, struct signer_state *st,
                 const sigset_t *while_waiting, struct arena *a)
{
    struct pollfd fds[CHANNELS_N + 1], *control = &fds[CHANNELS_N];

    for (int i = 0; i < CHANNELS_N; i++)
        fds[i] = (struct pollfd){ .fd = setup->answer_fd[i], .events = POLLIN };
    *control = (struct pollfd){ .fd = setup->control_fd, .events = POLLIN };
    while (!answerer_is_ending()) {
        if (ppoll(fds, ARRAY_LEN(fds), NULL, while_waiting) < 0) {
            if (errno == EINTR)
                continue;
            (void)fault("signer: poll: %s", strerror(errno));
            return EXIT_BROKEN;
        }
        if (answerer_is_parent_gone(control))
            return 0;
        answerer_busy(setup->busy_since_ms);
        if (answer_ready(st, fds, a) != RC_OK)
            return EXIT_BROKEN;
        answerer_idle(setup->busy_since_ms);
    }
    return 0;
}

int signer_run(const struct signer_setup *setup)
{
    struct signer_state *st;
    sigset_t while_waiting;
    struct arena *a;
    int status = EXIT_BROKEN;

    log_process("signer");
    answerer_set_signals(&while_waiting);
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        (void)fault("signer: PR_SET_DUMPABLE: %s", strerror(errno));
    st = receive_state(setup);
    if (!st)
        return EXIT_BROKEN;
    a = arena_start("signer question");
    if (!setup->enter_sandbox || setup->enter_sandbox() == 0)
        status = serve(setup, st, &while_waiting, a);
    arena_done(a);
    signer_state_free(st);
    return status;
}
