#include "config.h"

#include "util/encode.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

/* so that the loops below are made once for each alphabet, without calls in them */
#define INLINED static inline __attribute__((always_inline))

static const char alphabet64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char alphabet64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char alphabet32hex[] = "0123456789abcdefghijklmnopqrstuv";
static const char alphabet16[] = "0123456789abcdef";

/* Write `in` as characters of `bits` bits each; returns how many. */
INLINED size_t spread(struct bytes in, int bits, const char *alphabet, char *out)
{
    uint32_t pool = 0, mask = (1U << bits) - 1;
    int have = 0;
    size_t n = 0;

    for (size_t i = 0; i < in.n; i++) {
        pool = (pool << 8 | in.p[i]) & 0xFFFF;
        for (have += 8; have >= bits; have -= bits)
            out[n++] = alphabet[pool >> (have - bits) & mask];
    }
    if (have > 0)
        out[n++] = alphabet[pool << (bits - have) & mask];
    return n;
}

INLINED char *encode(struct arena *a, struct bytes in, int bits, const char *alphabet)
{
    char *out = arena_alloc_n(a, in.n / (size_t)bits + 1, 9); /* 8/bits, rounded up, and a NUL */

    spread(in, bits, alphabet, out);
    return out;
}

/* `value` where from <= c <= to, else 0. */
INLINED int within(int c, int from, int to, int value)
{
    /* cppcheck-suppress shiftTooManyBitsSigned ; gcc and clang fill with the sign */
    return (from - 1 - c) >> 31 & (c - to - 1) >> 31 & value;
}

/* Neither a table nor a branch: the values may be keys, a table leaks its index through
 * the cache, and a branch that depends on random characters is guessed wrongly. */
INLINED int value64(char ch, char c62, char c63)
{
    int c = (unsigned char)ch;

    return within(c, 'A', 'Z', c - 'A' + 1) + within(c, 'a', 'z', c - 'a' + 27) +
           within(c, '0', '9', c - '0' + 53) + within(c, c62, c62, 63) + within(c, c63, c63, 64) - 1;
}

INLINED int value64url(char c)
{
    return value64(c, '-', '_');
}

INLINED int value64std(char c)
{
    return value64(c, '+', '/');
}

static int value32(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static int value32hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'v' ? c - 'a' + 10 : -1;
}

