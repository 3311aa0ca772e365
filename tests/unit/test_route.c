#include "config.h"

#include "http_test.h"

static enum rc h(struct exchange *x)
{
    (void)x;
    return RC_OK;
}

#define REST .who = WHO_ANYONE, .limit = LIMIT_NONE, .csrf = CSRF_NONE, .speaks = SPEAK_JSON, .handle = h
#define ROW(m, ...) { .methods = (m), REST, .path = __VA_ARGS__ }
#define ROOT .base = BASE_ROOT

static const struct route first[] = {
    ROW(M_GET | M_POST, "/authorize", .hashes = true),
    ROW(M_POST, "/token", .hashes = true),
    ROW(M_GET, "/register/:client_id", .needs = "get"),
    ROW(M_PUT, "/register/:client_id", .needs = "put"),
    ROW(M_POST, "/register", .needs = "post"),
    ROW(M_GET, "/static/*", .needs = "static"),
    ROW(M_GET, "/static/theme.css", .needs = "theme"),
};
static const struct route second[] = {
    ROW(M_ANY, "/", ROOT, .needs = "root"),
    ROW(M_GET, "/admin/", ROOT, .needs = "dashboard"),
    ROW(M_GET, "/admin/users", ROOT, .needs = "list"),
    ROW(M_GET, "/admin/users/new", ROOT, .needs = "new"),
    ROW(M_GET, "/admin/users/:id", ROOT, .needs = "user"),
    ROW(M_POST, "/admin/users/:id/:what", ROOT, .needs = "what"),
    ROW(M_POST, "/admin/users/:id/2fa", ROOT, .needs = "2fa"),
    ROW(M_POST, "/admin/users/:id/unlock", ROOT, .needs = "unlock", .hashes = true),
    ROW(M_DELETE, "/admin/users/:id/*", ROOT, .needs = "rest"),
};
static const struct route_table tables[] = { { first, ARRAY_LEN(first) }, { second, ARRAY_LEN(second) } };

static const struct router *router(const char *oauth_path)
{
    struct router *r = NULL;

    assert_int_equal(router_new(A, tables, ARRAY_LEN(tables), oauth_path, &r), RC_OK);
    return r;
}

#define NOBODY 0
static void matching(void **state)
{
    static const struct { enum method method; const char *path, *needs; int allow; } cases[] = {
        { M_GET, "/", "root", 0 },
        { M_OTHER, "/", "root", 0 },
        { M_GET, "/oauth2/register/abc", "get", 0 },
        { M_HEAD, "/oauth2/register/abc", "get", 0 },
        { M_PUT, "/oauth2/register/abc", "put", 0 },
        { M_POST, "/oauth2/register", "post", 0 },
        { M_GET, "/oauth2/static/theme.css", "theme", 0 },
        { M_GET, "/oauth2/static/a/b.css", "static", 0 },
        { M_GET, "/oauth2/static/", "static", 0 },
        { M_GET, "/admin/", "dashboard", 0 },
        { M_GET, "/admin/users/new", "new", 0 },
        { M_GET, "/admin/users/newer", "user", 0 },
        { M_POST, "/admin/users/1/unlock", "unlock", 0 },
        { M_POST, "/admin/users/1/2fa", "2fa", 0 },
        { M_POST, "/admin/users/1/other", "what", 0 },
        { M_DELETE, "/admin/users/1/other", "rest", 0 },
        { M_DELETE, "/admin/users/1/a/b/c", "rest", 0 },
        /* no such method */
        { M_DELETE, "/oauth2/register/abc", NULL, M_GET | M_PUT },
        { M_GET, "/oauth2/register", NULL, M_POST },
        { M_HEAD, "/oauth2/token", NULL, M_POST },     /* HT-06 */
        { M_GET, "/oauth2/token", NULL, M_POST },
        { M_OPTIONS, "/oauth2/authorize", NULL, M_GET | M_POST },
        { M_PATCH, "/admin/users/1", NULL, M_GET },
        /* no such path */
        { M_GET, "/oauth2", NULL, NOBODY },
        { M_GET, "/oauth2/", NULL, NOBODY },
        { M_GET, "/oauth2/register/", NULL, NOBODY },  /* ":name" is not empty */
        { M_GET, "/oauth2/register/a/b", NULL, NOBODY },
        { M_GET, "/oauth2/static", NULL, NOBODY },
        { M_GET, "/oauth2/tokens", NULL, NOBODY },
        { M_GET, "/token", NULL, NOBODY },
        { M_GET, "/admin", NULL, NOBODY },
        { M_GET, "/admin/users/", NULL, NOBODY },
        { M_GET, "/ADMIN/", NULL, NOBODY },
        { M_GET, "", NULL, NOBODY },
    };
    const struct router *r = router("/oauth2");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct route *row = NULL;
        int allow = -1;
        enum rc rc = router_match(r, cases[i].method, cases[i].path, &row, &allow);

        if (rc != (cases[i].needs != NULL ? RC_OK : RC_NONE) || allow != cases[i].allow)
            fail_msg("%s: %d, allow %d", cases[i].path, rc, allow);
        if (cases[i].needs != NULL)
            assert_string_equal(row->needs, cases[i].needs);
        else
            assert_int_equal(row != NULL, cases[i].allow != 0);
    }
}

