/* CORS headers of one answer: http-api 1.8, HT-12, HT-13, design D16. */
#include "config.h"

#include "http_test.h"

#include "http/cors.h"
#include "http/problem.h"

#define APP "https://app.example"

static struct cors CORS;

static struct text_list origins_of(const char *spaced)
{
    return text_split(A, spaced, ' ');
}

static void use_list(const char *spaced)
{
    memset(&CORS, 0, sizeof(CORS));
    cors_take(&CORS, origins_of(spaced));
    CORS.is_on = true;
    X.cors = &CORS;
}

/* A request to a row that scripts may call. */
static bool asked(const char *origin)
{
    renew(M_POST, SPEAK_OAUTH);
    ROUTE.cors = true;
    RQ.origin = origin;
    X.cors = &CORS;
    return cors_allow(&X, &ROUTE);
}

static const char *headers(void)
{
    assert_int_equal(respond_empty(&X, 200), RC_OK);
    return answer();
}

static void test_listed(void **state)
{
    const char *text;

    (void)state;
    use_list("https://b.example " APP " http://localhost:5173");
    assert_true(asked(APP));
    text = headers();
    assert_has(text, "Access-Control-Allow-Origin: " APP "\r\n");
    assert_has(text, "Access-Control-Allow-Credentials: true\r\n");
    assert_has(text, "Access-Control-Allow-Methods: GET, POST, PUT, DELETE, OPTIONS\r\n");
    assert_has(text, "Access-Control-Allow-Headers: Content-Type, Authorization\r\n");
    assert_has(text, "Vary: Origin\r\n");
    assert_true(asked("http://localhost:5173"));
    assert_true(asked("https://b.example"));
}

/* Equal to an entry, and nothing like it. */
static void test_not_listed(void **state)
{
    static const char *const origins[] = {
        "https://evil.example", "https://app.example.evil.example", "https://xapp.example", "http://app.example",
        "https://app.example:443", "https://APP.example", "https://app.example/", "null", "*", "https://",
        "https://app.exampl",
    };

    (void)state;
    use_list(APP);
    for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
        if (asked(origins[i]))
            fail_msg("allowed: %s", origins[i]);
        assert_has_not(headers(), "Access-Control");
    }
}

/* A cache must not hand the answer without headers to a script. */
static void test_vary_without_origin(void **state)
{
    const char *text;

    (void)state;
    use_list(APP);
    assert_false(asked(""));
    text = headers();
    assert_has(text, "Vary: Origin\r\n");
    assert_has_not(text, "Access-Control");
}

static void test_anybody(void **state)
{
    const char *text;

    (void)state;
    use_list(APP);
    CORS.is_any = true;
    assert_true(asked("https://evil.example"));
    text = headers();
    assert_has(text, "Access-Control-Allow-Origin: *\r\n");
    assert_has_not(text, "Credentials"); /* HT-13 */
    assert_true(asked(APP)); /* listed beside it: no credentials either */
    assert_has_not(headers(), "Credentials");
    assert_false(asked(""));
    assert_has_not(headers(), "Access-Control");
}

static void test_off(void **state)
{
    (void)state;
    memset(&CORS, 0, sizeof(CORS));
    assert_false(asked(APP));
    assert_has_not(headers(), "Vary");
    renew(M_POST, SPEAK_OAUTH); /* outside workers */
    ROUTE.cors = true;
    RQ.origin = APP;
    assert_false(cors_allow(&X, &ROUTE));
    assert_has_not(headers(), "Access-Control");
}

/* HT-12: whatever the list says. */
static void test_other_rows(void **state)
{
    (void)state;
    use_list(APP);
    CORS.is_any = true;
    renew(M_GET, SPEAK_HTML);
    RQ.origin = APP;
    X.cors = &CORS;
    assert_false(cors_allow(&X, &ROUTE));
    assert_false(cors_allow(&X, NULL));
    assert_has_not(headers(), "Access-Control");
}

/* A script may read why it was refused, and that we failed. */
static void test_on_refusals(void **state)
{
    const char *text;

    (void)state;
    use_list(APP);
    assert_true(asked(APP));
    assert_int_equal(refuse(&X.no, REFUSE_TOO_MANY, NULL), RC_REFUSED);
    problem_respond(&X, 0);
    text = answer();
    assert_has(text, "Status: 429");
    assert_has(text, "Access-Control-Allow-Origin: " APP "\r\n");
    assert_has(text, "Access-Control-Expose-Headers: WWW-Authenticate, Retry-After, X-Request-ID\r\n");
    assert_true(asked(APP));
    problem_fault(&X, false);
    text = answer();
    assert_has(text, "Status: 500");
    assert_has(text, "Access-Control-Allow-Origin: " APP "\r\n");
}

static void test_take(void **state)
{
    (void)state;
    use_list("c b a b c c");
    assert_int_equal(CORS.origins.n, 3);
    assert_string_equal(text_join(A, &CORS.origins, ' '), "a b c");
    use_list("");
    assert_int_equal(CORS.origins.n, 0);
    assert_false(asked(""));
}

static enum rc nothing(struct exchange *x)
{
    (void)x;
    return RC_OK;
}

/* The table is refused when a page would be readable elsewhere. */
static void test_rows(void **state)
{
    static const struct { enum speak speaks; enum csrf csrf; const char *console; enum rc rc; } rows[] = {
        { SPEAK_JSON, CSRF_NONE, NULL, RC_OK },     { SPEAK_OAUTH, CSRF_NONE, NULL, RC_OK },
        { SPEAK_HTML, CSRF_NONE, NULL, RC_FAULT },  { SPEAK_TEXT, CSRF_NONE, NULL, RC_FAULT },
        { SPEAK_OAUTH, CSRF_TOKEN, NULL, RC_FAULT }, { SPEAK_JSON, CSRF_NONE, "admin", RC_FAULT },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct route row = { .methods = M_GET, .path = "/x", .who = WHO_ANYONE, .limit = LIMIT_NONE,
                             .csrf = rows[i].csrf, .speaks = rows[i].speaks, .console = rows[i].console,
                             .handle = nothing, .cors = true };
        struct route_table table = { &row, 1 };
        struct router *router;

        assert_int_equal(router_new(A, &table, 1, "/oauth2", &router), rows[i].rc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_listed), TEST(test_not_listed), TEST(test_vary_without_origin), TEST(test_anybody), TEST(test_off),
        TEST(test_other_rows), TEST(test_on_refusals), TEST(test_take), TEST(test_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
