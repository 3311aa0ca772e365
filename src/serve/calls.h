/*
 * Which system calls each kind of process may make once it is set up (style 2): what
 * serve/sandbox.h is for places this is for deeds, by seccomp.  Open early, then close, then
 * touch input.
 *
 * Whoever makes any other call is ended before the kernel looks at it, and the log has a line
 * `sandbox_violation` with the call's name.  The process writes it itself, from a handler of
 * SIGSYS (calls.c says why that is safe).  The handler cannot be taken off again, and where
 * the signal is blocked the kernel ends the process without a line.
 *
 * The parent is different: what it closes is closed for everybody it starts, the private front
 * and the password command among them, programs that are not ours.  So it gives up what none
 * of them has any business with, and every other kind has a closed list of its own within.
 *
 * Without seccomp in the kernel, or where a container forbids it: one warning by the parent,
 * and on.  Builds with sanitizers have no filters: their runtime maps, forks and traces.
 */
#ifndef AUTENTICO_SERVE_CALLS_H
#define AUTENTICO_SERVE_CALLS_H

#include "serve/pool.h"

/* In the parent, before it forks: the parent's own list (PROC_NONE).  Warns when nobody can be
 * confined. */
void calls_close_parent(void);
/* For good.  Needs no_new_privs.  die()s when it should work and does not. */
void calls_close(enum proc_kind kind);

/* Has this build filters at all? */
bool calls_are_meant(void);

#endif
