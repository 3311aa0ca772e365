/*
 * One request, validated once: NUL bytes, invalid UTF-8, bad percent-encoding and
 * FastCGI parameters that we read and that occur twice (design D11) are refused
 * here.  After this text is NUL-terminated; binary is struct bytes.
 */
#ifndef AUTENTICO_HTTP_REQUEST_H
#define AUTENTICO_HTTP_REQUEST_H

#include "http/exchange.h"

enum method { M_GET = 1, M_POST = 2, M_PUT = 4, M_DELETE = 8, M_PATCH = 16, M_OPTIONS = 32, M_HEAD = 64, M_OTHER = 128,
              M_ANY = 255 };

struct param { const char *name, *value; };
struct params { struct param *v; size_t n; };

struct request {
    const char *id;             /* random, opaque: X-Request-ID */
    enum method method;         /* HEAD is M_HEAD here; rows with M_GET match it */
    const char *method_text;
    const char *path;           /* decoded REQUEST_URI path, cleaned by the router */
    const char *raw_path;       /* as sent */
    const char *query_text;     /* raw, "" when absent */
    struct params query;        /* decoded, in order, repeats kept */
    struct params form;         /* body, when application/x-www-form-urlencoded */
    bool is_form;               /* content type was that */
    bool is_bad_form;           /* a body or query that does not decode: binding refuses */
    bool is_bad_query;
    const char *content_type;   /* lower case, parameters cut off; "" */
    struct bytes body;
    struct params cookies;
    const char *address;        /* of the client, textual, design D11 */
    const char *limit_key;      /* the same, IPv6 cut to /64 */
    bool is_secure;             /* arrived by TLS */
    bool is_forwarded_untrusted; /* X-Forwarded-Proto: https from a peer that is not trusted */
    /* headers, "" when absent */
    const char *host, *authorization, *user_agent, *origin, *referer, *sec_fetch_site, *csrf_header, *accept,
               *if_none_match;
    bool has_authorization;     /* present, even if empty */
    const char *front_secret;   /* what the web server proves itself with, "" when it does not (design D11a) */
};

/*
 * The environment as FastCGI delivers it: "NAME=value" strings, NULL-terminated.
 * RC_REFUSED: no->code says why; `out` is then filled as far as known (id,
 * method, path), so that the refusal can be rendered.
 */
MUST_CHECK enum rc request_build(struct arena *a, const struct conf *conf, char *const *env, struct bytes body,
                                 struct request *out, struct refusal *no);

/* NULL when absent or empty (RFC 6749 3.1); *is_repeated when sent more than once. */
const char *param_get(const struct params *p, const char *name, bool *is_repeated);
const char *cookie_get(const struct request *rq, const char *name); /* NULL absent; the first of several */
MUST_CHECK enum rc params_parse(struct arena *a, const char *text, size_t n, struct params *out); /* RC_NONE: undecodable */

/* `uri`, and behind it the query of this request. */
const char *request_with_query(struct arena *a, const struct request *rq, const char *uri);

#endif
