/*
 * Forking: from the parent to one of its processes, with nothing but what that
 * kind needs.  Only libc fork(): GnuTLS reseeds there and nowhere else.
 */
#ifndef AUTENTICO_SERVE_CHILDREN_H
#define AUTENTICO_SERVE_CHILDREN_H

#include "serve/front.h"
#include "serve/posts.h"

struct children {
    struct pool *pool;
    const struct front_server *front;
};

/* The pid, or -1.  A signer is handed its secrets before this returns. */
pid_t children_start(struct children *c, struct post *post, int slot);
/* A short-lived child that runs fn(arg) and exits with its result. */
pid_t children_fork(struct children *c, int (*fn)(void *arg), void *arg);

#endif
