#include "config.h"

#include "http/fcgi.h"
#include "util/text.h"

#include <string.h>

/* The FastCGI 1.0 record: version, type, request id (2), content length (2),
 * padding length, reserved. */
#define HEADER 8
#define BEGIN_REQUEST 1
#define ABORT_REQUEST 2
#define PARAMS 4
#define STDIN 5
#define PARAMS_MAX 65536

struct record {
    int type;
    size_t content_n, total_n;
    const uint8_t *content;
};

/* RC_NONE: not all there. */
static enum rc read_record(const uint8_t *p, size_t n, struct record *out)
{
    if (n < HEADER)
        return RC_NONE;
    out->type = p[1];
    out->content_n = (size_t)p[4] << 8 | p[5];
    out->total_n = HEADER + out->content_n + p[6];
    out->content = p + HEADER;
    return n >= out->total_n ? RC_OK : RC_NONE;
}

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

static bool is_over(const uint8_t *value, size_t n, size_t max)
{
    size_t number = 0;

    for (size_t i = 0; i < n; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false; /* refused later, as malformed */
        number = number * 10 + (size_t)(value[i] - '0');
        if (number > max)
            return true;
    }
    return false;
}

static bool params_are_big(const uint8_t *p, size_t n, size_t body_max)
{
    static const char name[] = "CONTENT_LENGTH";
    const uint8_t *end = p + n;
    size_t name_n, value_n;

    while (read_length(&p, end, &name_n) == RC_OK && read_length(&p, end, &value_n) == RC_OK) {
        if (name_n > (size_t)(end - p) || value_n > (size_t)(end - p) - name_n)
            return false;
        if (name_n == sizeof(name) - 1 && memcmp(p, name, name_n) == 0)
            return is_over(p + name_n, value_n, body_max);
        p += name_n + value_n;
    }
    return false;
}

struct scan {
    size_t body_n;
    bool has_begun, has_params;
    uint8_t params[PARAMS_MAX];
    size_t params_n;
};

static enum fcgi_state add_params(struct scan *s, const struct record *r)
{
    if (r->content_n == 0) {
        s->has_params = true;
        return FCGI_PART;
    }
    if (s->has_params || s->params_n + r->content_n > PARAMS_MAX)
        return FCGI_BAD;
    memcpy(s->params + s->params_n, r->content, r->content_n);
    s->params_n += r->content_n;
    return FCGI_PART;
}

static enum fcgi_state add_record(struct scan *s, const struct record *r, size_t body_max)
{
    if (!s->has_begun) {
        s->has_begun = r->type == BEGIN_REQUEST && r->content_n == 8;
        return s->has_begun ? FCGI_PART : FCGI_BAD;
    }
    switch (r->type) {
    case PARAMS:
        return add_params(s, r);
    case STDIN:
        if (!s->has_params)
            return FCGI_BAD;
        s->body_n += r->content_n;
        if (s->body_n > body_max)
            return FCGI_BIG;
        return r->content_n == 0 ? FCGI_WHOLE : FCGI_PART;
    default:
        return FCGI_BAD; /* abort, a second request on the connection, nonsense */
    }
}

enum fcgi_state fcgi_scan(const uint8_t *p, size_t n, size_t body_max)
{
    static struct scan s; /* too large for the stack; one request at a time */
    struct record r;
    size_t at = 0;

    s.body_n = s.params_n = 0;
    s.has_begun = s.has_params = false;
    if (n > 0 && p[0] != 1)
        return FCGI_BAD;
    if (n >= HEADER && p[2] == 0 && p[3] == 0)
        return FCGI_ASKS;
    while (read_record(p + at, n - at, &r) == RC_OK) {
        if (p[at] != 1)
            return FCGI_BAD;
        enum fcgi_state state = add_record(&s, &r, body_max);
        if (state != FCGI_PART)
            return state;
        at += r.total_n;
    }
    if (at < n && p[at] != 1)
        return FCGI_BAD;
    return s.has_params && params_are_big(s.params, s.params_n, body_max) ? FCGI_BIG : FCGI_PART;
}
