#include "config.h"

#include "http_test.h"

static struct refusal NO;

static enum rc build(const char *const *env, const char *body)
{
    memset(&NO, 0, sizeof(NO));
    return request_build(A, &CONF, (char *const *)(uintptr_t)env, bytes_of(body), &RQ, &NO);
}

#define ENV(...) ((const char *const[]){ "REQUEST_METHOD=GET", __VA_ARGS__, NULL })
#define PEER "REMOTE_ADDR=192.0.2.1"

/* --- params_parse ---------------------------------------------------------- */

/* HT-14; names and values joined by '=' and ';'. */
static void forms(void **state)
{
    static const struct { const char *text, *expected; } cases[] = {
        { "", "" },
        { "a=b", "a=b;" },
        { "a=b&c=d", "a=b;c=d;" },
        { "a=b&a=c", "a=b;a=c;" },            /* repeats are kept: binding sees them */
        { "a", "a=;" },
        { "a=", "a=;" },
        { "=b", "=b;" },
        { "&&a=b&&", "a=b;" },
        { "a=b=c", "a=b=c;" },
        { "a+b=c+d", "a b=c d;" },            /* '+' is a space */
        { "a%2Bb=%26%3D", "a+b=&=;" },
        { "%61=%e2%82%ac", "a=€;" },
        { "a=%F0%9F%94%91", "a=🔑;" },
        { "a=€", "a=€;" },
        { "a=%0d%0a", "a=\r\n;" },
        { "a;b=c", "a;b=c;" },                /* ';' separates nothing */
        { "a=%zz", NULL },
        { "a=%", NULL },
        { "a=%4", NULL },
        { "%=a", NULL },
        { "a=%00", NULL },                    /* never cut off at a NUL */
        { "a=b%00c", NULL },
        { "a%00=b", NULL },
        { "a=%ff", NULL },
        { "a=%c0%af", NULL },                 /* overlong '/' */
        { "a=%e0%80%af", NULL },
        { "a=%ed%a0%80", NULL },              /* surrogate */
        { "a=%f4%90%80%80", NULL },           /* past U+10FFFF */
        { "a=%e2%82", NULL },
        { "a=\xff", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct params p = { NULL, 0 };
        enum rc rc = params_parse(A, cases[i].text, strlen(cases[i].text), &p);
        struct sbuf b;

        sbuf_init(&b, A, 0);
        for (size_t k = 0; k < p.n; k++)
            sbuf_printf(&b, "%s=%s;", p.v[k].name, p.v[k].value);
        if (rc != (cases[i].expected != NULL ? RC_OK : RC_NONE))
            fail_msg("%s: %d", cases[i].text, rc);
        assert_string_equal(b.text, text_or(cases[i].expected, ""));
    }
}

static void raw_nul_in_a_form(void **state)
{
    struct params p;

    (void)state;
    assert_int_equal(params_parse(A, "a=b\0c", 5, &p), RC_NONE);
    assert_int_equal(params_parse(A, "\0", 1, &p), RC_NONE);
}

static void too_many_params(void **state)
{
    struct params p;
    struct sbuf b;

    (void)state;
    sbuf_init(&b, A, 0);
    for (int i = 0; i < 256; i++)
        sbuf_add(&b, i > 0 ? "&a=b" : "a=b");
    assert_int_equal(params_parse(A, b.text, b.n, &p), RC_OK);
    assert_int_equal(p.n, 256);
    sbuf_add(&b, "&a=b");
    assert_int_equal(params_parse(A, b.text, b.n, &p), RC_NONE);
}

static void one_param(void **state)
{
    static const struct { const char *form, *expected; bool is_repeated; } cases[] = {
        { "a=b", "b", false },
        { "x=a", NULL, false },
        { "a=", NULL, false },        /* HT-04 */
        { "A=b", NULL, false },
        { "a=b&a=b", "b", true },     /* HT-03, even when equal */
        { "a=&a=c", NULL, true },
        { "a=b&a=", "b", true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct params p = params_of(cases[i].form);
        bool is_repeated = !cases[i].is_repeated;

        assert_same(param_get(&p, "a", &is_repeated), cases[i].expected);
        assert_int_equal(is_repeated, cases[i].is_repeated);
        assert_same(param_get(&p, "a", NULL), cases[i].expected);
    }
}

/* --- target ---------------------------------------------------------------- */

static void paths(void **state)
{
    static const struct { const char *uri, *path, *query; } cases[] = {
        { "/", "/", "" },
        { "/oauth2/token", "/oauth2/token", "" },
        { "/a?b=c", "/a", "b=c" },
        { "/a?", "/a", "" },
        { "/a?b?c", "/a", "b?c" },
        { "/a%20b", "/a b", "" },
        { "/a+b", "/a+b", "" },               /* not a form */
        { "/caf%C3%A9", "/café", "" },
        { "/a//b/./c", "/a//b/./c", "" },     /* the router's business */
        { "", NULL, NULL },
        { "*", NULL, NULL },
        { "a/b", NULL, NULL },
        { "http://evil.example/", NULL, NULL },
        { "/a%2Fb", NULL, NULL },
        { "/a%2fb", NULL, NULL },
        { "/a%5cb", NULL, NULL },
        { "/a\\b", NULL, NULL },
        { "/%2e%2e/b", NULL, NULL },
        { "/.%2E/b", NULL, NULL },
        { "/a%00b", NULL, NULL },
        { "/a%0d%0ab", NULL, NULL },
        { "/a%7f", NULL, NULL },
        { "/a%", NULL, NULL },
        { "/a%zz", NULL, NULL },
        { "/a%ff", NULL, NULL },
        { "/a%c0%ae", NULL, NULL },           /* overlong '.' */
        { "/a\xff", NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *uri = arena_printf(A, "REQUEST_URI=%s", cases[i].uri);
        enum rc rc = build(ENV(uri, PEER), "");

        if (rc != (cases[i].path != NULL ? RC_OK : RC_REFUSED))
            fail_msg("%s: %d", cases[i].uri, rc);
        assert_true(RQ.id != NULL && strlen(RQ.id) >= 16);
        if (cases[i].path == NULL) {
            assert_int_equal(NO.code, REFUSE_BAD_REQUEST);
            assert_non_null(RQ.path); /* a refusal can be rendered and logged */
            assert_non_null(RQ.raw_path);
            continue;
        }
        assert_string_equal(RQ.path, cases[i].path);
        assert_string_equal(RQ.query_text, cases[i].query);
    }
}

static void no_target_at_all(void **state)
{
    (void)state;
    assert_int_equal(build(ENV(PEER), ""), RC_REFUSED);
    assert_int_equal(build((const char *const[]){ NULL }, ""), RC_REFUSED);
    assert_int_equal(RQ.method, M_OTHER);
    assert_string_equal(RQ.address, "");
}

/* The query is told apart, not refused: the page may still say in its own words. */
static void bad_query_is_noted(void **state)
{
    (void)state;
    assert_int_equal(build(ENV("REQUEST_URI=/a?b=%zz", PEER), ""), RC_OK);
    assert_true(RQ.is_bad_query);
    assert_int_equal(build(ENV("REQUEST_URI=/a?b=%00", PEER), ""), RC_OK);
    assert_true(RQ.is_bad_query);
    assert_int_equal(build(ENV("REQUEST_URI=/a?b=c", PEER), ""), RC_OK);
    assert_false(RQ.is_bad_query);
    assert_string_equal(param_get(&RQ.query, "b", NULL), "c");
}

static void methods(void **state)
{
    static const struct { const char *text; enum method method; } cases[] = {
        { "GET", M_GET },       { "POST", M_POST },   { "PUT", M_PUT },     { "DELETE", M_DELETE },
        { "PATCH", M_PATCH },   { "HEAD", M_HEAD },   { "OPTIONS", M_OPTIONS },
        { "TRACE", M_OTHER },   { "get", M_OTHER },   { "", M_OTHER },      { "GETX", M_OTHER },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *env[] = { arena_printf(A, "REQUEST_METHOD=%s", cases[i].text), "REQUEST_URI=/", NULL };

        assert_int_equal(build(env, ""), RC_OK);
        assert_int_equal(RQ.method, cases[i].method);
        assert_string_equal(RQ.method_text, cases[i].text);
    }
}

/* --- body ------------------------------------------------------------------ */

static void bodies(void **state)
{
    static const struct { const char *type, *body, *media; bool is_form, is_bad; } cases[] = {
        { "application/x-www-form-urlencoded", "a=b", "application/x-www-form-urlencoded", true, false },
        { "Application/X-WWW-Form-Urlencoded; charset=utf-8", "a=b", "application/x-www-form-urlencoded", true,
          false },
        { "application/x-www-form-urlencoded", "a=%zz", "application/x-www-form-urlencoded", true, true },
        { "application/json", "a=b", "application/json", false, false },
        { "multipart/form-data; boundary=x", "a=b", "multipart/form-data", false, false },
        { "application/x-www-form-urlencodedx", "a=b", "application/x-www-form-urlencodedx", false, false },
        { "", "a=b", "", false, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *type = arena_printf(A, "CONTENT_TYPE=%s", cases[i].type);

        assert_int_equal(build(ENV("REQUEST_URI=/", type), cases[i].body), RC_OK);
        assert_string_equal(RQ.content_type, cases[i].media);
        assert_int_equal(RQ.is_form, cases[i].is_form);
        assert_int_equal(RQ.is_bad_form, cases[i].is_bad);
        assert_int_equal(RQ.form.n, cases[i].is_form && !cases[i].is_bad ? 1 : 0);
        assert_int_equal(RQ.body.n, strlen(cases[i].body));
    }
}

/* --- parameters that occur twice (design D11) -------------------------------- */

static void twice_is_refused(void **state)
{
    static const char *const names[] = {
        "REQUEST_METHOD", "REQUEST_URI", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "REMOTE_ADDR",
        "HTTPS", "REQUEST_SCHEME", "HTTP_HOST", "HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_ORIGIN",
        "HTTP_REFERER", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_CSRF_TOKEN",
        "HTTP_SEC_FETCH_SITE", "HTTP_USER_AGENT", "HTTP_ACCEPT", "HTTP_IF_NONE_MATCH",
        "AUTENTICO_FRONT_SECRET",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *one = arena_printf(A, "%s=/a", names[i]), *two = arena_printf(A, "%s=/b", names[i]);

        /* the target is read before: it decides in which language this is said */
        if (build((const char *const[]){ one, two, "REQUEST_URI=/", NULL }, "") != RC_REFUSED)
            fail_msg("%s twice", names[i]);
        assert_int_equal(NO.code, REFUSE_BAD_REQUEST);
        assert_has(NO.detail, names[i]);
    }
    /* others are not ours to judge: nginx repeats some */
    assert_int_equal(build(ENV("REQUEST_URI=/", "HTTP_X=1", "HTTP_X=2", "SERVER_NAME=a", "SERVER_NAME=b",
                               "HTTP_HOSTX=1", "HTTP_HOS=2", "nothing"), ""), RC_OK);
}

/* --- who is asking (design D11) ----------------------------------------------- */

static void addresses(void **state)
{
    static const struct { const char *peer, *forwarded, *address, *limit_key; } cases[] = {
        { "192.0.2.1", NULL, "192.0.2.1", "192.0.2.1" },
        { "192.0.2.1", "198.51.100.7", "192.0.2.1", "192.0.2.1" },      /* anybody can write that */
        { "10.0.0.1", "198.51.100.7", "198.51.100.7", "198.51.100.7" },
        { "10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7", "198.51.100.7" }, /* forged on the left */
        { "10.0.0.1", "198.51.100.7, 10.0.0.2,10.0.0.3", "198.51.100.7", "198.51.100.7" },
        { "10.0.0.1", "10.0.0.9, 10.0.0.2", "10.0.0.9", "10.0.0.9" },
        { "10.0.0.1", "198.51.100.7, unknown", "10.0.0.1", "10.0.0.1" },
        { "10.0.0.1", "198.51.100.7, unknown, 10.0.0.2", "10.0.0.2", "10.0.0.2" },
        { "10.0.0.1", "", "10.0.0.1", "10.0.0.1" },
        { "10.0.0.1", NULL, "10.0.0.1", "10.0.0.1" },
        { "10.0.0.1", "198.51.100.7:4711", "198.51.100.7", "198.51.100.7" },
        { "10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7", "2001:db8::/64" },
        { "10.0.0.1", "[2001:db8::7]", "2001:db8::7", "2001:db8::/64" },
        { "10.0.0.1", "2001:db8::7", "2001:db8::7", "2001:db8::/64" },
        { "2001:db8:1:2:3:4:5:6", NULL, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
        { "2001:DB8:0:0::1", NULL, "2001:db8::1", "2001:db8::/64" },
        { "::ffff:192.0.2.1", NULL, "192.0.2.1", "192.0.2.1" },         /* a socket for both families */
        { "::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7", "198.51.100.7" },
        { "unix:", "198.51.100.7", "", "" },
        { "", "198.51.100.7", "", "" },
    };

    (void)state;
    assert_int_equal(net_list_parse(A, "10.0.0.0/8", &CONF.trusted_proxies), RC_OK);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *peer = arena_printf(A, "REMOTE_ADDR=%s", cases[i].peer);
        const char *forwarded = cases[i].forwarded != NULL
                                    ? arena_printf(A, "HTTP_X_FORWARDED_FOR=%s", cases[i].forwarded)
                                    : "X=";

        assert_int_equal(build(ENV("REQUEST_URI=/", peer, forwarded), ""), RC_OK);
        if (strcmp(RQ.address, cases[i].address) != 0 || strcmp(RQ.limit_key, cases[i].limit_key) != 0)
            fail_msg("case %zu: %s %s", i, RQ.address, RQ.limit_key);
    }
}

static void transport(void **state)
{
    static const struct { const char *peer, *how, *forwarded; bool is_secure, is_untrusted; } cases[] = {
        { "192.0.2.1", "HTTPS=on", NULL, true, false },
        { "192.0.2.1", "HTTPS=On", NULL, true, false },
        { "192.0.2.1", "HTTPS=1", NULL, true, false },
        { "192.0.2.1", "HTTPS=off", NULL, false, false },
        { "192.0.2.1", "HTTPS=", NULL, false, false },
        { "192.0.2.1", "REQUEST_SCHEME=https", NULL, true, false },
        { "192.0.2.1", "REQUEST_SCHEME=http", NULL, false, false },
        { "192.0.2.1", "X=", NULL, false, false },
        { "192.0.2.1", "X=", "https", false, true },            /* names the setting, no loop */
        { "192.0.2.1", "X=", "http", false, false },
        { "192.0.2.1", "HTTPS=on", "http", true, false },
        { "10.0.0.1", "X=", "https", true, false },
        { "10.0.0.1", "X=", "HTTPS", true, false },
        { "10.0.0.1", "X=", "http,https", true, false },
        { "10.0.0.1", "X=", "https, http", false, false },
        { "10.0.0.1", "HTTPS=on", "http", false, false },       /* the person's leg counts */
        { "10.0.0.1", "HTTPS=on", NULL, true, false },
        { "10.0.0.1", "X=", "wss", false, false },
    };

    (void)state;
    assert_int_equal(net_list_parse(A, "10.0.0.0/8", &CONF.trusted_proxies), RC_OK);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *peer = arena_printf(A, "REMOTE_ADDR=%s", cases[i].peer);
        const char *forwarded = cases[i].forwarded != NULL
                                    ? arena_printf(A, "HTTP_X_FORWARDED_PROTO=%s", cases[i].forwarded)
                                    : "Y=";

        assert_int_equal(build(ENV("REQUEST_URI=/", peer, cases[i].how, forwarded), ""), RC_OK);
        if (RQ.is_secure != cases[i].is_secure || RQ.is_forwarded_untrusted != cases[i].is_untrusted)
            fail_msg("case %zu: %d %d", i, RQ.is_secure, RQ.is_forwarded_untrusted);
    }
}

/* --- headers ------------------------------------------------------------------ */

static void headers(void **state)
{
    (void)state;
    assert_int_equal(build(ENV("REQUEST_URI=/", "HTTP_HOST=id.example", "HTTP_AUTHORIZATION=", "HTTP_ORIGIN=o",
                               "HTTP_REFERER=r", "HTTP_SEC_FETCH_SITE=s", "HTTP_X_CSRF_TOKEN=c",
                               "HTTP_ACCEPT=a", "HTTP_IF_NONE_MATCH=\"x\"",
                               "HTTP_USER_AGENT=caf\xe9\x1b[0m"), ""), RC_OK);
    assert_string_equal(RQ.host, "id.example");
    assert_string_equal(RQ.authorization, "");
    assert_true(RQ.has_authorization);
    assert_string_equal(RQ.origin, "o");
    assert_string_equal(RQ.referer, "r");
    assert_string_equal(RQ.sec_fetch_site, "s");
    assert_string_equal(RQ.csrf_header, "c");
    assert_string_equal(RQ.accept, "a");
    assert_string_equal(RQ.if_none_match, "\"x\"");
    assert_string_equal(RQ.user_agent, "caf??[0m"); /* Latin-1 and an escape: shown, not refused */
    assert_int_equal(build(ENV("REQUEST_URI=/"), ""), RC_OK);
    assert_false(RQ.has_authorization);
    assert_string_equal(RQ.authorization, "");
    assert_string_equal(RQ.referer, "");
}

static void headers_that_matter_are_text(void **state)
{
    static const char *const bad[] = { "HTTP_AUTHORIZATION=Bearer \xff", "HTTP_HOST=a\xc0\xaf",
                                       "HTTP_ORIGIN=a\x01", "HTTP_X_CSRF_TOKEN=\xed\xa0\x80" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(build(ENV("REQUEST_URI=/", bad[i]), ""), RC_REFUSED);
        assert_int_equal(NO.code, REFUSE_BAD_REQUEST);
    }
}

static void cookies(void **state)
{
    static const struct { const char *header, *value; } cases[] = {
        { "a=b", "b" },
        { "x=y; a=b; z=w", "b" },
        { "x=y;a=b", "b" },
        { "a=b; a=c", "b" },                 /* the first of several */
        { "a=", "" },
        { "a=b=c", "b=c" },
        { "a=\"b\"", "\"b\"" },
        { "a=%20", "%20" },                  /* cookies are not percent-decoded */
        { "A=b", NULL },
        { "a", NULL },
        { "xa=b", NULL },
        { "=b", NULL },
        { "", NULL },
        { "old=caf\xe9; a=b", "b" },         /* another application's Latin-1 */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *header = arena_printf(A, "HTTP_COOKIE=%s", cases[i].header);

        assert_int_equal(build(ENV("REQUEST_URI=/", header), ""), RC_OK);
        assert_same(cookie_get(&RQ, "a"), cases[i].value);
    }
}

static void cookie_flood(void **state)
{
    struct sbuf b;

    (void)state;
    sbuf_init(&b, A, 0);
    sbuf_add(&b, "HTTP_COOKIE=a=b");
    for (int i = 0; i < 5000; i++)
        sbuf_printf(&b, "; c%d=d", i);
    assert_int_equal(build(ENV("REQUEST_URI=/", b.text), ""), RC_OK);
    assert_string_equal(cookie_get(&RQ, "a"), "b");
    assert_true(RQ.cookies.n <= 200);
}

static void ids_differ(void **state)
{
    (void)state;
    assert_int_equal(build(ENV("REQUEST_URI=/"), ""), RC_OK);
    const char *one = RQ.id;
    assert_int_equal(build(ENV("REQUEST_URI=/", "HTTP_X_REQUEST_ID=mine"), ""), RC_OK);
    assert_string_not_equal(RQ.id, one);
    assert_string_not_equal(RQ.id, "mine");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(forms), TEST(raw_nul_in_a_form), TEST(too_many_params), TEST(one_param), TEST(paths),
        TEST(no_target_at_all), TEST(bad_query_is_noted), TEST(methods), TEST(bodies), TEST(twice_is_refused),
        TEST(addresses), TEST(transport), TEST(headers), TEST(headers_that_matter_are_text), TEST(cookies),
        TEST(cookie_flood), TEST(ids_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
