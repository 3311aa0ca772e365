/*
 * What every process that answers questions (util/ask.h) does alike: it ends on
 * TERM after the question in hand, or when its parent is gone, and says since when
 * it has been busy.
 */
#ifndef AUTENTICO_UTIL_ANSWERER_H
#define AUTENTICO_UTIL_ANSWERER_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* TERM is blocked from here on except in ppoll(…, while_waiting); INT and PIPE are
 * ignored. */
void answerer_set_signals(sigset_t *while_waiting);
bool answerer_is_ending(void); /* TERM has come */

/* The control descriptor was polled for POLLIN: has its other end been closed? */
bool answerer_is_parent_gone(const struct pollfd *control);

/* For the parent, which replaces a process that hangs.  busy_since_ms (NULL: nobody
 * looks) is clock_mono_ms() of when the question in hand was taken; while there is
 * none, minus that of when the last one was done, or 0. */
void answerer_busy(int64_t *busy_since_ms);
void answerer_idle(int64_t *busy_since_ms);

#endif
