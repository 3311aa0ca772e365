#include "config.h"

#include "util/sbuf.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/log.h"

#define DEFAULT_HINT 256

void sbuf_init(struct sbuf *b, struct arena *a, size_t hint)
{
    size_t room = hint > 0 ? hint : DEFAULT_HINT;

    b->arena = a;
    b->cap = room + 1;
    b->n = 0;
    b->text = arena_alloc(a, b->cap);
}

/* Room for `more` bytes and the NUL. */
static void reserve(struct sbuf *b, size_t more)
{
    size_t need, cap = b->cap;

    if (__builtin_add_overflow(b->n, more, &need) || need > SIZE_MAX / 4)
        die("sbuf: absurd size %zu", more);
    if (need < cap)
        return;
    while (cap <= need)
        cap *= 2;
    b->text = arena_grow(b->arena, b->text, b->cap, cap);
    b->cap = cap;
}

void sbuf_addn(struct sbuf *b, const void *p, size_t n)
{
    if (n == 0)
        return;
    reserve(b, n);
    memcpy(b->text + b->n, p, n);
    b->n += n;
    b->text[b->n] = '\0';
}

void sbuf_add(struct sbuf *b, const char *text)
{
    if (text != NULL)
        sbuf_addn(b, text, strlen(text));
}

void sbuf_addc(struct sbuf *b, char c)
{
    sbuf_addn(b, &c, 1);
}

void sbuf_int(struct sbuf *b, int64_t n)
{
    char digits[20]; /* 2^63 has 19 */
    size_t i = sizeof(digits);
    uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;

    do
        digits[--i] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (n < 0)
        digits[--i] = '-';
    sbuf_addn(b, digits + i, sizeof(digits) - i);
}

void sbuf_printf(struct sbuf *b, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(b->text + b->n, b->cap - b->n, fmt, ap);
    va_end(ap);
    if (n < 0)
        die("sbuf: cannot format \"%s\"", fmt);
    if ((size_t)n >= b->cap - b->n) {
        reserve(b, (size_t)n);
        va_start(ap, fmt);
        vsnprintf(b->text + b->n, b->cap - b->n, fmt, ap);
        va_end(ap);
    }
    b->n += (size_t)n;
}

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void sbuf_html(struct sbuf *b, const char *text)
{
    while (text != NULL && *text != '\0') {
        size_t plain = strcspn(text, "&<>\"'");

        sbuf_addn(b, text, plain);
        text += plain;
        if (*text != '\0')
            sbuf_add(b, entity_of(*text++));
    }
}

static bool is_plain(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

static void encode(struct sbuf *b, const char *text, const char *space)
{
    static const char digits[] = "0123456789ABCDEF";

    for (; text != NULL && *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (is_plain(*text))
            sbuf_addc(b, *text);
        else if (c == ' ')
            sbuf_add(b, space);
        else
            sbuf_addn(b, (char[]){ '%', digits[c >> 4], digits[c & 15] }, 3);
    }
}

void sbuf_urlencode(struct sbuf *b, const char *text)
{
    encode(b, text, "+");
}

void sbuf_percent(struct sbuf *b, const char *text)
{
    encode(b, text, "%20");
}

struct bytes sbuf_bytes(const struct sbuf *b)
{
    return (struct bytes){ (const uint8_t *)b->text, b->n };
}
