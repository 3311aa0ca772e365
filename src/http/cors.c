#include "config.h"

#include "http/cors.h"

#include <stdlib.h>
#include <string.h>

#include "http/request.h"
#include "http/response.h"
#include "http/route.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void cors_take(struct cors *c, struct text_list origins)
{
    size_t n = 0;

    if (origins.n > 1)
        qsort(origins.v, origins.n, sizeof(*origins.v), by_text);
    for (size_t i = 0; i < origins.n; i++)
        if (n == 0 || strcmp(origins.v[n - 1], origins.v[i]) != 0)
            origins.v[n++] = origins.v[i];
    c->origins = (struct text_list){ origins.v, n };
}

static bool is_listed(const struct cors *c, const char *origin)
{
    return c->origins.n > 0 && bsearch(&origin, c->origins.v, c->origins.n, sizeof(*c->origins.v), by_text) != NULL;
}

bool cors_allow(struct exchange *x, const struct route *row)
{
    const struct cors *c = x->cors;
    const char *origin = x->rq->origin;

    if (c == NULL || !c->is_on || row == NULL || !row->cors)
        return false;
    response_header(x, "Vary", "Origin"); /* also on what is not for scripts: caches keep it */
    if (*origin == '\0' || (!c->is_any && !is_listed(c, origin)))
        return false;
    response_header(x, "Access-Control-Allow-Origin", "%s", c->is_any ? "*" : origin);
    if (!c->is_any)
        response_header(x, "Access-Control-Allow-Credentials", "true");
    response_header(x, "Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS");
    response_header(x, "Access-Control-Allow-Headers", "Content-Type, Authorization");
    response_header(x, "Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After, X-Request-ID");
    return true;
}
