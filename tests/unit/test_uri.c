#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "util/uri.h"

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* Like assert_string_equal, but NULL may equal NULL. */
static void assert_same(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static void parsed(void **state)
{
    static const struct {
        const char *text;
        struct uri u;
    } cases[] = {
        { "https://example.com", { "https", "example.com", 0, "", NULL, NULL } },
        { "HTTPS://Example.COM:8443/Cb?a=B#f",
          { "https", "example.com", 8443, "/Cb", "a=B", "f" } },
        { "http://127.0.0.1:65535/", { "http", "127.0.0.1", 65535, "/", NULL, NULL } },
        { "http://[::1]:80/cb", { "http", "[::1]", 80, "/cb", NULL, NULL } },
        { "http://[2001:DB8::1]", { "http", "[2001:db8::1]", 0, "", NULL, NULL } },
        { "https://a?", { "https", "a", 0, "", "", NULL } },
        { "https://a#", { "https", "a", 0, "", NULL, "" } },
        { "https://a/b%20c/;p=1,2@x:y?q=/?%C3%A9", { "https", "a", 0, "/b%20c/;p=1,2@x:y",
                                                    "q=/?%C3%A9", NULL } },
        { "https://a//b", { "https", "a", 0, "//b", NULL, NULL } },
        { "https://*.example.com/cb", { "https", "*.example.com", 0, "/cb", NULL, NULL } },
        { "com.example.app:/cb", { "com.example.app", NULL, 0, "/cb", NULL, NULL } },
        { "com.example.app://cb", { "com.example.app", "cb", 0, "", NULL, NULL } },
        { "app:///cb", { "app", "", 0, "/cb", NULL, NULL } },
        { "urn:ietf:params:oauth:request_uri:x",
          { "urn", NULL, 0, "ietf:params:oauth:request_uri:x", NULL, NULL } },
        { "mailto:a@b", { "mailto", NULL, 0, "a@b", NULL, NULL } },
        { "javascript:alert(1)", { "javascript", NULL, 0, "alert(1)", NULL, NULL } },
        { "a+b-c.d1:x", { "a+b-c.d1", NULL, 0, "x", NULL, NULL } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct uri *want = &cases[i].u;
        struct uri u = { 0 };

        assert_int_equal(uri_parse(arena, cases[i].text, &u), RC_OK);
        assert_same(u.scheme, want->scheme);
        assert_same(u.host, want->host);
        assert_int_equal(u.port, want->port);
        assert_same(u.path, want->path);
        assert_same(u.query, want->query);
        assert_same(u.fragment, want->fragment);
        assert_true(is_uri(cases[i].text));
    }
}

static void refused(void **state)
{
    static const char *const cases[] = {
        "/relative", "//host/path", "example.com", "?q", "#f", ":", "://a", "1http://a", "-x:y",
        "ht tp://a", "https", "https:", "https:/", "https://", "https:///path", "https:foo",
        "https:/evil.example", "http://:80/", "https://?q",
        /* white space, control, non-ASCII, backslash */
        " https://a", "https://a ", "https://a/b c", "https://a\t", "https://a/\n",
        "https://a/\x7F", "https://a/\xC3\xA9", "https://caf\xC3\xA9/", "https:\\\\a",
        "https://a\\b", "https://a/\\",
        /* percent-encoding */
        "https://a/%", "https://a/%4", "https://a/%zz", "https://a/%4g", "https://a/?%",
        "https://a/#%x", "https://ex%61mple.com/", "https://a%2Fb/",
        /* userinfo */
        "https://user@host/", "https://user:pw@host/", "https://good.example:80@evil/",
        "https://@host/", "https://host@/",
        /* ports */
        "https://a:/", "https://a:0/", "https://a:080/", "https://a:65536/", "https://a:123456/",
        "https://a:8a/", "https://a:-1/", "https://a:80:80/", "https://a:+80/",
        /* address literals */
        "http://[::1", "http://::1/", "http://[]/", "http://[1.2.3.4]/", "http://[::g]/",
        "http://[::1]x/", "http://[::1]:x/", "http://[::1%25eth0]/", "http://[v1.x]/",
        "http://x[::1]/", "http://[::1][::1]/", "http://]:80/",
        "http://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]/",
        /* characters of no part */
        "https://a/<b>", "https://a/\"", "https://a/{b}", "https://a/|", "https://a/^",
        "https://a/`", "https://a/[b]", "https://a/?q=[1]", "https://a/#a#b",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct uri u = { .port = 42 };

        assert_int_equal(uri_parse(arena, cases[i], &u), RC_NONE);
        assert_int_equal(u.port, 42);
        assert_false(is_uri(cases[i]));
    }
    assert_int_equal(uri_parse(arena, NULL, &(struct uri){ 0 }), RC_NONE);
    assert_int_equal(uri_parse(arena, "", &(struct uri){ 0 }), RC_NONE);
    assert_true(is_uri("") && is_uri(NULL));
}

static void loopback_hosts(void **state)
{
    static const char *const yes[] = {
        "localhost", "LOCALHOST", "a.localhost", "a.b.LocalHost", "127.0.0.1", "127.255.255.254",
        "[::1]", "[0:0:0:0:0:0:0:1]",
    };
    static const char *const no[] = {
        "", NULL, ".localhost", "localhost.", "notlocalhost", "localhost.example.com",
        "128.0.0.1", "127.1", "127.0.0.1.example.com", "0127.0.0.1", "0x7f.0.0.1", "2130706433",
        "0.0.0.0", "::1", "[::]", "[::2]", "[::ffff:127.0.0.1]", "[]", "[", "]",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        assert_true(uri_is_loopback_host(yes[i]));
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        assert_false(uri_is_loopback_host(no[i]));
}

static void origins(void **state)
{
    static const struct {
        const char *text, *origin;
    } cases[] = {
        { "https://Example.com/x?y", "https://example.com" },
        { "https://example.com:443/", "https://example.com" },
        { "http://example.com:80", "http://example.com" },
        { "http://example.com:443", "http://example.com:443" },
        { "http://localhost:9999/x", "http://localhost:9999" },
        { "http://[::1]:9999/x", "http://[::1]:9999" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct uri u;

        assert_int_equal(uri_parse(arena, cases[i].text, &u), RC_OK);
        assert_string_equal(uri_origin(arena, &u), cases[i].origin);
    }
    assert_int_equal(uri_default_port("https"), 443);
    assert_int_equal(uri_default_port("http"), 80);
    assert_int_equal(uri_default_port("app"), 0);
    assert_int_equal(uri_default_port(NULL), 0);
}

static void parameters_are_added(void **state)
{
    static const struct {
        const char *uri, *name, *value, *result;
    } cases[] = {
        { "https://a/cb", "code", "x y", "https://a/cb?code=x+y" },
        { "https://a/cb?x=1", "code", "a&b=c#d", "https://a/cb?x=1&code=a%26b%3Dc%23d" },
        { "https://a/cb?", "state", "", "https://a/cb?state=" },
        { "https://a/cb?x=1&", "state", "s", "https://a/cb?x=1&state=s" },
        { "https://a/cb#", "code", "c", "https://a/cb#code=c" },
        { "https://a/cb?x=1#code=c", "state", "s", "https://a/cb?x=1#code=c&state=s" },
        { "app:/cb", "error", "\r\nX: y", "app:/cb?error=%0D%0AX%3A+y" },
        { "https://a/cb", "code", NULL, "https://a/cb" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sbuf b;

        sbuf_init(&b, arena, 0);
        sbuf_add(&b, cases[i].uri);
        uri_add_param(&b, cases[i].name, cases[i].value);
        assert_string_equal(b.text, cases[i].result);
    }
}

static void form_components(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "", "" },
        { "a+b", "a b" },
        { "a%2Bb%20c", "a+b c" },
        { "+%25%26%2B%C2%A3%E2%82%AC", " %&+£€" }, /* RFC 6749 appendix B */
        { "%c3%a9\xC3\xA9", "éé" },
        { "%0d%0A", "\r\n" },
        { "%", NULL },
        { "%4", NULL },
        { "a%zz", NULL },
        { "%4g", NULL },
        { "%+1", NULL },
        { "a%00b", NULL }, /* NUL */
        { "%C0%80", NULL },
        { "%FF", NULL },
        { "%ED%A0%80", NULL },
        { "\xE9", NULL },
    };
    char *out = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum rc rc = form_decode(arena, cases[i].in, strlen(cases[i].in), &out);

        assert_int_equal(rc, cases[i].out != NULL ? RC_OK : RC_NONE);
        if (cases[i].out != NULL)
            assert_string_equal(out, cases[i].out);
    }
    assert_int_equal(form_decode(arena, "a\0b", 3, &out), RC_NONE);
    assert_int_equal(form_decode(arena, "ab%41", 2, &out), RC_OK);
    assert_string_equal(out, "ab");
    assert_int_equal(form_decode(arena, "ab%41", 4, &out), RC_NONE); /* cut inside */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parsed),
        TEST(refused),
        TEST(loopback_hosts),
        TEST(origins),
        TEST(parameters_are_added),
        TEST(form_components),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
