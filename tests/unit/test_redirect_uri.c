/* OA-08, OA-11, OA-12; RFC 8252 7.3, 8.3. */
#include "config.h"

#include <stdio.h>

#include "store_test.h"

#include "oidc/redirect_uri.h"

static void test_registrable(void **state)
{
    static const struct { const char *uri; bool is; } cases[] = {
        { "https://app.example/cb", true },
        { "https://app.example/cb?dummy1=lorem&dummy2=ipsum", true }, /* OA-12 */
        { "http://localhost:3000/cb", true },
        { "http://127.0.0.1/cb", true },
        { "http://[::1]:8080/cb", true },
        { "com.example.app:/cb", true }, /* RFC 8252 7.1 */
        { "com.example.app://cb", true },
        /* OA-11 */
        { "", false },
        { NULL, false },
        { "/cb", false },
        { "app.example/cb", false },
        { "//app.example/cb", false },
        { "https:///cb", false },
        { "https:cb", false },
        { "https://app.example/cb#", false },
        { "https://app.example/cb#x", false },
        { "https://user@app.example/cb", false },
        { "https://app.example/c b", false },
        { "https://app.example/\\cb", false },
        { "https://app.example/cb\n", false },
        { "https://app.example/%zz", false },
        { "https://app.example/caf\xc3\xa9", false },
        { "javascript:alert(1)", false },
        { "JavaScript:alert(1)", false },
        { "data:text/html,x", false },
        { "vbscript:x", false },
        { "file:///etc/passwd", false },
        { "blob:https://app.example/x", false },
        { "about:blank", false },
        { "myapp://cb", false }, /* no dot */
        { "https://*.app.example/cb", false },
        { "https://app.example/*", false },
    };
    const char *why;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        why = NULL;
        if (redirect_uri_is_registrable(cases[i].uri, false, &why) != cases[i].is)
            fail_msg("%s is%s registrable", cases[i].uri, cases[i].is ? " not" : "");
        assert_int_equal(why != NULL, !cases[i].is);
    }
}

static void test_registrable_length(void **state)
{
    const char *why;
    char uri[2100];

    (void)state;
    memset(uri, 'a', sizeof uri);
    memcpy(uri, "https://a.example/", 18);
    uri[2048] = '\0';
    assert_true(redirect_uri_is_registrable(uri, false, &why));
    uri[2048] = 'a';
    uri[2049] = '\0';
    assert_false(redirect_uri_is_registrable(uri, false, &why));
}

static bool is_match(const char *registered, const char *uri)
{
    struct text_list list = { &registered, 1 };

    return redirect_uri_matches(&list, uri, false);
}

