/* What the tests of second factors share: an enrolled person, and the app in a pocket. */
#ifndef AUTENTICO_TESTS_FACTOR_TEST_H
#define AUTENTICO_TESTS_FACTOR_TEST_H

#include "oidc_test.h"

#include "authn/factor.h"
#include "authn/recovery.h"
#include "authn/totp.h"
#include "crypto/otp.h"
#include "store/audit.h"
#include "store/factors.h"
#include "store/lockouts.h"

#define SEED "12345678901234567890"

static UNUSED const char *app_code(int64_t at)
{
    char code[OTP_DIGITS_MAX + 1];

    otp_code(OTP_SHA1, bytes_of(SEED), otp_step(at), OTP_DIGITS, code);
    return arena_strdup(A, code);
}

/* `at`: when the app was confirmed; its step is used up. */
static UNUSED void enrol(const char *user_id, int64_t at)
{
    struct exchange *x = a_post("");
    struct bytes sealed;

    assert_ok(totp_seal(x, user_id, bytes_of(SEED), &sealed));
    assert_ok(factors_totp_enrol(DB, user_id, sealed, otp_step(at), at));
}

static UNUSED int64_t failures_of(const char *user_id)
{
    struct lockout l = { 0 };

    (void)(lockouts_find_factor(DB, A, user_id, &l) == RC_OK);
    return l.failures_n;
}

#endif
