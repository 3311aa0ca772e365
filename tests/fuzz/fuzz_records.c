/* FastCGI records: how much of a request is there (http/fcgi_scan.c).  What is whole is so by
 * its last record, without a byte that may be missing; whatever follows is nobody's. */
#include "config.h"

#include "fuzz.h"

#include "http/fcgi_scan.h"

#define BODY_MAX 4096

/* Where it is whole; 0: nowhere. */
static size_t walk(const uint8_t *p, size_t n)
{
    struct record r;
    size_t at = 0;

    while (record_read(p + at, n - at, &r) == RC_OK) {
        MUST(r.total_n >= RECORD_HEADER && r.total_n <= n - at && r.content_n <= r.total_n - RECORD_HEADER);
        at += r.total_n;
        if (fcgi_scan(p, at, BODY_MAX) == FCGI_WHOLE)
            return at;
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    begin();
    enum fcgi_state state = fcgi_scan(data, size, BODY_MAX);
    size_t used = walk(data, size);

    if (state == FCGI_WHOLE) {
        MUST(used > 0);
        MUST(fcgi_scan(data, used - 1, BODY_MAX) != FCGI_WHOLE);
    }
    for (size_t n = 0; n < size && n < 256; n++)
        if (fcgi_scan(data, n, BODY_MAX) == FCGI_BAD)
            MUST(fcgi_scan(data, n + 1, BODY_MAX) != FCGI_WHOLE); /* bad stays bad */
    return end();
}
