#include "config.h"

#include "util/frame.h"

#include <string.h>

#include "util/log.h"

#define NULL_LENGTH UINT32_MAX /* the length of a text that is NULL; no bytes follow */

static void put_uint(struct sbuf *b, uint64_t n, int bytes_n)
{
    uint8_t out[8];

    for (int i = 0; i < bytes_n; i++)
        out[i] = (uint8_t)(n >> (8 * (bytes_n - 1 - i)) & 0xFF);
    sbuf_addn(b, out, (size_t)bytes_n);
}

void frame_put_bytes(struct sbuf *b, struct bytes data)
{
    if (data.n >= NULL_LENGTH)
        die("frame: absurd size %zu", data.n);
    put_uint(b, data.n, 4);
    sbuf_addn(b, data.p, data.n);
}

void frame_put_text(struct sbuf *b, const char *text)
{
    if (text == NULL)
        put_uint(b, NULL_LENGTH, 4);
    else
        frame_put_bytes(b, bytes_of(text));
}

void frame_put_int(struct sbuf *b, int64_t n)
{
    put_uint(b, 8, 4);
    put_uint(b, (uint64_t)n, 8);
}

void frame_read(struct frame_reader *r, struct bytes frame)
{
    r->p = frame.p;
    r->end = frame.n > 0 ? frame.p + frame.n : frame.p;
    r->is_bad = false;
}

/* Bad stays bad, and reads nothing any more. */
static void spoil(struct frame_reader *r)
{
    r->is_bad = true;
    r->p = r->end;
}

static uint64_t take_uint(struct frame_reader *r, size_t bytes_n)
{
    uint64_t n = 0;

    if ((size_t)(r->end - r->p) < bytes_n) {
        spoil(r);
        return 0;
    }
    for (size_t i = 0; i < bytes_n; i++)
        n = n << 8 | *r->p++;
    return n;
}

static struct bytes take_bytes(struct frame_reader *r, uint64_t n)
{
    struct bytes data;

    if (r->is_bad || n > (uint64_t)(r->end - r->p)) {
        spoil(r);
        return (struct bytes){ 0 };
    }
    data = (struct bytes){ r->p, (size_t)n };
    r->p += data.n;
    return data;
}

struct bytes frame_get_bytes(struct frame_reader *r)
{
    return take_bytes(r, take_uint(r, 4));
}

const char *frame_get_text(struct frame_reader *r, struct arena *a)
{
    uint64_t n = take_uint(r, 4);
    struct bytes data;

    if (r->is_bad || n == NULL_LENGTH)
        return NULL;
    data = take_bytes(r, n);
    if (data.n > 0 && memchr(data.p, '\0', data.n) != NULL)
        spoil(r);
    return r->is_bad ? NULL : arena_strndup(a, (const char *)data.p, data.n);
}

int64_t frame_get_int(struct frame_reader *r)
{
    if (take_uint(r, 4) != 8)
        spoil(r);
    return (int64_t)take_uint(r, 8);
}

enum rc frame_end(const struct frame_reader *r)
{
    return r->is_bad || r->p != r->end ? RC_NONE : RC_OK;
}
