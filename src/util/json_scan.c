#include "config.h"

#include "util/json_scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/text.h"

struct scan {
    const char *p, *end;
    int depth;
};

static bool scan_value(struct scan *s);

size_t json_space(const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\n' || p[i] == '\r'))
        i++;
    return i;
}

static void skip_space(struct scan *s)
{
    s->p += json_space(s->p, (size_t)(s->end - s->p));
}

static bool take(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static bool take_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

static bool take_digits(struct scan *s)
{
    const char *start = s->p;

    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > start;
}

/* json-c clips an integer that has no place in 64 bits; we refuse it (RFC 8259
 * section 6 leaves the range to us). */
static bool has_place(const char *digits, const char *end, bool is_negative)
{
    uint64_t n = 0;

    for (; digits < end; digits++)
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(*digits - '0'), &n))
            return false;
    return !is_negative || n <= (uint64_t)INT64_MAX + 1;
}

static bool scan_exponent(struct scan *s)
{
    if (!take(s, '+'))
        take(s, '-');
    return take_digits(s);
}

static bool scan_number(struct scan *s)
{
    bool is_negative = take(s, '-');
    const char *start = s->p, *end;

    if (!take(s, '0') && !take_digits(s))
        return false;
    end = s->p;
    if (take(s, '.') && !take_digits(s))
        return false;
    if ((take(s, 'e') || take(s, 'E')) && !scan_exponent(s))
        return false;
    return s->p > end || has_place(start, end, is_negative);
}

/* Four hexadecimal digits; -1: not that. */
static long take_hex4(struct scan *s)
{
    long n = 0;

    for (int i = 0; i < 4; i++, s->p++) {
        char c = s->p < s->end ? *s->p : '\0';

        if (c >= '0' && c <= '9')
            n = n * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f')
            n = n * 16 + (c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            n = n * 16 + (c - 'A' + 10);
        else
            return -1;
    }
    return n;
}

/* What follows "\u": one code unit that is not NUL, or a pair of surrogates. */
static bool scan_unicode(struct scan *s)
{
    long unit = take_hex4(s);

    if (unit <= 0 || (unit >= 0xDC00 && unit <= 0xDFFF))
        return false;
    if (unit < 0xD800 || unit > 0xDFFF)
        return true;
    if (!take_word(s, "\\u"))
        return false;
    unit = take_hex4(s);
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

static bool scan_escape(struct scan *s)
{
    if (take(s, 'u'))
        return scan_unicode(s);
    if (s->p == s->end || *s->p == '\0' || strchr("\"\\/bfnrt", *s->p) == NULL)
        return false;
    s->p++;
    return true;
}

/* ASCII that stands for itself: nearly all of a string. */
static void skip_ordinary(struct scan *s)
{
    const char *p = s->p;

    while (p < s->end && *p >= 0x20 && *p != '"' && *p != '\\')
        p++;
    s->p = p;
}

static bool scan_string(struct scan *s)
{
    uint32_t c;
    size_t n;

    if (!take(s, '"'))
        return false;
    while (skip_ordinary(s), !take(s, '"')) {
        n = text_char(s->p, (size_t)(s->end - s->p), &c);
        if (n == 0 || c < 0x20)
            return false;
        s->p += n;
        if (c == '\\' && !scan_escape(s))
            return false;
    }
    return true;
}

static bool scan_member(struct scan *s)
{
    skip_space(s);
    if (!scan_string(s))
        return false;
    skip_space(s);
    return take(s, ':') && scan_value(s);
}

/* The items of an array or object and its closing bracket; the opening one is
 * behind us. */
static bool scan_items(struct scan *s, char close, bool (*scan_item)(struct scan *))
{
    if (++s->depth > JSON_DEPTH_MAX)
        return false;
    skip_space(s);
    if (!take(s, close)) {
        do {
            if (!scan_item(s))
                return false;
            skip_space(s);
        } while (take(s, ','));
        if (!take(s, close))
            return false;
    }
    s->depth--;
    return true;
}

static bool scan_value(struct scan *s)
{
    skip_space(s);
    if (s->p == s->end)
        return false;
    switch (*s->p) {
    case '{':
        s->p++;
        return scan_items(s, '}', scan_member);
    case '[':
        s->p++;
        return scan_items(s, ']', scan_value);
    case '"':
        return scan_string(s);
    case 't':
        return take_word(s, "true");
    case 'f':
        return take_word(s, "false");
    case 'n':
        return take_word(s, "null");
    default:
        return scan_number(s);
    }
}

struct json_extent json_scan(const char *text, size_t n)
{
    struct scan s = { .p = text };
    const char *start;

    if (n == 0)
        return (struct json_extent){ 0 };
    s.end = text + n;
    skip_space(&s);
    start = s.p;
    if (!scan_value(&s))
        return (struct json_extent){ 0 };
    return (struct json_extent){ (size_t)(start - text), (size_t)(s.p - start) };
}
