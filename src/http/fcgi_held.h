/*
 * A request that may be larger than the socket lets its sender write ahead, taken into
 * memory while it arrives.  Small ones stay in the socket buffer and are only peeked at;
 * but the buffer of a Unix socket is its sender's, and one that waits until it is three
 * quarters empty again (poll(2) says "writable" then; Apache's mod_proxy_fcgi asks) never
 * gets more than some 50 KiB into it.  Private to fcgi*.c.
 */
#ifndef AUTENTICO_HTTP_FCGI_HELD_H
#define AUTENTICO_HTTP_FCGI_HELD_H

#include <stdbool.h>

#include "util/arena.h"

#define HOLD_FROM ((size_t)32 * 1024) /* bytes that have arrived of an incomplete request */

struct held { uint8_t *p; size_t n, cap; }; /* p NULL: nothing is held */

/* Take what has arrived off the socket, up to `max` bytes in all.  False: the peer is gone. */
bool held_read(struct held *h, int fd, size_t max);
/* A descriptor to read it from, for libfcgi; -1: out of something.  The caller closes it. */
int held_file(const struct held *h);
void held_drop(struct held *h); /* wiped: cookies, credentials */

#endif
