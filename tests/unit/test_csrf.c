#include "config.h"

#include "http_test.h"

#include "http/csrf.h"

/* The browser's side: what it has in its jar. */
static void give_cookie(const char *value)
{
    struct param *v = arena_array(A, struct param, RQ.cookies.n + 1);

    for (size_t i = 0; i < RQ.cookies.n; i++)
        v[i] = RQ.cookies.v[i];
    v[RQ.cookies.n] = (struct param){ CSRF_COOKIE, value };
    RQ.cookies = (struct params){ v, RQ.cookies.n + 1 };
}

static void visit(enum method method, const char *cookie)
{
    renew(method, SPEAK_HTML);
    RQ.host = "id.example";
    RQ.origin = "https://id.example";
    if (cookie != NULL)
        give_cookie(cookie);
}

/* A first page: its cookie and its token. */
static void first_page(const char **cookie, const char **token)
{
    visit(M_GET, NULL);
    *token = csrf_token(&X);
    *cookie = csrf_cookie(&X);
}

static enum rc post(const char *cookie, const char *token)
{
    visit(M_POST, cookie);
    if (token != NULL)
        use_form(arena_printf(A, "%s=%s&a=b", CSRF_FIELD, token));
    return csrf_check(&X);
}

static void assert_refused(enum rc rc)
{
    assert_int_equal(rc, RC_REFUSED);
    assert_int_equal(X.no.code, REFUSE_CSRF);
    assert_has(refusal_text(&X.no), "CSRF");
    assert_int_equal(refusal_status(X.no.code), 403);
}

/* form-fields 1 */
static void cookie_is_set_once(void **state)
{
    const char *cookie, *token;

    (void)state;
    first_page(&cookie, &token);
    assert_int_equal(strlen(cookie), 43);
    assert_has(RS.headers.text, arena_printf(A, "Set-Cookie: autentico_csrf=%s; Path=/; Max-Age=43200; ", cookie));
    assert_has(RS.headers.text, "; HttpOnly; SameSite=Lax; Secure\r\n");
    size_t n = RS.headers.n;
    assert_string_equal(csrf_cookie(&X), cookie);
    (void)csrf_token(&X);
    (void)csrf_binding(&X);
    assert_int_equal(RS.headers.n, n);
    visit(M_GET, cookie); /* the next page */
    assert_string_equal(csrf_cookie(&X), cookie);
    assert_int_equal(RS.headers.n, 0);
}

static void token_text(void **state)
{
    const char *cookie, *token;

    (void)state;
    first_page(&cookie, &token);
    const char *again = csrf_token(&X);
    assert_int_equal(strlen(token), 86);
    assert_true(is_base64url(token));
    assert_string_not_equal(token, again);
    assert_memory_not_equal(token + 43, again + 43, 40); /* both halves */
    assert_int_equal(post(cookie, token), RC_OK);
    assert_int_equal(post(cookie, again), RC_OK); /* several pages at once */
    assert_int_equal(post(cookie, token), RC_OK); /* and again */
    assert_has(RS.headers.text, "Vary: Cookie\r\n");
}