static void other_prefix(void **state)
{
    const struct route *row;
    int allow;

    (void)state;
    assert_int_equal(router_match(router("/a/b"), M_POST, "/a/b/token", &row, &allow), RC_OK);
    assert_int_equal(router_match(router("/a/b"), M_POST, "/oauth2/token", &row, &allow), RC_NONE);
    assert_null(row);
    assert_int_equal(router_match(router(""), M_POST, "/token", &row, &allow), RC_OK);
}

static void parameters(void **state)
{
    static const struct { enum method method; const char *path, *name, *value; } cases[] = {
        { M_GET, "/oauth2/register/abc", "client_id", "abc" },
        { M_GET, "/oauth2/register/a b", "client_id", "a b" },
        { M_GET, "/oauth2/register/abc", "client", NULL },
        { M_GET, "/oauth2/register/abc", "client_id2", NULL },
        { M_GET, "/oauth2/register/abc", "*", NULL },
        { M_GET, "/oauth2/static/a/b", "*", "a/b" },
        { M_GET, "/oauth2/static/", "*", "" },
        { M_GET, "/oauth2/static/theme.css", "*", NULL },
        { M_POST, "/admin/users/u1/w1", "id", "u1" },
        { M_POST, "/admin/users/u1/w1", "what", "w1" },
        { M_DELETE, "/admin/users/u1/x/y", "id", "u1" },
        { M_DELETE, "/admin/users/u1/x/y", "*", "x/y" },
    };
    const struct router *r = router("/oauth2");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int allow;

        RQ.path = cases[i].path;
        assert_int_equal(router_match(r, cases[i].method, RQ.path, &X.route, &allow), RC_OK);
        assert_same(route_param(&X, cases[i].name), cases[i].value);
    }
}

static enum rc start_with(const struct route *rows, size_t n)
{
    struct route_table t = { rows, n };
    struct router *r = NULL;

    return router_new(A, &t, 1, "/oauth2", &r);
}

/* A column that is not set is a policy nobody thought about. */
static void unset_columns(void **state)
{
    const struct route good = ROW(M_GET, "/a");
    struct route bad[5];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        bad[i] = good;
    bad[0].who = WHO_UNSET;
    bad[1].limit = LIMIT_UNSET;
    bad[2].csrf = CSRF_UNSET;
    bad[3].speaks = SPEAK_UNSET;
    bad[4].handle = NULL;
    assert_int_equal(start_with(&good, 1), RC_OK);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (start_with(&bad[i], 1) != RC_FAULT)
            fail_msg("column %zu", i);
}

/* What must not start either. */
static void bad_tables(void **state)
{
    static const struct route bad[][2] = {
        { ROW(0, "/a") },
        { ROW(M_GET, NULL) },
        { ROW(M_GET, "a") },
        { ROW(M_GET, "") },
        { ROW(M_GET, "/a", .body_max = 128 * 1024 + 1) },
        { ROW(M_GET, "/a*") },
        { ROW(M_GET, "/*/a") },
        { ROW(M_GET, "/:") },
        { ROW(M_GET, "/:/a") },
        { ROW(M_GET, "/a:b") },
        { ROW(M_GET, "/:a:b") },
        { ROW(M_GET, "/:A") },
        { ROW(M_GET, "/a"), ROW(M_GET | M_POST, "/a") },
        { ROW(M_GET, "/a"), ROW(M_GET, "/oauth2/a", ROOT) },
        { ROW(M_GET, "/a/:b"), ROW(M_GET, "/a/:c") },
        { ROW(M_GET, "/a/*"), ROW(M_ANY, "/a/*") },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (start_with(bad[i], bad[i][1].handle != NULL ? 2 : 1) != RC_FAULT)
            fail_msg("table %zu starts", i);
    }
}

static void collect(const char *path, void *arg)
{
    sbuf_add(arg, path);
    sbuf_addc(arg, ' ');
}

static void hashing_rows(void **state)
{
    struct sbuf b;

    (void)state;
    sbuf_init(&b, A, 0);
    router_each_hashing(router("/oauth2"), collect, &b);
    assert_string_equal(b.text, "/oauth2/authorize /oauth2/token /admin/users/:id/unlock ");
}

static void cleaning(void **state)
{
    static const struct { const char *path, *clean; } cases[] = {
        { "/", NULL },
        { "/a", NULL },
        { "/a/", NULL },
        { "/a/b.c/..d/.e", NULL },
        { "/.well-known/openid-configuration", NULL },
        { "//", "/" },
        { "//a", "/a" },
        { "//evil.example/a", "/evil.example/a" }, /* never "//": that is a host */
        { "///", "/" },
        { "/a//b", "/a/b" },
        { "/a//", "/a/" },
        { "/./", "/" },
        { "/.", "/" },
        { "/a/.", "/a/" },
        { "/a/./b", "/a/b" },
        { "/..", "/" },
        { "/../../a", "/a" },
        { "/a/../b", "/b" },
        { "/a/b/..", "/a/" },
        { "/a/b/../", "/a/" },
        { "/a/../../b", "/b" },
        { "/.//evil.example", "/evil.example" },
        { "/a/..//evil.example", "/evil.example" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *clean = path_clean(A, cases[i].path);

        if ((clean == NULL) != (cases[i].clean == NULL))
            fail_msg("%s: %s", cases[i].path, text_or(clean, "(clean)"));
        assert_same(clean, cases[i].clean);
        if (clean != NULL)
            assert_null(path_clean(A, clean)); /* no second redirect */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(matching), TEST(other_prefix), TEST(parameters), TEST(unset_columns), TEST(bad_tables), TEST(hashing_rows), TEST(cleaning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
