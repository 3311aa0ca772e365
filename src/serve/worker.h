/*
 * A worker: accept, serve, forget.  Crash-only: no memory, a broken invariant, a
 * missed deadline end the process, and the parent starts another.
 */
#ifndef AUTENTICO_SERVE_WORKER_H
#define AUTENTICO_SERVE_WORKER_H

#include "serve/pool.h"

/* Runs until the control pipe closes; returns the exit status.  `kind` says which
 * socket. */
int worker_run(const struct pool *pool, enum proc_kind kind, int slot);

#endif
