#include "config.h"

#include "http_test.h"

#include "http/cookie.h"

#define IN_AN_HOUR "Mon, 21 Sep 2026 15:13:20 GMT"

static void attributes(void **state)
{
    static const struct {
        const char *origin, *path;
        enum same_site same_site;
        int64_t max_age_s;
        const char *header;
    } cases[] = {
        { "https://id.example", "/", SAME_LAX, 0, "n=v; Path=/; HttpOnly; SameSite=Lax; Secure" },
        { "https://id.example", "/oauth2", SAME_STRICT, 3600,
          "n=v; Path=/oauth2; Max-Age=3600; Expires=" IN_AN_HOUR "; HttpOnly; SameSite=Strict; Secure" },
        { "http://localhost:9999", "/", SAME_LAX, 3600,
          "n=v; Path=/; Max-Age=3600; Expires=" IN_AN_HOUR "; HttpOnly; SameSite=Lax" },
        { "https://id.example", "/", SAME_LAX, -1,
          "n=v; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax; Secure" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        renew(M_GET, SPEAK_HTML);
        use_url(cases[i].origin);
        cookie_set(&X, "n", "v", cases[i].path, cases[i].same_site, cases[i].max_age_s);
        assert_string_equal(RS.headers.text, arena_printf(A, "Set-Cookie: %s\r\n", cases[i].header));
    }
}

static void several(void **state)
{
    (void)state;
    cookie_set(&X, "a", "1", "/", SAME_LAX, 0);
    cookie_clear(&X, "b", "/");
    assert_string_equal(RS.headers.text,
                        "Set-Cookie: a=1; Path=/; HttpOnly; SameSite=Lax; Secure\r\n"
                        "Set-Cookie: b=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
                        "HttpOnly; SameSite=Lax; Secure\r\n");
}

static void no_second_header(void **state)
{
    (void)state;
    cookie_set(&X, "a", "1\r\nX-Evil: yes", "/", SAME_LAX, 0);
    assert_string_equal(RS.headers.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(attributes), TEST(several), TEST(no_second_header) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
