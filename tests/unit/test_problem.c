#include "config.h"

#include "http_test.h"

#include "http/page.h"
#include "http/problem.h"

static const struct templates *TEMPLATES;

static int load_templates(void **state)
{
    static struct arena *always;

    (void)state;
    always = arena_start("templates");
    *state = always;
    return templates_load(always, SRCDIR, &TEMPLATES) == RC_OK ? 0 : 1;
}

static int drop_templates(void **state)
{
    arena_done(*state);
    return 0;
}

static const char *refused(enum speak speaks, enum who who, enum refusal_code code, const char *detail)
{
    renew(M_POST, speaks);
    X.templates = TEMPLATES;
    ROUTE.who = who;
    ROUTE.needs = "openid";
    (void)refuse(&X.no, code, detail != NULL ? "%s" : NULL, detail);
    problem_respond(&X, M_GET | M_POST);
    return answer();
}

static void assert_line(const char *text, const char *line)
{
    assert_has(text, arena_printf(A, "\r\n%s\r\n", line));
}

static void as_json(void **state)
{
    static const struct { enum refusal_code code; const char *detail, *status, *body; } cases[] = {
        { REFUSE_INVALID_GRANT, "code_verifier does not match", "400 Bad Request",
          "{\"error\":\"invalid_grant\",\"error_description\":\"code_verifier does not match\"}" },
        { REFUSE_INVALID_REQUEST, NULL, "400 Bad Request",
          "{\"error\":\"invalid_request\",\"error_description\":\"The request is malformed\"}" },
        { REFUSE_INVALID_REQUEST, "a \"quoted\"\r\n\\ line", "400 Bad Request", /* HT-10 */
          "{\"error\":\"invalid_request\",\"error_description\":\"a ?quoted???? line\"}" },
        { REFUSE_FORBIDDEN, NULL, "403 Forbidden",
          "{\"error\":\"forbidden\",\"error_description\":\"You may not do this\"}" },
        { REFUSE_CONFLICT, NULL, "409 Conflict",
          "{\"error\":\"conflict\",\"error_description\":\"That name is taken\"}" },
        { REFUSE_TOO_LARGE, NULL, "413 Content Too Large",
          "{\"error\":\"invalid_request\",\"error_description\":\"The request is too large\"}" },
        { REFUSE_PATH_NOT_FOUND, NULL, "404 Not Found",
          "{\"error\":\"not_found\",\"error_description\":\"404 page not found\"}" },
    };

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
        enum speak speaks = i % 2 == 0 ? SPEAK_OAUTH : SPEAK_JSON;
        const char *text = refused(speaks, WHO_ANYONE, cases[i / 2].code, cases[i / 2].detail);

        assert_has(text, arena_printf(A, "Status: %s\r\nContent-Type: application/json\r\n", cases[i / 2].status));
        assert_string_equal(body_of(text), cases[i / 2].body);
        assert_line(text, "Cache-Control: no-store");
        assert_has_not(text, "WWW-Authenticate");
        assert_has_not(text, "Retry-After");
    }
}

