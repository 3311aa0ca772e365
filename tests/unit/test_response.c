#include "config.h"

#include "http_test.h"

#include "http/page.h"

static struct json *parsed(const char *text)
{
    struct json *out = NULL;

    assert_int_equal(json_parse(A, text, strlen(text), &out), RC_OK);
    return out;
}

/* The whole answer of a small JSON response, byte for byte but for nonce and id. */
static void json_answer(void **state)
{
    (void)state;
    RS.nonce = "N+/=";
    assert_int_equal(respond_json(&X, 200, parsed("{\"a\":\"b/c\"}")), RC_OK);
    assert_string_equal(
        answer(),
        "Status: 200 OK\r\n"
        "Content-Type: application/json\r\n"
        "X-Request-ID: request-id\r\n"
        "X-Frame-Options: DENY\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Referrer-Policy: same-origin\r\n"
        "Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=()\r\n"
        "Cross-Origin-Embedder-Policy: credentialless\r\n"
        "Cross-Origin-Opener-Policy: same-origin\r\n"
        "Content-Security-Policy: default-src 'self'; script-src 'self' 'nonce-N+/='; style-src 'self'; "
        "img-src 'self' data: https:; font-src 'self'; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"
        "Cache-Control: no-store\r\n"
        "Pragma: no-cache\r\n"
        "Content-Length: 11\r\n"
        "\r\n"
        "{\"a\":\"b/c\"}");
}

/* HT-20: nothing inline, ever; http-api 1.6: 16 fresh bytes for each response. */
static void nonces(void **state)
{
    struct response other;

    (void)state;
    assert_int_equal(strlen(RS.nonce), 24);
    response_init(&other, A);
    assert_string_not_equal(RS.nonce, other.nonce);
    assert_int_equal(respond_text(&X, 200, "x"), RC_OK);
    const char *text = answer();
    assert_has(text, arena_printf(A, "'nonce-%s'", RS.nonce));
    assert_has_not(text, "unsafe-inline");
}

static void headers_that_may_change(void **state)
{
    (void)state;
    assert_int_equal(respond_text(&X, 200, "x"), RC_OK);
    RS.cache_control = "public, max-age=300";
    RS.form_action = "* com.example.app:";
    response_header(&X, "ETag", "\"%d\"", 7);
    const char *text = answer();
    assert_has(text, "\r\nCache-Control: public, max-age=300\r\n");
    assert_has_not(text, "Pragma");
    assert_has_not(text, "no-store");
    assert_has(text, "form-action * com.example.app:; frame");
    assert_has(text, "\r\nETag: \"7\"\r\n");
    RS.is_csp_off = true;
    text = answer();
    assert_has_not(text, "Content-Security-Policy");
    assert_has(text, "X-Frame-Options: DENY");
}

/* No answer can be split in two. */
static void header_injection(void **state)
{
    static const char *const bad[] = { "a\r\nSet-Cookie: x=y", "a\nb", "a\rb", "a\tb", "a\x7f" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        renew(M_GET, SPEAK_HTML);
        assert_int_equal(respond_redirect(&X, bad[i]), RC_FAULT);
        assert_int_equal(RS.status, 0);
        assert_int_equal(respond_text(&X, 200, "x"), RC_OK);
        response_header(&X, "X-Test", "%s", bad[i]);
        assert_has_not(answer(), "X-Test");
    }
}

