/* The listening sockets (design D11a) and the lock that says "one pool per state directory". */
#ifndef AUTENTICO_SERVE_SOCKETS_H
#define AUTENTICO_SERVE_SOCKETS_H

#include <stdio.h>

#include "serve/pool.h"

/* RC_REFUSED: a line for the operator was written to `err`. */
MUST_CHECK enum rc sockets_lock_instance(const struct conf *conf, const struct identity *id,
                                         FILE *err); /* held until exit */
MUST_CHECK enum rc sockets_open(const struct conf *conf, const struct identity *id, bool is_private_front, FILE *err,
                                int *main_fd, int *login_fd);
void sockets_remove(const struct conf *conf);

#endif