/* http-api 1.3, RFC 6750 3 */
static void bearer_challenges(void **state)
{
    static const struct { enum who who; enum speak speaks; enum refusal_code code; const char *challenge; } cases[] = {
        { WHO_BEARER, SPEAK_OAUTH, REFUSE_NO_TOKEN, "Bearer realm=\"" ISSUER "\"" },
        { WHO_ADMIN, SPEAK_JSON, REFUSE_NO_TOKEN, "Bearer realm=\"" ISSUER "\"" },
        { WHO_USER, SPEAK_JSON, REFUSE_NO_TOKEN, "Bearer realm=\"" ISSUER "\"" },
        { WHO_CLIENT_OR_ADMIN, SPEAK_OAUTH, REFUSE_NO_TOKEN, "Bearer realm=\"" ISSUER "\"" },
        { WHO_BEARER, SPEAK_OAUTH, REFUSE_INVALID_TOKEN,
          "Bearer realm=\"" ISSUER "\", error=\"invalid_token\", "
          "error_description=\"The access token is invalid, expired or revoked\"" },
        { WHO_USER, SPEAK_JSON, REFUSE_BEARER_REQUEST,
          "Bearer realm=\"" ISSUER "\", error=\"invalid_request\", "
          "error_description=\"The Authorization header is malformed\"" },
        { WHO_BEARER, SPEAK_OAUTH, REFUSE_BEARER_TWICE,
          "Bearer realm=\"" ISSUER "\", error=\"invalid_request\", "
          "error_description=\"More than one access token was sent\"" },
        { WHO_BEARER, SPEAK_OAUTH, REFUSE_INSUFFICIENT_SCOPE,
          "Bearer realm=\"" ISSUER "\", error=\"insufficient_scope\", "
          "error_description=\"The access token lacks the required scope\", scope=\"openid\"" },
        { WHO_USER, SPEAK_JSON, REFUSE_FORBIDDEN, NULL },
        { WHO_BEARER, SPEAK_OAUTH, REFUSE_TOO_MANY, NULL },
        { WHO_ADMIN, SPEAK_HTML, REFUSE_INVALID_TOKEN, NULL }, /* no pop-up over a console */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *text = refused(cases[i].speaks, cases[i].who, cases[i].code, NULL);

        if (cases[i].challenge == NULL)
            assert_has_not(text, "WWW-Authenticate");
        else
            assert_line(text, arena_printf(A, "WWW-Authenticate: %s", cases[i].challenge));
        if (cases[i].code == REFUSE_NO_TOKEN)
            assert_string_equal(body_of(text), "{}");
    }
}

