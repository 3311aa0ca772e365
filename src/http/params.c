#include "config.h"

#include <string.h>

#include "http/request.h"
#include "util/uri.h"

#define PARAMS_MAX 256 /* no honest form of ours has more; a flood of them is refused */

static size_t count_of(const char *text, size_t n, char separator)
{
    const char *end = text + n, *at = text;
    size_t count = 1;

    while (at < end && (at = memchr(at, separator, (size_t)(end - at))) != NULL) {
        count++;
        at++;
    }
    return count;
}

static enum rc parse_one(struct arena *a, const char *p, size_t n, struct param *out)
{
    const char *eq = memchr(p, '=', n);
    size_t name_n = eq != NULL ? (size_t)(eq - p) : n;
    char *name, *value;

    TRY(form_decode(a, p, name_n, &name));
    if (eq == NULL)
        value = arena_strdup(a, "");
    else
        TRY(form_decode(a, eq + 1, n - name_n - 1, &value));
    *out = (struct param){ name, value };
    return RC_OK;
}

enum rc params_parse(struct arena *a, const char *text, size_t n, struct params *out)
{
    size_t most = count_of(text, n, '&');
    struct params found = { NULL, 0 };

    if (most > PARAMS_MAX)
        return RC_NONE;
    found.v = arena_array(a, struct param, most);
    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '&', n - at);
        size_t len = end != NULL ? (size_t)(end - text) - at : n - at;

        if (len > 0)
            TRY(parse_one(a, text + at, len, &found.v[found.n++]));
        at += len + 1;
    }
    *out = found;
    return RC_OK;
}

/* The first value counts for routing and pages; binding refuses repeats. */
const char *param_get(const struct params *p, const char *name, bool *is_repeated)
{
    const char *found = NULL;
    size_t times = 0;

    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->v[i].name, name) != 0)
            continue;
        if (times++ == 0)
            found = p->v[i].value;
    }
    if (is_repeated != NULL)
        *is_repeated = times > 1;
    return found != NULL && *found != '\0' ? found : NULL;
}

const char *cookie_get(const struct request *rq, const char *name)
{
    for (size_t i = 0; i < rq->cookies.n; i++)
        if (strcmp(rq->cookies.v[i].name, name) == 0)
            return rq->cookies.v[i].value;
    return NULL;
}