/* Changing any character of either, or having none. */
static void wrong_token_or_cookie(void **state)
{
    const char *cookie, *token, *other_cookie, *other_token;

    (void)state;
    first_page(&other_cookie, &other_token);
    first_page(&cookie, &token);
    assert_refused(post(cookie, NULL));
    assert_refused(post(cookie, ""));
    assert_refused(post(NULL, token));
    assert_refused(post("", token));
    assert_refused(post(cookie, other_token));
    assert_refused(post(other_cookie, token));
    assert_refused(post(cookie, cookie));
    for (size_t i = 0; i < strlen(token); i++) {
        char *bad = arena_strdup(A, token);

        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        assert_refused(post(cookie, bad));
    }
    for (size_t i = 0; i < strlen(cookie); i++) {
        char *bad = arena_strdup(A, cookie);

        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        assert_refused(post(bad, token));
        visit(M_GET, bad); /* one we did not make counts as none */
        assert_string_not_equal(csrf_cookie(&X), bad);
    }
    assert_refused(post(cookie, arena_printf(A, "%sA", token)));
    assert_refused(post(cookie, arena_strndup(A, token, 85)));
    /* sixty-four zero bytes: mask equals masked */
    assert_refused(post(cookie, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

static void both_live_twelve_hours(void **state)
{
    const char *cookie, *token;

    (void)state;
    first_page(&cookie, &token);
    visit(M_POST, cookie);
    use_form(arena_printf(A, "%s=%s", CSRF_FIELD, token));
    X.now = NOW + CSRF_LIFE_S - 1;
    assert_int_equal(csrf_check(&X), RC_OK);
    X.now = NOW + CSRF_LIFE_S;
    assert_refused(csrf_check(&X));
    X.now = NOW - 3600; /* from the future */
    assert_refused(csrf_check(&X));
    X.now = NOW - 30;
    assert_int_equal(csrf_check(&X), RC_OK);
}

static void header_instead_of_field(void **state)
{
    const char *cookie, *token;

    (void)state;
    first_page(&cookie, &token);
    visit(M_PUT, cookie);
    RQ.csrf_header = token;
    assert_int_equal(csrf_check(&X), RC_OK);
    visit(M_DELETE, cookie);
    RQ.csrf_header = "nonsense";
    use_form(arena_printf(A, "%s=%s", CSRF_FIELD, token));
    assert_refused(csrf_check(&X));
    visit(M_POST, cookie);
    RQ.query = params_of(arena_printf(A, "%s=%s", CSRF_FIELD, token)); /* never in a URL */
    assert_refused(csrf_check(&X));
    visit(M_POST, cookie);
    use_form(arena_printf(A, "%s=%s&%s=%s", CSRF_FIELD, token, CSRF_FIELD, token));
    assert_refused(csrf_check(&X));
}

static void safe_methods_pass(void **state)
{
    static const struct { enum method method; bool is_safe; } cases[] = {
        { M_GET, true },  { M_HEAD, true },    { M_OPTIONS, true }, { M_POST, false },
        { M_PUT, false }, { M_DELETE, false }, { M_PATCH, false },  { M_OTHER, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        visit(cases[i].method, NULL);
        RQ.origin = "https://evil.example";
        assert_int_equal(csrf_check(&X), cases[i].is_safe ? RC_OK : RC_REFUSED);
    }
}

/* http-api 1.5 */
static void origins(void **state)
{
    static const struct {
        const char *url, *origin, *referer, *site, *host;
        bool is_secure, is_good;
    } cases[] = {
#define HTTPS "https://id.example"
#define PLAIN "http://localhost:9999"
        { HTTPS, "https://id.example", "", "", "id.example", true, true },
        { HTTPS, "https://id.example", "", "same-origin", "id.example", true, true },
        { HTTPS, "https://ID.example", "", "", "id.example", true, true },
        { HTTPS, "https://id.example:443", "", "", "id.example", true, true },
        { "https://id.example:443", "https://id.example", "", "", "id.example", true, true },
        { "https://id.example:8443", "https://id.example:8443", "", "", "id.example:8443", true, true },
        { PLAIN, "http://localhost:9999", "", "", "localhost:9999", false, true },
        { PLAIN, "https://alias.example", "", "", "alias.example", true, true }, /* the request's own */
        /* not ours */
        { HTTPS, "null", "", "", "id.example", true, false },
        { HTTPS, "https://evil.example", "", "", "id.example", true, false },
        { HTTPS, "https://evil.example", "https://id.example/", "", "id.example", true, false },
        { HTTPS, "https://id.example.evil.example", "", "", "id.example", true, false },
        { HTTPS, "https://id.example:8443", "", "", "id.example", true, false },
        { HTTPS, "https://id.example@evil.example", "", "", "id.example", true, false },
        { HTTPS, "http://id.example", "", "", "id.example", true, false },
        { HTTPS, "id.example", "", "", "id.example", true, false },
        { HTTPS, "https://", "", "", "", true, false },
        { HTTPS, "https://id.example", "", "cross-site", "id.example", true, false },
        { PLAIN, "http://localhost", "", "", "localhost:9999", false, false },
        { PLAIN, "http://evil.example", "", "", "evil.example", false, false },
        { PLAIN, "https://alias.example", "", "", "alias.example", false, false },
        /* no Origin: the Referer has to be there, encrypted, and ours */
        { HTTPS, "", "https://id.example/oauth2/authorize?a=b|c^", "", "id.example", true, true },
        { HTTPS, "", "https://id.example", "", "id.example", true, true },
        { PLAIN, "", "https://alias.example/x", "", "alias.example", true, true },
        { HTTPS, "", "", "", "id.example", true, false },
        { HTTPS, "", "http://id.example/", "", "id.example", true, false },
        { HTTPS, "", "https://evil.example/https://id.example/", "", "id.example", true, false },
        { HTTPS, "", "https://id.example.evil.example/", "", "id.example", true, false },
        { HTTPS, "", "https://evil.example?://id.example/", "", "id.example", true, false },
        { HTTPS, "", "/oauth2/authorize", "", "id.example", true, false },
        { PLAIN, "", "http://localhost:9999/", "", "localhost:9999", false, false }, /* as the contract has it */
    };
    const char *cookie, *token;

    (void)state;
    first_page(&cookie, &token);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        visit(M_POST, cookie);
        use_url(cases[i].url);
        use_form(arena_printf(A, "%s=%s", CSRF_FIELD, token));
        RQ.origin = cases[i].origin;
        RQ.referer = cases[i].referer;
        RQ.sec_fetch_site = cases[i].site;
        RQ.host = cases[i].host;
        RQ.is_secure = cases[i].is_secure;
        enum rc rc = csrf_check(&X);
        if (rc != (cases[i].is_good ? RC_OK : RC_REFUSED))
            fail_msg("case %zu: %s %s: %d", i, cases[i].origin, cases[i].referer, rc);
        if (!cases[i].is_good)
            assert_refused(rc);
    }
}

/* Rotating the cookie secret with an overlap keeps open pages working. */
static void previous_key(void **state)
{
    static const uint8_t next[32] = "another cookie secret, 32 bytes!", old[32] = "a cookie secret of 32 bytes, yes";
    struct keyring_roots roots = { .cookie = BYTES(next), .cookie_previous = BYTES(old) };
    const char *cookie, *token;

    (void)state;
    first_page(&cookie, &token);
    keyring_derive(&roots, &KEYS);
    assert_int_equal(post(cookie, token), RC_OK);
    visit(M_GET, cookie);
    assert_string_equal(csrf_cookie(&X), cookie);
    assert_int_equal(post(cookie, csrf_token(&X)), RC_OK); /* a new token for the old cookie */
    roots.cookie_previous = (struct bytes){ NULL, 0 };
    keyring_derive(&roots, &KEYS);
    assert_refused(post(cookie, token));
}

/* A neighbour's host can plant cookies for ours; they do not lock anybody out. */
static void planted_cookies(void **state)
{
    const char *cookie, *token;

    (void)state;
    first_page(&cookie, &token);
    visit(M_POST, "planted");
    give_cookie(cookie);
    use_form(arena_printf(A, "%s=%s", CSRF_FIELD, token));
    assert_int_equal(csrf_check(&X), RC_OK);
    assert_string_equal(csrf_cookie(&X), cookie);
}

static void binding(void **state)
{
    const char *cookie, *token;

    (void)state;
    first_page(&cookie, &token);
    struct bytes one = csrf_binding(&X);
    visit(M_POST, cookie);
    struct bytes same = csrf_binding(&X);
    visit(M_POST, NULL);
    struct bytes other = csrf_binding(&X);
    assert_int_equal(one.n, 16);
    assert_memory_equal(one.p, same.p, 16);
    assert_memory_not_equal(one.p, other.p, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cookie_is_set_once), TEST(token_text), TEST(wrong_token_or_cookie), TEST(both_live_twelve_hours),
        TEST(header_instead_of_field), TEST(safe_methods_pass), TEST(origins), TEST(previous_key),
        TEST(planted_cookies), TEST(binding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
