/* Metadata: MD-01 to MD-15, MD-21, MD-24, MD-26, JO-12, JO-13, PK-11. */
#include "oidc_test.h"

#include "oidc/endpoints.h"

static struct json *discovered(enum rc (*handle)(struct exchange *), const char *path)
{
    struct request *rq = a_request(M_GET);
    struct exchange *x;

    rq->path = path;
    x = an_exchange(rq);
    assert_ok(handle(x));
    assert_string_equal(x->rs->content_type, "application/json");
    assert_string_equal(x->rs->cache_control, "public, max-age=300"); /* MD-26 */
    return answer_of(x);
}

static const char *list_of(const struct json *doc, const char *name)
{
    const struct json *list = json_get(doc, name);
    struct sbuf b;

    sbuf_init(&b, A, 0);
    for (size_t i = 0; i < json_len(list); i++)
        sbuf_printf(&b, "%s%s", i ? " " : "", json_str(json_at(list, i)));
    return b.text;
}

static void test_endpoints(void **state)
{
    struct json *doc = discovered(discovery_handle, "/oauth2/.well-known/openid-configuration");

    (void)state;
    assert_string_equal(text_of(doc, "issuer"), ISSUER); /* MD-03 */
    assert_string_equal(text_of(doc, "authorization_endpoint"), ISSUER "/authorize");
    assert_string_equal(text_of(doc, "token_endpoint"), ISSUER "/token");
    assert_string_equal(text_of(doc, "userinfo_endpoint"), ISSUER "/userinfo");
    assert_string_equal(text_of(doc, "registration_endpoint"), ISSUER "/register");
    assert_string_equal(text_of(doc, "end_session_endpoint"), ISSUER "/logout"); /* MD-15 */
    assert_string_equal(text_of(doc, "jwks_uri"), ISSUER "/.well-known/jwks.json");
    assert_string_equal(text_of(doc, "introspection_endpoint"), ISSUER "/introspect"); /* MD-21 */
    assert_string_equal(text_of(doc, "revocation_endpoint"), ISSUER "/revoke");
    assert_false(json_has(doc, "device_authorization_endpoint")); /* not built */
}

/* MD-09: exactly what works. */
static void test_lists(void **state)
{
    struct json *doc = discovered(discovery_handle, "/.well-known/openid-configuration");

    (void)state;
    assert_string_equal(list_of(doc, "response_types_supported"), "code");
    assert_string_equal(list_of(doc, "response_modes_supported"), "query form_post");
    assert_string_equal(list_of(doc, "grant_types_supported"),
                        "authorization_code refresh_token client_credentials"); /* MD-08 */
    assert_string_equal(list_of(doc, "subject_types_supported"), "public");
    assert_string_equal(list_of(doc, "id_token_signing_alg_values_supported"), "RS256"); /* MD-06 */
    assert_string_equal(list_of(doc, "token_endpoint_auth_methods_supported"),
                        "client_secret_basic client_secret_post none");
    assert_string_equal(list_of(doc, "code_challenge_methods_supported"), "S256"); /* PK-11 */
    assert_string_equal(list_of(doc, "prompt_values_supported"), "none login");
    assert_string_equal(list_of(doc, "acr_values_supported"), "1 2");
    assert_true(text_list_has(list_of(doc, "scopes_supported"), "openid")); /* MD-07 */
    assert_true(text_list_has(list_of(doc, "claims_supported"), "sub"));
}

static bool advertises_password(void)
{
    return text_list_has(list_of(discovered(discovery_handle, "/.well-known/openid-configuration"),
                                 "grant_types_supported"), "password");
}

/* TK-36: not before somebody has asked for it, and no longer than that. */
static void test_password_grant(void **state)
{
    (void)state;
    assert_false(advertises_password());
    register_for("app", "password", NULL);
    assert_true(advertises_password());
    assert_ok(clients_set_active(DB, "app", false, T0));
    assert_false(advertises_password());
    assert_ok(clients_set_active(DB, "app", true, T0));
    assert_true(advertises_password());
    assert_ok(settings_put(DB, "auth_mode", "passkey_only", T0)); /* MD-09: the token endpoint refuses it */
    assert_false(advertises_password());
    assert_ok(settings_put(DB, "auth_mode", "password", T0));
    register_for("app", "authorization_code", NULL);
    assert_false(advertises_password());
}

