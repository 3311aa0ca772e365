/* The token endpoint: HT-03 to HT-07, TK-08, TK-11 to TK-14; the routes of this room. */
#include "oidc_test.h"

#include "oidc/routes.h"
#include "store/limits.h"

struct row { const char *what, *header, *form; enum refusal_code code; };

static void test_order(void **state)
{
    const char *app = basic("app", SECRET);
    const struct row rows[] = {
        { "TK-11 no grant_type", app, "code=x", REFUSE_INVALID_REQUEST },
        { "HT-04 empty grant_type", app, "grant_type=", REFUSE_INVALID_REQUEST },
        { "HT-03 grant_type twice", app, "grant_type=refresh_token&grant_type=refresh_token", REFUSE_INVALID_REQUEST },
        { "TK-12 unknown", app, "grant_type=magic", REFUSE_UNSUPPORTED_GRANT_TYPE },
        { "TK-12 implicit", app, "grant_type=implicit", REFUSE_UNSUPPORTED_GRANT_TYPE },
        { "TK-13 not registered", app, "grant_type=client_credentials", REFUSE_UNAUTHORIZED_CLIENT },
        { "TK-36 not registered", app, "grant_type=password&username=ann&password=right", REFUSE_UNAUTHORIZED_CLIENT },
        { "TK-36 not registered", NULL, "grant_type=password&username=ann&password=right&client_id=spa",
          REFUSE_UNAUTHORIZED_CLIENT },
        { "not built", app, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code",
          REFUSE_UNSUPPORTED_GRANT_TYPE },
        { "grant_type is judged before the client", basic("app", "wrong"), "grant_type=magic",
          REFUSE_UNSUPPORTED_GRANT_TYPE },
        { "the client before the grant", basic("app", "wrong"), "grant_type=authorization_code",
          REFUSE_INVALID_CLIENT },
        { "TK-13 not registered", basic("poor", SECRET "3"), "grant_type=refresh_token&refresh_token=x",
          REFUSE_UNAUTHORIZED_CLIENT },
        { "TK-14 no code", app, "grant_type=authorization_code&redirect_uri=https%3A%2F%2Fapp.example%2Fcb",
          REFUSE_INVALID_REQUEST },
        { "TK-16 no redirect_uri", app, "grant_type=authorization_code&code=x", REFUSE_INVALID_REQUEST },
        { "redirect_uri is no URI", app, "grant_type=authorization_code&code=x&redirect_uri=bare",
          REFUSE_INVALID_REQUEST },
        { "HT-03 code twice", app,
          "grant_type=authorization_code&code=x&code=y&redirect_uri=https%3A%2F%2Fapp.example%2Fcb",
          REFUSE_INVALID_REQUEST },
        { "HT-03 of another grant, twice", app,
          "grant_type=authorization_code&code=x&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope=a&scope=b",
          REFUSE_INVALID_REQUEST },
        { "HT-03 the two that may be repeated", app,
          "grant_type=authorization_code&code=x&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&resource=a&resource=b"
          "&audience=a&audience=b&foo=1&foo=2", REFUSE_INVALID_GRANT },
        { "TK-15 unknown code", app,
          "grant_type=authorization_code&code=x&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&extra=foobar",
          REFUSE_INVALID_GRANT },
        { "TK-08 only client_id", NULL, "grant_type=authorization_code&client_id=app&code=x", REFUSE_INVALID_CLIENT },
        { "no client at all", NULL,
          "grant_type=authorization_code&code=x&redirect_uri=https%3A%2F%2Fapp.example%2Fcb", REFUSE_INVALID_GRANT },
        { "no refresh_token", app, "grant_type=refresh_token", REFUSE_INVALID_GRANT },
    };

    (void)state;
    put_client_of("poor", false, "client_secret_basic", SECRET "3");
    register_for("poor", "authorization_code", NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_token_refused(rows[i].what, rows[i].header, rows[i].form, rows[i].code);
}

static void test_not_a_form(void **state) /* HT-07 */
{
    struct request *rq = a_request(M_POST);
    struct exchange *x;

    (void)state;
    rq->content_type = "application/json";
    rq->body = bytes_of("{\"grant_type\":\"refresh_token\"}");
    x = an_exchange(rq);
    assert_no(x, token_handle(x), REFUSE_INVALID_REQUEST);
}

static void test_bad_form(void **state) /* HT-14 */
{
    struct request *rq = a_request(M_POST);
    struct exchange *x;

    (void)state;
    rq->is_form = rq->is_bad_form = true;
    x = an_exchange(rq);
    assert_no(x, token_handle(x), REFUSE_INVALID_REQUEST);
}

/* ---- routes ---- */

static const struct route *route_of(const struct router *r, enum method method, const char *path, int *allow)
{
    const struct route *row = NULL;

    return router_match(r, method, path, &row, allow) == RC_OK ? row : NULL;
}

static void test_routes(void **state)
{
    static const struct { enum method method; const char *path; enum rc (*handle)(struct exchange *x); } rows[] = {
        { M_POST, "/oauth2/token", token_handle },
        { M_POST, "/oauth2/protocol/openid-connect/token", token_handle },
        { M_GET, "/oauth2/userinfo", userinfo_handle },
        { M_POST, "/oauth2/userinfo", userinfo_handle },
        { M_GET, "/oauth2/protocol/openid-connect/userinfo", userinfo_handle },
        { M_POST, "/oauth2/introspect", introspect_handle },
        { M_POST, "/oauth2/revoke", revoke_handle },
        { M_GET, "/.well-known/openid-configuration", discovery_handle },
        { M_HEAD, "/.well-known/openid-configuration", discovery_handle }, /* MD-27 */
        { M_GET, "/oauth2/.well-known/openid-configuration", discovery_handle },
        { M_GET, "/.well-known/oauth-authorization-server", discovery_infix_handle },
        { M_GET, "/.well-known/oauth-authorization-server/oauth2", discovery_infix_handle },
        { M_GET, "/oauth2/.well-known/jwks.json", jwks_handle },
    };
    const struct route *row;
    struct router *r;
    int allow;

    (void)state;
    assert_ok(router_new(A, &oidc_routes, 1, "/oauth2", &r));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        row = route_of(r, rows[i].method, rows[i].path, &allow);
        if (row == NULL || row->handle != rows[i].handle)
            fail_msg("%s", rows[i].path);
    }
    assert_null(route_of(r, M_GET, "/oauth2/token", &allow)); /* HT-06 */
    assert_int_equal(allow, M_POST);
    assert_null(route_of(r, M_GET, "/oauth2/revoke", &allow)); /* RV-11 */
    assert_int_equal(allow, M_POST);
    assert_null(route_of(r, M_GET, "/.well-known/other", &allow)); /* MD-27 */
    assert_int_equal(allow, 0);
}

