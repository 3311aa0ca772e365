/* FastCGI 1.0 on the wire: private to fcgi*.c. */
#ifndef AUTENTICO_HTTP_FCGI_SCAN_H
#define AUTENTICO_HTTP_FCGI_SCAN_H

#include "http/fcgi.h"

/* A record: version, type, request id (2), content length (2), padding length,
 * reserved; content; padding. */
#define RECORD_HEADER 8
#define RECORD_CONTENT_MAX 65535

enum record_type {
    RECORD_BEGIN = 1,
    RECORD_END = 3,
    RECORD_PARAMS = 4,
    RECORD_STDIN = 5,
    RECORD_STDOUT = 6,
    RECORD_GET_VALUES = 9,
    RECORD_GET_VALUES_RESULT = 10,
    RECORD_UNKNOWN_TYPE = 11
};

struct record {
    int type;
    uint16_t id;                 /* 0: about the connection, not a request */
    size_t content_n, total_n;
    const uint8_t *content;
};

/* RC_NONE: not all there. */
MUST_CHECK enum rc record_read(const uint8_t *p, size_t n, struct record *out);

/*
 * Send `cgi` as the whole answer to request `id`: standard output, its end, end
 * of request; in one call where it is less than 64 KiB.  False: the peer is gone
 * or has not read it all by `by_ms` (clock_mono_ms(); 0: do not wait at all).
 */
bool fcgi_send(int fd, uint16_t id, struct bytes cgi, int64_t by_ms);
bool fcgi_send_values(int fd, const struct record *question);

#endif