/* MD-12, MD-14 */
static void test_flags(void **state)
{
    struct json *doc = discovered(discovery_handle, "/.well-known/openid-configuration");
    static const char *const off[] = { "claims_parameter_supported", "request_parameter_supported",
                                       "request_uri_parameter_supported", "require_request_uri_registration" };
    bool is;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(off); i++) {
        assert_ok(json_get_bool(doc, off[i], &is));
        assert_false(is);
    }
    assert_ok(json_get_bool(doc, "authorization_response_iss_parameter_supported", &is));
    assert_true(is);
}

/* MD-02: between host and path; no other suffix. */
static void test_infix(void **state)
{
    struct request *rq = a_request(M_GET);
    struct exchange *x;

    (void)state;
    assert_string_equal(text_of(discovered(discovery_infix_handle, "/.well-known/oauth-authorization-server/oauth2"),
                                "issuer"), ISSUER);
    assert_string_equal(text_of(discovered(discovery_infix_handle, "/.well-known/oauth-authorization-server"),
                                "issuer"), ISSUER);
    rq->path = "/.well-known/oauth-authorization-server/other";
    x = an_exchange(rq);
    assert_no(x, discovery_infix_handle(x), REFUSE_PATH_NOT_FOUND);
}

/* A changed issuer is not answered from the cache. */
static void test_cache(void **state)
{
    struct exchange *x = an_exchange(a_request(M_GET));
    struct conf other = CONF;

    (void)state;
    assert_string_equal(text_of(discovered(discovery_handle, "/"), "issuer"), ISSUER);
    other.issuer = "https://other.example/oauth2";
    x->conf = &other;
    assert_ok(discovery_handle(x));
    assert_string_equal(text_of(answer_of(x), "issuer"), "https://other.example/oauth2");
}

/* JO-12, JO-13, MD-24; members in the order of the contract. */
static void test_jwks(void **state)
{
    struct json *keys = json_get(discovered(jwks_handle, "/oauth2/.well-known/jwks.json"), "keys"), *value;
    static const char *const members[] = { "kty", "kid", "use", "alg", "n", "e" };
    struct json_iter it = { 0 };
    const char *name;
    size_t n = 0;

    (void)state;
    assert_int_equal(json_len(keys), 1); /* design D4: exactly one on a fresh installation */
    while (json_next(json_at(keys, 0), &it, &name, &value)) {
        assert_true(n < ARRAY_LEN(members));
        assert_string_equal(name, members[n++]);
    }
    assert_int_equal(n, ARRAY_LEN(members));
    assert_string_equal(text_of(json_at(keys, 0), "kid"), KEY.kid);
    assert_string_equal(text_of(json_at(keys, 0), "e"), "AQAB");
    assert_string_equal(text_of(json_at(keys, 0), "use"), "sig");
}

/* MD-25: a next key is published and does not sign. */
static void test_next_key(void **state)
{
    struct signing_key next;
    struct key_set set;

    (void)state;
    assert_ok(signer_generate(&CLI_SIGNER, A, ALG_ES256, &next));
    struct signing_key_row row = {
        .kid = next.kid, .alg = "ES256", .public_jwk = next.public_jwk, .private_sealed = next.private_sealed,
        .state = "next", .thumbprint = next.kid, .created_at = T0,
    };
    assert_ok(signing_keys_add(DB, &row));
    assert_ok(key_set_load(DB, A, &set));
    assert_int_equal(set.n, 2);
    assert_null(key_set_active(&set, ALG_ES256));
    assert_string_equal(key_set_active(&set, ALG_RS256)->kid, KEY.kid);
    assert_non_null(strstr(set.jwks, "\"kty\":\"EC\""));
    assert_null(strstr(set.jwks, "\"d\":"));
}

/* A damaged public half is our fault, not a missing key. */
static void test_damaged_key(void **state)
{
    struct signing_key_row row = { .kid = "k2", .alg = "RS256", .public_jwk = "{\"kty\":\"RSA\"}", .state = "retired",
                                   .thumbprint = "t", .created_at = T0 };
    struct key_set set;

    (void)state;
    assert_ok(signing_keys_add(DB, &row));
    assert_fault(key_set_load(DB, A, &set));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_endpoints, world, after),
        cmocka_unit_test_setup_teardown(test_lists, world, after),
        cmocka_unit_test_setup_teardown(test_password_grant, world, after),
        cmocka_unit_test_setup_teardown(test_flags, world, after),
        cmocka_unit_test_setup_teardown(test_infix, world, after),
        cmocka_unit_test_setup_teardown(test_cache, world, after),
        cmocka_unit_test_setup_teardown(test_jwks, world, after),
        cmocka_unit_test_setup_teardown(test_next_key, world, after),
        cmocka_unit_test_setup_teardown(test_damaged_key, world, after),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
