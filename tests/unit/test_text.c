#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "util/text.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_start("test");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(arena);
    return 0;
}

/* Eight at a time: every byte in every place, among good ones and as the only one. */
static void plain(void **state)
{
    char text[24];

    (void)state;
    for (int c = 0; c < 256; c++)
        for (size_t at = 0; at < sizeof(text); at++) {
            memset(text, 'x', sizeof(text));
            text[at] = (char)c;
            assert_int_equal(text_plain(text, sizeof(text)), c >= 0x20 && c <= 0x7E ? sizeof(text) : at);
            assert_int_equal(text_plain(text, at), at);
            memset(text, c, sizeof(text));
            assert_int_equal(text_plain(text, at + 1), c >= 0x20 && c <= 0x7E ? at + 1 : 0);
        }
    assert_int_equal(text_plain("", 0), 0);
}

static void utf8(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } cases[] = {
        { "", true },
        { "plain", true },
        { "\xC2\x80", true },
        { "\xDF\xBF", true },
        { "\xE0\xA0\x80", true },
        { "\xED\x9F\xBF", true },
        { "\xEE\x80\x80", true },
        { "\xEF\xBF\xBF", true },
        { "\xF0\x90\x80\x80", true },
        { "\xF4\x8F\xBF\xBF", true },
        { "\x80", false },             /* a continuation alone */
        { "\xC3", false },             /* cut short */
        { "\xE2\x82", false },
        { "\xF0\x9F\x98", false },
        { "\xC3(", false },
        { "\xE2\x82(", false },
        { "\xC0\x80", false },         /* overlong */
        { "\xC1\xBF", false },
        { "\xE0\x9F\xBF", false },
        { "\xF0\x8F\xBF\xBF", false },
        { "\xED\xA0\x80", false },     /* surrogates */
        { "\xED\xBF\xBF", false },
        { "\xF4\x90\x80\x80", false }, /* beyond U+10FFFF */
        { "\xF5\x80\x80\x80", false },
        { "\xF8\x88\x80\x80\x80", false },
        { "\xFE", false },
        { "\xFF", false },
        { "ok\xC3\xA9\xFF", false },
    };
    uint32_t c = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(text_is_utf8(cases[i].text, strlen(cases[i].text)), cases[i].is);
    assert_true(text_is_utf8("a\0b", 3));
    assert_int_equal(text_char("\xE2\x82\xAC!", 4, &c), 3);
    assert_int_equal(c, 0x20AC);
    assert_int_equal(text_char("x", 0, &c), 0);
}

static void comparing(void **state)
{
    (void)state;
    assert_true(text_same("a", "a"));
    assert_true(text_same(NULL, ""));
    assert_false(text_same("a", "A"));
    assert_true(text_empty(NULL) && text_empty("") && !text_empty(" "));
    assert_true(text_starts("Bearer x", "Bearer ") && text_starts("x", NULL));
    assert_false(text_starts("Bear", "Bearer"));
    assert_true(text_ends("a.html", ".html") && text_ends("x", ""));
    assert_false(text_ends("l", ".html"));
    assert_false(text_ends(NULL, "x"));
    assert_true(text_same_nocase("Basic", "bASIC") && text_same_nocase(NULL, ""));
    assert_false(text_same_nocase("Basic", "Basi"));
    assert_false(text_same_nocase("[", "{"));
}

static void changing(void **state)
{
    (void)state;
    assert_string_equal(text_lower(arena, "ABCxyz[\xC3\x89"), "abcxyz[\xC3\x89");
    assert_string_equal(text_lower(arena, NULL), "");
    assert_string_equal(text_trim(arena, " \t\r\na b\n "), "a b");
    assert_string_equal(text_trim(arena, " \n"), "");
    assert_string_equal(text_trim(arena, NULL), "");
    assert_string_equal(text_or("", "x"), "x");
    assert_string_equal(text_or(NULL, "x"), "x");
    assert_string_equal(text_or("y", "x"), "y");
}

