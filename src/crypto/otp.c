#include "config.h"

#include "crypto/otp.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "crypto/hash.h"
#include "util/log.h"
#include "util/text.h"

#define STEPS_AROUND 1 /* RFC 6238 5.2: one for the network, one for a clock that is ahead */

static gnutls_mac_algorithm_t mac_of(enum otp_hash hash)
{
    switch (hash) {
    case OTP_SHA1: return GNUTLS_MAC_SHA1;
    case OTP_SHA256: return GNUTLS_MAC_SHA256;
    case OTP_SHA512: return GNUTLS_MAC_SHA512;
    }
    die("otp: hash %d", (int)hash);
}

/* RFC 4226 5.3: four bytes from where the last nibble points, without the sign. */
static uint32_t truncate(const uint8_t *mac, size_t n)
{
    const uint8_t *p = mac + (mac[n - 1] & 0x0f);

    return (uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void otp_code(enum otp_hash hash, struct bytes secret, int64_t counter, int digits, char out[OTP_DIGITS_MAX + 1])
{
    gnutls_mac_algorithm_t alg = mac_of(hash);
    uint8_t text[8], mac[64];
    uint32_t n;

    for (int i = 0; i < 8; i++)
        text[i] = (uint8_t)((uint64_t)counter >> (56 - 8 * i));
    if (gnutls_hmac_fast(alg, secret.p, secret.n, text, sizeof(text), mac) != 0)
        die("otp: hmac failed");
    n = truncate(mac, gnutls_hmac_get_len(alg));
    explicit_bzero(mac, sizeof(mac));
    out[digits] = '\0';
    for (int i = digits - 1; i >= 0; i--, n /= 10)
        out[i] = (char)('0' + n % 10);
}

int64_t otp_step(int64_t now)
{
    return now / OTP_STEP_S;
}

bool otp_is_code(const char *text)
{
    return text != NULL && strlen(text) == OTP_DIGITS && is_digits(text);
}

int64_t otp_match(struct bytes secret, const char *code, int64_t now, int64_t last_step)
{
    char expected[OTP_DIGITS_MAX + 1];
    int64_t found = 0;

    for (int64_t step = otp_step(now) - STEPS_AROUND; step <= otp_step(now) + STEPS_AROUND; step++) {
        otp_code(OTP_SHA1, secret, step, OTP_DIGITS, expected);
        if (ct_equal(bytes_of(expected), bytes_of(code)) & (step > last_step))
            found = step; /* the latest: an earlier one would leave it good once more */
    }
    explicit_bzero(expected, sizeof(expected));
    return found;
}
