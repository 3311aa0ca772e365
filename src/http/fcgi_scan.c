#include "config.h"

#include "http/fcgi_scan.h"

#include <string.h>

#define PARAMS_MAX 65536
#define BEGIN_N 8
#define ROLE_RESPONDER 1
#define MANAGEMENT_MAX 1024

enum rc record_read(const uint8_t *p, size_t n, struct record *out)
{
    if (n < RECORD_HEADER)
        return RC_NONE;
    out->type = p[1];
    out->id = (uint16_t)(p[2] << 8 | p[3]);
    out->content_n = (size_t)p[4] << 8 | p[5];
    out->total_n = RECORD_HEADER + out->content_n + p[6];
    out->content = p + RECORD_HEADER;
    return n >= out->total_n ? RC_OK : RC_NONE;
}

/* --- parameters ----------------------------------------------------------- */

/* A name or value length: one byte, or four with the top bit set. */
static enum rc read_length(const uint8_t **p, const uint8_t *end, size_t *out)
{
    if (*p >= end)
        return RC_NONE;
    if (**p < 128) {
        *out = *(*p)++;
        return RC_OK;
    }
    if (end - *p < 4)
        return RC_NONE;
    *out = (size_t)((*p)[0] & 127) << 24 | (size_t)(*p)[1] << 16 | (size_t)(*p)[2] << 8 | (*p)[3];
    *p += 4;
    return RC_OK;
}

struct pair { struct bytes name, value; };

static enum rc read_pair(const uint8_t **p, const uint8_t *end, struct pair *out)
{
    size_t name_n, value_n;

    TRY(read_length(p, end, &name_n));
    TRY(read_length(p, end, &value_n));
    if (name_n > (size_t)(end - *p) || value_n > (size_t)(end - *p) - name_n)
        return RC_NONE;
    out->name = (struct bytes){ *p, name_n };
    out->value = (struct bytes){ *p + name_n, value_n };
    *p += name_n + value_n;
    return RC_OK;
}

/* What libfcgi turns into "NAME=value" has to come apart again in the same place. */
static bool is_clean(const struct pair *pair)
{
    return pair->name.n > 0 && memchr(pair->name.p, '=', pair->name.n) == NULL &&
           memchr(pair->name.p, '\0', pair->name.n) == NULL &&
           (pair->value.n == 0 || memchr(pair->value.p, '\0', pair->value.n) == NULL);
}

struct declared { size_t length, times; };

/* Web servers send an empty CONTENT_LENGTH with a request that has no body. */
static enum fcgi_state read_declared(const struct pair *pair, size_t body_max, struct declared *d)
{
    static const char name[] = "CONTENT_LENGTH";
    size_t number = 0;

    if (pair->name.n != sizeof(name) - 1 || memcmp(pair->name.p, name, pair->name.n) != 0 ||
        pair->value.n == 0)
        return FCGI_PART;
    for (size_t i = 0; i < pair->value.n; i++) {
        if (pair->value.p[i] < '0' || pair->value.p[i] > '9')
            return FCGI_BAD;
        number = number * 10 + (size_t)(pair->value.p[i] - '0');
        if (number > body_max)
            return FCGI_BIG;
    }
    d->length = number;
    d->times++;
    return FCGI_PART;
}

static enum fcgi_state check_params(struct bytes params, size_t body_max, struct declared *d)
{
    const uint8_t *p = params.p, *end = params.n > 0 ? p + params.n : p;
    struct pair pair;

    while (p != end) {
        if (read_pair(&p, end, &pair) != RC_OK || !is_clean(&pair))
            return FCGI_BAD;
        enum fcgi_state state = read_declared(&pair, body_max, d);
        if (state != FCGI_PART)
            return state;
    }
    return FCGI_PART;
}

/* --- records -------------------------------------------------------------- */

struct scan {
    size_t body_max, body_n;
    bool has_begun, has_params;
    uint16_t id;
    struct bytes params;
    struct declared declared;
};

/* Too large for the stack; used when the parameters fill several records. */
static uint8_t joined[PARAMS_MAX];

static enum fcgi_state begin(struct scan *s, const struct record *r)
{
    if (r->type != RECORD_BEGIN || r->id == 0 || r->content_n != BEGIN_N ||
        (r->content[0] << 8 | r->content[1]) != ROLE_RESPONDER)
        return FCGI_BAD;
    s->has_begun = true;
    s->id = r->id;
    return FCGI_PART;
}

static enum fcgi_state add_params(struct scan *s, const struct record *r)
{
    if (s->has_params || s->params.n + r->content_n > PARAMS_MAX)
        return FCGI_BAD;
    if (r->content_n == 0) {
        s->has_params = true;
        return check_params(s->params, s->body_max, &s->declared);
    }
    if (s->params.n == 0) {
        s->params = (struct bytes){ r->content, r->content_n };
        return FCGI_PART;
    }
    if (s->params.p != joined)
        memcpy(joined, s->params.p, s->params.n);
    memcpy(joined + s->params.n, r->content, r->content_n);
    s->params = (struct bytes){ joined, s->params.n + r->content_n };
    return FCGI_PART;
}

/* A body shorter or longer than announced was cut off on its way or is two bodies. */
static enum fcgi_state end_body(const struct scan *s)
{
    return s->declared.times == 1 && s->declared.length != s->body_n ? FCGI_BAD : FCGI_WHOLE;
}

static enum fcgi_state add_body(struct scan *s, const struct record *r)
{
    if (!s->has_params)
        return FCGI_BAD;
    if (r->content_n == 0)
        return end_body(s);
    s->body_n += r->content_n;
    return s->body_n > s->body_max ? FCGI_BIG : FCGI_PART;
}

static enum fcgi_state add_record(struct scan *s, const struct record *r)
{
    if (!s->has_begun)
        return begin(s, r);
    if (r->id != s->id)
        return FCGI_BAD; /* a second request on the connection would be read as ours */
    switch (r->type) {
    case RECORD_PARAMS:
        return add_params(s, r);
    case RECORD_STDIN:
        return add_body(s, r);
    default:
        return FCGI_BAD; /* abort, nonsense */
    }
}

static enum fcgi_state scan_management(const uint8_t *p, size_t n)
{
    struct record r;

    if ((size_t)(p[4] << 8 | p[5]) > MANAGEMENT_MAX)
        return FCGI_BAD;
    return record_read(p, n, &r) == RC_OK ? FCGI_ASKS : FCGI_PART;
}

static enum fcgi_state scan_request(struct scan *s, const uint8_t *p, size_t n)
{
    struct record r;
    size_t at = 0;

    while (at < n && p[at] == 1 && record_read(p + at, n - at, &r) == RC_OK) {
        enum fcgi_state state = add_record(s, &r);

        if (state != FCGI_PART)
            return state;
        at += r.total_n;
    }
    return at < n && p[at] != 1 ? FCGI_BAD : FCGI_PART;
}

enum fcgi_state fcgi_scan(const uint8_t *p, size_t n, size_t body_max)
{
    struct scan s = { .body_max = body_max };

    if (n >= RECORD_HEADER && p[0] == 1 && p[2] == 0 && p[3] == 0)
        return scan_management(p, n);
    enum fcgi_state state = scan_request(&s, p, n);
    if (s.params.p == joined)
        explicit_bzero(joined, s.params.n); /* cookies, authorization */
    return state;
}
