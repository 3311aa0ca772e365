/*
 * The listening sockets (design D11a) and the lock that says "one pool per state
 * directory".  A pool makes its sockets itself, unless it is handed them: on
 * descriptor 0 by spawn-fcgi or lighttpd (`autentico fcgi`), or by systemd.
 */
#ifndef AUTENTICO_SERVE_SOCKETS_H
#define AUTENTICO_SERVE_SOCKETS_H

#include <stdio.h>

#include "serve/pool.h"

struct sockets {
    int main_fd, login_fd; /* -1: none */
    bool are_given;        /* somebody else's: neither made nor removed here */
};

/* RC_REFUSED: a line for the operator was written to `err`. */
MUST_CHECK enum rc sockets_lock_instance(const struct conf *conf, const struct identity *id,
                                         FILE *err); /* held until exit */
/* Those that were handed over, if any: descriptor 0 (`from_stdin`, which must be one),
 * else systemd's, which are told apart by the names "main" and "login" or by their
 * paths.  Takes LISTEN_* out of the environment. */
MUST_CHECK enum rc sockets_take(const struct conf *conf, bool from_stdin, FILE *err, struct sockets *out);
/* Make them, unless they were given. */
MUST_CHECK enum rc sockets_open(const struct conf *conf, const struct identity *id, bool is_private_front, FILE *err,
                                struct sockets *s);
void sockets_remove(const struct conf *conf, const struct sockets *s);

#define SOCKETS_BACKLOG 4096 /* the kernel caps it at somaxconn; never less than 1024 (design D10c) */

#endif
