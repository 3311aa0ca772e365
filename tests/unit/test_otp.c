/* RFC 4226 Appendix D, RFC 6238 Appendix B, and which step a code belongs to. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/otp.h"

#define SEED "12345678901234567890"
#define SEED32 SEED "123456789012"
#define SEED64 SEED SEED SEED "1234"

static const char *code_of(enum otp_hash hash, const char *seed, int64_t counter, int digits)
{
    static char out[OTP_DIGITS_MAX + 1];

    otp_code(hash, bytes_of(seed), counter, digits, out);
    return out;
}

static void hotp_vectors(void **state)
{
    static const char *const expected[] = { "755224", "287082", "359152", "969429", "338314",
                                            "254676", "287922", "162583", "399871", "520489" };

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_string_equal(code_of(OTP_SHA1, SEED, i, 6), expected[i]);
}

static void totp_vectors(void **state) /* OT-02 */
{
    static const struct { int64_t at; const char *sha1, *sha256, *sha512; } rows[] = {
        { 59, "94287082", "46119246", "90693936" },
        { 1111111109, "07081804", "68084774", "25091201" },
        { 1111111111, "14050471", "67062674", "99943326" },
        { 1234567890, "89005924", "91819424", "93441116" },
        { 2000000000, "69279037", "90698825", "38618901" },
        { 20000000000, "65353130", "77737706", "47863826" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t step = otp_step(rows[i].at);

        assert_string_equal(code_of(OTP_SHA1, SEED, step, 8), rows[i].sha1);
        assert_string_equal(code_of(OTP_SHA256, SEED32, step, 8), rows[i].sha256);
        assert_string_equal(code_of(OTP_SHA512, SEED64, step, 8), rows[i].sha512);
        assert_string_equal(code_of(OTP_SHA1, SEED, step, 6), rows[i].sha1 + 2);
    }
}

/* OT-03, OT-10: good from the start of the step before its own to the end of the one
 * after, ninety seconds in all. */
static void window(void **state)
{
    const int64_t step = 37037036, begins = step * 30; /* 1111111080 */
    char code[OTP_DIGITS_MAX + 1];

    (void)state;
    otp_code(OTP_SHA1, bytes_of(SEED), step, 6, code);
    assert_string_equal(code, "081804");
    assert_int_equal(otp_match(bytes_of(SEED), code, begins - 31, 0), 0);
    assert_int_equal(otp_match(bytes_of(SEED), code, begins - 30, 0), step);
    assert_int_equal(otp_match(bytes_of(SEED), code, begins, 0), step);
    assert_int_equal(otp_match(bytes_of(SEED), code, begins + 59, 0), step);
    assert_int_equal(otp_match(bytes_of(SEED), code, begins + 60, 0), 0);
}

static void a_used_step_is_over(void **state) /* OT-04 */
{
    const int64_t step = 37037036, now = step * 30 + 3;

    (void)state;
    assert_int_equal(otp_match(bytes_of(SEED), "081804", now, step - 1), step);
    assert_int_equal(otp_match(bytes_of(SEED), "081804", now, step), 0);
    assert_int_equal(otp_match(bytes_of(SEED), "081804", now, step + 1), 0);
}

static void codes(void **state) /* OT-07 */
{
    static const struct { const char *text; bool is; } rows[] = {
        { "081804", true }, { "000000", true }, { "81804", false }, { "0818040", false }, { "", false },
        { NULL, false }, { "08180a", false }, { " 81804", false }, { "-81804", false },
        { "\xd9\xa0\xd9\xa0\xd9\xa0", false }, /* Arabic-Indic zeros: six bytes */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(otp_is_code(rows[i].text), rows[i].is);
    assert_int_equal(otp_match(bytes_of(SEED), "81804", 1111111080, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hotp_vectors), cmocka_unit_test(totp_vectors), cmocka_unit_test(window),
        cmocka_unit_test(a_used_step_is_over), cmocka_unit_test(codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
