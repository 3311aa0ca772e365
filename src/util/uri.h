/*
 * URIs (RFC 3986), strictly: no white space, no control or non-ASCII bytes, no
 * backslash, valid percent-encoding, no userinfo in an authority.
 */
#ifndef AUTENTICO_UTIL_URI_H
#define AUTENTICO_UTIL_URI_H

#include <stdbool.h>

#include "util/sbuf.h"

struct uri {
    const char *scheme;   /* lower case */
    const char *host;     /* lower case, brackets kept; NULL without authority */
    int port;             /* 0 when absent */
    const char *path;     /* "" or more */
    const char *query;    /* NULL when absent */
    const char *fragment; /* NULL when absent */
};

/* RC_NONE: not an absolute URI. */
MUST_CHECK enum rc uri_parse(struct arena *a, const char *text, struct uri *out);
bool is_uri(const char *text);             /* an absolute URI; "" passes */
bool uri_is_loopback_host(const char *host); /* localhost, *.localhost, 127.0.0.0/8, [::1] */
int uri_default_port(const char *scheme);  /* 443, 80, 0 */
char *uri_origin(struct arena *a, const struct uri *u); /* scheme://host[:port], default port left out */

/* Append name=value to a URI or query being built: '?' or '&' as needed, value
 * urlencoded; a NULL value appends nothing. */
void uri_add_param(struct sbuf *b, const char *name, const char *value);

/* Percent-decoding of one form component in place of a copy; '+' is space.
 * RC_NONE: bad percent-encoding, a NUL byte, or not UTF-8 (HT-14). */
MUST_CHECK enum rc form_decode(struct arena *a, const char *p, size_t n, char **out);

#endif
