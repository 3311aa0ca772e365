/*
 * What the tests of http/ share: an exchange whose every part is plain data.
 */
#ifndef AUTENTICO_TESTS_HTTP_TEST_H
#define AUTENTICO_TESTS_HTTP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "http/request.h"
#include "http/response.h"
#include "http/route.h"

#define UNUSED __attribute__((unused))
#define NOW 1790000000
#define ISSUER "https://id.example/oauth2"

static struct arena *A UNUSED;
static struct conf CONF UNUSED;
static struct keyring KEYS UNUSED;
static struct request RQ UNUSED;
static struct response RS UNUSED;
static struct route ROUTE UNUSED;
static struct exchange X UNUSED;

static UNUSED void use_url(const char *origin)
{
    CONF.url = CONF.origin = origin;
    CONF.host_port = strstr(origin, "://") + 3;
    CONF.is_https = strncmp(origin, "https:", 6) == 0;
}

static UNUSED void empty_request(enum method method)
{
    const char **texts[] = { &RQ.path, &RQ.raw_path, &RQ.query_text, &RQ.content_type, &RQ.address,
                             &RQ.limit_key, &RQ.host, &RQ.authorization, &RQ.user_agent, &RQ.origin,
                             &RQ.referer, &RQ.sec_fetch_site, &RQ.csrf_header, &RQ.accept,
                             &RQ.if_none_match };

    memset(&RQ, 0, sizeof(RQ));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        *texts[i] = "";
    RQ.method = method;
    RQ.method_text = method == M_GET ? "GET" : "POST";
    RQ.id = "request-id";
    RQ.is_secure = true;
}

/* Everything but templates. */
static UNUSED void renew(enum method method, enum speak speaks)
{
    memset(&X, 0, sizeof(X));
    memset(&ROUTE, 0, sizeof(ROUTE));
    memset(&CONF, 0, sizeof(CONF));
    CONF.oauth_path = "/oauth2";
    CONF.issuer = ISSUER;
    use_url("https://id.example");
    empty_request(method);
    response_init(&RS, A);
    ROUTE = (struct route){ .methods = M_ANY, .path = "/x", .who = WHO_ANYONE, .limit = LIMIT_NONE,
                            .csrf = CSRF_NONE, .speaks = speaks };
    X.arena = A;
    X.conf = &CONF;
    X.keys = &KEYS;
    X.rq = &RQ;
    X.rs = &RS;
    X.route = &ROUTE;
    X.now = NOW;
}

static UNUSED int set_up(void **state)
{
    static const uint8_t cookie[32] = "a cookie secret of 32 bytes, yes";
    struct keyring_roots roots = { .cookie = BYTES(cookie) };

    (void)state;
    A = arena_start("test");
    keyring_derive(&roots, &KEYS);
    renew(M_GET, SPEAK_HTML);
    return 0;
}

static UNUSED int tear_down(void **state)
{
    (void)state;
    arena_done(A);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* Like assert_string_equal, but NULL may equal NULL. */
static UNUSED void assert_same(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        assert_ptr_equal(a, b);
    else
        assert_string_equal(a, b);
}

static UNUSED void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static UNUSED void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in \"%s\"", part, text);
}

static UNUSED struct params params_of(const char *text)
{
    struct params out = { NULL, 0 };

    assert_int_equal(params_parse(A, text, strlen(text), &out), RC_OK);
    return out;
}

static UNUSED void use_form(const char *text)
{
    RQ.is_form = true;
    RQ.form = params_of(text);
    RQ.body = bytes_of(text);
}

/* Render and write; the whole answer as text. */
static UNUSED const char *answer(void)
{
    assert_int_equal(response_render(&X), RC_OK);
    struct bytes b = response_bytes(&X);
    return arena_strndup(A, (const char *)b.p, b.n);
}

static UNUSED const char *body_of(const char *cgi)
{
    const char *end = strstr(cgi, "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

#endif
