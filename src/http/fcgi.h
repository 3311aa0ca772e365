/*
 * FastCGI, and libfcgi's only home (design D10c).  A worker never reads a request
 * that has not arrived whole: accept, peek, park incomplete ones under
 * edge-triggered epoll with a deadline, hand complete ones to libfcgi.
 */
#ifndef AUTENTICO_HTTP_FCGI_H
#define AUTENTICO_HTTP_FCGI_H

#include <stdbool.h>

#include "util/arena.h"

struct fcgi;
struct fcgi_setup {
    int listen_fd;            /* non-blocking */
    int control_fd;           /* readable or EOF: answer what is queued, return within 300 ms */
    int64_t park_ms;          /* an incomplete request is dropped (408) after this */
    size_t body_max;          /* CONTENT_LENGTH above: 413 at once */
    size_t parked_max;        /* connections parked at a time; the oldest goes first */
};
MUST_CHECK enum rc fcgi_start(const struct fcgi_setup *setup, struct fcgi **out);
void fcgi_stop(struct fcgi *f);

struct fcgi_request { char *const *env; struct bytes body; }; /* on the arena of fcgi_next() */
/* Wait for one whole request.  RC_OK; RC_NONE: told to stop and nothing is left.
 * `tick` is called at least every `tick_ms` while idle (may be NULL). */
MUST_CHECK enum rc fcgi_next(struct fcgi *f, struct arena *a, void (*tick)(void *), void *arg, int tick_ms,
                             struct fcgi_request *out);
/* Write the answer (CGI text) and let the connection go; a peer that does not read it
 * holds us up for five seconds at most. */
void fcgi_answer(struct fcgi *f, struct bytes cgi);

/*
 * How much of a FastCGI request lies in `p`: pure, for tests and fuzzing.
 *   FCGI_WHOLE, FCGI_PART, FCGI_BAD (malformed, or more than one request: close),
 *   FCGI_BIG (CONTENT_LENGTH or body over the limit: 413), FCGI_ASKS (a management
 *   record: answered here, libfcgi would wait for what follows it)
 */
enum fcgi_state { FCGI_WHOLE, FCGI_PART, FCGI_BAD, FCGI_BIG, FCGI_ASKS };
enum fcgi_state fcgi_scan(const uint8_t *p, size_t n, size_t body_max);

#endif