/* ---- rate tokens (design D11b) ---- */

static char limits_dir[] = "/tmp/autentico-oidc-XXXXXX";

/* A bucket of one: is there one left after the request? */
static bool is_refunded(struct exchange *x, const char *key)
{
    struct limits_rates rates = { .rps = 0.001, .rpm = 0, .burst = 1, .rpm_burst = 1 };
    static struct route row;
    struct request *rq = arena_memdup(A, x->rq, sizeof(*x->rq));
    bool is;

    row = ROUTE;
    row.limit = LIMIT_REFUND;
    rq->limit_key = key;
    x->rq = rq;
    x->route = &row;
    assert_ok(limits_open(limits_dir, true, &rates, &x->limits));
    assert_true(limits_take(x->limits, key, x->now * 1000));
    (void)!token_handle(x);
    is = limits_take(x->limits, key, x->now * 1000);
    limits_close(x->limits);
    x->limits = NULL;
    return is;
}

static void test_refund(void **state)
{
    static const char form[] = "grant_type=refresh_token&refresh_token=x";

    (void)state;
    assert_non_null(mkdtemp(limits_dir));
    assert_true(is_refunded(with_header(a_post(form), basic("app", SECRET)), "192.0.2.1"));
    assert_false(is_refunded(with_header(a_post(form), basic("app", "wrong")), "192.0.2.2"));
    assert_false(is_refunded(a_post("grant_type=refresh_token&refresh_token=x&client_id=spa"), "192.0.2.3"));
    assert_int_equal(system(arena_printf(A, "rm -rf %s", limits_dir)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, world, after),
        cmocka_unit_test_setup_teardown(test_not_a_form, world, after),
        cmocka_unit_test_setup_teardown(test_bad_form, world, after),
        cmocka_unit_test_setup_teardown(test_routes, world, after),
        cmocka_unit_test_setup_teardown(test_refund, world, after),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
