/* PK-01 to PK-04, PK-07 to PK-10, PK-12 (RFC 7636). */
#include "config.h"

#include "store_test.h"

#include "oidc/pkce.h"

#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" /* RFC 7636 App. B */
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define C64 "0123456789012345678901234567890123456789012345678901234567890123"

static int start(void **state)
{
    (void)state;
    A = arena_start("test");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_done(A);
    return 0;
}

static void test_challenge(void **state)
{
    static const struct { const char *challenge, *method; bool enforce, is; } cases[] = {
        { CHALLENGE, "S256", true, true },
        { CHALLENGE, "", true, true },    /* PK-07: the contract takes it for S256 */
        { CHALLENGE, NULL, true, true },
        { CHALLENGE, "s256", true, false }, /* PK-08 */
        { CHALLENGE, "plain", true, false },
        { CHALLENGE, "plain", false, true },
        { CHALLENGE, "S512", false, false },
        { CHALLENGE "A", "S256", true, false }, /* PK-09 */
        { "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c", "S256", true, false },
        { "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", "S256", true, false },
        { "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw~cM", "S256", true, false },
        { "", "S256", true, false },
        { NULL, "S256", true, false },
        { C64 C64, "plain", false, true },
        { C64 C64 "0", "plain", false, false },
        { "short", "plain", false, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct refusal no = { 0 };
        enum rc rc = pkce_check_challenge(cases[i].challenge, cases[i].method, cases[i].enforce, &no);

        if (rc != (cases[i].is ? RC_OK : RC_REFUSED))
            fail_msg("case %zu: %s", i, refusal_text(&no));
        if (!cases[i].is)
            assert_int_equal(no.code, REFUSE_INVALID_REQUEST);
    }
}

static void test_verify(void **state)
{
    static const struct { const char *challenge, *method, *verifier; bool is; } cases[] = {
        { CHALLENGE, "S256", VERIFIER, true }, /* PK-01 */
        { CHALLENGE, "", VERIFIER, true },
        { CHALLENGE, NULL, VERIFIER, true },
        { VERIFIER, "plain", VERIFIER, true },
        { NULL, NULL, NULL, true },
        { "", "", "", true },
        { CHALLENGE, "S256", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK", false }, /* PK-02, PK-12 */
        { CHALLENGE, "S256", CHALLENGE, false },
        { CHALLENGE, "plain", VERIFIER, false },
        { CHALLENGE, "S256", NULL, false }, /* PK-03 */
        { CHALLENGE, "S256", "", false },
        { NULL, NULL, VERIFIER, false }, /* PK-04 */
        { "", "S256", VERIFIER, false },
        { CHALLENGE, "S256", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjX", false }, /* PK-10: 42 */
        { CHALLENGE, "S256", C64 C64 "0", false },
        { CHALLENGE, "S256", VERIFIER "+", false },
        { CHALLENGE, "other", VERIFIER, false },
        { "e9melhoa2owvfremtjgucHaoeK1t8URWbuGJSstw-cM", "S256", VERIFIER, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct refusal no = { 0 };
        enum rc rc = pkce_verify(A, cases[i].challenge, cases[i].method, cases[i].verifier, &no);

        if (rc != (cases[i].is ? RC_OK : RC_REFUSED))
            fail_msg("case %zu: %s", i, refusal_text(&no));
        if (!cases[i].is)
            assert_int_equal(no.code, REFUSE_INVALID_GRANT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_challenge),
        cmocka_unit_test(test_verify),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
