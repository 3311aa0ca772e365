#include "config.h"

#include "crypto/random.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "util/log.h"

void random_bytes(void *out, size_t n)
{
    if (gnutls_rnd(GNUTLS_RND_RANDOM, out, n) != 0)
        die("random: no randomness");
}

char *random_token(struct arena *a)
{
    uint8_t secret[TOKEN_BYTES];
    char *token;

    random_bytes(secret, sizeof(secret));
    token = base64url_encode(a, BYTES(secret));
    explicit_bzero(secret, sizeof(secret));
    return token;
}

/* A byte above the last multiple of ten would make small digits likelier. */
static char random_digit(void)
{
    uint8_t byte;

    do
        random_bytes(&byte, 1);
    while (byte >= 250);
    return (char)('0' + byte % 10);
}

char *random_digits(struct arena *a, int n)
{
    char *out = arena_alloc(a, (size_t)n + 1);

    for (int i = 0; i < n; i++)
        out[i] = random_digit();
    out[n] = '\0';
    return out;
}

/* Seconds in front, so that rows made together land together (style 5). */
static void put_seconds(uint8_t out[4], int64_t now)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)((uint64_t)now >> (24 - 8 * i));
}

char *random_id(struct arena *a, int64_t now)
{
    uint8_t bits[13];
    char *id = arena_alloc(a, 21);

    put_seconds(bits, now);
    random_bytes(bits + 4, sizeof(bits) - 4);
    base32hex_id(bits, id);
    return id;
}

char *id_floor(struct arena *a, int64_t at)
{
    uint8_t bits[13] = { 0 };
    char *id = arena_alloc(a, 21);

    put_seconds(bits, at);
    base32hex_id(bits, id);
    return id;
}

int64_t selector_floor(int64_t at)
{
    return (int64_t)(((uint64_t)at & 0xffffffff) << 31);
}

int64_t random_selector(int64_t now)
{
    uint32_t low;

    do { /* zero is nobody's selector */
        random_bytes(&low, sizeof(low));
        low &= 0x7fffffff;
    } while (low == 0);
    return selector_floor(now) | low;
}
