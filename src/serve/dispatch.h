/*
 * One request, from environment to answer (style 3): route, limit, CSRF, gate,
 * handler, rendering.
 */
#ifndef AUTENTICO_SERVE_DISPATCH_H
#define AUTENTICO_SERVE_DISPATCH_H

#include "hasher/checker.h"
#include "http/exchange.h"
#include "http/route.h"
#include "signer/signer.h"

/* What a worker keeps between requests. */
struct kept;
struct kept_setup {
    struct db *db;
    struct limits *limits;
    struct signer signer;
    struct hasher *hasher;
    struct checker checker; /* argv NULL: none */
    const struct conf *conf;
    const struct keyring *keys;
    const struct templates *templates;
    const struct router *router;
};
struct kept *kept_new(const struct kept_setup *setup);
void kept_free(struct kept *k);

/* Serve one request; the answer is CGI text on `a`.  Never fails: what goes wrong
 * becomes an answer. */
struct bytes dispatch(struct kept *k, struct arena *a, char *const *env, struct bytes body);

/* The tables of every room, in one router. */
MUST_CHECK enum rc dispatch_router(struct arena *a, const char *oauth_path, struct router **out);

#endif