static void predicates(void **state)
{
    static const struct {
        bool (*is)(const char *);
        const char *good, *bad;
    } cases[] = {
        { is_vschar, " ~azAZ\"\\", "a\tb" },
        { is_vschar, "", "\x7F" },
        { is_vschar, NULL, "caf\xC3\xA9" },
        { is_nqschar, "a b!~", "a\"b" },
        { is_nqschar, "", "a\\b" },
        { is_scope, "openid read:x urn:y", "open\"id" },
        { is_scope, "!#[]~", "a\nb" },
        { is_unreserved, "AZaz09-._~", "a/b" },
        { is_unreserved, "", "a b" },
        { is_base64url, "AZaz09-_", "a+b" },
        { is_base64url, "", "a=" },
        { is_digits, "0123456789", "1a" },
        { is_digits, "", "-1" },
        { is_text, "Zoë \xE2\x82\xAC", "a\nb" },
        { is_text, "\xC2\xA0", "\xC2\x85" }, /* a C1 control */
        { is_text, "", "\x7F" },
        { is_text, NULL, "\xFF" },
        { is_text_lines, "a\tb\r\nc", "a\x1B[31m" },
        { is_id, "0123456789abcdefghij", "0123456789abcdefghi" },
        { is_id, "vvvvvvvvvvvvvvvvvvvv", "0123456789abcdefghijk" },
        { is_id, "", "0123456789ABCDEFGHIJ" },
        { is_id, NULL, "wwwwwwwwwwwwwwwwwwww" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(cases[i].is(cases[i].good));
        assert_false(cases[i].is(cases[i].bad));
    }
}

static void emails(void **state)
{
    static const char *const good[] = {
        "", "a@b", "alice@example.com", "first.last+tag@sub.example.co.uk", "admin@localhost",
        "o'brien@example.ie", "x@xn--bcher-kva.example", "1@2.3", "a@b-c.d",
    };
    static const char *const bad[] = {
        "a", "@", "a@", "@b", "a@b@c", "a b@c.d", "a@b c", ".a@b.c", "a.@b.c", "a..b@c.d",
        "a@.b", "a@b.", "a@b..c", "a@-b.c", "a@b-.c", "a@b.-c", "a@b.c-", "a@b_c.d",
        "a\n@b.c", "a@b.c\r\nBcc: x@y.z", "\"a b\"@c.d", "a@[127.0.0.1]", "caf\xC3\xA9@b.c",
        "a@b\xC3\xA9.c", "<a@b.c>", "a@b.c,d@e.f",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.c", /* 65 */
        "a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.c",   /* 64 */
    };
    char longest[300];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(is_email(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(is_email(bad[i]));
    strcpy(longest, "a@b");
    while (strlen(longest) < 254)
        strcat(longest, strlen(longest) % 2 != 0 ? "." : "c");
    longest[253] = 'c';
    assert_true(is_email(longest));
    strcat(longest, "c");
    assert_false(is_email(longest));
}

static void lists(void **state)
{
    struct text_list list = text_split(arena, "  openid  profile email ", ' ');

    (void)state;
    assert_int_equal(list.n, 3);
    assert_string_equal(list.v[0], "openid");
    assert_string_equal(list.v[2], "email");
    assert_null(list.v[3]);
    assert_string_equal(text_join(arena, &list, ' '), "openid profile email");
    assert_string_equal(text_join(arena, &list, ','), "openid,profile,email");
    assert_int_equal(text_split(arena, NULL, ' ').n, 0);
    assert_int_equal(text_split(arena, "   ", ' ').n, 0);
    assert_int_equal(text_split(arena, "a,b", ',').n, 2);
    list = text_split(arena, "", ' ');
    assert_string_equal(text_join(arena, &list, ' '), "");
}

static void list_membership(void **state)
{
    static const struct {
        const char *list, *word;
        bool has, within; /* within: every word of `word` in `list` */
    } cases[] = {
        { "openid profile", "openid", true, true },
        { "openid profile", "open", false, false },
        { "openid profile", "profiles", false, false },
        { "openid profile", "profile openid", false, true },
        { "openid  profile", " openid ", false, true },
        { "openid", "openid email", false, false },
        { "openid", "", false, true },
        { "openid", NULL, false, true },
        { "", "openid", false, false },
        { NULL, "openid", false, false },
        { NULL, NULL, false, true },
        { "openid", "OPENID", false, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(text_list_has(cases[i].list, cases[i].word), cases[i].has);
        assert_int_equal(text_list_within(cases[i].word, cases[i].list), cases[i].within);
    }
}

static void integers(void **state)
{
    static const struct {
        const char *text;
        enum rc rc;
        int64_t n;
    } cases[] = {
        { "0", RC_OK, 0 },
        { "-0", RC_OK, 0 },
        { "007", RC_OK, 7 },
        { "-12", RC_OK, -12 },
        { "9223372036854775807", RC_OK, INT64_MAX },
        { "-9223372036854775808", RC_OK, INT64_MIN },
        { "9223372036854775808", RC_NONE, 0 },
        { "-9223372036854775809", RC_NONE, 0 },
        { "99999999999999999999", RC_NONE, 0 },
        { "", RC_NONE, 0 },
        { NULL, RC_NONE, 0 },
        { "-", RC_NONE, 0 },
        { "--1", RC_NONE, 0 },
        { "+1", RC_NONE, 0 },
        { " 1", RC_NONE, 0 },
        { "1 ", RC_NONE, 0 },
        { "0x10", RC_NONE, 0 },
        { "1.0", RC_NONE, 0 },
        { "1e3", RC_NONE, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t n = 42;

        assert_int_equal(text_int(cases[i].text, &n), cases[i].rc);
        assert_int_equal(n, cases[i].rc == RC_OK ? cases[i].n : 42);
    }
}

static void doubles(void **state)
{
    static const struct {
        const char *text;
        enum rc rc;
        double n;
    } cases[] = {
        { "5", RC_OK, 5 },        { "-0.25", RC_OK, -0.25 }, { "1e3", RC_OK, 1000 },
        { "1.5E-1", RC_OK, 0.15 }, { "", RC_NONE, 0 },        { NULL, RC_NONE, 0 },
        { ".5", RC_NONE, 0 },     { "5.", RC_NONE, 0 },      { "1e", RC_NONE, 0 },
        { "inf", RC_NONE, 0 },    { "nan", RC_NONE, 0 },     { "0x1p3", RC_NONE, 0 },
        { " 1", RC_NONE, 0 },     { "1 ", RC_NONE, 0 },      { "1e999", RC_NONE, 0 },
        { "1,5", RC_NONE, 0 },    { "+1", RC_NONE, 0 },      { "-", RC_NONE, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        double n = 42;

        assert_int_equal(text_double(cases[i].text, &n), cases[i].rc);
        assert_true(n == (cases[i].rc == RC_OK ? cases[i].n : 42));
    }
}

static void bools(void **state)
{
    static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
    static const char *const no[] = { "0", "f", "F", "FALSE", "false", "False" };
    static const char *const bad[] = { "", NULL, "yes", "no", "tRUE", "2", " true", "on" };
    bool is;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        is = false;
        assert_int_equal(text_bool(yes[i], &is), RC_OK);
        assert_true(is);
    }
    for (size_t i = 0; i < ARRAY_LEN(no); i++) {
        is = true;
        assert_int_equal(text_bool(no[i], &is), RC_OK);
        assert_false(is);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(text_bool(bad[i], &is), RC_NONE);
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        enum rc rc;
        int64_t s;
    } cases[] = {
        { "0", RC_OK, 0 },
        { "15m", RC_OK, 900 },
        { "1h30m", RC_OK, 5400 },
        { "720h", RC_OK, 2592000 },
        { "1.5h", RC_OK, 5400 },
        { ".5h", RC_OK, 1800 },
        { "1.h", RC_OK, 3600 },
        { "0s", RC_OK, 0 },
        { "1500ms", RC_OK, 1 },
        { "999ms", RC_OK, 0 },
        { "1500ms500ms", RC_OK, 2 },
        { "2000000us", RC_OK, 2 },
        { "2000000\xC2\xB5s", RC_OK, 2 },
        { "2000000\xCE\xBCs", RC_OK, 2 },
        { "3000000000ns", RC_OK, 3 },
        { "1m1h1s", RC_OK, 3661 },
        { "0.333333333333h", RC_OK, 1199 },
        { "2562047h47m16.854775807s", RC_OK, INT64_C(9223372036) },
        { "2562047h47m16.854775808s", RC_NONE, 0 },
        { "9999999999h", RC_NONE, 0 },
        { "99999999999999999999s", RC_NONE, 0 },
        { "", RC_NONE, 0 },
        { NULL, RC_NONE, 0 },
        { "15", RC_NONE, 0 },
        { "00", RC_NONE, 0 },
        { "1d", RC_NONE, 0 },
        { "m", RC_NONE, 0 },
        { ".h", RC_NONE, 0 },
        { ".", RC_NONE, 0 },
        { "1h30", RC_NONE, 0 },
        { "-5m", RC_NONE, 0 },
        { "5 m", RC_NONE, 0 },
        { "5m ", RC_NONE, 0 },
        { "1..5h", RC_NONE, 0 },
        { "5M", RC_NONE, 0 },
        { "0 ", RC_NONE, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t s = 42;

        assert_int_equal(text_duration(cases[i].text, &s), cases[i].rc);
        assert_int_equal(s, cases[i].rc == RC_OK ? cases[i].s : 42);
    }
}

static void directories(void **state)
{
    (void)state;
    assert_string_equal(text_directory(arena, "/a/b/c.db"), "/a/b");
    assert_string_equal(text_directory(arena, "/c.db"), "/");
    assert_string_equal(text_directory(arena, "c.db"), ".");
}

static void durations_with_a_fallback(void **state)
{
    (void)state;
    assert_int_equal(text_duration_or("15m", 7), 900);
    assert_int_equal(text_duration_or("0", 7), 0);
    assert_int_equal(text_duration_or("", 7), 7);
    assert_int_equal(text_duration_or(NULL, 7), 7);
    assert_int_equal(text_duration_or("soon", 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8),
        cmocka_unit_test(plain),
        cmocka_unit_test_setup_teardown(directories, set_up, tear_down),
        cmocka_unit_test(durations_with_a_fallback),
        cmocka_unit_test(comparing),
        cmocka_unit_test_setup_teardown(changing, set_up, tear_down),
        cmocka_unit_test(predicates),
        cmocka_unit_test(emails),
        cmocka_unit_test_setup_teardown(lists, set_up, tear_down),
        cmocka_unit_test(list_membership),
        cmocka_unit_test(integers),
        cmocka_unit_test(doubles),
        cmocka_unit_test(bools),
        cmocka_unit_test(durations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
