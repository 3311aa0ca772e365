#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "util/sbuf.h"

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

static void starts_empty(void **state)
{
    struct sbuf b;

    (void)state;
    sbuf_init(&b, arena, 0);
    assert_string_equal(b.text, "");
    sbuf_add(&b, NULL);
    sbuf_addn(&b, NULL, 0);
    assert_int_equal(sbuf_bytes(&b).n, 0);
}

static void grows_and_stays_terminated(void **state)
{
    struct sbuf b;

    (void)state;
    sbuf_init(&b, arena, 1);
    for (size_t i = 0; i < 100000; i++) {
        sbuf_addc(&b, (char)('a' + i % 26));
        if (i % 1000 == 0)
            arena_alloc(arena, 8); /* so that it has to move */
        assert_int_equal(b.text[i + 1], '\0');
    }
    assert_int_equal(b.n, 100000);
    for (size_t i = 0; i < b.n; i++)
        assert_int_equal(b.text[i], 'a' + i % 26);
}

static void adds_of_all_kinds(void **state)
{
    struct sbuf b;

    (void)state;
    sbuf_init(&b, arena, 4);
    sbuf_add(&b, "one");
    sbuf_addc(&b, ' ');
    sbuf_addn(&b, "two three", 3);
    sbuf_printf(&b, " %d%s", 3, "");
    sbuf_printf(&b, "%s", "");
    assert_string_equal(b.text, "one two 3");
    assert_int_equal(b.n, 9);
}

static void integers(void **state)
{
    static const int64_t cases[] = { 0, 1, -1, 9, 10, -10, 200, 1785000000, INT64_MAX, INT64_MIN, INT64_MIN + 1 };
    struct sbuf b, wanted;

    (void)state;
    sbuf_init(&b, arena, 4);
    sbuf_init(&wanted, arena, 4);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        sbuf_int(&b, cases[i]);
        sbuf_printf(&wanted, "%lld", (long long)cases[i]);
        assert_string_equal(b.text, wanted.text);
    }
}

static void printf_at_every_boundary(void **state)
{
    (void)state;
    for (int n = 0; n < 40; n++) {
        struct sbuf b;

        sbuf_init(&b, arena, 16);
        sbuf_add(&b, "abc");
        sbuf_printf(&b, "%*s|", n, "");
        assert_int_equal(b.n, 3 + n + 1);
        assert_int_equal(strlen(b.text), b.n);
        assert_int_equal(b.text[b.n - 1], '|');
    }
}

struct escape_case {
    const char *in, *out;
};

static void html(void **state)
{
    static const struct escape_case cases[] = {
        { NULL, "" },
        { "", "" },
        { "plain", "plain" },
        { "<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" },
        { "a\"b&c", "a&quot;b&amp;c" },
        { "&amp;", "&amp;amp;" },
        { "é<", "é&lt;" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sbuf b;

        sbuf_init(&b, arena, 0);
        sbuf_html(&b, cases[i].in);
        assert_string_equal(b.text, cases[i].out);
    }
}

static void urlencode(void **state)
{
    static const struct escape_case cases[] = {
        { NULL, "" },
        { "AZaz09-._~", "AZaz09-._~" },
        { "a b", "a+b" },
        { "a+b&c=d", "a%2Bb%26c%3Dd" },
        { "https://x/?q#f", "https%3A%2F%2Fx%2F%3Fq%23f" },
        { " %&+£€", "+%25%26%2B%C2%A3%E2%82%AC" }, /* RFC 6749 appendix B */
        { "\r\n\x7F", "%0D%0A%7F" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sbuf b;

        sbuf_init(&b, arena, 0);
        sbuf_urlencode(&b, cases[i].in);
        assert_string_equal(b.text, cases[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(starts_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(grows_and_stays_terminated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(adds_of_all_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(integers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(printf_at_every_boundary, set_up, tear_down),
        cmocka_unit_test_setup_teardown(html, set_up, tear_down),
        cmocka_unit_test_setup_teardown(urlencode, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
