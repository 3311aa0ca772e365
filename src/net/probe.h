/*
 * One request to our own public address, as a stranger would make it: for `doctor`, which
 * wants to see what arrives there.  Nothing is followed, no proxy is asked, and what comes
 * back is kept to a measure.
 */
#ifndef AUTENTICO_NET_PROBE_H
#define AUTENTICO_NET_PROBE_H

#include <stdbool.h>

#include "util/arena.h"

enum probe_end {
    PROBE_ANSWERED,
    PROBE_NO_NAME,       /* it does not resolve */
    PROBE_NO_CONNECTION, /* nobody listens, or nothing comes back in time */
    PROBE_NO_TLS,        /* no handshake that suits both */
    PROBE_UNTRUSTED,     /* the certificate: of nobody we trust, of another name, or over */
    PROBE_BROKEN,        /* an answer that is none */
};

enum probe_tls { PROBE_TLS_ANY, PROBE_TLS_1_0, PROBE_TLS_1_1, PROBE_TLS_1_2, PROBE_TLS_1_3, PROBE_TLS_N };

struct probe_ask {
    const char *url;
    const char *method;          /* NULL: GET; POST sends an empty form */
    const char *headers[4];      /* "Origin: https://x", up to NULL */
    enum probe_tls tls;          /* this version and no other, on a connection of its own */
    bool is_lenient;             /* whatever certificate there is */
};

struct probe_header { const char *name, *value; };
struct probe {
    enum probe_end end;
    const char *why;             /* in libcurl's words, when not answered */
    int status;
    struct probe_header *headers;
    size_t headers_n;
    const char *body;            /* at most 64 KiB, NUL-terminated */
    size_t body_n;
    int64_t cert_from, cert_until; /* unix seconds; 0: not known */
};

struct prober;
/* ca_file "": the system's.  NULL: libcurl cannot be loaded, and `why` says so. */
struct prober *prober_new(const char *ca_file, const char **why);
void prober_free(struct prober *p); /* NULL is fine */
/* What comes back lives on `a`. */
void probe(struct prober *p, struct arena *a, const struct probe_ask *ask, struct probe *out);

/* The first of that name, whatever its case; NULL: there is none.  *n: how many there are; may be NULL. */
const char *probe_header(const struct probe *p, const char *name, size_t *n);

#endif
