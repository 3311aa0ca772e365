/*
 * One-time passwords of a shared secret: HOTP (RFC 4226 5.3), and the time steps
 * of TOTP (RFC 6238 4).
 */
#ifndef AUTENTICO_CRYPTO_OTP_H
#define AUTENTICO_CRYPTO_OTP_H

#include <stdbool.h>

#include "util/rc.h"

#define OTP_STEP_S 30
#define OTP_DIGITS 6
#define OTP_DIGITS_MAX 9
#define OTP_SECRET_BYTES 20 /* RFC 4226 4 R6 recommends 160 bits */

enum otp_hash { OTP_SHA1, OTP_SHA256, OTP_SHA512 };

/* The code of that counter, leading zeros kept; `digits` 1 to OTP_DIGITS_MAX. */
void otp_code(enum otp_hash hash, struct bytes secret, int64_t counter, int digits, char out[OTP_DIGITS_MAX + 1]);

/* The step that unix second `now` falls into. */
int64_t otp_step(int64_t now);

/* Exactly OTP_DIGITS digits? */
bool otp_is_code(const char *text);

/*
 * The latest step of now − 1, now and now + 1 that has this code and is later than
 * `last_step`; 0: none.  Looks at all three, whatever the first says: the time taken
 * tells nothing.  SHA-1, six digits, as authenticator apps have it.
 */
int64_t otp_match(struct bytes secret, const char *code, int64_t now, int64_t last_step);

#endif
