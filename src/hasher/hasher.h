/*
 * Password hashing at arm's length (design D6): hashers are processes of their
 * own, each with an Argon2 arena that it keeps; whoever needs a hash asks over a
 * queue (util/ask.h) with a deadline.
 */
#ifndef AUTENTICO_HASHER_HASHER_H
#define AUTENTICO_HASHER_HASHER_H

#include <stdbool.h>

#include "util/ask.h"

struct hasher {
    int ask_fd;          /* -1: hash in this process (subcommands) */
    int64_t deadline_ms;
    /* Shared gate: at most `cap` askers of one socket wait at a time (design 2).
     * NULL: no gate (command line).  The counters live in shared memory. */
    struct hasher_gate *gate;
    int slot; /* this worker's place in gate->is_waiting */
    int64_t *late_since_ms; /* as in struct signer */
};

/* A flag per worker instead of a counter: the parent clears the flag of a worker
 * that died, so a kill -9 never leaks a place. */
#define HASHER_GATE_MAX 256
struct hasher_gate { int cap, n; unsigned char is_waiting[HASHER_GATE_MAX]; };

/*
 * RC_OK       right; `rehash` is a new hash to store, or NULL
 * RC_NONE     wrong.  `encoded` NULL (unknown user, no password): RC_NONE after
 *             the work of a real verification
 * RC_REFUSED  the gate is full, the deadline passed, or one hasher after another died of it:
 *             answer 503 with Retry-After
 * RC_FAULT    hasher failure, logged
 */
MUST_CHECK enum rc hasher_verify(struct hasher *h, struct arena *a, const char *password,
                                 const char *encoded, const char **rehash);
MUST_CHECK enum rc hasher_make(struct hasher *h, struct arena *a, const char *password, const char **out);

/* The process: answers until TERM or EOF of control_fd; returns the exit status. */
struct hasher_setup {
    int answer_fd, control_fd;
    int64_t *busy_since_ms;    /* answerer_busy(), answerer_idle(); may be NULL */
    int (*enter_sandbox)(void);
};
int hasher_run(const struct hasher_setup *setup);
struct bytes hasher_answer(struct arena *a, struct bytes question); /* pure, for tests and fuzzing */

#endif
