/* OA-18 to OA-21 (RFC 6749 3.3); OA-20 as the contract has it. */
#include "config.h"

#include "store_test.h"

#include "oidc/scope.h"

static void test_scopes(void **state)
{
    static const struct { const char *asked, *allowed, *granted; } cases[] = {
        { "openid profile", "openid profile email", "openid profile" },
        { "profile openid", "openid profile", "profile openid" }, /* OA-18 */
        { "openid  profile ", "openid profile", "openid profile" }, /* OA-19 */
        { "openid openid", "openid", "openid" },
        { "", "openid", "" },
        { NULL, "openid", "" },
        { "anything at all", "", "anything at all" },
        { "anything", NULL, "anything" },
        { "openid admin", "openid profile", NULL }, /* OA-20 */
        { "admin", "openid", NULL },                /* OA-21 */
        { "OpenID", "openid", NULL },
        { "open", "openid", NULL },
        { "openid\tprofile", "openid profile", NULL }, /* OA-19 */
        { "open\"id", "", NULL },
        { "open\\id", "", NULL },
        { "caf\xc3\xa9", "", NULL },
    };

    (void)state;
    A = arena_start("test");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct refusal no = { 0 };
        const char *granted = NULL;
        enum rc rc = scope_check(A, cases[i].asked, cases[i].allowed, &no, &granted);

        if (rc != (cases[i].granted != NULL ? RC_OK : RC_REFUSED))
            fail_msg("case %zu: %s", i, refusal_text(&no));
        if (rc == RC_OK)
            assert_string_equal(granted, cases[i].granted);
        else
            assert_int_equal(no.code, REFUSE_INVALID_SCOPE);
    }
    arena_done(A);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_scopes) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