static void redirects(void **state)
{
    static const struct { const char *uri, *location; } cases[] = {
        { "https://app.example/cb?code=a&state=%20", "https://app.example/cb?code=a&state=%20" },
        { "/account/", "/account/" },
        { "com.example.app:/cb", "com.example.app:/cb" },
        { "/a b", "/a%20b" },
        { "/caf\xc3\xa9", "/caf%C3%A9" },
        { "/\\evil.example", "/%5Cevil.example" },
        { "/\"><script>", "/%22%3E%3Cscript%3E" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        renew(M_GET, SPEAK_HTML);
        assert_int_equal(respond_redirect(&X, cases[i].uri), RC_OK);
        const char *text = answer();
        assert_has(text, "Status: 302 Found\r\n");
        assert_has(text, arena_printf(A, "\r\nLocation: %s\r\n", cases[i].location));
        assert_has(text, "\r\nContent-Length: 0\r\n");
        assert_has_not(text, "\nContent-Type:");
        assert_string_equal(body_of(text), "");
    }
    renew(M_POST, SPEAK_HTML);
    assert_int_equal(respond_see_other(&X, "/a"), RC_OK);
    assert_has(answer(), "Status: 303 See Other\r\n");
    renew(M_GET, SPEAK_HTML);
    assert_int_equal(respond_moved(&X, "/a"), RC_OK);
    assert_has(answer(), "Status: 301 Moved Permanently\r\n");
}

static void without_body(void **state)
{
    (void)state;
    assert_int_equal(respond_none(&X), RC_OK);
    const char *text = answer();
    assert_has(text, "Status: 204 No Content\r\n");
    assert_has_not(text, "Content-Length");
    assert_has_not(text, "\nContent-Type:");
    assert_int_equal(respond_empty(&X, 304), RC_OK);
    text = answer();
    assert_has(text, "Status: 304 Not Modified\r\n");
    assert_has_not(text, "Content-Length");
    assert_int_equal(respond_empty(&X, 202), RC_OK);
    assert_has(answer(), "\r\nContent-Length: 0\r\n");
}

static void bytes_and_text(void **state)
{
    static const uint8_t png[] = "\x89PNG\0x";

    (void)state;
    assert_int_equal(respond_bytes(&X, 200, "image/png", BYTES(png)), RC_OK);
    assert_int_equal(response_render(&X), RC_OK);
    struct bytes b = response_bytes(&X);
    assert_memory_equal(b.p + b.n - sizeof(png), png, sizeof(png));
    assert_has((const char *)b.p, "Content-Type: image/png\r\n");
    assert_int_equal(respond_text(&X, 404, "404 page not found"), RC_OK);
    assert_has(answer(), "Content-Type: text/plain; charset=utf-8\r\n");
    assert_int_equal(strncmp(body_of(answer()), "404 page not found", 18), 0);
}

/* HEAD: the same headers, no body. */
static void head(void **state)
{
    (void)state;
    renew(M_HEAD, SPEAK_JSON);
    assert_int_equal(respond_json(&X, 200, parsed("{\"a\":1}")), RC_OK);
    const char *text = answer();
    assert_has(text, "\r\nContent-Length: 7\r\n");
    assert_string_equal(body_of(text), "");
}

static void nothing_answered(void **state)
{
    (void)state;
    assert_int_equal(response_render(&X), RC_FAULT);
}

/* http-api 1.3 */
static void shapes(void **state)
{
    static const struct { enum shape shape; const char *model, *body; } cases[] = {
        { SHAPE_RAW, "{\"a\":1}", "{\"a\":1}" },
        { SHAPE_RAW, NULL, "{}" },
        { SHAPE_DATA, "{\"a\":1}", "{\"data\":{\"a\":1}}" },
        { SHAPE_DATA, "[1]", "{\"data\":[1]}" },
        { SHAPE_DATA, NULL, "{\"data\":null}" },
        { SHAPE_LIST, "[{\"a\":1},{\"a\":2}]", "{\"data\":{\"items\":[{\"a\":1},{\"a\":2}],\"total\":7}}" },
        { SHAPE_LIST, "[]", "{\"data\":{\"items\":[],\"total\":7}}" },
        { SHAPE_LIST, NULL, "{\"data\":{\"items\":[],\"total\":7}}" }, /* items never null */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *model = cases[i].model != NULL ? parsed(cases[i].model) : NULL;

        renew(M_GET, SPEAK_JSON);
        page_text(&X, "only", "for pages");
        RS.page = "admin/x";
        RS.then = "/admin/x";
        if (cases[i].shape == SHAPE_LIST)
            assert_int_equal(respond_list(&X, model, 7), RC_OK);
        else
            assert_int_equal(respond_model(&X, 201, cases[i].shape, model), RC_OK);
        const char *text = answer();
        assert_has(text, cases[i].shape == SHAPE_LIST ? "Status: 200 OK\r\n" : "Status: 201 Created\r\n");
        assert_has(text, "Content-Type: application/json\r\n");
        assert_string_equal(body_of(text), cases[i].body);
    }
}

/* --- the other face ------------------------------------------------------------ */

static const char *folder;

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(arena_printf(A, "%s/%s", folder, name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void use_templates(void)
{
    folder = mkdtemp(arena_strdup(A, "/tmp/test_response_XXXXXX"));
    assert_non_null(folder);
    assert_int_equal(system(arena_printf(A, "mkdir -p %s/html/pages %s/html/admin %s/html/assets", folder,
                                         folder, folder)), 0);
    write_file("html/pages/error.html", "error");
    write_file("html/admin/x.html", "x:{{a}} {{only}} {{^flag}}no{{/flag}} {{#list}}{{b}},{{/list}}");
    write_file("html/admin/y.html", "y:{{#items}}{{a}};{{/items}}{{total}}");
    assert_int_equal(templates_load(A, folder, &X.templates), RC_OK);
    assert_int_equal(system(arena_printf(A, "rm -r %s", folder)), 0);
}

static void model_on_a_page(void **state)
{
    const struct templates *templates;

    (void)state;
    use_templates();
    templates = X.templates;
    ROUTE.page = "admin/x";
    page_text(&X, "only", "p&q");
    page_text(&X, "none", NULL);
    page_flag(&X, "flag", true);
    page_var(&X, "list", parsed("[{\"b\":\"1\"},{\"b\":\"2\"}]"));
    assert_int_equal(respond_model(&X, 200, SHAPE_DATA, parsed("{\"a\":\"<b>\"}")), RC_OK);
    const char *text = answer();
    assert_has(text, "Status: 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n");
    assert_string_equal(body_of(text), "x:&lt;b&gt; p&amp;q  1,2,");

    renew(M_GET, SPEAK_HTML);
    X.templates = templates;
    ROUTE.page = "admin/x";
    RS.page = "admin/y"; /* the action's own instead of the row's */
    assert_int_equal(respond_list(&X, parsed("[{\"a\":\"1\"},{\"a\":\"2\"}]"), 12), RC_OK);
    assert_string_equal(body_of(answer()), "y:1;2;12");

    renew(M_POST, SPEAK_HTML);
    X.templates = templates;
    ROUTE.page = "admin/x";
    RS.then = "/admin/x/1";
    assert_int_equal(respond_model(&X, 201, SHAPE_RAW, parsed("{\"id\":\"1\"}")), RC_OK);
    text = answer();
    assert_has(text, "Status: 303 See Other\r\n");
    assert_has(text, "\r\nLocation: /admin/x/1\r\n");
    assert_string_equal(body_of(text), "");

    renew(M_POST, SPEAK_HTML); /* a page shown again with errors is not left */
    X.templates = templates;
    ROUTE.page = "admin/x";
    RS.then = "/admin/x/1";
    assert_int_equal(respond_model(&X, 400, SHAPE_RAW, parsed("{\"a\":\"again\"}")), RC_OK);
    assert_has(answer(), "x:again");

    renew(M_GET, SPEAK_OAUTH); /* a page of an endpoint that otherwise speaks JSON */
    X.templates = templates;
    assert_int_equal(respond_page(&X, 200, "admin/x", NULL), RC_OK);
    assert_has(answer(), "x:  no ");
    assert_int_equal(respond_page(&X, 200, "admin/z", NULL), RC_OK);
    assert_int_equal(response_render(&X), RC_FAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(json_answer), TEST(nonces), TEST(headers_that_may_change), TEST(header_injection), TEST(redirects),
        TEST(without_body), TEST(bytes_and_text), TEST(head), TEST(nothing_answered), TEST(shapes),
        TEST(model_on_a_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
