/*
 * Questions between our processes.
 *
 * A *queue* is a SOCK_SEQPACKET pair made by the parent before it forks: askers
 * hold one end, answerers the other, and the kernel hands each message to one
 * answerer.  A question travels with the sending end of a socketpair for its
 * answer, which nobody else has open then: an answerer that dies closes it and
 * the asker sees that at once and may ask again; one that hangs meets the
 * deadline; one that is replaced finds the questions that were waiting.
 * The end comes back with the answer and travels with the next question; after
 * anything but an answer the pair is given up, so that no late answer is ever
 * taken for that to another question.
 * Which queue a question came on says who may ask it (design D3: channels).
 */
#ifndef AUTENTICO_UTIL_ASK_H
#define AUTENTICO_UTIL_ASK_H

#include <stdbool.h>

#include "util/arena.h"

#define ASK_MAX 65536 /* bytes of a question or an answer */

struct ask_queue {
    int ask_fd;    /* askers send here */
    int answer_fd; /* answerers receive here; non-blocking */
};

MUST_CHECK enum rc ask_queue_open(struct ask_queue *out); /* both CLOEXEC */

/*
 * Ask and wait.  deadline_ms is a clock_mono_ms() instant that covers both.
 * RC_OK       `out` is the answer, on `a`
 * RC_NONE     the deadline passed, or the queue is full until then; or there was no
 *             descriptor to ask with (logged; see ask_is_starved)
 * RC_REFUSED  one after another, `tries` answerers died while they held the question.
 *             Others take their place: as temporary as RC_NONE
 * RC_FAULT    a system error; logged
 */
MUST_CHECK enum rc ask(int ask_fd, struct arena *a, struct bytes question, int tries,
                       int64_t deadline_ms, struct bytes *out);

/* Has this process ever been without a descriptor to ask with?  It cannot work like
 * that: end it after the request, and another takes its place. */
bool ask_is_starved(void);

/*
 * The answerer's side.
 * RC_OK    a question; reply_fd belongs to the caller until ask_reply()
 * RC_NONE  nothing waiting (POLLHUP on answer_fd: no asker is left)
 * A malformed message (no descriptor, too long) is dropped and logged; a
 * question whose asker has given up is dropped silently.
 */
MUST_CHECK enum rc ask_next(int answer_fd, struct arena *a, struct bytes *question, int *reply_fd);
void ask_reply(int reply_fd, struct bytes answer); /* sends back and closes; a gone asker is no error */

#endif