static int value16(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Collect characters of `bits` bits each.  The bits left over must be zero and
 * fewer than one character has, else the text is not the one an encoder makes
 * (RFC 4648 3.5).  Of `text`, the first `i` are in the `used` bytes at p already. */
INLINED enum rc collect_rest(const char *text, size_t n, size_t i, int bits, int (*value)(char), uint8_t *p,
                             size_t used, struct bytes *out)
{
    uint32_t pool = 0;
    int have = 0, any = 0;

    for (; i < n; i++) {
        int v = value(text[i]);

        any |= v; /* negative from the first wrong one on */
        pool = (pool << bits | ((uint32_t)v & ((1U << bits) - 1))) & 0xFFFF;
        have += bits;
        if (have >= 8) {
            have -= 8;
            p[used++] = (uint8_t)(pool >> have & 0xFF);
        }
    }
    if (any < 0 || have >= bits || (pool & ((1U << have) - 1)) != 0)
        return RC_NONE;
    *out = (struct bytes){ p, used };
    return RC_OK;
}

INLINED enum rc collect(struct arena *a, const char *text, size_t n, int bits, int (*value)(char),
                        struct bytes *out)
{
    return collect_rest(text, n, 0, bits, value, arena_alloc(a, n + 1), 0, out);
}

/* ---- eight characters of base64 at once: a token has a thousand ---- */

#define EACH UINT64_C(0x0101010101010101) /* one in each of eight bytes */

/* 1 in each byte where from <= c <= to, else 0.  All are below 0x80, and so nothing is
 * carried from one into the next. */
INLINED uint64_t each_within(uint64_t eight, int from, int to)
{
    uint64_t not_below = eight + EACH * (uint64_t)(0x80 - from), above = eight + EACH * (uint64_t)(0x7F - to);

    return (not_below & ~above) >> 7 & EACH;
}

/* value64() in each byte; *wrong gets a bit for each that has none. */
INLINED uint64_t each_value64(uint64_t eight, char c62, char c63, uint64_t *wrong)
{
    uint64_t c = eight & 0x7F * EACH;
    uint64_t upper = each_within(c, 'A', 'Z'), lower = each_within(c, 'a', 'z'), digit = each_within(c, '0', '9'),
             is62 = each_within(c, c62, c62), is63 = each_within(c, c63, c63);

    *wrong |= (eight & 0x80 * EACH) | (EACH ^ (upper | lower | digit | is62 | is63));
    return c - 'A' * upper - ('a' - 26) * lower - (uint64_t)('0' - 52) * digit - (uint64_t)(c62 - 62) * is62 -
           (uint64_t)(c63 - 63) * is63;
}

/* Eight times six bits, the first highest, moved together in pairs. */
INLINED uint64_t join_sixes(uint64_t v)
{
    v = (v & UINT64_C(0x3F003F003F003F00)) >> 2 | (v & UINT64_C(0x003F003F003F003F));
    v = (v & UINT64_C(0x0FFF00000FFF0000)) >> 4 | (v & UINT64_C(0x00000FFF00000FFF));
    return (v & UINT64_C(0x00FFFFFF00000000)) >> 8 | (v & UINT64_C(0x0000000000FFFFFF));
}

INLINED enum rc collect64(struct arena *a, const char *text, size_t n, char c62, char c63, int (*value)(char),
                          struct bytes *out)
{
    uint8_t *p = arena_alloc(a, n + 1);
    uint64_t eight, six, wrong = 0;
    size_t i = 0, used = 0;

    for (; n - i >= 8; i += 8, used += 6) {
        memcpy(&eight, text + i, 8);
        six = htobe64(join_sixes(each_value64(be64toh(eight), c62, c63, &wrong)) << 16);
        memcpy(p + used, &six, 6);
    }
    return wrong != 0 ? RC_NONE : collect_rest(text, n, i, 6, value, p, used, out);
}

char *base64url_encode(struct arena *a, struct bytes in)
{
    return encode(a, in, 6, alphabet64url);
}

enum rc base64url_decode(struct arena *a, const char *text, struct bytes *out)
{
    return text == NULL ? RC_NONE : base64url_decode_n(a, text, strlen(text), out);
}

enum rc base64url_decode_n(struct arena *a, const char *text, size_t n, struct bytes *out)
{
    return collect64(a, text, n, '-', '_', value64url, out);
}

char *base64_encode(struct arena *a, struct bytes in)
{
    char *out = encode(a, in, 6, alphabet64);
    size_t n = strlen(out);

    while (n % 4 != 0)
        out[n++] = '=';
    return out;
}

enum rc base64_decode(struct arena *a, const char *text, struct bytes *out)
{
    size_t n = text == NULL ? 0 : strlen(text);

    if (text == NULL)
        return RC_NONE;
    if (n > 0 && n % 4 == 0 && text[n - 1] == '=')
        n -= text[n - 2] == '=' ? 2 : 1;
    return collect64(a, text, n, '+', '/', value64std, out);
}

char *base32_encode(struct arena *a, struct bytes in)
{
    return encode(a, in, 5, alphabet32);
}

enum rc base32_decode(struct arena *a, const char *text, struct bytes *out)
{
    return text == NULL ? RC_NONE : collect(a, text, strlen(text), 5, value32, out);
}

char *hex_encode(struct arena *a, struct bytes in)
{
    return encode(a, in, 4, alphabet16);
}

enum rc hex_decode(struct arena *a, const char *text, struct bytes *out)
{
    return text == NULL ? RC_NONE : collect(a, text, strlen(text), 4, value16, out);
}

/* `n` characters for the low 5n bits of v, highest first. */
static void put32hex(uint64_t v, int n, char *out)
{
    for (int i = 0; i < n; i++)
        out[i] = alphabet32hex[v >> (5 * (n - 1 - i)) & 31];
}

/* Not a secret, only a check sum: 35 bits of splitmix64.  Ids are handed out,
 * so it may never change. */
static uint64_t check_sum(uint64_t v)
{
    v += UINT64_C(0x9e3779b97f4a7c15);
    v = (v ^ v >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ v >> 27) * UINT64_C(0x94d049bb133111eb);
    return (v ^ v >> 31) >> 29;
}

void selector_to_id(int64_t selector, char out[21])
{
    uint64_t v = (uint64_t)selector & INT64_MAX;

    put32hex(v, 13, out);
    put32hex(check_sum(v), 7, out + 13);
    out[20] = '\0';
}

enum rc id_to_selector(const char *id, int64_t *out)
{
    uint64_t v = 0;
    char made[21];

    if (id == NULL || strlen(id) != 20)
        return RC_NONE;
    for (int i = 0; i < 13; i++) {
        int digit = value32hex(id[i]);

        if (digit < 0)
            return RC_NONE;
        v = v << 5 | (uint64_t)digit;
    }
    selector_to_id((int64_t)(v & INT64_MAX), made);
    if (strcmp(made, id) != 0)
        return RC_NONE;
    *out = (int64_t)v;
    return RC_OK;
}

void base32hex_id(const uint8_t bytes13[13], char out[21])
{
    char all[22];

    spread((struct bytes){ bytes13, 13 }, 5, alphabet32hex, all);
    memcpy(out, all, 20);
    out[20] = '\0';
}