/* RFC 6749 5.2 */
static void basic_challenge(void **state)
{
    static const struct { const char *authorization; bool is_asked; } cases[] = {
        { "Basic YTpi", true }, { "bAsIc YTpi", true }, { "Basic", true },
        { "", false }, { "Bearer x", false }, { "Basicx", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        renew(M_POST, SPEAK_OAUTH);
        ROUTE.who = WHO_CLIENT;
        RQ.authorization = cases[i].authorization;
        (void)refuse(&X.no, REFUSE_INVALID_CLIENT, NULL);
        problem_respond(&X, 0);
        const char *text = answer();
        assert_has(text, "Status: 401 Unauthorized\r\n");
        if (cases[i].is_asked)
            assert_has(text, "\r\nWWW-Authenticate: Basic realm=\"" ISSUER "\"");
        else
            assert_has_not(text, "WWW-Authenticate");
    }
}

static void as_page(void **state)
{
    (void)state;
    const char *text = refused(SPEAK_HTML, WHO_ANYONE, REFUSE_INVALID_CLIENT_400, NULL);
    assert_has(text, "Status: 400 Bad Request\r\nContent-Type: text/html; charset=utf-8\r\n");
    assert_has(text, "<p class=\"auth-error\" role=\"alert\">Unknown or disabled client</p>");
    assert_has(text, "request-id");
    text = refused(SPEAK_HTML, WHO_ANYONE, REFUSE_INVALID_REQUEST, "<script>x</script>");
    assert_has(text, "&lt;script&gt;x&lt;/script&gt;");
    assert_has_not(text, "<script>x");
    text = refused(SPEAK_HTML, WHO_ANYONE, REFUSE_BUSY, NULL);
    assert_has(text, "Status: 503 Service Unavailable\r\n");
    assert_line(text, "Retry-After: 2");
    assert_has(text, "role=\"alert\">The service is busy");
}

static void as_text(void **state)
{
    (void)state;
    const char *text = refused(SPEAK_TEXT, WHO_ANYONE, REFUSE_PATH_NOT_FOUND, NULL);
    assert_has(text, "Status: 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n");
    assert_memory_equal(body_of(text), "404 page not found", 18);
    renew(M_GET, SPEAK_HTML); /* refused before a row was found */
    X.route = NULL;
    (void)refuse(&X.no, REFUSE_BAD_REQUEST, NULL);
    problem_respond(&X, 0);
    text = answer();
    assert_has(text, "Status: 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n");
    assert_memory_equal(body_of(text), "The request is malformed", 24);
}

/* form-fields 1: text, whatever the row speaks */
static void csrf_is_text(void **state)
{
    (void)state;
    for (enum speak speaks = SPEAK_OAUTH; speaks <= SPEAK_TEXT; speaks++) {
        const char *text = refused(speaks, WHO_ANYONE, REFUSE_CSRF, NULL);

        assert_has(text, "Status: 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\n");
        assert_has(body_of(text), "CSRF");
        assert_has_not(body_of(text), "id.example");
    }
}

static void date_range(void **state)
{
    (void)state;
    assert_string_equal(body_of(refused(SPEAK_JSON, WHO_ADMIN, REFUSE_BAD_DATE_RANGE, "invalid created_from")),
                        "{\"data\":null,\"error\":{\"message\":\"invalid created_from\",\"code\":400}}");
    assert_has(refused(SPEAK_HTML, WHO_ADMIN, REFUSE_BAD_DATE_RANGE, NULL), "role=\"alert\">Invalid date range");
}

static void method_not_allowed(void **state)
{
    static const struct { int allow; const char *line; } cases[] = {
        { M_POST, "Allow: POST" },                                  /* HT-06 */
        { M_GET, "Allow: GET, HEAD" },
        { M_GET | M_PUT | M_DELETE, "Allow: GET, HEAD, PUT, DELETE" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        renew(M_GET, SPEAK_OAUTH);
        (void)refuse(&X.no, REFUSE_METHOD, NULL);
        problem_respond(&X, cases[i].allow);
        const char *text = answer();
        assert_has(text, "Status: 405 Method Not Allowed\r\n");
        assert_line(text, cases[i].line);
    }
}

/* http-api 1.4 */
static void too_many(void **state)
{
    (void)state;
    for (enum speak speaks = SPEAK_OAUTH; speaks <= SPEAK_HTML; speaks++) {
        const char *text = refused(speaks, WHO_ANYONE, REFUSE_TOO_MANY, NULL);

        assert_has(text, "Status: 429 Too Many Requests\r\nContent-Type: application/json\r\n");
        assert_line(text, "Retry-After: 1");
        assert_has(body_of(text), "{\"error\":\"too_many_requests\"");
    }
    renew(M_GET, SPEAK_HTML); /* a person */
    X.templates = TEMPLATES;
    RQ.accept = "text/html,application/xhtml+xml,*/*;q=0.8";
    (void)refuse(&X.no, REFUSE_TOO_MANY, NULL);
    problem_respond(&X, 0);
    const char *text = answer();
    assert_has(text, "Content-Type: text/html");
    assert_line(text, "Retry-After: 1");
}

/* --- to the client -------------------------------------------------------------------- */

static const char *sent_to(const struct return_to *to, enum refusal_code code)
{
    renew(M_GET, SPEAK_HTML);
    X.templates = TEMPLATES;
    X.no.return_to = to;
    (void)refuse(&X.no, code, NULL);
    X.no.return_to = to;
    problem_respond(&X, 0);
    return answer();
}

#define ISS "iss=https%3A%2F%2Fid.example%2Foauth2"
static void errors_travel(void **state)
{
    static const struct { struct return_to to; enum refusal_code code; const char *location; } cases[] = {
        { { "https://app.example/cb", "s&t", false }, REFUSE_INVALID_SCOPE,
          "https://app.example/cb?error=invalid_scope&error_description=The+requested+scope+is+not+allowed&"
          "state=s%26t&" ISS },
        { { "https://app.example/cb?a=b", NULL, false }, REFUSE_ACCESS_DENIED,
          "https://app.example/cb?a=b&error=access_denied&error_description=The+request+was+denied&" ISS },
        { { "com.example.app:/cb", "s", false }, REFUSE_LOGIN_REQUIRED,
          "com.example.app:/cb?error=login_required&state=s&" ISS },
        { { "https://app.example/cb", NULL, false }, REFUSE_CONSENT_REQUIRED,
          "https://app.example/cb?error=consent_required&" ISS },
        { { "https://app.example/cb", NULL, false }, REFUSE_INTERACTION_REQUIRED,
          "https://app.example/cb?error=interaction_required&" ISS },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *text = sent_to(&cases[i].to, cases[i].code);

        assert_has(text, "Status: 302 Found\r\n");
        assert_line(text, arena_printf(A, "Location: %s", cases[i].location));
        assert_string_equal(body_of(text), "");
    }
}

/* What is between the browser and us, and an address that cannot be one, stay here. */
static void errors_that_stay(void **state)
{
    static const enum refusal_code ours[] = { REFUSE_CSRF, REFUSE_TOO_MANY, REFUSE_METHOD, REFUSE_TOO_LARGE };
    struct return_to to = { "https://app.example/cb", "s", false };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        assert_has_not(sent_to(&to, ours[i]), "Location");
    to.redirect_uri = "https://app.example/\r\nX: y";
    const char *text = sent_to(&to, REFUSE_INVALID_SCOPE);
    assert_has_not(text, "Location");
    assert_has(text, "role=\"alert\">");
}

static void form_post(void **state)
{
    struct return_to to = { "https://app.example/cb?a=b", "\"><script>", true, "Books & <i>" };

    (void)state;
    const char *text = sent_to(&to, REFUSE_INVALID_SCOPE);
    assert_has(text, "Status: 200 OK\r\n");
    assert_has(text, "form-action *;");
    assert_has(text, "no-store");
    assert_has(text, "<form class=\"auth-card\" method=\"post\" action=\"https://app.example/cb?a=b\"");
    assert_has(text, "<input type=\"hidden\" name=\"error\" value=\"invalid_scope\">");
    assert_has(text, "<input type=\"hidden\" name=\"state\" value=\"&quot;&gt;&lt;script&gt;\">");
    assert_has(text, "<input type=\"hidden\" name=\"iss\" value=\"" ISSUER "\">");
    assert_has_not(text, "csrf_token");
    assert_has(text, "<strong>Books &amp; &lt;i&gt;</strong>");
    to = (struct return_to){ "com.example.app:/cb", NULL, true };
    text = sent_to(&to, REFUSE_LOGIN_REQUIRED);
    assert_has(text, "form-action * com.example.app:;");
    assert_has_not(text, "name=\"state\"");
    assert_has_not(text, "error_description");
}

static void success(void **state)
{
    struct return_to to = { "https://app.example/cb", "s", false };

    (void)state;
    assert_int_equal(respond_to_client(&X, &to, "code", "abc", "absent", NULL, "session_state", "x y", NULL), RC_OK);
    assert_line(answer(), "Location: https://app.example/cb?code=abc&session_state=x+y&state=s&" ISS);
}

/* PERR of http-api 1.3; where a browser would be redirected a script is told. */
static void to_a_script(void **state)
{
    struct return_to to = { "https://app.example/cb", "s", false };
    const char *text = refused(SPEAK_SCRIPT, WHO_ANYONE, REFUSE_PASSKEY_FAILED, NULL);

    (void)state;
    assert_has(text, "Status: 401 Unauthorized\r\nContent-Type: application/json\r\n");
    assert_string_equal(body_of(text), "{\"error\":\"authentication_failed\"}");
    assert_has_not(text, "WWW-Authenticate");
    text = refused(SPEAK_SCRIPT, WHO_ANYONE, REFUSE_TAMPERED, NULL);
    assert_string_equal(body_of(text), "{\"error\":\"The authorization parameters were tampered with\"}");
    text = refused(SPEAK_SCRIPT, WHO_ANYONE, REFUSE_TOO_MANY, NULL); /* http-api 1.4: OERR, everywhere */
    assert_has(body_of(text), "\"error\":\"too_many_requests\"");
    renew(M_POST, SPEAK_SCRIPT);
    assert_int_equal(respond_to_client(&X, &to, "code", "abc", NULL), RC_OK);
    text = answer();
    assert_has(text, "Status: 200 OK\r\n");
    assert_has_not(text, "Location");
    assert_string_equal(body_of(text), "{\"redirect\":\"https://app.example/cb?code=abc&state=s&" ISS "\"}");
    to.is_form_post = true;
    renew(M_POST, SPEAK_SCRIPT);
    assert_int_equal(respond_to_client(&X, &to, "code", "a\"b", NULL), RC_OK);
    assert_string_equal(body_of(answer()), "{\"redirect\":\"https://app.example/cb\",\"form_post\":"
                                           "{\"code\":\"a\\\"b\",\"state\":\"s\",\"iss\":\"" ISSUER "\"}}");
    renew(M_POST, SPEAK_SCRIPT);
    X.no.return_to = &to;
    (void)refuse(&X.no, REFUSE_LOGIN_REQUIRED, NULL);
    X.no.return_to = &to;
    problem_respond(&X, 0);
    assert_has(body_of(answer()), "\"form_post\":{\"error\":\"login_required\"");
    renew(M_POST, SPEAK_SCRIPT);
    problem_fault(&X, false);
    assert_string_equal(body_of(answer()), "{\"error\":\"server_error\"}");
    renew(M_POST, SPEAK_SCRIPT);
    problem_fault(&X, true);
    assert_string_equal(body_of(answer()), "{\"error\":\"temporarily_unavailable\"}");
    assert_has(answer(), "Retry-After: 5");
}

/* HT-21 */
static void form_actions(void **state)
{
    (void)state;
    assert_string_equal(problem_form_action(A, "https://app.example/cb"), "*");
    assert_string_equal(problem_form_action(A, "http://localhost:8080/cb"), "*");
    assert_string_equal(problem_form_action(A, "com.example.app:/cb"), "* com.example.app:");
    assert_string_equal(problem_form_action(A, "nonsense; script-src *"), "*");
}

/* --- our own failures ------------------------------------------------------------------- */

static const char *failed(enum speak speaks, bool is_busy)
{
    renew(M_POST, speaks);
    X.templates = TEMPLATES;
    RS.model = json_object(A); /* whatever was half done is gone */
    RS.has_model = true;
    problem_fault(&X, is_busy);
    return answer();
}

static void faults(void **state)
{
    (void)state;
    for (enum speak speaks = SPEAK_OAUTH; speaks <= SPEAK_TEXT; speaks++) {
        const char *text = failed(speaks, false);

        assert_has(text, "Status: 500 Internal Server Error\r\n");
        assert_has(body_of(text), "request-id");
        text = failed(speaks, true);
        assert_has(text, "Status: 503 Service Unavailable\r\n");
        assert_has(text, "\r\nRetry-After: ");
    }
    assert_has(failed(SPEAK_JSON, false), "{\"error\":\"server_error\"");
    assert_has(failed(SPEAK_HTML, false), "role=\"alert\">Something went wrong");
}

/* A form post whose refusals are for programmers: a person waits for it all the same. */
static void faults_of_another_language(void **state)
{
    (void)state;
    for (int is_busy = 0; is_busy <= 1; is_busy++) {
        renew(M_POST, SPEAK_OAUTH);
        X.templates = TEMPLATES;
        ROUTE.when_down = SPEAK_HTML;
        problem_fault(&X, is_busy);
        assert_has(answer(), "<p class=\"auth-error\" role=\"alert\">");
    }
    (void)refuse(&X.no, REFUSE_BUSY, NULL);
    problem_respond(&X, 0);
    assert_has(answer(), "<p class=\"auth-error\" role=\"alert\">The service is busy");
    (void)refuse(&X.no, REFUSE_TAMPERED, NULL);
    problem_respond(&X, 0);
    assert_has(answer(), "{\"error\":\"invalid_request\"");
}

/* The page about the failure fails too. */
static void fault_without_a_page(void **state)
{
    (void)state;
    renew(M_GET, SPEAK_HTML);
    X.templates = NULL;
    problem_fault(&X, false);
    const char *text = answer();
    assert_has(text, "Status: 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n");
    (void)refuse(&X.no, REFUSE_INVALID_REQUEST, NULL);
    problem_respond(&X, 0);
    assert_has(answer(), "Status: 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n");
}

/* Cookies that were cleared stay cleared. */
static void cookies_stay(void **state)
{
    (void)state;
    response_header(&X, "Set-Cookie", "a=b");
    (void)refuse(&X.no, REFUSE_INVALID_REQUEST, NULL);
    problem_respond(&X, 0);
    assert_line(answer(), "Set-Cookie: a=b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(as_json), TEST(bearer_challenges), TEST(basic_challenge), TEST(as_page), TEST(as_text),
        TEST(csrf_is_text), TEST(date_range), TEST(method_not_allowed), TEST(too_many), TEST(errors_travel),
        TEST(errors_that_stay), TEST(form_post), TEST(success), TEST(to_a_script), TEST(form_actions), TEST(faults),
        TEST(faults_of_another_language), TEST(fault_without_a_page), TEST(cookies_stay),
    };

    return cmocka_run_group_tests(tests, load_templates, drop_templates);
}