static void test_match(void **state)
{
    static const struct { const char *registered, *uri; bool is; } cases[] = {
        { "https://app.example/cb", "https://app.example/cb", true },
        /* byte for byte (OA-08) */
        { "https://app.example/cb", "https://app.example/cb/", false },
        { "https://app.example/cb", "https://app.example/CB", false },
        { "https://app.example/cb", "https://APP.example/cb", false },
        { "https://app.example/cb", "https://app.example:443/cb", false },
        { "https://app.example/cb", "https://app.example/cb?x=1", false },
        { "https://app.example/cb", "https://app.example/c%62", false },
        { "https://app.example/cb", "http://app.example/cb", false },
        { "https://app.example/cb", "https://app.example/cb.evil", false },
        { "https://app.example:8443/cb", "https://app.example:9443/cb", false },
        { "https://app.example/cb", "", false },
        { "", "", false },
        /* only the port of a loopback address (RFC 8252 7.3) */
        { "http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true },
        { "http://127.0.0.1:1/cb", "http://127.0.0.1/cb", true },
        { "http://127.0.0.1:1/cb?a=b", "http://127.0.0.1:65535/cb?a=b", true },
        { "http://[::1]/cb", "http://[::1]:51004/cb", true },
        { "http://127.0.0.1", "http://127.0.0.1:80", true },
        { "http://127.0.0.1/cb", "http://127.0.0.1:51004/other", false },
        { "http://127.0.0.1/cb", "http://127.0.0.1:/cb", false },
        { "http://127.0.0.1/cb", "http://127.0.0.1:123456/cb", false },
        { "http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb", false },
        { "http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", false },
        { "http://127.0.0.1/cb", "http://127.0.0.1:1.evil.example/cb", false },
        { "http://127.0.0.1/cb", "https://127.0.0.1:1/cb", false },
        { "http://127.0.0.1/cb", "http://[::1]:1/cb", false },
        { "https://127.0.0.1/cb", "https://127.0.0.1:1/cb", false },
        { "http://localhost/cb", "http://localhost:51004/cb", false }, /* 8.3 */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (is_match(cases[i].registered, cases[i].uri) != cases[i].is)
            fail_msg("%s and %s do%s match", cases[i].registered, cases[i].uri, cases[i].is ? " not" : "");
}

static void test_matches(void **state)
{
    const char *v[] = { "https://app.example/one", "http://127.0.0.1/two" };
    struct text_list registered = { v, 2 }, none = { 0 };

    (void)state;
    assert_true(redirect_uri_matches(&registered, "https://app.example/one", false));
    assert_true(redirect_uri_matches(&registered, "http://127.0.0.1:7/two", false));
    assert_false(redirect_uri_matches(&registered, "https://app.example/two", false));
    assert_false(redirect_uri_matches(&none, "https://app.example/one", false));
    assert_false(redirect_uri_matches(&registered, NULL, false));
}

/* Conflict table 15: by opt-in, one path segment at most. */
static void test_wildcard_registrable(void **state)
{
    static const struct { const char *uri; bool is; } cases[] = {
        { "https://app.example/*", true },
        { "https://app.example/*/cb?x=1", true },
        { "https://app.example/review-*/cb", true },
        { "http://localhost:3000/*", true },
        { "https://app.example/cb", true },
        { "https://*.app.example/cb", false },
        { "https://*/cb", false },
        { "https://app.example:*/cb", false },
        { "https://app.example*", false },
        { "https://app.example*/cb", false },
        { "https://app.example/*/*", false },
        { "https://app.example/**", false },
        { "https://app.example/cb?x=*", false },
        { "https://app.example?x=/*", false },
        { "https://app.example/*#x", false },
        { "https://user@app.example/*", false },
        { "h*://app.example/cb", false },
        { "com.example.app:/*", false },
        { "javascript:alert(1)/*", false },
        { "*", false },
        { "", false },
    };
    const char *why;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        why = NULL;
        if (redirect_uri_is_registrable(cases[i].uri, true, &why) != cases[i].is)
            fail_msg("%s is%s registrable", cases[i].uri, cases[i].is ? " not" : "");
        assert_int_equal(why != NULL, !cases[i].is);
    }
}

static void test_wildcard_match(void **state)
{
    static const char *const wild = "https://app.example/pr-*/cb";
    static const struct { const char *uri; bool is; } cases[] = {
        { "https://app.example/pr-17/cb", true },
        { "https://app.example/pr-a.b_c~d/cb", true },
        { "https://app.example/pr-/cb", false }, /* nothing is no piece */
        { "https://app.example/pr-*/cb", false },
        { "https://app.example/pr-1/2/cb", false },
        { "https://app.example/pr-1%2f2/cb", false },
        { "https://app.example/pr-1%2e%2e/cb", false },
        { "https://app.example/pr-1?x=/cb", false },
        { "https://app.example/pr-1#/cb", false },
        { "https://app.example/pr-1\\cb/cb", false },
        { "https://app.example/pr-1/cb/", false },
        { "https://app.example/pr-1/cb?x", false },
        { "https://app.example.evil/pr-1/cb", false },
        { "https://APP.example/pr-1/cb", false },
        { "http://app.example/pr-1/cb", false },
        { "https://app.example/pr-@evil.example/cb", false },
    };
    const char *dots = "https://app.example/*", *dot = "https://app.example/.*/x", *host = "https://*/cb";
    struct text_list one = { (const char **)&wild, 1 }, of_dots = { &dots, 1 }, of_dot = { &dot, 1 }, of_host = { &host, 1 };
    char longer[256];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (redirect_uri_matches(&one, cases[i].uri, true) != cases[i].is)
            fail_msg("%s does%s match", cases[i].uri, cases[i].is ? " not" : "");
        assert_false(redirect_uri_matches(&one, cases[i].uri, false)); /* the setting is off */
    }
    assert_true(redirect_uri_matches(&of_dots, "https://app.example/a..b", true));
    assert_false(redirect_uri_matches(&of_dots, "https://app.example/.", true));
    assert_false(redirect_uri_matches(&of_dots, "https://app.example/..", true));
    assert_false(redirect_uri_matches(&of_dot, "https://app.example/../x", true));
    assert_false(redirect_uri_matches(&of_host, "https://evil.example/cb", true)); /* was never registrable */
    snprintf(longer, sizeof longer, "https://app.example/pr-%0*d/cb", 128, 1);
    assert_true(redirect_uri_matches(&one, longer, true));
    snprintf(longer, sizeof longer, "https://app.example/pr-%0*d/cb", 129, 1);
    assert_false(redirect_uri_matches(&one, longer, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registrable),
        cmocka_unit_test(test_registrable_length),
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_wildcard_registrable),
        cmocka_unit_test(test_wildcard_match),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
