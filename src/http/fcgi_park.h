/*
 * Connections whose request has not arrived whole, and those that were refused and
 * are read out: closing with unread bytes would take the refusal away from the peer
 * again.  Private to fcgi*.c.
 */
#ifndef AUTENTICO_HTTP_FCGI_PARK_H
#define AUTENTICO_HTTP_FCGI_PARK_H

#include "http/fcgi_held.h"
#include "http/fcgi_scan.h"

struct parked {
    int fd;
    uint16_t id;               /* 0: no request has begun */
    bool is_draining, is_hung; /* hung: the peer sends no more */
    int64_t deadline_ms;
    struct held held;          /* what was taken off the socket of a large one */
};

struct parking {
    int epoll_fd;              /* the caller's */
    struct parked *v;
    size_t n, max;
    int64_t park_ms;
};

void park_start(struct parking *k, int epoll_fd, size_t max, int64_t park_ms);
void park_stop(struct parking *k); /* the waiting get a 503 */

struct parked *park_find(const struct parking *k, int fd); /* NULL: not here */
struct parked *park_add(struct parking *k, int fd);        /* or find; NULL: closed, out of something */
void park_forget(struct parking *k, int fd);               /* the connection is somebody else's now */
void park_drop(struct parking *k, int fd);                 /* close, parked or not */
void park_make_room(struct parking *k);                    /* the oldest goes */
/* Take what has arrived of a large request off its socket; the oldest of the large ones
 * goes when together they hold too much.  False: this one is gone. */
bool park_hold(struct parking *k, int fd, size_t max);
/* Answer a request that will not be read, then read until the peer closes. */
void park_refuse(struct parking *k, int fd, uint16_t id, const char *status, const char *text);
void park_drain(struct parking *k, struct parked *p);      /* what has arrived since */
void park_expire(struct parking *k);
int64_t park_deadline(const struct parking *k);            /* the next one; INT64_MAX: none */
bool park_is_waiting(const struct parking *k);             /* is there anybody who may still get served? */

#endif
