#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "util/rc.h"

static enum rc tried(enum rc rc)
{
    TRY(rc);
    return RC_OK;
}

static void try_passes_results_on(void **state)
{
    (void)state;
    assert_int_equal(tried(RC_OK), RC_OK);
    assert_int_equal(tried(RC_NONE), RC_NONE);
    assert_int_equal(tried(RC_REFUSED), RC_REFUSED);
    assert_int_equal(tried(RC_FAULT), RC_FAULT);
}

static void bytes_of_text(void **state)
{
    struct bytes b = bytes_of("abc"), none = bytes_of(NULL), array = BYTES("ab");

    (void)state;
    assert_int_equal(b.n, 3);
    assert_memory_equal(b.p, "abc", 3);
    assert_null(none.p);
    assert_int_equal(none.n, 0);
    assert_int_equal(array.n, 3); /* an array literal with its NUL */
}

static void refuse_keeps_the_characters_of_rfc6749(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "code_verifier does not match", "code_verifier does not match" },
        { "a\"b\\c", "a?b?c" },
        { "line\r\nbreak\t", "line??break?" },
        { "caf\xC3\xA9", "caf??" },
        { "\x7F!~", "?!~" },
    };
    struct refusal no = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(refuse(&no, REFUSE_INVALID_GRANT, "%s", cases[i].in), RC_REFUSED);
        assert_string_equal(no.detail, cases[i].out);
        assert_string_equal(refusal_text(&no), cases[i].out);
    }
}

static void refuse_without_detail(void **state)
{
    struct refusal no = { .detail = "old", .return_to = (const void *)&no };

    (void)state;
    assert_int_equal(refuse(&no, REFUSE_INVALID_SCOPE, NULL), RC_REFUSED);
    assert_int_equal(no.code, REFUSE_INVALID_SCOPE);
    assert_string_equal(no.detail, "");
    assert_string_equal(refusal_text(&no), "The requested scope is not allowed");
    assert_ptr_equal(no.return_to, &no);
}

static void refuse_cuts_a_long_detail(void **state)
{
    char detail[500];
    struct refusal no = { 0 };

    (void)state;
    memset(detail, 'x', sizeof(detail) - 1);
    detail[sizeof(detail) - 1] = '\0';
    assert_int_equal(refuse(&no, REFUSE_INVALID_REQUEST, "%s", detail), RC_REFUSED);
    assert_int_equal(strlen(no.detail), sizeof(no.detail) - 1);
}

static void rows(void **state)
{
    static const struct {
        enum refusal_code code;
        int status;
        const char *wire;
    } cases[] = {
        { REFUSE_INVALID_REQUEST, 400, "invalid_request" },
        { REFUSE_INVALID_CLIENT, 401, "invalid_client" },
        { REFUSE_NO_TOKEN, 401, "" },
        { REFUSE_TOO_MANY, 429, "too_many_requests" },
        { REFUSE_NOTHING, 500, "server_error" },
        { (enum refusal_code)9999, 500, "server_error" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(refusal_status(cases[i].code), cases[i].status);
        assert_string_equal(refusal_wire(cases[i].code), cases[i].wire);
    }
}

/* RFC 6749 5.2 holds for the default texts too. */
static void every_row_is_fit_for_the_wire(void **state)
{
    (void)state;
    for (int i = REFUSE_NOTHING + 1; i < REFUSAL_CODES_N; i++) {
        struct refusal no = { .code = (enum refusal_code)i };

        assert_in_range(refusal_status(no.code), 400, 599);
        assert_non_null(refusal_wire(no.code));
        for (const char *p = refusal_text(&no); *p != '\0'; p++)
            assert_true(*p >= 0x20 && *p <= 0x7E && *p != '"' && *p != '\\');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(try_passes_results_on),
        cmocka_unit_test(bytes_of_text),
        cmocka_unit_test(refuse_keeps_the_characters_of_rfc6749),
        cmocka_unit_test(refuse_without_detail),
        cmocka_unit_test(refuse_cuts_a_long_detail),
        cmocka_unit_test(rows),
        cmocka_unit_test(every_row_is_fit_for_the_wire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
