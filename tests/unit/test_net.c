/* Address ranges: what is one, and what is in it. */
#include "config.h"

#include "arena_test.h"

#include "conf/conf.h"

static void ranges(void **state)
{
    static const struct { const char *list, *address; bool is_in; } cases[] = {
        { "127.0.0.1", "127.0.0.1", true },
        { "127.0.0.1", "127.0.0.2", false },
        { "127.0.0.1", "::ffff:127.0.0.1", true }, /* the same, written as IPv6 */
        { "::ffff:127.0.0.1", "127.0.0.1", true },
        { "::ffff:10.0.0.0/104", "10.1.2.3", true },
        { "10.0.0.0/8", "10.255.255.255", true },
        { "10.0.0.0/8", "11.0.0.0", false },
        { "10.0.0.0/9", "10.127.255.255", true },
        { "10.0.0.0/9", "10.128.0.0", false },
        { "10.1.2.3/8", "10.9.9.9", true }, /* bits behind the prefix do not matter */
        { "192.0.2.128/25", "192.0.2.127", false },
        { "192.0.2.128/25", "192.0.2.255", true },
        { "192.0.2.1/32", "192.0.2.1", true },
        { "192.0.2.1/32", "192.0.2.0", false },
        { "0.0.0.0/0", "203.0.113.9", true },
        { "0.0.0.0/0", "2001:db8::1", false },
        { "::/0", "2001:db8::1", true },
        { "::/0", "10.0.0.1", true },
        { "2001:db8::/32", "2001:db8:ffff::1", true },
        { "2001:db8::/32", "2001:db9::1", false },
        { "2001:db8::/33", "2001:db8:8000::1", false },
        { "::1", "::1", true },
        { "::1", "127.0.0.1", false },
        { "10.0.0.0/8 ::1", "::1", true },
        { "10.0.0.0/8,::1", "::1", true },
        { "10.0.0.0/8, ::1 , 192.0.2.1", "192.0.2.1", true },
        { "", "127.0.0.1", false },
        { "0.0.0.0/0 ::/0", "", false },
        { "0.0.0.0/0 ::/0", "localhost", false },
        { "0.0.0.0/0 ::/0", "127.1", false },
        { "0.0.0.0/0 ::/0", "127.0.0.1 ", false },
        { "0.0.0.0/0 ::/0", "fe80::1%lo", false },
        { "0.0.0.0/0 ::/0", "127.0.0.1:80", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct net_list list;

        assert_int_equal(net_list_parse(A, cases[i].list, &list), RC_OK);
        if (net_has(&list, cases[i].address) != cases[i].is_in)
            fail_msg("%s in %s", cases[i].address, cases[i].list);
    }
}

static void no_address_at_all(void **state)
{
    struct net_list list;

    (void)state;
    assert_int_equal(net_list_parse(A, NULL, &list), RC_OK);
    assert_int_equal(list.n, 0);
    assert_false(net_has(&list, "127.0.0.1"));
    assert_int_equal(net_list_parse(A, "::/0", &list), RC_OK);
    assert_false(net_has(&list, NULL));
}

static void what_is_no_range(void **state)
{
    static const char *const bad[] = { "x", "10.0.0.0/33", "10.0.0.0/08x", "10.0.0.0/ 8", "::1/129",
                                       "::1/", "/8", "10.0.0.0//8", "10.0.0", "256.0.0.1", "01.2.3.4.5", "1.2.3.4 x" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct net_list list = { NULL, 77 };

        if (net_list_parse(A, bad[i], &list) == RC_OK)
            fail_msg("taken: %s", bad[i]);
        assert_int_equal(list.n, 77); /* untouched */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(ranges), TEST(no_address_at_all), TEST(what_is_no_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
